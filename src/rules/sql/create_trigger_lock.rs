//! `create-trigger-lock`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "create-trigger-lock",
    Severity::Warning,
    "a trigger is created on an existing table",
    include_str!("create_trigger_lock.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateTrigger { name, table, .. } = input.action() else {
        return;
    };
    if input.hot_touch(table).is_some() {
        findings.push(
            input
                .report_class(
                    &RULE.info,
                    format!("writes to `{}` wait for the lock, and from then on run `{name}`", table.name),
                )
                .help("a short transaction of its own; and the running version's writes must bear what the trigger does"),
        );
    }
}
