//! `server-refuses`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::migration::Direction;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "server-refuses",
    Severity::Warning,
    "the server will refuse the statement",
    include_str!("server_refuses.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Some(refusal) = &input.effect().refusal else {
        return;
    };
    // Transactions, and rows without a value, have rules of their own; so have views that change their shape.
    if matches!(refusal.code, "25001") || refusal.depends_on_data {
        return;
    }
    let by_version = matches!(refusal.code, "42601" | "42883") || refusal.message.contains("PostgreSQL");
    if by_version && !input.release.server_is_configured {
        return;
    }
    if input.file.direction == Direction::Down && refusal.code == "2BP01" {
        return;
    }
    findings.push(input.report(&RULE.info, format!("the server refuses it ({}): {}", refusal.code, refusal.message)));
}
