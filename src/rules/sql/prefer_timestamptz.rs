//! `prefer-timestamptz`.

use crate::finding::{Finding, Severity};
use crate::rules::Findings;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "prefer-timestamptz",
    Severity::Info,
    "a timestamp without time zone (opt-in)",
    include_str!("prefer_timestamptz.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    for column in input.new_columns() {
        let written = &column.type_name;
        if written.name.starts_with("timestamp") && !written.name.contains("with time zone") {
            let at = input.location(column.span);
            findings.push(Finding::at(RULE.info.id, RULE.info.severity, at, format!("`{}`: which moment it means depends on who reads it", column.name)));
        }
    }
}
