//! `update-without-where`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "update-without-where",
    Severity::Warning,
    "all rows of an existing table are overwritten",
    include_str!("update_without_where.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Update {
        table,
        has_where: false,
        columns,
        ..
    } = input.action()
    else {
        return;
    };
    if !input.is_hot(table) || input.effect().created_in_release {
        return;
    }
    findings.push(
        input
            .report_class(&RULE.info, format!("`{}` of every row of `{}` is overwritten", columns.join("`, `"), table.name))
            .help("say which rows; a backup keeps the old values"),
    );
}
