//! `alter-constraint-deferrable`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "alter-constraint-deferrable",
    Severity::Info,
    "when a constraint is checked changes",
    include_str!("alter_constraint_deferrable.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AlterConstraint { table, constraint } = input.action() else {
        return;
    };
    if input.hot_touch(table).is_some() {
        findings.push(input.report(
            &RULE.info,
            format!("`{constraint}` is checked at another moment for {} too", input.release.running()),
        ));
    }
}
