//! `fk-without-index`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::ConstraintDef;
use crate::syntax::sql::operation::{Action, ColumnDef, ConstraintKind, Name};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "fk-without-index",
    Severity::Info,
    "no index leads with the columns of a foreign key",
    include_str!("fk_without_index.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let table = match input.action() {
        Action::CreateTable { table, .. }
        | Action::AddColumn { table, .. }
        | Action::AddConstraint { table, .. } => table,
        _ => return,
    };
    if !input.is_postgresql() {
        return;
    }
    // What the release ends with counts: the index may come in a later statement or file.
    let Some(relation) = input.release.last.relation(table).found() else {
        return;
    };
    for columns in keys(input, table) {
        let covered = relation.indexes.iter().any(|index| {
            index.predicate.is_none()
                && index.keys.len() >= columns.len()
                && index.keys.iter().take(columns.len()).all(|key| key.is_column && columns.contains(&key.text))
        });
        let exists = columns.iter().all(|name| relation.column(name).is_some());
        if covered || columns.is_empty() || !exists {
            continue;
        }
        findings.push(
            input
                .report(
                    &RULE.info,
                    format!("a delete from the other table scans `{}` for ({})", table.name, columns.join(", ")),
                )
                .help("an index on the columns of the key"),
        );
    }
}

/// The columns of the foreign keys that the operation adds.
fn keys(input: &SqlInput<'_>, table: &Name) -> Vec<Vec<String>> {
    let of = |constraint: &ConstraintDef, column: Option<&str>| match &constraint.kind {
        ConstraintKind::ForeignKey { columns, .. } if columns.is_empty() => column.map(|name| vec![name.to_owned()]),
        ConstraintKind::ForeignKey { columns, .. } => Some(columns.clone()),
        _ => None,
    };
    let of_column = |column: &ColumnDef| -> Vec<Vec<String>> {
        column
            .constraints
            .iter()
            .filter_map(|constraint| of(constraint, Some(&column.name)))
            .collect()
    };
    match input.action() {
        // IF NOT EXISTS on a table that is there adds nothing.
        Action::CreateTable { .. } if input.relation(table).is_some() => Vec::new(),
        Action::CreateTable {
            columns,
            constraints,
            ..
        } => columns
            .iter()
            .flat_map(of_column)
            .chain(constraints.iter().filter_map(|constraint| of(constraint, None)))
            .collect(),
        Action::AddColumn { column, .. } => of_column(column),
        Action::AddConstraint { constraint, .. } => of(constraint, None).into_iter().collect(),
        _ => Vec::new(),
    }
}
