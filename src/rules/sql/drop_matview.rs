//! `drop-matview`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::ObjectKind;
use super::removal::dropped;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-matview",
    Severity::Warning,
    "a materialized view is dropped while the running version may still use it",
    include_str!("drop_matview.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let is_one = |kind| matches!(kind, ObjectKind::MaterializedView);
    dropped(input, &RULE.info, is_one, "materialized view", findings);
}
