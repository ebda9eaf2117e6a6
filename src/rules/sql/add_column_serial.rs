//! `add-column-serial`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, Generated};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "add-column-serial",
    Severity::Warning,
    "a serial or identity column is added, so the table is rewritten",
    include_str!("add_column_serial.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddColumn { table, column, .. } = input.action() else {
        return;
    };
    let identity = matches!(
        column.generated,
        Some(Generated::IdentityAlways | Generated::IdentityByDefault)
    );
    if !(identity || column.type_name.serial) || input.hot_touch(table).is_none() {
        return;
    }
    findings.push(
        input
            .report(&RULE.info, format!("every row of `{}` gets a number, so the table is written anew", table.name))
            .note("instead", "a plain bigint, a sequence as its default, old rows filled in batches"),
    );
}
