//! Reading a YAML tree into documents, with every mistake at its place.

use std::sync::Arc;

use miette::NamedSource;
use serde_json::Value;

use crate::source::Span;
use crate::syntax::yaml::{Node, Style};

use super::document::{Expression, File};
use super::error::PolicyError;
use super::suggest::did_you_mean;

/// What to do with an expression that YAML takes for something else.
pub(super) const IN_QUOTES: &str = "YAML has its own meaning for [ { ! & * at the begin and for `: ` and ` #`; put the expression in quotes, or on the next line below `>-`";

/// What a field of a Kubernetes admission policy is here.
fn kubernetes(field: &str) -> Option<&'static str> {
    Some(match field {
        "failurePolicy" => {
            "an expression that cannot be evaluated is always an error here, never a pass"
        }
        "matchConstraints" | "matchResources" => {
            "there is one subject, the release; matchConditions say when a policy applies"
        }
        "reason" | "statusReason" => "a validation has `severity`, `message` and `help`",
        "paramKind" | "paramRef" => "declare the values under `params`; a configuration sets them",
        "auditAnnotations" => "messageExpression can say what there is to know",
        _ => return None,
    })
}

/// The file that is read, and what was wrong with it so far.
pub(super) struct Reader {
    file: File,
    shown: Arc<NamedSource<Arc<str>>>,
    /// The mistakes, in the order in which they were met.
    pub errors: Vec<PolicyError>,
}

impl Reader {
    pub(super) fn new(path: &str, text: Arc<str>) -> Self {
        Self {
            shown: Arc::new(NamedSource::new(path, Arc::clone(&text))),
            file: File {
                path: path.into(),
                text,
            },
            errors: Vec::new(),
        }
    }

    pub(super) fn error(&mut self, span: Span, message: impl Into<String>) -> &mut PolicyError {
        let index = self.errors.len();
        self.errors.push(PolicyError {
            message: message.into(),
            label: String::new(),
            help: String::new(),
            document: Arc::clone(&self.shown),
            span,
        });
        &mut self.errors[index]
    }

    /// The fields of a map, after a look at their names. `what` names the map in messages: `a gate`.
    pub(super) fn fields<'d>(
        &mut self,
        node: Node<'d>,
        what: &str,
        allowed: &[&str],
    ) -> Fields<'d> {
        let mut fields = Fields {
            span: node.span(),
            entries: Vec::new(),
        };
        if !node.is_map() {
            self.error(node.span(), format!("{what} is a map"));
            return fields;
        }
        for (key, value) in node.entries() {
            let Some(name) = key.text() else {
                self.error(key.span(), format!("{what} has names as keys"));
                continue;
            };
            if !allowed.contains(&name) {
                let label = did_you_mean(name, allowed.iter().copied());
                let help = kubernetes(name).map_or_else(
                    || format!("there are {}", allowed.join(", ")),
                    str::to_owned,
                );
                let error = self.error(key.span(), format!("unknown field `{name}` in {what}"));
                if label.is_empty() {
                    error.help = help;
                }
                error.label = label;
                continue;
            }
            if fields.get(name).is_some() {
                self.error(key.span(), format!("`{name}` stands twice in {what}"));
                continue;
            }
            if fields.entries.is_empty() {
                fields.span = key.span();
            }
            fields.entries.push((name, value));
        }
        fields
    }

    /// The text of a scalar. Numbers and booleans count as text only in quotes.
    pub(super) fn text(&mut self, node: Node<'_>) -> String {
        match (node.scalar(), to_json(node)) {
            (Some((text, _)), Value::String(_)) => text.to_owned(),
            (Some((text, _)), _) => {
                let (text, span) = (text.to_owned(), node.span());
                self.error(span, "this is a text").help = format!("put it in quotes: \"{text}\"");
                text
            }
            _ => {
                self.error(node.span(), "this is a text");
                String::new()
            }
        }
    }

    /// A text field; empty when it is absent.
    pub(super) fn text_of(&mut self, fields: &Fields<'_>, name: &str) -> String {
        fields
            .get(name)
            .map(|node| self.text(node))
            .unwrap_or_default()
    }

    /// A text field that must be there.
    pub(super) fn required(&mut self, fields: &Fields<'_>, name: &str, what: &str) -> String {
        let Some(node) = fields.get(name) else {
            self.error(fields.span, format!("{what} needs `{name}`"));
            return String::new();
        };
        let text = self.text(node);
        if text.is_empty() {
            self.error(node.span(), format!("`{name}` of {what} is empty"));
        }
        text
    }

    /// An expression field. `true` and `false` are expressions too.
    pub(super) fn expression(&mut self, fields: &Fields<'_>, name: &str) -> Option<Expression> {
        let node = fields.get(name)?;
        let Some((text, style)) = node.scalar() else {
            let error = self.error(
                node.span(),
                format!("`{name}` is an expression, written as a text"),
            );
            IN_QUOTES.clone_into(&mut error.help);
            return None;
        };
        if text.trim().is_empty() {
            let error = self.error(node.span(), format!("`{name}` is empty"));
            IN_QUOTES.clone_into(&mut error.help);
            return None;
        }
        Some(Expression {
            text: text.into(),
            span: node.definition_span(),
            style: Some(style),
            file: self.file.clone(),
        })
    }

    /// The same, or what the extended document has.
    pub(super) fn text_or(&mut self, fields: &Fields<'_>, name: &str, base: &str) -> String {
        match fields.get(name) {
            Some(node) => self.text(node),
            None => base.to_owned(),
        }
    }

    /// An expression field, or what the extended document has.
    pub(super) fn expression_or(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        base: Option<&Expression>,
    ) -> Option<Expression> {
        match fields.get(name) {
            Some(_) => self.expression(fields, name),
            None => base.cloned(),
        }
    }

    /// The items of a list field; nothing when it is absent.
    pub(super) fn items<'d>(&mut self, fields: &Fields<'d>, name: &str) -> Vec<Node<'d>> {
        let Some(node) = fields.get(name) else {
            return Vec::new();
        };
        if !node.is_list() {
            self.error(node.span(), format!("`{name}` is a list"));
        }
        node.items().collect()
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, fields: &Fields<'_>, name: &str) -> Vec<String> {
        self.items(fields, name)
            .into_iter()
            .map(|item| self.text(item))
            .collect()
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, node: Node<'_>, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node);
        if let Some(&(_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(value);
        }
        let names: Vec<&str> = words.iter().map(|&(word, _)| word).collect();
        let error = self.error(
            node.span(),
            format!("`{text}` is none of {}", names.join(", ")),
        );
        error.label = did_you_mean(&text, names);
        None
    }

    /// A field that must be one of a few words.
    pub(super) fn required_word<T: Copy>(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        what: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let Some(node) = fields.get(name) else {
            self.error(fields.span, format!("{what} needs `{name}`"));
            return None;
        };
        self.word(node, words)
    }

    /// A yes-or-no field; no when it is absent.
    pub(super) fn flag(&mut self, fields: &Fields<'_>, name: &str) -> bool {
        let Some(node) = fields.get(name) else {
            return false;
        };
        if let Value::Bool(value) = to_json(node) {
            return value;
        }
        self.error(node.span(), format!("`{name}` is true or false"));
        false
    }

    /// A count; `default` when it is absent.
    pub(super) fn count(&mut self, fields: &Fields<'_>, name: &str, default: u32) -> u32 {
        let Some(node) = fields.get(name) else {
            return default;
        };
        let value = to_json(node)
            .as_u64()
            .and_then(|value| u32::try_from(value).ok());
        if value.is_none() {
            self.error(node.span(), format!("`{name}` is a count"));
        }
        value.unwrap_or(default)
    }
}

/// The fields of a map.
pub(super) struct Fields<'d> {
    /// The first key, for what is missing.
    pub span: Span,
    entries: Vec<(&'d str, Node<'d>)>,
}

impl<'d> Fields<'d> {
    /// The value of a field.
    pub(super) fn get(&self, name: &str) -> Option<Node<'d>> {
        self.entries
            .iter()
            .find(|(candidate, _)| *candidate == name)
            .map(|&(_, node)| node)
    }
}

/// The value of a node in YAML 1.2's core schema.
pub(super) fn to_json(node: Node<'_>) -> Value {
    if node.is_map() {
        let entries = node
            .entries()
            .map(|(key, value)| (key.text().unwrap_or_default().to_owned(), to_json(value)));
        return Value::Object(entries.collect());
    }
    if node.is_list() {
        return Value::Array(node.items().map(to_json).collect());
    }
    match node.scalar() {
        Some((text, Style::Plain)) => plain(text),
        Some((text, _)) => Value::String(text.to_owned()),
        None => Value::Null,
    }
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.starts_with(|c: char| c.is_ascii_digit()) {
        if let Ok(number) = text.parse::<i64>() {
            return Value::from(number);
        }
        if digits
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+'))
            && let Ok(number) = text.parse::<f64>()
        {
            return Value::from(number);
        }
    }
    Value::String(text.to_owned())
}
