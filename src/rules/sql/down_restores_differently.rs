//! `down-restores-differently`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::DifferenceKind;
use super::{DownInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::down(
    "down-restores-differently",
    Severity::Warning,
    "a way down brings something back in another form",
    include_str!("down_restores_differently.md"),
    check,
);

fn check(input: &DownInput<'_>, findings: &mut Findings) {
    if input.is_noop() || input.is_uncertain() {
        return;
    }
    let changed = input.of_kind(DifferenceKind::Changed);
    let Some(first) = changed.first() else {
        return;
    };
    let more = match changed.len() {
        1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    findings.push(
        input
            .report(
                &RULE.info,
                format!("after going back, {} of the {} `{}` is not what it was{more}", first.detail, first.what, first.name),
            )
            .help("compare with the definition before the migration"),
    );
}
