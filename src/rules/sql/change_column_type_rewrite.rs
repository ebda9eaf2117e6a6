//! `change-column-type-rewrite`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, TypeName};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "change-column-type-rewrite",
    Severity::Warning,
    "a change of type writes every row anew, or may do so",
    include_str!("change_column_type_rewrite.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AlterColumnType {
        table,
        column,
        type_name,
        ..
    } = input.action()
    else {
        return;
    };
    let Some(touch) = input.hot_touch(table) else {
        return;
    };
    let to = shown(type_name);
    let message = match touch.work {
        Work::Rewrite => format!("all of `{}` is written anew to make `{column}` {to}", table.name),
        Work::Scan => format!("indexes on `{column}` are built anew to make it {to}"),
        Work::Unknown => format!("it is not known whether making `{column}` {to} writes all of `{}` anew", table.name),
        Work::Brief => return,
    };
    findings.push(
        input
            .report_class(&RULE.info, message)
            .note("instead", "a new column of the new type: write both, fill old rows in batches, read it, drop the old one later"),
    );
}

fn shown(type_name: &TypeName) -> String {
    if type_name.modifiers.is_empty() {
        type_name.name.clone()
    } else {
        format!("{}({})", type_name.name, type_name.modifiers.join(", "))
    }
}
