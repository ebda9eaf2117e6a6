//! `create-table-as-select`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, Persistence};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "create-table-as-select",
    Severity::Info,
    "a table is made from a query over existing ones",
    include_str!("create_table_as_select.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateTable {
        from_query: true,
        reads,
        persistence,
        ..
    } = input.action()
    else {
        return;
    };
    if *persistence == Persistence::Temporary {
        return;
    }
    if let Some(read) = reads.iter().find(|read| input.is_hot(read)) {
        findings.push(
            input
                .report(&RULE.info, format!("all of `{}` is read and copied in one transaction", read.name))
                .help("copy in batches, outside of the migration; columns get no constraint, default or index from the query"),
        );
    }
}
