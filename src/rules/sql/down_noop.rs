//! `down-noop`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::DifferenceKind;
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
        // What the way up dropped is not left behind: it stays gone.
        let (gone, left): (Vec<_>, Vec<_>) = input.undone_by_nothing.iter().partition(|it| it.kind == DifferenceKind::Missing);
        let message = if left.is_empty() {
            format!("going back does not bring {} back", input.first_of(&gone))
        } else {
            format!("going back leaves {} behind", input.first_of(&left))
        };
        findings.push(
            input
                .report(&RULE.info, message)
                .help("undo what the way up does; or leave the file out, so that nobody takes it for a way back"),
        );
    }
}
