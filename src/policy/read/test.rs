//! `PolicyTest` documents from YAML.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::policy::document::Example;
use crate::policy::node::Reader;
use crate::source::Span;
use crate::syntax::yaml::Node;

use super::{example, head, id};

/// Tests of policies that stand beside them: over whole facts, and of several policies together.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::policy) struct PolicyTest {
    /// Its name.
    pub(in crate::policy) name: String,
    /// The policies under test: `builtin:<pack>`, or files beside it. Empty for those in force.
    pub(in crate::policy) policies: Vec<(String, Span)>,
    /// Parameters for all cases.
    pub(in crate::policy) params: BTreeMap<String, Value>,
    /// A file of facts for all cases.
    pub(in crate::policy) facts: Option<(String, Span)>,
    /// A file of waivers for all cases.
    pub(in crate::policy) exceptions: Option<(String, Span)>,
    /// The cases.
    pub(in crate::policy) cases: Vec<TestCase>,
    /// The place of its name.
    pub(in crate::policy) span: Span,
}

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::policy) struct TestCase {
    /// Its own file of facts.
    pub(in crate::policy) facts: Option<(String, Span)>,
    /// Its own file of waivers.
    pub(in crate::policy) exceptions: Option<(String, Span)>,
    /// What is given beside the files, and what is expected.
    pub(in crate::policy) example: Example,
}

pub(in crate::policy) fn policy_test(reader: &mut Reader, root: Node<'_>) -> Option<PolicyTest> {
    let before = reader.errors.len();
    let fields = reader.fields(root, "a test", &["apiVersion", "kind", "metadata", "spec"]);
    head(reader, &fields, "PolicyTest");
    let (Some(metadata), Some(spec)) = (fields.get("metadata"), fields.get("spec")) else {
        reader.error(fields.span, "a test needs `metadata` and `spec`");
        return None;
    };
    let metadata = reader.fields(metadata, "metadata", &["name", "title", "description"]);
    let spec = reader.fields(
        spec,
        "the spec of a test",
        &["policies", "params", "facts", "exceptions", "tests"],
    );
    let policies = reader
        .items(&spec, "policies")
        .into_iter()
        .map(|node| (reader.text(node), node.span()))
        .collect();
    let mut cases = Vec::new();
    for node in reader.items(&spec, "tests") {
        let fields = reader.fields(
            node,
            "a test case",
            &["name", "facts", "exceptions", "given", "params", "expect"],
        );
        cases.push(TestCase {
            facts: file(reader, &fields, "facts"),
            exceptions: file(reader, &fields, "exceptions"),
            example: example::of_fields(reader, &fields, "a test case"),
        });
    }
    if cases.is_empty() {
        reader.error(spec.span, "a test needs `tests`");
    }
    let test = PolicyTest {
        name: id(reader, &metadata, "name", "metadata"),
        policies,
        params: example::params(&spec),
        facts: file(reader, &spec, "facts"),
        exceptions: file(reader, &spec, "exceptions"),
        cases,
        span: metadata.get("name").map_or(metadata.span, Node::span),
    };
    (reader.errors.len() == before).then_some(test)
}

fn file(
    reader: &mut Reader,
    fields: &crate::policy::node::Fields<'_>,
    name: &str,
) -> Option<(String, Span)> {
    let node = fields.get(name)?;
    Some((reader.text(node), node.span()))
}
