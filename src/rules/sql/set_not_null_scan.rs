//! `set-not-null-scan`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::fixes::set_not_null;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "set-not-null-scan",
    Severity::Warning,
    "SET NOT NULL reads every row under the lock",
    include_str!("set_not_null_scan.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let (table, column) = match input.action() {
        Action::SetNotNull { table, column } => (table, column),
        Action::AddConstraint { table, constraint } => match &constraint.kind {
            ConstraintKind::NotNull { column } => (table, column),
            _ => return,
        },
        _ => return,
    };
    if input.effect().touches.iter().all(|touch| !touch.hot || touch.work == Work::Brief) {
        return;
    }
    let instead = if input.release.server_version >= 18 {
        "ADD CONSTRAINT ... NOT NULL column NOT VALID, then VALIDATE CONSTRAINT in another transaction"
    } else {
        "ADD CONSTRAINT ... CHECK (column IS NOT NULL) NOT VALID; VALIDATE it in another transaction; then SET NOT NULL; drop the CHECK"
    };
    findings.push(
        input
            .report(&RULE.info, format!("every row of `{}` is read to see that `{column}` is never NULL", table.name))
            .note("instead", instead)
            .fix(set_not_null(input, table, column)),
    );
}
