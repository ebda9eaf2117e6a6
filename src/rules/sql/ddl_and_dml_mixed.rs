//! `ddl-and-dml-mixed`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "ddl-and-dml-mixed",
    Severity::Info,
    "one transaction changes the schema and rows of existing tables (opt-in)",
    include_str!("ddl_and_dml_mixed.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if !input.transaction().block.is_certain() {
        return;
    }
    let table = match input.action() {
        Action::Insert { table, .. } | Action::Update { table, .. } | Action::Delete { table, .. } => table,
        _ => return,
    };
    if !input.is_hot(table) {
        return;
    }
    let schema = input.transaction().strongest.as_ref();
    if let Some(held) = schema {
        findings.push(
            input
                .report(&RULE.info, format!("rows of `{}` change while `{}` is locked", table.name, held.relation))
                .help("schema in one file, rows in another"),
        );
    }
}
