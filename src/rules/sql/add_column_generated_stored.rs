//! `add-column-generated-stored`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, Generated};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "add-column-generated-stored",
    Severity::Warning,
    "a stored generated column is added, so the table is rewritten",
    include_str!("add_column_generated_stored.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let (table, written) = match input.action() {
        Action::AddColumn { table, column, .. } if column.generated == Some(Generated::Stored) => {
            (table, "its value is computed for every row")
        }
        Action::SetExpression { table, .. } => (table, "its value is computed for every row again"),
        _ => return,
    };
    if input.hot_touch(table).is_none_or(|touch| touch.work < Work::Rewrite) {
        return;
    }
    findings.push(
        input
            .report(&RULE.info, format!("{written}, so all of `{}` is written anew", table.name))
            .note("instead", "a plain column that a trigger fills, or VIRTUAL on PostgreSQL 18"),
    );
}
