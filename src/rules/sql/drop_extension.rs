//! `drop-extension`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::ObjectKind;
use super::removal::dropped;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-extension",
    Severity::Warning,
    "an extension is dropped while the running version may still use it",
    include_str!("drop_extension.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let is_one = |kind| matches!(kind, ObjectKind::Extension);
    dropped(input, &RULE.info, is_one, "extension", findings);
}
