//! `duplicate-index`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::Index;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "duplicate-index",
    Severity::Warning,
    "an index is there already under another name",
    include_str!("duplicate_index.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateIndex {
        name,
        table,
        unique,
        keys,
        method,
        include,
        predicate,
        ..
    } = input.action()
    else {
        return;
    };
    let Some(relation) = input.relation(table) else {
        return;
    };
    let wanted = predicate.as_ref().map(|predicate| predicate.text.as_str());
    let same = relation.indexes.iter().find(|index| {
        name.as_deref() != Some(index.name.as_str())
            && index.keys == *keys
            && (index.unique || !unique)
            && (index.method == *method || (method.is_empty() && index.method == "btree"))
            && index.include == *include
            && index.predicate.as_deref() == wanted
    });
    // Building the new one before the old one goes is how an index is replaced.
    let goes = |index: &Index| input.release.dropped_indexes.contains(&index.name) || input.release.last.get(relation.id).is_none_or(|last| last.index(&index.name).is_none());
    if let Some(same) = same.filter(|same| !goes(same)) {
        findings.push(
            input
                .report(&RULE.info, format!("`{}` on `{}` has the same keys: every write pays twice", same.name, table.name))
                .help("leave one of them out"),
        );
    }
}
