//! Examples from YAML.

use std::collections::BTreeMap;

use crate::policy::document::Example;
use crate::policy::node::{Reader, to_json};
use crate::syntax::yaml::Node;

use super::TYPES;

pub(super) fn example(reader: &mut Reader, node: Node<'_>) -> Example {
    let what = "an example";
    let fields = reader.fields(node, what, &["name", "given", "params", "expect"]);
    let mut example = Example {
        name: reader.required(&fields, "name", what),
        given: fields
            .get("given")
            .map_or_else(|| serde_json::json!({}), to_json),
        params: BTreeMap::new(),
        release_type: None,
        findings: None,
        gates: BTreeMap::new(),
        severities: BTreeMap::new(),
        span: fields.get("name").map_or(fields.span, Node::span),
    };
    if let Some(params) = fields.get("params") {
        let entries = params
            .entries()
            .filter_map(|(key, value)| Some((key.text()?.to_owned(), to_json(value))));
        example.params = entries.collect();
    }
    let Some(expect) = fields.get("expect") else {
        reader.error(fields.span, "an example needs `expect`");
        return example;
    };
    let expect = reader.fields(
        expect,
        "`expect`",
        &["releaseType", "findings", "gates", "severities"],
    );
    example.release_type = expect
        .get("releaseType")
        .and_then(|node| reader.word(node, TYPES));
    if expect.get("findings").is_some() {
        example.findings = Some(reader.texts(&expect, "findings"));
    }
    if let Some(severities) = expect.get("severities") {
        let words = ["error", "warning", "info"].map(|word| (word, word));
        for (key, value) in severities.entries() {
            if let (Some(rule), Some(severity)) = (key.text(), reader.word(value, &words)) {
                example
                    .severities
                    .insert(rule.to_owned(), severity.to_owned());
            }
        }
    }
    if let Some(gates) = expect.get("gates") {
        let words =
            ["pass", "fail", "waived", "not-evaluated", "not-required"].map(|word| (word, word));
        for (key, value) in gates.entries() {
            if let (Some(name), Some(status)) = (key.text(), reader.word(value, &words)) {
                example.gates.insert(name.to_owned(), status.to_owned());
            }
        }
    }
    example
}
