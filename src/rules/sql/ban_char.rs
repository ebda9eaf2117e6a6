//! `ban-char`.

use crate::finding::{Finding, Severity};
use crate::rules::Findings;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "ban-char",
    Severity::Info,
    "a column of type char(n) (opt-in)",
    include_str!("ban_char.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    for column in input.new_columns() {
        let written = &column.type_name;
        if written.name == "character" {
            let at = input.location(column.span);
            findings.push(Finding::at(RULE.info.id, RULE.info.severity, at, format!("`{}`: char(n) is padded with blanks that comparisons ignore", column.name)));
        }
    }
}
