//! `add-column-with-check`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "add-column-with-check",
    Severity::Warning,
    "a column is added with a CHECK, so every row is read",
    include_str!("add_column_with_check.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddColumn { table, column, .. } = input.action() else {
        return;
    };
    let checked = column
        .constraints
        .iter()
        .any(|constraint| matches!(constraint.kind, ConstraintKind::Check { .. }) && !constraint.not_valid && !constraint.not_enforced);
    if !checked || input.hot_touch(table).is_none() || !input.is_postgresql() {
        return;
    }
    findings.push(
        input
            .report(&RULE.info, format!("every row of `{}` is read to check the new column, although it is empty", table.name))
            .note("instead", "ADD COLUMN, then ADD CONSTRAINT ... NOT VALID, then VALIDATE in another transaction"),
    );
}
