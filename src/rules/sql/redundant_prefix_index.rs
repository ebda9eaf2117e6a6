//! `redundant-prefix-index`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "redundant-prefix-index",
    Severity::Info,
    "another index begins with the keys of this one",
    include_str!("redundant_prefix_index.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateIndex {
        name,
        table,
        unique: false,
        keys,
        method,
        predicate: None,
        include,
        ..
    } = input.action()
    else {
        return;
    };
    if !matches!(method.as_str(), "" | "btree") || !include.is_empty() {
        return;
    }
    let covering = input.relation(table).and_then(|relation| {
        let last = input.release.last.get(relation.id)?;
        last.indexes.iter().find(|index| {
            name.as_deref() != Some(index.name.as_str())
                && index.method == "btree"
                && index.predicate.is_none()
                && index.keys.len() > keys.len()
                && index.keys.iter().zip(keys).all(|(a, b)| a == b)
        })
    });
    if let Some(index) = covering {
        findings.push(input.report(
            &RULE.info,
            format!("`{}` begins with the same keys and serves the same queries", index.name),
        ));
    }
}
