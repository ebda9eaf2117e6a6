//! `attach-partition-scan`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "attach-partition-scan",
    Severity::Warning,
    "a partition is attached without a CHECK that spares the scan",
    include_str!("attach_partition_scan.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AttachPartition {
        table, partition, ..
    } = input.action()
    else {
        return;
    };
    let scanned = input
        .effect()
        .touches
        .iter()
        .find(|touch| touch.work >= Work::Scan && touch.hot);
    if let Some(scanned) = scanned {
        findings.push(
            input
                .report(
                    &RULE.info,
                    format!(
                        "every row of `{}` is read under its lock while `{}` is attached to `{}`",
                        scanned.relation, partition.name, table.name
                    ),
                )
                .note("instead", "a CHECK that says what the bound says: ADD ... NOT VALID, VALIDATE, ATTACH, then drop it"),
        );
    }
}
