//! `down-re-adds-unique`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::migration::Direction;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "down-re-adds-unique",
    Severity::Info,
    "a way down may fail on equal values that the new version wrote",
    include_str!("down_re_adds_unique.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let code = input.sqlstate("23505");
    if input.file.direction != Direction::Down {
        return;
    }
    let table = match input.action() {
        Action::AddConstraint { table, constraint }
            if matches!(
                constraint.kind,
                ConstraintKind::Unique { .. } | ConstraintKind::PrimaryKey { .. }
            ) =>
        {
            table
        }
        Action::CreateIndex {
            table,
            unique: true,
            ..
        } => table,
        _ => return,
    };
    // A table that the way down itself creates is empty.
    let created = input
        .step
        .summary
        .created
        .get(table)
        .is_some_and(|at| *at < input.step.statement);
    if !created && input.relation(table).is_some() {
        findings.push(input.report(
            &RULE.info,
            format!("it fails when the new version has written equal values to `{}`{code}", table.name),
        ));
    }
}
