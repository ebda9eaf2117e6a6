//! `add-column-default-pre11`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "add-column-default-pre11",
    Severity::Warning,
    "before PostgreSQL 11 any default rewrites the table",
    include_str!("add_column_default_pre11.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddColumn { table, column, .. } = input.action() else {
        return;
    };
    let has_default = column.default.is_some() && column.generated.is_none() && !column.type_name.serial;
    if input.release.server_version >= 11 || !has_default || !input.is_postgresql() {
        return;
    }
    if input.hot_touch(table).is_some() {
        findings.push(
            input
                .report(&RULE.info, format!("all of `{}` is written anew to hold the default", table.name))
                .note("instead", "ADD COLUMN without a default, then SET DEFAULT, then fill old rows in batches"),
        );
    }
}
