//! `drop-view`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::ObjectKind;
use super::removal::dropped;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-view",
    Severity::Warning,
    "a view is dropped while the running version may still use it",
    include_str!("drop_view.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let is_one = |kind| matches!(kind, ObjectKind::View);
    dropped(input, &RULE.info, is_one, "view", findings);
}
