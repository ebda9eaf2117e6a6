//! `down-dml-not-inverse`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::Truth;
use crate::syntax::sql::operation::{Action, Name};
use super::{DownInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::down(
    "down-dml-not-inverse",
    Severity::Info,
    "rows that the way up changed do not come back",
    include_str!("down_dml_not_inverse.md"),
    check,
);

fn check(input: &DownInput<'_>, findings: &mut Findings) {
    let lossy = input.up.iter().any(|effect| effect.data_loss != Truth::No && !effect.opaque);
    let dml = input.up_operations().find_map(|operation| match &operation.action {
        Action::Update { table, .. } => Some(("UPDATE", table)),
        Action::Delete { table, .. } => Some(("DELETE", table)),
        Action::Truncate { tables, .. } => tables.first().map(|table| ("TRUNCATE", table)),
        _ => None,
    });
    let was_there = |name: &Name| input.before.relation(name).found().is_some();
    if let Some((what, table)) = dml.filter(|(_, table)| lossy && was_there(table)) {
        findings.push(
            input
                .report(&RULE.info, format!("{what} of `{}` on the way up is not undone: only a backup has the old rows", table.name))
                .help("keep the old values in another column or table for one release"),
        );
    }
}
