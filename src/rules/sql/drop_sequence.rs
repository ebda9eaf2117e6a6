//! `drop-sequence`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::ObjectKind;
use super::removal::dropped;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-sequence",
    Severity::Warning,
    "a sequence is dropped while the running version may still use it",
    include_str!("drop_sequence.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let is_one = |kind| matches!(kind, ObjectKind::Sequence);
    dropped(input, &RULE.info, is_one, "sequence", findings);
}
