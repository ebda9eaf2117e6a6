//! `multiple-tables-access-exclusive`.

use crate::effects::LockMode;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Name;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "multiple-tables-access-exclusive",
    Severity::Warning,
    "one transaction locks several existing tables completely",
    include_str!("multiple_tables_access_exclusive.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let state = input.transaction();
    if !state.block.is_certain() {
        return;
    }
    let of_this = |relation: &Name| state.held.iter().any(|held| held.relation == *relation);
    let new = input.effect().touches.iter().find(|touch| {
        touch.hot && touch.is_table && touch.lock == Some(LockMode::AccessExclusive) && !of_this(&touch.relation)
    });
    let Some(new) = new else {
        return;
    };
    let mut before: Vec<&Name> = state
        .held
        .iter()
        .filter(|held| held.lock == LockMode::AccessExclusive && held.statement < input.step.statement)
        .map(|held| &held.relation)
        .collect();
    before.dedup();
    // The second table is reported, and the others are not said again.
    let [first] = before.as_slice() else {
        return;
    };
    let held = state.held_on(first);
    let mut finding = input
        .report(
            &RULE.info,
            format!(
                "`{}` is locked while `{first}` still is: whoever takes them in another order meets a deadlock",
                new.relation
            ),
        )
        .help("one table per file");
    if let Some(held) = held {
        finding = finding.related(input.location(held.span), "locked here, until the transaction ends");
    }
    findings.push(finding);
}
