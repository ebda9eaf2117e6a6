//! `disable-trigger`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "disable-trigger",
    Severity::Warning,
    "a trigger of an existing table is switched off",
    include_str!("disable_trigger.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::EnableTrigger {
        table,
        trigger,
        enable: false,
    } = input.action()
    else {
        return;
    };
    if !input.is_hot(table) {
        return;
    }
    let again = input
        .step
        .summary
        .enabled_triggers
        .get(&(table.clone(), trigger.clone()))
        .is_some_and(|at| *at > input.step.statement);
    if again && input.transaction().block.is_certain() {
        // Nobody else sees it: the lock is kept until it is on again.
        return;
    }
    let all = trigger.eq_ignore_ascii_case("all");
    let message = if all {
        format!("no trigger of `{}` fires, and its foreign keys are not enforced", table.name)
    } else {
        format!("`{trigger}` does not fire for writes of {} to `{}`", input.release.running(), table.name)
    };
    findings.push(input.report_class(&RULE.info, message).help("switch it on again in the same transaction"));
}
