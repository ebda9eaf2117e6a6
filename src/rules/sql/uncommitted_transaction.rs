//! `uncommitted-transaction`.

use crate::finding::{Finding, Severity};
use crate::migrations::replay::Block;
use crate::rules::Findings;
use crate::syntax::migration::TransactionMode;
use crate::syntax::sql::operation::{Action, Operation, Transaction};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "uncommitted-transaction",
    Severity::Error,
    "a transaction that the file opens is not ended",
    include_str!("uncommitted_transaction.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let statements = input.statements();
    let is_last = input.step.statement + 1 == statements.len() && !input.step.called;
    if !is_last || input.step.unit.mode == TransactionMode::Transactional || !input.is_postgresql() {
        return;
    }
    let begins = |operation: &Operation| {
        !operation.nested && operation.action == Action::Transaction(Transaction::Begin)
    };
    let open = match input.transaction().block {
        Block::Explicit(span) => Some(span),
        _ if begins(input.step.operation) => Some(input.step.operation.span),
        _ => None,
    };
    let ends = matches!(
        input.action(),
        Action::Transaction(Transaction::Commit | Transaction::Rollback)
    );
    let is_last_operation = statements
        .last()
        .is_some_and(|statement| input.step.index + 1 == statement.operations.len());
    if let (Some(span), false, true) = (open, ends, is_last_operation) {
        let finding = Finding::at(
            RULE.info.id,
            RULE.info.severity,
            input.location(span),
            "the transaction that begins here is not committed: its work is lost, or the connection keeps its locks",
        );
        findings.push(finding.help("end it with COMMIT"));
    }
}
