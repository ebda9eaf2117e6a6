//! Examples from YAML.

use std::collections::BTreeMap;

use crate::policy::document::{Example, Expectation};
use crate::policy::node::{Fields, Reader, to_json};
use crate::syntax::yaml::Node;

use super::types;

const FIELDS: &[&str] = &["name", "given", "params", "expect"];

/// An example of a policy.
pub(super) fn example(reader: &mut Reader, node: Node<'_>) -> Example {
    let fields = reader.fields(node, "an example", FIELDS);
    of_fields(reader, &fields, "an example")
}

/// What examples and tests have in common.
pub(super) fn of_fields(reader: &mut Reader, fields: &Fields<'_>, what: &str) -> Example {
    let mut example = Example {
        name: reader.required(fields, "name", what),
        given: fields
            .get("given")
            .map_or_else(|| serde_json::json!({}), to_json),
        params: params(fields),
        expect: Expectation::default(),
        span: fields.get("name").map_or(fields.span, Node::span),
    };
    match fields.get("expect") {
        Some(node) => example.expect = expectation(reader, node),
        None => {
            reader.error(fields.span, format!("{what} needs `expect`"));
        }
    }
    example
}

/// The values of a `params` field.
pub(super) fn params(fields: &Fields<'_>) -> BTreeMap<String, serde_json::Value> {
    let entries = fields.get("params").into_iter().flat_map(|params| {
        params
            .entries()
            .filter_map(|(key, value)| Some((key.text()?.to_owned(), to_json(value))))
            .collect::<Vec<_>>()
    });
    entries.collect()
}

fn expectation(reader: &mut Reader, node: Node<'_>) -> Expectation {
    let fields = reader.fields(
        node,
        "`expect`",
        &["releaseType", "findings", "gates", "severities"],
    );
    let mut expect = Expectation {
        span: node.span(),
        ..Expectation::default()
    };
    let mut place = |name: String, node: Node<'_>| {
        expect.places.insert(name, node.span());
    };
    if let Some(node) = fields.get("releaseType") {
        place("releaseType".to_owned(), node);
        expect.release_type = reader.word(node, &types());
    }
    if let Some(node) = fields.get("findings") {
        place("findings".to_owned(), node);
        expect.findings = Some(reader.texts(&fields, "findings"));
    }
    let severities = ["error", "warning", "info"].map(|word| (word, word));
    let statuses =
        ["pass", "fail", "waived", "not-evaluated", "not-required"].map(|word| (word, word));
    for (field, words, into) in [
        ("severities", &severities[..], &mut expect.severities),
        ("gates", &statuses[..], &mut expect.gates),
    ] {
        let Some(node) = fields.get(field) else {
            continue;
        };
        if !node.is_map() {
            reader.error(node.span(), format!("`{field}` is a map"));
        }
        for (key, value) in node.entries() {
            if let (Some(name), Some(word)) = (key.text(), reader.word(value, words)) {
                expect
                    .places
                    .insert(format!("{field}.{name}"), value.span());
                into.insert(name.to_owned(), word.to_owned());
            }
        }
    }
    expect
}
