//! `contract-too-early`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, Name, ObjectKind};
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "contract-too-early",
    Severity::Warning,
    "what replaces a column or table and its removal are in one release",
    include_str!("contract_too_early.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let (table, what) = match input.action() {
        Action::DropColumn { table, column, .. } => (table, format!("column `{column}`")),
        Action::Drop {
            kind: ObjectKind::Table,
            names,
            ..
        } => {
            let Some(name) = names.iter().find(|name| input.is_hot(name)) else {
                return;
            };
            (name, format!("table `{}`", name.name))
        }
        _ => return,
    };
    if input.effect().release_type < ReleaseType::Major {
        return;
    }
    let Some(copied) = copies(input, table) else {
        return;
    };
    findings.push(
        input
            .report_class(
                &RULE.info,
                format!("{what} is copied to `{copied}` and dropped in one release: {} knows only the old one, and the next only the new one", input.release.running()),
            )
            .help("three releases: write both; read the new one; drop the old one"),
    );
}

/// What was filled from the table by an earlier statement of the same unit: a column of this release, or another table.
fn copies(input: &SqlInput<'_>, table: &Name) -> Option<String> {
    let (summary, statement) = (input.step.summary, input.step.statement);
    let released = input.release.released.clock();
    let is_new = |name: &&str| {
        input
            .relation(table)
            .and_then(|relation| relation.column(name))
            .is_some_and(|column| column.born.clock >= released)
    };
    let column = summary.updated_before(table, statement).find(is_new);
    column.map(str::to_owned).or_else(|| {
        let (to, at) = summary.copied.get(table)?;
        (*at < statement).then(|| to.name.clone())
    })
}
