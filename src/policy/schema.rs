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

/// The schema of a `ReleasePolicy`.
pub fn policy_schema() -> Value {
    let text = || json!({ "type": "string" });
    let expression = |what: &str| json!({ "type": ["string", "boolean"], "description": what });
    let id = || json!({ "type": "string", "pattern": "^[a-z0-9-]+$" });
    let named = json!({
        "type": "array",
        "items": object(json!({ "name": text(), "expression": expression("a CEL expression") }), &["name", "expression"]),
    });
    let controls = json!({
        "type": "array",
        "items": object(json!({ "framework": text(), "id": text() }), &["framework", "id"]),
    });
    let release_type = json!({ "enum": ["none", "patch", "minor", "major"] });
    let demand = object(
        json!({
            "id": id(), "description": text(),
            "match": expression("a list of facts, or a bool: when the demand fires"),
            "atLeast": release_type,
            "message": text(), "messageExpression": expression("a string; `it` is the first fact, `matched` are all"),
        }),
        &["id", "match", "atLeast"],
    );
    let validation = object(
        json!({
            "id": id(), "title": text(), "description": text(), "help": text(),
            "match": expression("a list of facts, or a bool: when the validation fires"),
            "expression": expression("a bool: what must hold"),
            "severity": { "enum": ["error", "warning", "info"] },
            "severityExpression": expression("a string: error, warning or info"),
            "message": text(), "messageExpression": expression("a string; `it` is the fact"),
            "aboutExpression": expression("a string: what a finding without a place is about"),
        }),
        &["id"],
    );
    let evidence = object(
        json!({
            "kind": text(), "role": text(), "minimum": { "type": "integer", "minimum": 1 }, "maxAge": text(),
            "notAuthor": { "type": "boolean" }, "bindPolicy": { "type": "boolean" },
            "trust": { "enum": ["signed", "unsigned-ok"] }, "secondWithin": text(),
            "requires": { "type": "array", "items": text() },
        }),
        &["kind"],
    );
    let gate = object(
        json!({
            "id": id(), "title": text(), "description": text(), "help": text(),
            "stage": { "enum": ["change", "candidate", "release", "deploy", "post-release", "closed", "rollback"] },
            "stageExpression": expression("a string: a stage"),
            "requiredWhen": expression("a bool: which releases need the gate"), "notRequired": text(),
            "subjectWhen": expression("a bool: whether there is anything to look at"), "noSubject": text(),
            "evaluableWhen": expression("a bool: whether it can be looked at"), "notEvaluable": text(),
            "notEvaluableExpression": expression("a string"),
            "rules": { "type": "array", "items": id() },
            "expression": expression("a bool: what must hold"),
            "message": text(), "messageExpression": expression("a string"),
            "evidence": evidence, "controls": controls,
        }),
        &["id", "stage"],
    );
    let param = object(
        json!({
            "type": { "enum": ["string", "bool", "int", "list"] }, "default": {},
            "enum": { "type": "array" }, "description": text(),
        }),
        &["type", "default"],
    );
    let example = object(
        json!({
            "name": text(), "given": { "type": "object" }, "params": { "type": "object" },
            "expect": object(json!({
                "releaseType": release_type,
                "findings": { "type": "array", "items": id() },
                "severities": { "type": "object", "additionalProperties": { "enum": ["error", "warning", "info"] } },
                "gates": {
                    "type": "object",
                    "additionalProperties": { "enum": ["pass", "fail", "waived", "not-evaluated", "not-required"] },
                },
            }), &[]),
        }),
        &["name", "expect"],
    );
    let severity_rule = object(
        json!({
            "rules": { "type": "array", "items": id(), "minItems": 1 },
            "severityExpression": expression("a string: error, warning or info; `it` is the finding"),
        }),
        &["rules", "severityExpression"],
    );
    let list = |items: Value| json!({ "type": "array", "items": items });
    let spec = object(
        json!({
            "params": { "type": "object", "additionalProperties": param },
            "matchConditions": named, "variables": named,
            "releaseType": list(demand), "validations": list(validation), "gates": list(gate), "severities": list(severity_rule),
            "validationActions": list(json!({ "enum": ["Deny", "Warn", "Audit"] })),
            "examples": list(example),
        }),
        &[],
    );
    let metadata = object(
        json!({ "name": id(), "title": text(), "description": text(), "controls": controls }),
        &["name"],
    );
    let mut schema = object(
        json!({
            "apiVersion": { "const": API_VERSION },
            "kind": { "const": "ReleasePolicy" },
            "metadata": metadata,
            "spec": spec,
        }),
        &["apiVersion", "kind", "metadata", "spec"],
    );
    if let Some(map) = schema.as_object_mut() {
        map.insert(
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        map.insert("title".to_owned(), json!("ReleasePolicy"));
    }
    schema
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "callers make the properties on the spot"
)]
fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
