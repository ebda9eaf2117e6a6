//! `down-adds-not-null`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::migration::Direction;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "down-adds-not-null",
    Severity::Info,
    "a way down may fail on NULLs that the new version wrote",
    include_str!("down_adds_not_null.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let code = input.sqlstate("23502");
    if input.file.direction != Direction::Down {
        return;
    }
    let Action::SetNotNull { table, column } = input.action() else {
        return;
    };
    let nullable = input
        .relation(table)
        .and_then(|relation| relation.column(column))
        .is_some_and(|known| !known.not_null);
    // Filled by an earlier statement of the same way down.
    let filled = input
        .step
        .summary
        .updated_before(table, input.step.statement)
        .any(|name| name == column);
    if nullable && !filled {
        findings.push(input.report(
            &RULE.info,
            format!("it fails when the new version has left `{column}` NULL{code}"),
        ));
    }
}
