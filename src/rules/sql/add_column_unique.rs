//! `add-column-unique`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "add-column-unique",
    Severity::Warning,
    "a column is added with UNIQUE or PRIMARY KEY, so an index is built under the lock",
    include_str!("add_column_unique.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddColumn { table, column, .. } = input.action() else {
        return;
    };
    let keyed = column.constraints.iter().any(|constraint| {
        matches!(
            constraint.kind,
            ConstraintKind::Unique { .. } | ConstraintKind::PrimaryKey { .. }
        )
    });
    if !keyed || input.hot_touch(table).is_none() || !input.is_postgresql() {
        return;
    }
    findings.push(
        input
            .report(&RULE.info, format!("an index is built while nobody can use `{}`", table.name))
            .note("instead", "ADD COLUMN, CREATE UNIQUE INDEX CONCURRENTLY, ADD CONSTRAINT ... USING INDEX"),
    );
}
