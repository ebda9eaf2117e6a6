//! `truncate`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "truncate",
    Severity::Warning,
    "an existing table is emptied",
    include_str!("truncate.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Truncate { tables, cascade } = input.action() else {
        return;
    };
    if *cascade {
        return;
    }
    for table in tables.iter().filter(|table| input.is_hot(table)) {
        findings.push(
            input
                .report_class(&RULE.info, format!("all rows of `{}` are gone, and nobody can use it meanwhile", table.name))
                .help("take a backup; or delete in batches what has to go"),
        );
    }
}
