//! `prefer-bigint-over-int`.

use crate::finding::{Finding, Severity};
use crate::rules::Findings;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "prefer-bigint-over-int",
    Severity::Info,
    "a column of type integer (opt-in)",
    include_str!("prefer_bigint_over_int.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    for column in input.new_columns() {
        let written = &column.type_name;
        if written.name == "integer" && written.array == 0 {
            let at = input.location(column.span);
            findings.push(Finding::at(RULE.info.id, RULE.info.severity, at, format!("`{}`: an integer ends at 2147483647", column.name)));
        }
    }
}
