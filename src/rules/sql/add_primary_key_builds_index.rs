//! `add-primary-key-builds-index`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::fixes::key_over_index;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "add-primary-key-builds-index",
    Severity::Warning,
    "a primary key builds its index, or reads every row, under the strongest lock",
    include_str!("add_primary_key_builds_index.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddConstraint { table, constraint } = input.action() else {
        return;
    };
    let ConstraintKind::PrimaryKey { using_index, .. } = &constraint.kind else {
        return;
    };
    if input.hot_touch(table).is_none_or(|touch| touch.work == Work::Brief) || input.effect().refusal.is_some() {
        return;
    }
    let finding = if using_index.is_some() {
        input
            .report(
                &RULE.info,
                format!("its column may be NULL, so every row of `{}` is read, although the index is there", table.name),
            )
            .note("instead", "prove first that it is never NULL: a CHECK that is added NOT VALID and validated, then SET NOT NULL")
    } else {
        input
            .report(&RULE.info, format!("an index is built while nobody can use `{}`", table.name))
            .note("instead", "CREATE UNIQUE INDEX CONCURRENTLY, columns NOT NULL, then ADD PRIMARY KEY USING INDEX")
            .fix(key_over_index(input, table, constraint))
    };
    findings.push(finding);
}
