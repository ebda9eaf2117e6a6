//! `drop-type`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::ObjectKind;
use super::removal::dropped;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-type",
    Severity::Warning,
    "a type is dropped while the running version may still use it",
    include_str!("drop_type.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let is_one = |kind| matches!(kind, ObjectKind::Type | ObjectKind::Domain);
    dropped(input, &RULE.info, is_one, "type", findings);
}
