//! `validate-constraint-same-transaction`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "validate-constraint-same-transaction",
    Severity::Warning,
    "a constraint is added NOT VALID and validated in one transaction",
    include_str!("validate_constraint_same_transaction.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::ValidateConstraint { table, constraint } = input.action() else {
        return;
    };
    let state = input.transaction();
    if !state.block.is_certain() || input.hot_touch(table).is_none() {
        return;
    }
    let Some(span) = state.not_valid.get(&(table.clone(), constraint.clone())) else {
        return;
    };
    let held = input.hot_touch(table).and_then(|touch| state.held_on(&touch.relation));
    let lock = held.map_or("the stronger lock", |held| held.lock.as_str());
    findings.push(
        input
            .report(
                &RULE.info,
                format!("`{}` is scanned under {lock}, which adding the constraint took in the same transaction", table.name),
            )
            .related(input.location(*span), "added here")
            .help("validate it in another file"),
    );
}
