//! `multiple-alter-table`.

use crate::effects::{LockMode, Work};
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "multiple-alter-table",
    Severity::Info,
    "several statements scan the same table one after the other",
    include_str!("multiple_alter_table.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if input.step.index > 0 || input.step.called {
        return;
    }
    let is_alter = |action: &Action| {
        matches!(
            action,
            Action::AddColumn { .. }
                | Action::AlterColumnType { .. }
                | Action::SetNotNull { .. }
                | Action::AddConstraint { .. }
        )
    };
    if !is_alter(input.action()) {
        return;
    }
    let Some(touch) = input.effect().strongest_hot().filter(|touch| touch.work >= Work::Scan) else {
        return;
    };
    let before = input.transaction().held_on(&touch.relation).filter(|held| {
        held.work >= Work::Scan
            && held.lock == LockMode::AccessExclusive
            && held.statement < input.step.statement
    });
    if let Some(before) = before {
        findings.push(
            input
                .report(&RULE.info, format!("`{}` is gone through again; one ALTER TABLE with several parts does it once", touch.relation))
                .related(input.location(before.span), "the first time"),
        );
    }
}
