//! `set-logged-unlogged`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "set-logged-unlogged",
    Severity::Warning,
    "SET LOGGED or SET UNLOGGED writes the table anew",
    include_str!("set_logged_unlogged.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::SetLogged { table, logged } = input.action() else {
        return;
    };
    if input.hot_touch(table).is_none_or(|touch| touch.work == Work::Brief) {
        return;
    }
    let message = if *logged {
        format!("all of `{}` is written anew while nobody can use it", table.name)
    } else {
        format!("all of `{}` is written anew, and from then on a crash empties it", table.name)
    };
    findings.push(input.report_class(&RULE.info, message));
}
