//! Policy documents from YAML.

mod example;
mod gate;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Severity;
use crate::gate::Stage;
use crate::syntax::yaml::{self, Node};
use crate::version::ReleaseType;

use super::document::{
    API_VERSION, Action, Control, DemandRule, Message, Named, Param, ParamType, Policy,
    SeverityRule, Trigger, Validation,
};
use super::error::PolicyError;
use super::node::{Fields, Reader, to_json};

const TYPES: &[(&str, ReleaseType)] = &[
    ("none", ReleaseType::None),
    ("patch", ReleaseType::Patch),
    ("minor", ReleaseType::Minor),
    ("major", ReleaseType::Major),
];
const SEVERITIES: &[(&str, Severity)] = &[
    ("error", Severity::Error),
    ("warning", Severity::Warning),
    ("info", Severity::Info),
];
const STAGES: &[(&str, Stage)] = &[
    ("change", Stage::Change),
    ("candidate", Stage::Candidate),
    ("release", Stage::Release),
    ("deploy", Stage::Deploy),
    ("post-release", Stage::PostRelease),
    ("closed", Stage::Closed),
    ("rollback", Stage::Rollback),
];

/// The stage of a name.
pub(super) fn stage(name: &str) -> Option<Stage> {
    STAGES
        .iter()
        .find(|(word, _)| *word == name)
        .map(|&(_, stage)| stage)
}

/// The severity of a name.
pub(super) fn severity(name: &str) -> Option<Severity> {
    SEVERITIES
        .iter()
        .find(|(word, _)| *word == name)
        .map(|&(_, severity)| severity)
}

/// Reads every policy of a file.
pub(super) fn policies(path: &str, text: &Arc<str>) -> (Vec<Policy>, Vec<PolicyError>) {
    let mut reader = Reader::new(path, Arc::clone(text));
    let parsed = yaml::parse(text);
    for error in parsed.errors {
        reader.error(error.span, error.message);
    }
    let policies = parsed
        .value
        .iter()
        .filter(|document| !document.is_empty())
        .filter_map(|document| policy(&mut reader, document.root()))
        .collect();
    (policies, reader.errors)
}

fn policy(reader: &mut Reader, root: Node<'_>) -> Option<Policy> {
    let before = reader.errors.len();
    let fields = reader.fields(
        root,
        "a policy",
        &["apiVersion", "kind", "metadata", "spec"],
    );
    head(reader, &fields, "ReleasePolicy");
    let (Some(metadata), Some(spec)) = (fields.get("metadata"), fields.get("spec")) else {
        reader.error(fields.span, "a policy needs `metadata` and `spec`");
        return None;
    };
    let metadata = reader.fields(
        metadata,
        "metadata",
        &["name", "title", "description", "controls"],
    );
    let spec = reader.fields(
        spec,
        "the spec of a policy",
        &[
            "params",
            "matchConditions",
            "variables",
            "releaseType",
            "validations",
            "severities",
            "gates",
            "validationActions",
            "examples",
        ],
    );
    let controls = controls(reader, &metadata);
    let policy = Policy {
        name: id(reader, &metadata, "name", "metadata"),
        title: reader.text_of(&metadata, "title"),
        description: reader.text_of(&metadata, "description"),
        params: params(reader, &spec),
        match_conditions: named(reader, &spec, "matchConditions"),
        variables: named(reader, &spec, "variables"),
        demands: each(reader, &spec, "releaseType", demand),
        validations: each(reader, &spec, "validations", validation),
        severities: each(reader, &spec, "severities", severity_rule),
        gates: each(reader, &spec, "gates", |reader, node| {
            gate::gate(reader, node, &controls)
        }),
        action: action(reader, &spec),
        examples: each(reader, &spec, "examples", example::example),
        span: metadata.get("name").map_or(metadata.span, Node::span),
        controls,
    };
    (reader.errors.len() == before).then_some(policy)
}

/// Checks `apiVersion` and `kind`.
pub(super) fn head(reader: &mut Reader, fields: &Fields<'_>, kind: &str) {
    for (name, expected) in [("apiVersion", API_VERSION), ("kind", kind)] {
        match fields.get(name) {
            Some(node) => {
                let found = reader.text(node);
                if found != expected {
                    reader.error(
                        node.span(),
                        format!("`{name}` is `{expected}` here, not `{found}`"),
                    );
                }
            }
            None => {
                reader.error(fields.span, format!("`{name}: {expected}` is missing"));
            }
        }
    }
}

fn each<'d, T>(
    reader: &mut Reader,
    fields: &Fields<'d>,
    name: &str,
    mut read: impl FnMut(&mut Reader, Node<'d>) -> T,
) -> Vec<T> {
    reader
        .items(fields, name)
        .into_iter()
        .map(|item| read(reader, item))
        .collect()
}

/// A name in kebab-case: ids stand in reports, waivers and on command lines.
fn id(reader: &mut Reader, fields: &Fields<'_>, name: &str, what: &str) -> String {
    let text = reader.required(fields, name, what);
    let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !text.is_empty()
        && !text.chars().all(is_kebab)
        && let Some(node) = fields.get(name)
    {
        reader
            .error(node.span(), format!("`{text}` is no id"))
            .advise("an id is made of small letters, digits and `-`");
    }
    text
}

fn controls(reader: &mut Reader, fields: &Fields<'_>) -> Vec<Control> {
    each(reader, fields, "controls", |reader, node| {
        let fields = reader.fields(node, "a control", &["framework", "id"]);
        Control {
            framework: reader.required(&fields, "framework", "a control"),
            id: reader.required(&fields, "id", "a control"),
        }
    })
}

fn params(reader: &mut Reader, spec: &Fields<'_>) -> BTreeMap<String, Param> {
    let mut params = BTreeMap::new();
    let Some(node) = spec.get("params") else {
        return params;
    };
    if !node.is_map() {
        reader.error(node.span(), "`params` is a map from names to parameters");
    }
    for (key, value) in node.entries() {
        let Some(name) = key.text() else {
            continue;
        };
        let fields = reader.fields(
            value,
            "a parameter",
            &["type", "default", "enum", "description"],
        );
        let kinds = [
            ParamType::String,
            ParamType::Bool,
            ParamType::Int,
            ParamType::List,
        ]
        .map(|kind| (kind.as_str(), kind));
        let kind = reader.required_word(&fields, "type", "a parameter", &kinds);
        let Some(default) = fields.get("default") else {
            reader.error(key.span(), format!("parameter `{name}` needs a `default`"));
            continue;
        };
        let Some(kind) = kind else {
            continue;
        };
        let allowed: Vec<serde_json::Value> = reader
            .items(&fields, "enum")
            .into_iter()
            .map(to_json)
            .collect();
        let param = Param {
            kind,
            default: to_json(default),
            allowed,
            description: reader.text_of(&fields, "description"),
        };
        if let Err(why) = param.accepts(&param.default) {
            reader.error(default.span(), format!("the default of `{name}` {why}"));
        }
        if params.insert(name.to_owned(), param).is_some() {
            reader.error(key.span(), format!("parameter `{name}` stands twice"));
        }
    }
    params
}

fn named(reader: &mut Reader, spec: &Fields<'_>, field: &str) -> Vec<Named> {
    let items = reader.items(spec, field);
    let mut found: Vec<Named> = Vec::with_capacity(items.len());
    for item in items {
        let what = if field == "variables" {
            "a variable"
        } else {
            "a condition"
        };
        let fields = reader.fields(item, what, &["name", "expression"]);
        let name = reader.required(&fields, "name", what);
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if field == "variables"
            && !(is_plain && name.starts_with(|c: char| c.is_ascii_alphabetic()))
        {
            reader
                .error(fields.span, format!("`{name}` cannot be the name of a variable"))
                .advise("a name is made of letters, digits and `_`, so that `variables.<name>` can be written");
        }
        if found.iter().any(|other| other.name == name) {
            reader.error(fields.span, format!("`{name}` stands twice in `{field}`"));
        }
        match reader.expression(&fields, "expression") {
            Some(expression) => found.push(Named { name, expression }),
            None => {
                reader.error(fields.span, format!("{what} needs an `expression`"));
            }
        }
    }
    found
}

fn message(reader: &mut Reader, fields: &Fields<'_>, text: &str, expression: &str) -> Message {
    Message {
        text: reader.text_of(fields, text),
        expression: reader.expression(fields, expression),
    }
}

fn need_message(reader: &mut Reader, fields: &Fields<'_>, message: &Message, what: &str) {
    if message.text.is_empty() && message.expression.is_none() {
        reader.error(
            fields.span,
            format!("{what} needs a `message` or a `messageExpression`"),
        );
    }
}

fn demand(reader: &mut Reader, node: Node<'_>) -> DemandRule {
    let what = "a demand";
    let fields = reader.fields(
        node,
        what,
        &[
            "id",
            "match",
            "atLeast",
            "message",
            "messageExpression",
            "description",
        ],
    );
    let message = message(reader, &fields, "message", "messageExpression");
    need_message(reader, &fields, &message, what);
    let at_least = reader.required_word(&fields, "atLeast", what, TYPES);
    let trigger = reader.expression(&fields, "match");
    if trigger.is_none() {
        reader.error(fields.span, "a demand needs `match`");
    }
    DemandRule {
        id: id(reader, &fields, "id", what),
        description: reader.text_of(&fields, "description"),
        trigger: trigger.unwrap_or_default(),
        at_least: at_least.unwrap_or_default(),
        message,
    }
}

fn validation(reader: &mut Reader, node: Node<'_>) -> Validation {
    let what = "a validation";
    let fields = reader.fields(
        node,
        what,
        &[
            "id",
            "title",
            "description",
            "match",
            "expression",
            "severity",
            "severityExpression",
            "message",
            "messageExpression",
            "aboutExpression",
            "help",
        ],
    );
    let found = (
        reader.expression(&fields, "match"),
        reader.expression(&fields, "expression"),
    );
    let trigger = match found {
        (Some(trigger), None) => Trigger::Match(trigger),
        (None, Some(holds)) => Trigger::MustHold(holds),
        (trigger, _) => {
            reader.error(
                fields.span,
                "a validation has either `match` or `expression`",
            );
            Trigger::Match(trigger.unwrap_or_default())
        }
    };
    let message = message(reader, &fields, "message", "messageExpression");
    need_message(reader, &fields, &message, what);
    Validation {
        id: id(reader, &fields, "id", what),
        title: reader.text_of(&fields, "title"),
        description: reader.text_of(&fields, "description"),
        trigger,
        severity: fields
            .get("severity")
            .and_then(|node| reader.word(node, SEVERITIES))
            .unwrap_or(Severity::Error),
        severity_expression: reader.expression(&fields, "severityExpression"),
        message,
        about: reader.expression(&fields, "aboutExpression"),
        help: reader.text_of(&fields, "help"),
    }
}

fn severity_rule(reader: &mut Reader, node: Node<'_>) -> SeverityRule {
    let what = "an entry of `severities`";
    let fields = reader.fields(node, what, &["rules", "severityExpression"]);
    let rules = reader.texts(&fields, "rules");
    if rules.is_empty() {
        reader.error(fields.span, format!("{what} needs `rules`"));
    }
    let expression = reader.expression(&fields, "severityExpression");
    if expression.is_none() {
        reader.error(fields.span, format!("{what} needs `severityExpression`"));
    }
    SeverityRule {
        rules,
        expression: expression.unwrap_or_default(),
    }
}

fn action(reader: &mut Reader, spec: &Fields<'_>) -> Action {
    let words = [
        ("Deny", Action::Deny),
        ("Warn", Action::Warn),
        ("Audit", Action::Audit),
    ];
    let actions: Vec<Action> = reader
        .items(spec, "validationActions")
        .into_iter()
        .filter_map(|node| reader.word(node, &words))
        .collect();
    // Kubernetes takes several: the strictest one decides what blocks.
    let strictness = |action: &Action| match action {
        Action::Audit => 0,
        Action::Warn => 1,
        Action::Deny => 2,
    };
    actions
        .into_iter()
        .max_by_key(strictness)
        .unwrap_or_default()
}
