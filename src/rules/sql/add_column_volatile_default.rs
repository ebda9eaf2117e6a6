//! `add-column-volatile-default`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::expression_volatility;
use crate::syntax::sql::operation::{Action, Volatility};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "add-column-volatile-default",
    Severity::Warning,
    "a column is added with a default that differs from row to row, so the table is rewritten",
    include_str!("add_column_volatile_default.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddColumn { table, column, .. } = input.action() else {
        return;
    };
    let Some(default) = &column.default else {
        return;
    };
    if !input.is_postgresql() || column.generated.is_some() || column.type_name.serial {
        return;
    }
    let message = match expression_volatility(default, input.before()) {
        Some(Volatility::Volatile) => format!("`{default}` has another value for every row, so all of `{}` is written anew", table.name),
        None => format!("it is not known whether `{default}` has one value for all rows; if not, all of `{}` is written anew", table.name),
        Some(_) => return,
    };
    if input.hot_touch(table).is_none_or(|touch| touch.work == Work::Brief) {
        return;
    }
    findings.push(
        input
            .report(&RULE.info, message)
            .note("instead", "ADD COLUMN without a default, then SET DEFAULT, then fill old rows in batches"),
    );
}
