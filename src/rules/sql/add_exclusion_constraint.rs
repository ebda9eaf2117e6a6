//! `add-exclusion-constraint`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "add-exclusion-constraint",
    Severity::Warning,
    "an EXCLUDE constraint builds its index under the strongest lock, and there is no other way",
    include_str!("add_exclusion_constraint.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddConstraint { table, constraint } = input.action() else {
        return;
    };
    if matches!(constraint.kind, ConstraintKind::Exclude { .. }) && input.hot_touch(table).is_some() {
        findings.push(
            input
                .report_class(&RULE.info, format!("an index is built while nobody can use `{}`", table.name))
                .help("EXCLUDE knows neither NOT VALID nor USING INDEX: plan a window, or build a new table with it"),
        );
    }
}
