//! JSON Schemas of facts and of policy documents, for editors and for the check of names.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::facts::Facts;

use super::document::API_VERSION;

/// The schema of what policies see: every field is there.
pub fn facts_schema() -> Value {
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let mut schema = generator.into_root_schema_for::<Facts>().to_value();
    strip_defaults(&mut schema);
    schema
}

/// Defaults are those of examples in policies; of facts they say nothing.
fn strip_defaults(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.remove("default");
            map.values_mut().for_each(strip_defaults);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_defaults),
        _ => {}
    }
}

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a `ReleasePolicy`.
pub fn policy_schema() -> Value {
    let spec = json!({
        "if": { "required": ["extends"] },
        "then": spec(true),
        "else": spec(false),
    });
    let metadata = object(
        json!({ "name": id(), "title": text(), "description": text(), "controls": controls() }),
        &["name"],
    );
    document("ReleasePolicy", metadata, spec)
}

/// The schema of a `PolicyTest`.
pub fn policy_test_schema() -> Value {
    let file = |what: &str| json!({ "type": "string", "description": what });
    let facts =
        || file("a file of facts beside this one: JSON, as relgate facts prints them, or YAML");
    let exceptions = || file("a file of PolicyException documents beside this one");
    let mut case = example();
    if let Some(properties) = case.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("facts".to_owned(), facts());
        properties.insert("exceptions".to_owned(), exceptions());
    }
    let policies = list(file(
        "builtin:<pack>, or a file or directory beside this one",
    ));
    let spec = object(
        json!({
            "policies": policies,
            "params": { "type": "object", "description": "parameters for all cases" },
            "facts": facts(),
            "exceptions": exceptions(),
            "tests": { "type": "array", "items": case, "minItems": 1 },
        }),
        &["tests"],
    );
    document("PolicyTest", plain_metadata(), spec)
}

/// The schema of a `PolicyException`.
pub fn exception_schema() -> Value {
    let patterns = || list(text());
    let moment = |what: &str| {
        json!({
            "type": "string",
            "description": what,
            "anyOf": [{ "format": "date" }, { "format": "date-time" }],
        })
    };
    let reference = object(
        json!({
            "name": { "type": "string", "description": "rules, gates, or the name of a policy" },
            "ids": list(text()),
        }),
        &["name"],
    );
    let spec = object(
        json!({
            "policyRefs": { "type": "array", "items": reference, "minItems": 1 },
            "match": object(json!({ "paths": patterns(), "tags": patterns() }), &[]),
            "reason": { "type": "string", "minLength": 1 },
            "approvedBy": { "type": "string", "minLength": 1 },
            "effectiveOn": moment("a day (from its begin, in UTC) or a time"),
            "expiresAt": moment("a day (to its end, in UTC) or a time"),
        }),
        &[
            "policyRefs",
            "reason",
            "approvedBy",
            "effectiveOn",
            "expiresAt",
        ],
    );
    document("PolicyException", plain_metadata(), spec)
}

fn plain_metadata() -> Value {
    object(
        json!({ "name": id(), "title": text(), "description": text() }),
        &["name"],
    )
}

/// A document with its head. The facts, which examples give, are among its definitions.
fn document(kind: &str, metadata: Value, spec: Value) -> Value {
    let mut schema = object(
        json!({
            "apiVersion": { "const": API_VERSION },
            "kind": { "const": kind },
            "metadata": metadata,
            "spec": spec,
        }),
        &["apiVersion", "kind", "metadata", "spec"],
    );
    if let Some(map) = schema.as_object_mut() {
        map.insert("$schema".to_owned(), DIALECT.into());
        map.insert("title".to_owned(), kind.into());
        if kind != "PolicyException" {
            map.insert("$defs".to_owned(), given_definitions());
        }
    }
    schema
}

/// What `given` may hold: facts, of which any may be absent, and the time.
fn given_definitions() -> Value {
    let mut facts = schemars::schema_for!(Facts).to_value();
    strip_defaults(&mut facts);
    let mut definitions = match facts.get_mut("$defs").map(Value::take) {
        Some(Value::Object(definitions)) => definitions,
        _ => serde_json::Map::new(),
    };
    if let Some(map) = facts.as_object_mut() {
        map.remove("$defs");
        map.remove("$schema");
        if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
            let now = json!({ "type": "string", "description": "the time of the judgement, in RFC 3339" });
            properties.insert("now".to_owned(), now);
        }
    }
    definitions.insert("Facts".to_owned(), facts);
    Value::Object(definitions)
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn id() -> Value {
    json!({ "type": "string", "pattern": "^[a-z0-9-]+$" })
}

fn expression(what: &str) -> Value {
    json!({ "type": ["string", "boolean"], "description": what })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn controls() -> Value {
    list(object(
        json!({ "framework": text(), "id": text(), "confirmed": { "type": "boolean" } }),
        &["framework", "id"],
    ))
}

fn release_type() -> Value {
    json!({ "enum": ["none", "patch", "minor", "major"] })
}

fn severity() -> Value {
    json!({ "enum": ["error", "warning", "info"] })
}

/// A part that has an id. Over an extended policy it may leave out everything else, or be left out itself.
fn part(mut properties: Value, required: &[&str], extends: bool) -> Value {
    if extends {
        if let Some(map) = properties.as_object_mut() {
            let what = "leave this part of the extended policy out";
            map.insert(
                "disabled".to_owned(),
                json!({ "type": "boolean", "description": what }),
            );
        }
        return object(properties, &["id"]);
    }
    object(properties, required)
}

fn spec(extends: bool) -> Value {
    let named = list(object(
        json!({ "name": text(), "expression": expression("a CEL expression") }),
        &["name", "expression"],
    ));
    let demand = part(
        json!({
            "id": id(), "description": text(),
            "match": expression("a list of facts, or a bool: when the demand fires"),
            "atLeast": release_type(),
            "message": text(), "messageExpression": expression("a string; `it` is the first fact, `matched` are all"),
        }),
        &["id", "match", "atLeast"],
        extends,
    );
    let validation = part(
        json!({
            "id": id(), "title": text(), "description": text(), "help": text(),
            "match": expression("a list of facts, or a bool: when the validation fires"),
            "expression": expression("a bool: what must hold"),
            "severity": severity(),
            "severityExpression": expression("a string: error, warning or info"),
            "message": text(), "messageExpression": expression("a string; `it` is the fact"),
            "aboutExpression": expression("a string: what the finding is about when it has no place"),
        }),
        &["id"],
        extends,
    );
    let param = object(
        json!({
            "type": { "enum": ["string", "bool", "int", "list"] }, "default": {},
            "enum": { "type": "array" }, "description": text(),
        }),
        if extends { &[] } else { &["type", "default"] },
    );
    let severity_rule = object(
        json!({
            "rules": { "type": "array", "items": id(), "minItems": 1 },
            "severityExpression": expression("a string: error, warning or info; `it` is the finding"),
        }),
        &["rules", "severityExpression"],
    );
    let mut properties = json!({
        "params": { "type": "object", "additionalProperties": param },
        "matchConditions": named, "variables": named,
        "releaseType": list(demand), "validations": list(validation), "gates": list(gate(extends)),
        "severities": list(severity_rule),
        "validationActions": list(json!({ "enum": ["Deny", "Warn", "Audit"] })),
        "examples": list(example()),
    });
    if extends && let Some(map) = properties.as_object_mut() {
        let what = "the policy that this one changes and takes the place of: its name, or builtin:<pack>/<name>";
        map.insert(
            "extends".to_owned(),
            json!({ "type": "string", "description": what }),
        );
    }
    object(properties, &[])
}

fn gate(extends: bool) -> Value {
    let stage = json!({
        "enum": crate::gate::Stage::ALL.map(crate::gate::Stage::as_str)
    });
    let evidence = object(
        json!({
            "kind": text(), "role": text(), "minimum": { "type": "integer", "minimum": 0 },
            "maxAge": { "type": "string", "description": "an ISO 8601 duration: P7D, PT12H" },
            "notAuthor": { "type": "boolean" }, "bindPolicy": { "type": "boolean" },
            "trust": { "enum": ["signed", "unsigned-ok"] },
            "secondWithin": { "type": "string", "description": "an ISO 8601 duration" },
            "requires": list(text()),
        }),
        if extends { &[] } else { &["kind"] },
    );
    part(
        json!({
            "id": id(), "title": text(), "description": text(), "help": text(),
            "stage": stage,
            "stageExpression": expression("a string: a stage"),
            "requiredWhen": expression("a bool: which releases need it"), "notRequired": text(),
            "subjectWhen": expression("a bool: whether there is something to look at"), "noSubject": text(),
            "evaluableWhen": expression("a bool: whether it can be looked at"),
            "notEvaluable": text(), "notEvaluableExpression": expression("a string"),
            "transient": {
                "type": "boolean",
                "description": "what it looks at may be gone later, as branches are: where it cannot be looked at any more, an audit lists it and does not hold the release back for it",
            },
            "rules": list(id()),
            "expression": expression("a bool: what must hold"),
            "message": text(), "messageExpression": expression("a string"),
            "evidence": evidence, "controls": controls(),
        }),
        &["id", "stage"],
        extends,
    )
}

fn example() -> Value {
    object(
        json!({
            "name": text(), "given": { "$ref": "#/$defs/Facts" }, "params": { "type": "object" },
            "expect": object(json!({
                "releaseType": release_type(),
                "findings": list(id()),
                "severities": { "type": "object", "additionalProperties": severity() },
                "gates": {
                    "type": "object",
                    "additionalProperties": { "enum": ["pass", "fail", "waived", "not-evaluated", "not-required"] },
                },
            }), &[]),
        }),
        &["name", "expect"],
    )
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "callers make the properties on the spot"
)]
fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
