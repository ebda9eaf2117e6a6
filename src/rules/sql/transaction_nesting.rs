//! `transaction-nesting`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::migration::TransactionMode;
use crate::syntax::sql::operation::{Action, Transaction};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "transaction-nesting",
    Severity::Error,
    "BEGIN or COMMIT in a file that the runner puts into a transaction",
    include_str!("transaction_nesting.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Transaction(control) = input.action() else {
        return;
    };
    if input.step.operation.nested || !input.is_postgresql() {
        return;
    }
    if input.step.unit.mode != TransactionMode::Transactional {
        return;
    }
    let message = match control {
        Transaction::Begin => "BEGIN does nothing but warn here: the runner opened a transaction already",
        Transaction::Commit => "COMMIT ends the runner's transaction: what follows is committed statement by statement",
        Transaction::Rollback => "ROLLBACK undoes the runner's transaction, and the runner records the migration as done",
        Transaction::Savepoint(_) | Transaction::Release(_) | Transaction::RollbackTo(_) => return,
    };
    findings.push(
        input
            .report(&RULE.info, message)
            .help("leave transactions to the runner, or tell it not to open one for this file"),
    );
}
