//! `add-unique-constraint-builds-index`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::fixes::key_over_index;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "add-unique-constraint-builds-index",
    Severity::Warning,
    "a UNIQUE constraint builds its index under the strongest lock",
    include_str!("add_unique_constraint_builds_index.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddConstraint { table, constraint } = input.action() else {
        return;
    };
    if !matches!(
        constraint.kind,
        ConstraintKind::Unique {
            using_index: None,
            ..
        }
    ) {
        return;
    }
    if input.hot_touch(table).is_none_or(|touch| touch.work == Work::Brief) {
        return;
    }
    findings.push(
        input
            .report(&RULE.info, format!("an index is built while nobody can use `{}`", table.name))
            .note("instead", "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... UNIQUE USING INDEX")
            .fix(key_over_index(input, table, constraint)),
    );
}
