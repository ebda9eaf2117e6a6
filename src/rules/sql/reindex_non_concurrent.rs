//! `reindex-non-concurrent`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "reindex-non-concurrent",
    Severity::Warning,
    "REINDEX without CONCURRENTLY on an existing table",
    include_str!("reindex_non_concurrent.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Reindex {
        name,
        concurrently: false,
        ..
    } = input.action()
    else {
        return;
    };
    if input.release.server_version < 12 || !input.is_postgresql() {
        return;
    }
    if input.effect().touches.iter().any(|touch| touch.hot) {
        findings.push(
            input
                .report(&RULE.info, format!("writes wait while `{}` is built anew, and so do reads that use it", name.name))
                .note("instead", "REINDEX ... CONCURRENTLY, outside a transaction"),
        );
    }
}
