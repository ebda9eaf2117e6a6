//! `fk-cascade`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::ConstraintDef;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "fk-cascade",
    Severity::Info,
    "a foreign key deletes rows by itself (opt-in)",
    include_str!("fk_cascade.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let cascades = |constraint: &ConstraintDef| matches!(&constraint.kind, ConstraintKind::ForeignKey { on_delete, .. } if on_delete == "cascade");
    let found = match input.action() {
        Action::CreateTable {
            columns,
            constraints,
            ..
        } => constraints.iter().any(cascades) || columns.iter().any(|column| column.constraints.iter().any(cascades)),
        Action::AddColumn { column, .. } => column.constraints.iter().any(cascades),
        Action::AddConstraint { constraint, .. } => cascades(constraint),
        _ => false,
    };
    if found {
        findings.push(input.report(&RULE.info, "one DELETE can empty tables that it does not name"));
    }
}
