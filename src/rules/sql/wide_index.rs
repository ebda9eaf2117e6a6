//! `wide-index`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "wide-index",
    Severity::Info,
    "a plain index on more than three columns (opt-in)",
    include_str!("wide_index.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateIndex {
        unique: false, keys, ..
    } = input.action()
    else {
        return;
    };
    if keys.len() > 3 {
        findings.push(input.report(
            &RULE.info,
            format!("{} keys: the first ones usually do most of the work", keys.len()),
        ));
    }
}
