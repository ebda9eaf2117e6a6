//! The parts of a policy from YAML: parameters, variables, demands, validations and severities.

use std::collections::BTreeMap;

use crate::finding::Severity;
use crate::policy::document::{
    DemandRule, Expression, Message, Named, Param, ParamType, SeverityRule, Trigger, Validation,
};
use crate::policy::node::{Fields, Reader, to_json};
use crate::syntax::yaml::Node;

use super::{Part, id, message, severities, types};

pub(super) fn params(
    reader: &mut Reader,
    spec: &Fields<'_>,
    base: &BTreeMap<String, Param>,
) -> BTreeMap<String, Param> {
    let mut params = base.clone();
    let Some(node) = spec.get("params") else {
        return params;
    };
    if !node.is_map() {
        reader.error(node.span(), "`params` is a map from names to parameters");
    }
    let mut own: Vec<&str> = Vec::new();
    for (key, value) in node.entries() {
        let Some(name) = key.text() else {
            continue;
        };
        if own.contains(&name) {
            reader.error(key.span(), format!("parameter `{name}` stands twice"));
        }
        own.push(name);
        if let Some(param) = param(reader, name, key, value, base.get(name)) {
            params.insert(name.to_owned(), param);
        }
    }
    params
}

fn param(
    reader: &mut Reader,
    name: &str,
    key: Node<'_>,
    value: Node<'_>,
    base: Option<&Param>,
) -> Option<Param> {
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
    let kind = match (fields.get("type"), base) {
        (None, Some(base)) => Some(base.kind),
        _ => reader.required_word(&fields, "type", "a parameter", &kinds),
    };
    let default = match (fields.get("default"), base) {
        (Some(node), _) => to_json(node),
        (None, Some(base)) => base.default.clone(),
        (None, None) => {
            reader.error(key.span(), format!("parameter `{name}` needs a `default`"));
            return None;
        }
    };
    let kind = kind?;
    let allowed: Vec<serde_json::Value> = match (fields.get("enum"), base) {
        (None, Some(base)) => base.allowed.clone(),
        _ => reader
            .items(&fields, "enum")
            .into_iter()
            .map(to_json)
            .collect(),
    };
    let param = Param {
        kind,
        default,
        allowed,
        description: reader.text_or(
            &fields,
            "description",
            base.map_or("", |base| &base.description),
        ),
    };
    if let Err(why) = param.accepts(&param.default) {
        let span = fields.get("default").map_or(key.span(), Node::span);
        reader.error(span, format!("the default of `{name}` {why}"));
    }
    Some(param)
}

pub(super) fn named(
    reader: &mut Reader,
    spec: &Fields<'_>,
    field: &str,
    base: &[Named],
) -> Vec<Named> {
    let items = reader.items(spec, field);
    let mut all: Vec<Named> = base.to_vec();
    let mut own: Vec<String> = Vec::with_capacity(items.len());
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
        if own.contains(&name) {
            reader.error(fields.span, format!("`{name}` stands twice in `{field}`"));
        }
        let Some(expression) = reader.expression(&fields, "expression") else {
            reader.error(fields.span, format!("{what} needs an `expression`"));
            continue;
        };
        match all.iter_mut().find(|known| known.name == name) {
            Some(known) => known.expression = expression,
            None => all.push(Named {
                name: name.clone(),
                expression,
            }),
        }
        own.push(name);
    }
    all
}

fn need_message(reader: &mut Reader, fields: &Fields<'_>, message: &Message, what: &str) {
    if message.text.is_empty() && message.expression.is_none() {
        reader.error(
            fields.span,
            format!("{what} needs a `message` or a `messageExpression`"),
        );
    }
}

impl Part for DemandRule {
    const WHAT: &'static str = "a demand";
    const FIELDS: &'static [&'static str] = &[
        "id",
        "match",
        "atLeast",
        "message",
        "messageExpression",
        "description",
    ];
    fn id(&self) -> &str {
        &self.id
    }
}

pub(super) fn demand(
    reader: &mut Reader,
    fields: &Fields<'_>,
    base: Option<&DemandRule>,
) -> DemandRule {
    let what = DemandRule::WHAT;
    let message = message(
        reader,
        fields,
        "message",
        "messageExpression",
        base.map(|base| &base.message),
    );
    need_message(reader, fields, &message, what);
    let at_least = match (fields.get("atLeast"), base) {
        (None, Some(base)) => Some(base.at_least),
        _ => reader.required_word(fields, "atLeast", what, &types()),
    };
    let trigger = reader.expression_or(fields, "match", base.map(|base| &base.trigger));
    if trigger.is_none() {
        reader.error(fields.span, "a demand needs `match`");
    }
    DemandRule {
        id: id(reader, fields, "id", what),
        description: reader.text_or(
            fields,
            "description",
            base.map_or("", |base| &base.description),
        ),
        trigger: trigger.unwrap_or_default(),
        at_least: at_least.unwrap_or_default(),
        message,
    }
}

impl Part for Validation {
    const WHAT: &'static str = "a validation";
    const FIELDS: &'static [&'static str] = &[
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
    ];
    fn id(&self) -> &str {
        &self.id
    }
}

pub(super) fn validation(
    reader: &mut Reader,
    fields: &Fields<'_>,
    base: Option<&Validation>,
) -> Validation {
    let what = Validation::WHAT;
    let found = (
        reader.expression(fields, "match"),
        reader.expression(fields, "expression"),
    );
    let trigger = match (found, base) {
        ((Some(trigger), None), _) => Trigger::Match(trigger),
        ((None, Some(holds)), _) => Trigger::MustHold(holds),
        ((None, None), Some(base)) => base.trigger.clone(),
        // What is there and cannot be read is told already.
        ((None, None), None)
            if ["match", "expression"]
                .iter()
                .any(|it| fields.get(it).is_some()) =>
        {
            Trigger::Match(Expression::default())
        }
        ((trigger, _), _) => {
            reader.error(
                fields.span,
                "a validation has either `match` or `expression`",
            );
            Trigger::Match(trigger.unwrap_or_default())
        }
    };
    let message = message(
        reader,
        fields,
        "message",
        "messageExpression",
        base.map(|base| &base.message),
    );
    need_message(reader, fields, &message, what);
    // A fixed severity takes the place of one that is computed, and the other way round.
    let own_severity = fields
        .get("severity")
        .and_then(|node| reader.word(node, &severities()));
    let severity_expression = match own_severity {
        Some(_) => reader.expression(fields, "severityExpression"),
        None => reader.expression_or(
            fields,
            "severityExpression",
            base.and_then(|base| base.severity_expression.as_ref()),
        ),
    };
    let text = |of: fn(&Validation) -> &str| base.map_or("", of);
    Validation {
        id: id(reader, fields, "id", what),
        title: reader.text_or(fields, "title", text(|base| &base.title)),
        description: reader.text_or(fields, "description", text(|base| &base.description)),
        trigger,
        severity: own_severity.unwrap_or(base.map_or(Severity::Error, |base| base.severity)),
        severity_expression,
        message,
        about: reader.expression_or(
            fields,
            "aboutExpression",
            base.and_then(|base| base.about.as_ref()),
        ),
        help: reader.text_or(fields, "help", text(|base| &base.help)),
    }
}

pub(super) fn severity_rule(reader: &mut Reader, node: Node<'_>) -> SeverityRule {
    let what = "an entry of `severities`";
    let fields = reader.fields(node, what, &["rules", "severityExpression"]);
    let rules = reader.texts(&fields, "rules");
    if rules.is_empty() {
        reader.error(fields.span, format!("{what} needs `rules`"));
    }
    let places = super::places(&fields, "rules");
    let expression = reader.expression(&fields, "severityExpression");
    if expression.is_none() {
        reader.error(fields.span, format!("{what} needs `severityExpression`"));
    }
    SeverityRule {
        rules,
        places,
        expression: expression.unwrap_or_default(),
    }
}
