//! `down-does-not-restore-dropped`.

use crate::finding::Severity;
use crate::rules::Findings;
use super::{DownInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::down(
    "down-does-not-restore-dropped",
    Severity::Warning,
    "a way down does not bring back what the way up dropped",
    include_str!("down_does_not_restore_dropped.md"),
    check,
);

fn check(input: &DownInput<'_>, findings: &mut Findings) {
    if input.is_noop() || input.is_uncertain() {
        return;
    }
    let missing = input.dropped_by_up();
    if !missing.is_empty() {
        findings.push(
            input
                .report(&RULE.info, format!("going back does not bring {} back", input.first_of(&missing)))
                .help("create it again; what was in it comes from a backup only"),
        );
    }
}
