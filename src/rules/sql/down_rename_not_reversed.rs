//! `down-rename-not-reversed`.

use crate::finding::Severity;
use crate::rules::Findings;
use super::{DownInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::down(
    "down-rename-not-reversed",
    Severity::Warning,
    "a way down leaves something under its new name",
    include_str!("down_rename_not_reversed.md"),
    check,
);

fn check(input: &DownInput<'_>, findings: &mut Findings) {
    if input.is_uncertain() {
        return;
    }
    for (old, new) in &input.renamed {
        findings.push(
            input
                .report(&RULE.info, format!("`{old}` is still called `{new}` after going back"))
                .help("rename it back; indexes, constraints and sequences keep their own names"),
        );
    }
}
