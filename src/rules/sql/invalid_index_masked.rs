//! `invalid-index-masked`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "invalid-index-masked",
    Severity::Error,
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS hides an index that was left behind invalid",
    include_str!("invalid_index_masked.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateIndex {
        name,
        table,
        concurrently: true,
        if_not_exists: true,
        ..
    } = input.action()
    else {
        return;
    };
    let Some(name) = name else {
        return;
    };
    if dropped_before(input, name) || !input.is_postgresql() {
        return;
    }
    findings.push(
        input
            .report(
                &RULE.info,
                format!(
                    "if building `{name}` fails, an invalid index stays on `{}`, and IF NOT EXISTS skips it the next time",
                    table.name
                ),
            )
            .help(format!("drop it first, in a file of its own: DROP INDEX CONCURRENTLY IF EXISTS {name}")),
    );
}

/// A file of this release drops what a failed build left behind.
fn dropped_before(input: &SqlInput<'_>, name: &str) -> bool {
    input.release.dropped_indexes.iter().any(|dropped| dropped == name)
}
