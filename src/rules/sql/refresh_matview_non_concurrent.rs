//! `refresh-matview-non-concurrent`.

use crate::effects::LockMode;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "refresh-matview-non-concurrent",
    Severity::Warning,
    "a materialized view is refreshed while nobody can read it",
    include_str!("refresh_matview_non_concurrent.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::RefreshMaterializedView {
        name,
        concurrently: false,
    } = input.action()
    else {
        return;
    };
    if input.effect().touches.iter().any(|touch| touch.hot && touch.lock == Some(LockMode::AccessExclusive)) {
        findings.push(
            input
                .report(&RULE.info, format!("readers of `{}` wait until it is filled anew", name.name))
                .note("instead", "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index on it"),
        );
    }
}
