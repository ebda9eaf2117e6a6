//! Which demands, validations and gates the examples and tests reach.

use std::collections::BTreeSet;

use crate::policy::load::PolicySet;

use super::ExampleResult;

/// A demand, validation or gate, and what examples and tests showed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// Its policy.
    pub policy: String,
    /// Its id.
    pub id: String,
    /// `demand`, `validation` or `gate`.
    pub kind: &'static str,
    /// The policy's file.
    pub path: String,
    /// The 1-based line of its expression, or of its policy.
    pub line: u32,
    /// It fired in one of them.
    pub fired: bool,
    /// It was silent in one of them, or it never is: a gate that every release needs.
    pub silent: bool,
}

/// What the results show of the policies of a set, in the order of the documents. A gate that can never have a subject
/// is left out: nothing could make it fire.
pub fn coverage(set: &PolicySet, results: &[ExampleResult]) -> Vec<Covered> {
    let all = |of: fn(&ExampleResult) -> &BTreeSet<(String, String)>| -> BTreeSet<(&str, &str)> {
        let ids = results.iter().flat_map(of);
        ids.map(|(policy, id)| (policy.as_str(), id.as_str()))
            .collect()
    };
    let fired = all(|result| &result.fired);
    let silent = all(|result| &result.silent);
    let mut covered = Vec::new();
    for loaded in set.policies() {
        let policy = &loaded.policy;
        let mut add = |id: &str, kind, line: u32, path: &str, may_be_silent: bool| {
            covered.push(Covered {
                policy: policy.name.clone(),
                id: id.to_owned(),
                kind,
                path: path.to_owned(),
                line,
                fired: fired.contains(&(policy.name.as_str(), id)),
                silent: !may_be_silent || silent.contains(&(policy.name.as_str(), id)),
            });
        };
        for demand in &policy.demands {
            let trigger = &demand.trigger;
            add(
                &demand.id,
                "demand",
                trigger.line(),
                &trigger.file.path,
                true,
            );
        }
        for validation in &policy.validations {
            let trigger = validation.trigger();
            add(
                &validation.id,
                "validation",
                trigger.line(),
                &trigger.file.path,
                true,
            );
        }
        for gate in &policy.gates {
            let never = gate
                .subject_when
                .as_ref()
                .is_some_and(|when| &*when.text == "false");
            if never {
                continue;
            }
            let line = crate::source::LineIndex::new(&loaded.text)
                .position(&loaded.text, gate.span.start)
                .line;
            let may_be_silent = gate.required_when.is_some() || gate.subject_when.is_some();
            add(&gate.id, "gate", line, &loaded.path, may_be_silent);
        }
    }
    covered
}
