//! `set-local-outside-transaction`.

use crate::finding::Severity;
use crate::migrations::replay::Block;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "set-local-outside-transaction",
    Severity::Warning,
    "SET LOCAL outside of a transaction does nothing",
    include_str!("set_local_outside_transaction.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Set { name, local: true, .. } = input.action() else {
        return;
    };
    let inside = input.step.called || input.step.operation.nested;
    if !input.is_postgresql() || inside || input.transaction().block != Block::None {
        return;
    }
    findings.push(
        input
            .report(
                &RULE.info,
                format!("`{name}` is set for this statement alone: no transaction is open, and the server only warns"),
            )
            .help(format!("SET {name}, and RESET {name} at the end; or BEGIN before it and COMMIT at the end")),
    );
}
