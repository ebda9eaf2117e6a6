//! `unqualified-name`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, Persistence};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "unqualified-name",
    Severity::Info,
    "a table is created without a schema (opt-in)",
    include_str!("unqualified_name.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateTable {
        table, persistence, ..
    } = input.action()
    else {
        return;
    };
    if table.schema.is_none() && *persistence != Persistence::Temporary {
        findings.push(input.report(
            &RULE.info,
            format!("where `{}` is created depends on the search_path of whoever runs this", table.name),
        ));
    }
}
