//! `change-column-type-no-rewrite`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "change-column-type-no-rewrite",
    Severity::Info,
    "a change of type that only lets more in",
    include_str!("change_column_type_no_rewrite.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AlterColumnType { table, column, .. } = input.action() else {
        return;
    };
    if input.hot_touch(table).is_none_or(|touch| touch.work != Work::Brief) || input.effect().refusal.is_some() {
        return;
    }
    findings.push(input.report(
        &RULE.info,
        format!("no row is written, but prepared statements that return `{column}` fail once (cached plan must not change result type)"),
    ));
}
