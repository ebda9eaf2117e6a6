//! `rename-table`.

use super::{SqlInput, SqlRule};
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ObjectKind};
use crate::version::ReleaseType;

pub(super) const RULE: SqlRule = SqlRule::up(
    "rename-table",
    Severity::Warning,
    "a table gets another name or schema while the running version knows the old one",
    include_str!("rename_table.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let (table, to) = match input.action() {
        Action::RenameTable { table, to } => (table, to.clone()),
        Action::SetSchema {
            kind: ObjectKind::Table,
            name,
            schema,
        } => (name, format!("{schema}.{}", name.name)),
        _ => return,
    };
    if input.effect().release_type < ReleaseType::Major {
        return;
    }
    let running = input.release.running();
    let finding = input
            .report_class(
                &RULE.info,
                format!("table `{}` becomes `{to}`; statements of {running} that name it fail", table.name),
            )
            .note(
                "instead",
                format!(
                    "in the same transaction: CREATE VIEW {} AS SELECT * FROM {to}; drop the view in the release after",
                    table.name
                ),
            );
    findings.push(input.used(finding, table, None));
}
