//! `constraint-never-validated`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "constraint-never-validated",
    Severity::Info,
    "a constraint is NOT VALID, and no file validates it",
    include_str!("constraint_never_validated.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddConstraint { table, constraint } = input.action() else {
        return;
    };
    if !constraint.not_valid || constraint.not_enforced || input.effect().refusal.is_some() {
        return;
    }
    let Some(name) = &constraint.name else {
        return;
    };
    let open = input
        .release
        .last
        .relation(table)
        .found()
        .and_then(|relation| relation.constraint(name))
        .is_some_and(|known| !known.valid);
    if open {
        findings.push(
            input
                .report(&RULE.info, format!("`{name}` says nothing about old rows until a later file validates it"))
                .help(format!("in another file: ALTER TABLE {} VALIDATE CONSTRAINT {name}", table.name)),
        );
    }
}
