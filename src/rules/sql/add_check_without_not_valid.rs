//! `add-check-without-not-valid`.

use super::fixes::not_valid;
use super::{SqlInput, SqlRule};
use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};

pub(super) const RULE: SqlRule = SqlRule::up(
    "add-check-without-not-valid",
    Severity::Warning,
    "a CHECK is added to an existing table and every row is read under the lock",
    include_str!("add_check_without_not_valid.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddConstraint { table, constraint } = input.action() else {
        return;
    };
    if !matches!(constraint.kind, ConstraintKind::Check { .. }) {
        return;
    }
    if input.hot_touch(table).is_none_or(|touch| touch.work == Work::Brief) {
        return;
    }
    findings.push(
        input
            .report(
                &RULE.info,
                format!("reads and writes of `{}` wait while every row is checked", table.name),
            )
            .note("instead", "ADD CONSTRAINT ... NOT VALID, then VALIDATE CONSTRAINT in another transaction")
            .fix(not_valid(input, table, constraint)),
    );
}
