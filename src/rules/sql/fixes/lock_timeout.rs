//! A lock timeout at the start of a transaction.

use super::place::{Text, attached_start, line_ending};
use crate::fix::Fix;
use crate::migrations::replay::Block;
use crate::rules::sql::SqlInput;
use crate::source::Span;
use crate::syntax::migration::{Runner, TransactionMode};

/// What is written. `LOCAL` ends with the transaction, so that it does not reach the next file on the same connection.
const HEADER: &str = "SET LOCAL lock_timeout = '2s';";

/// Sets the timeout before the first statement of the transaction that the operation is in.
pub(in crate::rules::sql) fn lock_timeout(input: &SqlInput<'_>) -> Option<Fix> {
    if input.step.called || is_bound(input.file.runner) {
        return None;
    }
    let statements = input.statements();
    let first = match input.transaction().block {
        Block::Runner | Block::Implicit => statements.first()?,
        // The header makes two statements of one, and so a transaction; none that refuses transactions locks writers out.
        Block::None if is_alone(input) => statements.first()?,
        Block::Explicit(begin) => statements
            .iter()
            .find(|statement| statement.span.start >= begin.end)?,
        Block::None | Block::Unknown => return None,
    };
    let at = attached_start(&Text::of(input), first.span)?;
    let end = line_ending(input.file.text);
    Some(Fix::replace(
        input.location(Span::new(at, at)),
        format!("{HEADER}{end}"),
    ))
}

/// One statement, sent as it is, that may run in a transaction.
fn is_alone(input: &SqlInput<'_>) -> bool {
    input.step.unit.mode == TransactionMode::ImplicitTransaction
        && input.statements().len() == 1
        && !input.refuses_transactions()
}

/// The runner keeps a checksum of the directory, marks each statement, or wants directives above it.
fn is_bound(runner: Runner) -> bool {
    matches!(
        runner,
        Runner::Atlas | Runner::Drizzle | Runner::Liquibase | Runner::Plain
    )
}
