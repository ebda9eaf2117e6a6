//! `advisory-lock-or-sleep`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "advisory-lock-or-sleep",
    Severity::Warning,
    "a migration waits on purpose",
    include_str!("advisory_lock_or_sleep.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Select { calls, .. } = input.action() else {
        return;
    };
    let waits = calls.iter().find(|name| {
        matches!(
            name.name.as_str(),
            "pg_sleep" | "pg_sleep_for" | "pg_sleep_until" | "pg_advisory_lock" | "pg_advisory_xact_lock"
        )
    });
    let Some(name) = waits else {
        return;
    };
    let held = input.transaction().strongest.as_ref();
    let message = match held {
        Some(held) if input.transaction().block.is_certain() => {
            format!("{}() waits while `{}` is locked ({})", name.name, held.relation, held.lock)
        }
        _ => format!("{}() waits, and the transaction with it", name.name),
    };
    findings.push(input.report(&RULE.info, message).help("the runner keeps two runs apart by itself"));
}
