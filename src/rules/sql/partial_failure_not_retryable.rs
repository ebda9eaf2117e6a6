//! `partial-failure-not-retryable`.

use crate::finding::Severity;
use crate::migrations::replay::Block;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "partial-failure-not-retryable",
    Severity::Warning,
    "a file without a transaction cannot be run again after it failed halfway",
    include_str!("partial_failure_not_retryable.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if !input.is_postgresql() || input.step.called || input.step.operation.nested {
        return;
    }
    let statements = input.statements();
    if input.transaction().block != Block::None || statements.len() < 2 {
        return;
    }
    if input.transaction().operations > 0 || input.step.index > 0 {
        // One finding for a file is enough, at the first statement that fails when it runs again.
        let before = statements.iter().take(input.step.statement);
        if before.flat_map(|statement| &statement.operations).any(|operation| !is_repeatable(&operation.action)) {
            return;
        }
    }
    let is_last = input.step.statement + 1 == statements.len();
    if is_last || is_repeatable(input.action()) {
        return;
    }
    findings.push(
        input
            .report(
                &RULE.info,
                "if a later statement fails, this one is kept, and fails when the file runs again",
            )
            .help("one statement per file, or IF [NOT] EXISTS on each"),
    );
}

/// It does not fail when it ran before.
fn is_repeatable(action: &Action) -> bool {
    match action {
        Action::CreateTable { if_not_exists, .. }
        | Action::AddColumn { if_not_exists, .. }
        | Action::CreateIndex { if_not_exists, .. }
        | Action::CreateSequence { if_not_exists, .. }
        | Action::CreateExtension { if_not_exists, .. }
        | Action::CreateSchema { if_not_exists, .. }
        | Action::AddEnumValue { if_not_exists, .. } => *if_not_exists,
        Action::Drop { if_exists, .. }
        | Action::DropColumn { if_exists, .. }
        | Action::DropConstraint { if_exists, .. } => *if_exists,
        Action::CreateView { or_replace, .. } | Action::CreateFunction { or_replace, .. } => *or_replace,
        Action::RenameTable { .. }
        | Action::RenameColumn { .. }
        | Action::RenameConstraint { .. }
        | Action::Rename { .. }
        | Action::AddConstraint { .. }
        | Action::CreateEnum { .. }
        | Action::CreateType { .. }
        | Action::CreateDomain { .. }
        | Action::CreateTrigger { .. }
        | Action::CreatePolicy { .. }
        | Action::Insert { .. } => false,
        _ => true,
    }
}
