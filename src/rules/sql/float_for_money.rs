//! `float-for-money`.

use crate::finding::{Finding, Severity};
use crate::rules::Findings;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "float-for-money",
    Severity::Info,
    "a floating-point column named as an amount (opt-in)",
    include_str!("float_for_money.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    for column in input.new_columns() {
        let written = &column.type_name;
        if matches!(written.name.as_str(), "real" | "double precision") && ["price", "amount", "cost", "balance", "total"].iter().any(|word| column.name.to_lowercase().contains(word)) {
            let at = input.location(column.span);
            findings.push(Finding::at(RULE.info.id, RULE.info.severity, at, format!("`{}`: floating point cannot hold most cents", column.name)));
        }
    }
}
