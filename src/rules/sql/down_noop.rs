//! `down-noop`.

use crate::finding::Severity;
use crate::rules::Findings;
use super::{DownInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::down(
    "down-noop",
    Severity::Warning,
    "a way down that does nothing, for a migration that changes something",
    include_str!("down_noop.md"),
    check,
);

fn check(input: &DownInput<'_>, findings: &mut Findings) {
    let changes = !input.undone_by_nothing.is_empty();
    if input.is_noop() && changes && !input.is_uncertain() {
        findings.push(
            input
                .report(&RULE.info, format!("going back leaves {} behind", input.first_of(&input.undone_by_nothing)))
                .help("undo what the way up does; or leave the file out, so that nobody takes it for a way back"),
        );
    }
}
