//! `backfill-in-migration`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "backfill-in-migration",
    Severity::Warning,
    "rows of an existing table are changed within a migration",
    include_str!("backfill_in_migration.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let (table, what) = match input.action() {
        Action::Update { table, .. } => (table, "UPDATE"),
        Action::Delete { table, .. } => (table, "DELETE"),
        _ => return,
    };
    let hot = input.is_hot(table) && !input.is_postgresql();
    if input.hot_touch(table).is_none() && !hot {
        return;
    }
    let mut finding = input.report(
        &RULE.info,
        format!("{what} of `{}` in one transaction: its rows stay locked until it is done", table.name),
    );
    let unindexed = input
        .effect()
        .touches
        .iter()
        .find(|touch| touch.work >= Work::Scan && touch.relation.name != table.name && touch.is_table && touch.hot);
    if let (Some(other), "DELETE") = (unindexed, what) {
        finding = finding.note(
            "also",
            format!("no index of `{}` leads with its foreign key: it is scanned once for every row that goes", other.relation),
        );
    }
    findings.push(finding.help("change rows in batches, outside of the migration"));
}
