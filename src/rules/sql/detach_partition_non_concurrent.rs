//! `detach-partition-non-concurrent`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "detach-partition-non-concurrent",
    Severity::Warning,
    "a partition is detached while nobody can use the table",
    include_str!("detach_partition_non_concurrent.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::DetachPartition {
        table,
        partition,
        concurrently: false,
        finalize: false,
    } = input.action()
    else {
        return;
    };
    if input.release.server_version >= 14 && input.hot_touch(table).is_some() {
        findings.push(
            input
                .report(
                    &RULE.info,
                    format!("readers and writers of `{}` wait while `{}` is detached", table.name, partition.name),
                )
                .note("instead", "DETACH PARTITION ... CONCURRENTLY, outside a transaction"),
        );
    }
}
