//! `set-access-method`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "set-access-method",
    Severity::Warning,
    "another access method writes the table anew",
    include_str!("set_access_method.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::SetAccessMethod { table, .. } = input.action() else {
        return;
    };
    if input.hot_touch(table).is_some_and(|touch| touch.work > Work::Brief) {
        findings.push(
            input
                .report(&RULE.info, format!("all of `{}` is written anew while nobody can use it", table.name))
                .note("instead", "a new table with that method, rows moved in batches, then swapped"),
        );
    }
}
