//! `rename-column`.

use super::{SqlInput, SqlRule};
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use crate::version::ReleaseType;

pub(super) const RULE: SqlRule = SqlRule::up(
    "rename-column",
    Severity::Warning,
    "a column gets another name while the running version knows the old one",
    include_str!("rename_column.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let (table, column, to) = match input.action() {
        Action::RenameColumn { table, column, to } => (table, column, to),
        Action::ReplaceColumn {
            table,
            column,
            definition,
        } if definition.name != *column => (table, column, &definition.name),
        _ => return,
    };
    if input.effect().release_type < ReleaseType::Minor {
        return;
    }
    let running = input.release.running();
    let after = input.relation(table).and_then(|relation| input.release.last.get(relation.id));
    let consequence = if after.is_some_and(|relation| relation.column(column).is_some()) {
        format!("a new `{column}` takes its place, so that statements of {running} that name it read and write something else")
    } else {
        format!("statements of {running} that name it fail")
    };
    let finding = input
            .report_class(
                &RULE.info,
                format!("column `{column}` of `{}` becomes `{to}`; {consequence}", table.name),
            )
            .note(
                "instead",
                format!("add `{to}`, write both, copy, read `{to}`; drop `{column}` two releases later"),
            );
    findings.push(input.used(finding, table, Some(column)));
}
