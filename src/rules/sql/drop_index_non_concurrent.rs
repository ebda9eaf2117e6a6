//! `drop-index-non-concurrent`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::RelationKind;
use crate::syntax::sql::operation::{Action, ObjectKind};
use super::fixes::drop_concurrently;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-index-non-concurrent",
    Severity::Warning,
    "an index is dropped under a lock that stops everybody",
    include_str!("drop_index_non_concurrent.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Drop {
        kind: ObjectKind::Index,
        names,
        concurrently: false,
        ..
    } = input.action()
    else {
        return;
    };
    if !input.is_postgresql() || input.effect().refusal.is_some() {
        return;
    }
    let Some(touch) = input.effect().touches.iter().find(|touch| touch.hot) else {
        return;
    };
    let of = input
        .effect()
        .strongest_hot()
        .map_or_else(String::new, |table| format!(" of `{}`", table.relation));
    let index = names.first().map_or(touch.relation.name.as_str(), |name| name.name.as_str());
    let partitioned = names.iter().any(|name| {
        input
            .before()
            .index(name)
            .found()
            .is_some_and(|(relation, _)| relation.kind == RelationKind::PartitionedTable)
    });
    let finding = input.report(&RULE.info, format!("readers and writers{of} wait while `{index}` is dropped"));
    findings.push(if partitioned {
        finding.help("the index of a partitioned table cannot be dropped CONCURRENTLY, and the lock is on every partition: set a lock_timeout, and drop it when nothing long runs")
    } else {
        finding
            .note("instead", format!("DROP INDEX CONCURRENTLY {index}, alone in a file that runs outside a transaction"))
            .fix(drop_concurrently(input))
    });
}
