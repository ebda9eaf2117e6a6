//! `add-column-fk-default`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "add-column-fk-default",
    Severity::Warning,
    "a column is added with a foreign key and a default, so every row is looked up",
    include_str!("add_column_fk_default.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddColumn { table, column, .. } = input.action() else {
        return;
    };
    let key = column
        .constraints
        .iter()
        .any(|constraint| matches!(constraint.kind, ConstraintKind::ForeignKey { .. }) && !constraint.not_enforced);
    if !key || column.default.is_none() || input.hot_touch(table).is_none() || !input.is_postgresql() {
        return;
    }
    findings.push(
        input
            .report(&RULE.info, format!("the default of every row of `{}` is looked up in the other table", table.name))
            .note("instead", "ADD COLUMN with the key and without the default: NULL refers to nothing, so nothing is read"),
    );
}
