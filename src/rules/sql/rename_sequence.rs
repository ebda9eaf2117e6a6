//! `rename-sequence`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::ObjectKind;
use super::removal::renamed;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "rename-sequence",
    Severity::Warning,
    "a sequence gets another name while the running version knows the old one",
    include_str!("rename_sequence.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let is_one = |kind| matches!(kind, ObjectKind::Sequence);
    renamed(input, &RULE.info, is_one, "sequence", findings);
}
