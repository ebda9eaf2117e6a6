//! `rename-type`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::ObjectKind;
use super::removal::renamed;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "rename-type",
    Severity::Warning,
    "a type gets another name while the running version knows the old one",
    include_str!("rename_type.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let is_one = |kind| matches!(kind, ObjectKind::Type | ObjectKind::Domain);
    renamed(input, &RULE.info, is_one, "type", findings);
}
