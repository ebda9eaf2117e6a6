//! `explicit-lock-table`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "explicit-lock-table",
    Severity::Warning,
    "LOCK TABLE on an existing table",
    include_str!("explicit_lock_table.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::LockTable { tables, .. } = input.action() else {
        return;
    };
    let until = if input.is_postgresql() { "the transaction ends" } else { "UNLOCK TABLES, or the session ends" };
    if let Some(table) = tables.iter().find(|table| input.is_hot(table)) {
        findings.push(
            input
                .report(&RULE.info, format!("`{}` is locked until {until}", table.name))
                .help("take the weakest mode that serves, and as late as possible"),
        );
    }
}
