//! `index-without-name`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "index-without-name",
    Severity::Info,
    "an index has no name in the migration",
    include_str!("index_without_name.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateIndex {
        name: None, table, ..
    } = input.action()
    else {
        return;
    };
    findings.push(
        input
            .report(&RULE.info, format!("the server chooses the name of this index on `{}`, and another one where that is taken", table.name))
            .help("name it, so that a way down and a later migration can name it too"),
    );
}
