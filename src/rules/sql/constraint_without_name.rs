//! `constraint-without-name`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "constraint-without-name",
    Severity::Info,
    "a constraint gets its name from the server",
    include_str!("constraint_without_name.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddConstraint { table, constraint } = input.action() else {
        return;
    };
    let named_by_index = matches!(
        &constraint.kind,
        ConstraintKind::Unique {
            using_index: Some(_),
            ..
        } | ConstraintKind::PrimaryKey { .. }
    );
    if constraint.name.is_none() && !named_by_index {
        findings.push(
            input
                .report(&RULE.info, format!("after `{}` was renamed, the same statement gives another name, and a way down misses it", table.name))
                .help("ADD CONSTRAINT name ..."),
        );
    }
}
