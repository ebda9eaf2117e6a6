//! `prefer-jsonb`.

use crate::finding::{Finding, Severity};
use crate::rules::Findings;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "prefer-jsonb",
    Severity::Info,
    "a column of type json (opt-in)",
    include_str!("prefer_jsonb.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    for column in input.new_columns() {
        let written = &column.type_name;
        if written.name == "json" {
            let at = input.location(column.span);
            findings.push(Finding::at(RULE.info.id, RULE.info.severity, at, format!("`{}`: json has no equality: DISTINCT, GROUP BY and UNION fail", column.name)));
        }
    }
}
