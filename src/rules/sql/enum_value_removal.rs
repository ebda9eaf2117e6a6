//! `enum-value-removal`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::TypeKind;
use crate::syntax::sql::operation::{Action, TypeName};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "enum-value-removal",
    Severity::Warning,
    "an enum loses a value",
    include_str!("enum_value_removal.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    match input.action() {
        Action::Delete { table, .. } if table.name == "pg_enum" => {
            findings.push(input.report_class(
                &RULE.info,
                "a value is deleted from the catalog by hand: rows and indexes that hold it are corrupt",
            ));
        }
        Action::AlterColumnType {
            table,
            column,
            type_name,
            ..
        } if input.is_hot(table) => {
            let before = input.relation(table).and_then(|relation| relation.column(column));
            let Some(before) = before else {
                return;
            };
            let (old, new) = (values(input, &before.type_name), values(input, type_name));
            let lost: Vec<&String> = old.iter().filter(|value| !new.contains(value)).collect();
            if new.is_empty() || lost.is_empty() {
                return;
            }
            let list = lost.iter().map(|value| format!("'{value}'")).collect::<Vec<_>>().join(", ");
            findings.push(
                input
                    .report_class(&RULE.info, format!("`{column}` loses {list}: rows that hold it make this fail, and {} may write it", input.release.running()))
                    .help("stop writing the value one release before, and change the rows that hold it"),
            );
        }
        _ => {}
    }
}

fn values(input: &SqlInput<'_>, type_name: &TypeName) -> Vec<String> {
    let entry = input.before().type_entry(type_name.schema.as_deref(), &type_name.name);
    match entry.found().map(|entry| &entry.kind) {
        Some(TypeKind::Enum(values)) => values.iter().map(|(value, _)| value.clone()).collect(),
        _ => Vec::new(),
    }
}
