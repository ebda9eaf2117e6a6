//! `delete-without-where`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "delete-without-where",
    Severity::Warning,
    "all rows of an existing table are deleted",
    include_str!("delete_without_where.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Delete {
        table,
        has_where: false,
        ..
    } = input.action()
    else {
        return;
    };
    if input.is_hot(table) {
        findings.push(
            input
                .report_class(&RULE.info, format!("all rows of `{}` are deleted", table.name))
                .help("say which rows; take a backup"),
        );
    }
}
