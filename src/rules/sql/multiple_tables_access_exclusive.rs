//! `multiple-tables-access-exclusive`.

use crate::effects::LockMode;
use crate::finding::Severity;
use crate::rules::Findings;
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
    // The second table is reported, and the others are not said again.
    let (1, Some(first)) = &state.exclusive else {
        return;
    };
    let new = input.effect().touches.iter().find(|touch| {
        touch.hot
            && touch.is_table
            && touch.lock == Some(LockMode::AccessExclusive)
            && touch.relation != first.relation
    });
    let Some(new) = new.filter(|_| first.statement < input.step.statement) else {
        return;
    };
    let finding = input
        .report(
            &RULE.info,
            format!(
                "`{}` is locked while `{}` still is: whoever takes them in another order meets a deadlock",
                new.relation, first.relation
            ),
        )
        .help("one table per file")
        .related(input.location(first.span), "locked here, until the transaction ends");
    findings.push(finding);
}
