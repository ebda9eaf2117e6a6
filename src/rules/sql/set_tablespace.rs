//! `set-tablespace`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "set-tablespace",
    Severity::Warning,
    "a move to another tablespace copies the table",
    include_str!("set_tablespace.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::SetTablespace { name, .. } = input.action() else {
        return;
    };
    if input.hot_touch(name).is_some_and(|touch| touch.work > Work::Brief) {
        findings.push(input.report(
            &RULE.info,
            format!("all of `{}` is copied while nobody can use it", name.name),
        ));
    }
}
