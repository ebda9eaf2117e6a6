//! `drop-column`.

use super::{SqlInput, SqlRule};
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use crate::version::ReleaseType;

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-column",
    Severity::Warning,
    "a column is dropped while the running version may still use it",
    include_str!("drop_column.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::DropColumn { table, column, .. } = input.action() else {
        return;
    };
    if input.effect().release_type < ReleaseType::Minor {
        return;
    }
    let running = input.release.running();
    let mut finding = input
        .report_class(
            &RULE.info,
            format!("column `{column}` of `{}` is dropped while {running} may still read or write it", table.name),
        )
        .note("instead", "stop using it in this release, and drop it in the release after");
    if let Some(relation) = input.relation(table) {
        let also: Vec<&str> = relation
            .indexes
            .iter()
            .filter(|index| index.mentions(column))
            .map(|index| index.name.as_str())
            .collect();
        if !also.is_empty() {
            finding = finding.note("also", format!("{} silently goes with it", also.join(", ")));
        }
    }
    let finding = input.used(finding, table, Some(column));
    findings.push(finding.help("a down migration gives the column back, but not what was in it: take a backup"));
}
