//! `partial-failure-not-retryable`.

use crate::finding::Severity;
use crate::migrations::replay::Block;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, Dialect, Persistence};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "partial-failure-not-retryable",
    Severity::Warning,
    "a file without a transaction cannot be run again after it failed halfway",
    include_str!("partial_failure_not_retryable.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if input.step.called || input.step.operation.nested || !is_kept(input) {
        return;
    }
    let statements = input.statements();
    let first = input.step.summary.first_unrepeatable;
    let is_last = input.step.statement + 1 == statements.len();
    // One finding for a file is enough, at the first statement that fails when it runs again.
    if is_last || first != Some((input.step.statement, input.step.index)) {
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

/// What the statement did stays when a later one fails: no transaction is open, or it ended one.
fn is_kept(input: &SqlInput<'_>) -> bool {
    match input.file.dialect {
        Dialect::Postgresql => input.transaction().block == Block::None,
        // MySQL commits before and behind each of these, whatever the runner opened (its manual: statements that cause an
        // implicit commit).
        Dialect::Mysql => !matches!(
            input.action(),
            Action::Insert { .. } | Action::CreateTable { persistence: Persistence::Temporary, .. }
        ),
        Dialect::Sqlite | Dialect::Generic => false,
    }
}
