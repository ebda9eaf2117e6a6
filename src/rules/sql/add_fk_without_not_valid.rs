//! `add-fk-without-not-valid`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::RelationKind;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::fixes::not_valid;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "add-fk-without-not-valid",
    Severity::Warning,
    "a foreign key is added to an existing table and every row is looked up under the lock",
    include_str!("add_fk_without_not_valid.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddConstraint { table, constraint } = input.action() else {
        return;
    };
    let ConstraintKind::ForeignKey { target, .. } = &constraint.kind else {
        return;
    };
    if input.hot_touch(table).is_none_or(|touch| touch.work == Work::Brief) || input.effect().refusal.is_some() {
        return;
    }
    let partitioned = input
        .relation(table)
        .is_some_and(|relation| relation.kind == RelationKind::PartitionedTable);
    let finding = input.report(
        &RULE.info,
        format!("writes to `{}` and `{}` wait while every row is looked up", table.name, target.name),
    );
    findings.push(if partitioned && input.release.server_version < 18 {
        finding.help("before PostgreSQL 18 the key of a partitioned table cannot be NOT VALID: add it to each partition first")
    } else {
        finding
            .note("instead", "ADD CONSTRAINT ... NOT VALID, then VALIDATE CONSTRAINT in another transaction")
            .fix(not_valid(input, table, constraint))
    });
}
