//! `down-does-not-drop-created`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::DifferenceKind;
use super::{DownInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::down(
    "down-does-not-drop-created",
    Severity::Warning,
    "a way down leaves behind what the way up created",
    include_str!("down_does_not_drop_created.md"),
    check,
);

fn check(input: &DownInput<'_>, findings: &mut Findings) {
    if input.is_noop() || input.is_uncertain() {
        return;
    }
    let left = input.of_kind(DifferenceKind::Extra);
    if !left.is_empty() {
        findings.push(
            input
                .report(&RULE.info, format!("going back leaves {} behind", input.first_of(&left)))
                .help("drop it; or the way up fails when it runs again"),
        );
    }
}
