//! `create-partition-of-lock`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "create-partition-of-lock",
    Severity::Warning,
    "CREATE TABLE ... PARTITION OF locks the partitioned table completely",
    include_str!("create_partition_of_lock.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateTable {
        table,
        partition_of: Some(parent),
        ..
    } = input.action()
    else {
        return;
    };
    if input.hot_touch(parent).is_some() {
        findings.push(
            input
                .report(
                    &RULE.info,
                    format!("readers and writers of `{}` wait while `{}` is created", parent.name, table.name),
                )
                .note("instead", "CREATE TABLE on its own, then ATTACH PARTITION, which lets readers and writers go on"),
        );
    }
}
