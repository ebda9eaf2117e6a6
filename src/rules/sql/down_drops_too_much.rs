//! `down-drops-too-much`.

use crate::finding::Severity;
use crate::rules::Findings;
use super::{DownInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::down(
    "down-drops-too-much",
    Severity::Warning,
    "a way down drops what the way up did not create",
    include_str!("down_drops_too_much.md"),
    check,
);

fn check(input: &DownInput<'_>, findings: &mut Findings) {
    if input.is_noop() || input.is_uncertain() {
        return;
    }
    let victims = input.dropped_by_down();
    if !victims.is_empty() {
        let data = if victims.iter().any(|victim| matches!(victim.what, "table" | "column" | "partitioned table")) {
            ", with what is in it"
        } else {
            ""
        };
        findings.push(
            input
                .report(&RULE.info, format!("{} was there before the migration, and going back drops it{data}", input.first_of(&victims)))
                .help("IF NOT EXISTS on the way up creates nothing when it is there; then the way down must leave it"),
        );
    }
}
