//! `prefer-text`.

use crate::finding::{Finding, Severity};
use crate::rules::Findings;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "prefer-text",
    Severity::Info,
    "a varchar with a length (opt-in)",
    include_str!("prefer_text.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    for column in input.new_columns() {
        let written = &column.type_name;
        if written.name == "character varying" && !written.modifiers.is_empty() {
            let at = input.location(column.span);
            findings.push(Finding::at(RULE.info.id, RULE.info.severity, at, format!("`{}`: a CHECK can be changed without touching the type", column.name)));
        }
    }
}
