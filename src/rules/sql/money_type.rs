//! `money-type`.

use crate::finding::{Finding, Severity};
use crate::rules::Findings;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "money-type",
    Severity::Info,
    "a column of type money (opt-in)",
    include_str!("money_type.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    for column in input.new_columns() {
        let written = &column.type_name;
        if written.name == "money" {
            let at = input.location(column.span);
            findings.push(Finding::at(RULE.info.id, RULE.info.severity, at, format!("`{}`: its currency depends on a server setting", column.name)));
        }
    }
}
