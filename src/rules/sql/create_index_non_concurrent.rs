//! `create-index-non-concurrent`.

use super::fixes::create_concurrently;
use super::{SqlInput, SqlRule};
use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::RelationKind;
use crate::syntax::sql::operation::Action;

pub(super) const RULE: SqlRule = SqlRule::up(
    "create-index-non-concurrent",
    Severity::Warning,
    "an index is built on an existing table under a lock that stops writers",
    include_str!("create_index_non_concurrent.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateIndex {
        table,
        concurrently: false,
        only,
        name,
        if_not_exists,
        ..
    } = input.action()
    else {
        return;
    };
    if *only || !input.is_postgresql() {
        return;
    }
    let Some(touch) = input.hot_touch(table) else {
        return;
    };
    if touch.work == Work::Brief {
        return;
    }
    let partitioned = input
        .relation(table)
        .is_some_and(|relation| relation.kind == RelationKind::PartitionedTable);
    let finding = input
        .report(
            &RULE.info,
            format!("writes to `{}` wait until the index is built", table.name),
        )
        .label(input.since(table));
    findings.push(if partitioned {
        finding.note(
            "instead",
            "CREATE INDEX ON ONLY the parent, CREATE INDEX CONCURRENTLY on each partition, then ATTACH them",
        )
    } else {
        finding
            .note("instead", "CREATE INDEX CONCURRENTLY, alone in a file that runs outside a transaction")
            .fix(create_concurrently(input, name.as_deref(), *if_not_exists))
    });
}
