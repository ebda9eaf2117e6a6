//! `cached-plan-invalidation`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "cached-plan-invalidation",
    Severity::Info,
    "prepared SELECT * of the running version fail once",
    include_str!("cached_plan_invalidation.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddColumn { table, .. } = input.action() else {
        return;
    };
    // Said once for a table and file: the application forgets its statements once.
    let touch = input.hot_touch(table);
    let Some(touch) = touch.filter(|_| input.is_postgresql() && input.step.index == 0) else {
        return;
    };
    let said = input.transaction().widened.contains(table);
    if said || input.effect().release_type == ReleaseType::None {
        return;
    }
    findings.push(
        input
            .report(
                &RULE.info,
                format!("prepared `SELECT *` and `RETURNING *` on `{}` fail once (0A000, cached plan must not change result type)", touch.relation),
            )
            .help("name the columns in queries; or let the driver describe statements anew"),
    );
}
