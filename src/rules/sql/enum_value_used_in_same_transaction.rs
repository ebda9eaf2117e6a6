//! `enum-value-used-in-same-transaction`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "enum-value-used-in-same-transaction",
    Severity::Error,
    "a new enum value is used in the transaction that adds it",
    include_str!("enum_value_used_in_same_transaction.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if matches!(input.action(), Action::AddEnumValue { .. }) || !input.is_postgresql() {
        return;
    }
    if input.step.index > 0 || input.step.called {
        return;
    }
    let state = input.transaction();
    let Some(statement) = input.statement() else {
        return;
    };
    let text = input.text(statement.span);
    for (enum_type, value, added) in &state.enum_values {
        if !state.block.is_certain() || !text.contains(&format!("'{}'", value.replace('\'', "''"))) {
            continue;
        }
        // Since 17 it is allowed if the type itself is as new.
        if input.release.server_version >= 17 && state.types.contains(enum_type) {
            continue;
        }
        if matches!(input.action(), Action::Comment { .. } | Action::CreateFunction { .. }) {
            continue;
        }
        findings.push(
            input
                .report(
                    &RULE.info,
                    format!("value '{value}' of `{}` cannot be used before the transaction that adds it ends (55P04)", enum_type.name),
                )
                .related(input.location(*added), "added here")
                .help("use it in another file"),
        );
        return;
    }
}
