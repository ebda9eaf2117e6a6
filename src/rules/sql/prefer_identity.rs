//! `prefer-identity`.

use crate::finding::{Finding, Severity};
use crate::rules::Findings;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "prefer-identity",
    Severity::Info,
    "a serial column (opt-in)",
    include_str!("prefer_identity.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    for column in input.new_columns() {
        let written = &column.type_name;
        if written.serial {
            let at = input.location(column.span);
            findings.push(Finding::at(RULE.info.id, RULE.info.severity, at, format!("`{}`: a sequence with rights and an owner of its own; GENERATED ... AS IDENTITY is the standard's form", column.name)));
        }
    }
}
