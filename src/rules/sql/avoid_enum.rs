//! `avoid-enum`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "avoid-enum",
    Severity::Info,
    "an enum type is created (opt-in)",
    include_str!("avoid_enum.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if let Action::CreateEnum { name, .. } = input.action() {
        findings.push(input.report(
            &RULE.info,
            format!("`{}`: a value can be added, but never removed", name.name),
        ));
    }
}
