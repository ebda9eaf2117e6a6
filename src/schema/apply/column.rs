//! Columns.

use std::sync::Arc;

use crate::syntax::sql::operation::{Action, ColumnDef, Generated, TypeName};

use super::table::family;
use super::{blank, constraint, insert, table, target, writable};
use crate::schema::expression::rename_identifier;
use crate::schema::relation::MAX_COLUMNS;
use crate::schema::{
    Birth, Catalog, Column, ConstraintRule, Key, Relation, RelationId, RelationKind, mentions,
};

/// A column as it is written.
pub(super) fn from_definition(definition: &ColumnDef, born: Birth) -> Column {
    let identity = matches!(
        definition.generated,
        Some(Generated::IdentityAlways | Generated::IdentityByDefault)
    );
    Column {
        name: definition.name.clone(),
        type_name: definition.type_name.clone(),
        not_null: definition.not_null || definition.type_name.serial || identity,
        default: definition.default.clone(),
        generated: definition.generated,
        collation: definition.collation.clone(),
        born,
    }
}

/// The sequence that a serial or identity column owns.
pub(super) fn sequence_behind(
    catalog: &mut Catalog,
    id: RelationId,
    definition: &ColumnDef,
    born: Birth,
) {
    let identity = matches!(
        definition.generated,
        Some(Generated::IdentityAlways | Generated::IdentityByDefault)
    );
    if catalog.dialect() == crate::syntax::sql::operation::Dialect::Postgresql
        && (definition.type_name.serial || identity)
    {
        add_sequence(catalog, id, &definition.name, born);
    }
}

fn add_sequence(catalog: &mut Catalog, id: RelationId, column: &str, born: Birth) {
    let Some(relation) = catalog.get(id) else {
        return;
    };
    let key = relation.key.clone();
    let name = table::free_name(catalog, &key, column, "seq");
    let mut sequence = blank(
        catalog,
        Key {
            schema: Arc::clone(&key.schema),
            name: Arc::from(name),
        },
        RelationKind::Sequence,
        born,
    );
    sequence.owned_by = Some((id, column.to_owned()));
    let sequence = insert(catalog, sequence);
    if let Some(table) = catalog.relation_mut(id) {
        table.owns.insert(sequence);
    }
}

/// Every operation on one column.
pub(super) fn apply(catalog: &mut Catalog, action: &Action, born: Birth) {
    match action {
        Action::AddColumn { table, column, .. } => {
            if let Some(id) = target(catalog, table, born) {
                add(catalog, id, column, born);
            }
        }
        Action::DropColumn {
            table,
            column,
            cascade,
            ..
        } => {
            if let Some(id) = catalog.id_of(table) {
                for id in family(catalog, id) {
                    drop(catalog, id, column, *cascade);
                }
            }
        }
        Action::RenameColumn { table, column, to } => {
            if let Some(id) = target(catalog, table, born) {
                for id in family(catalog, id) {
                    rename(catalog, id, column, to);
                }
            }
        }
        Action::AlterColumnType {
            table,
            column,
            type_name,
            collation,
            ..
        } => change(catalog, table, column, born, |known| {
            known.type_name = TypeName {
                // A sequence behind the column stays.
                serial: known.type_name.serial,
                ..type_name.clone()
            };
            known.collation.clone_from(collation);
        }),
        Action::ReplaceColumn {
            table,
            column,
            definition,
        } => {
            if let Some(id) = target(catalog, table, born) {
                if definition.name != *column {
                    rename(catalog, id, column, &definition.name);
                }
                change(catalog, table, &definition.name, born, |known| {
                    *known = Column {
                        born: known.born,
                        ..from_definition(definition, known.born)
                    };
                });
                for inner in &definition.constraints {
                    constraint::add(catalog, id, inner, Some(&definition.name), born);
                }
            }
        }
        Action::SetNotNull { table, column } => {
            change(catalog, table, column, born, |known| known.not_null = true);
        }
        Action::DropNotNull { table, column } => {
            change(catalog, table, column, born, |known| known.not_null = false);
        }
        Action::SetDefault {
            table,
            column,
            default,
        } => change(catalog, table, column, born, |known| {
            known.default = (!default.eq_ignore_ascii_case("null")).then(|| default.clone());
        }),
        Action::DropDefault { table, column } => change(catalog, table, column, born, |known| {
            known.default = None;
            known.type_name.serial = false;
        }),
        Action::AddIdentity {
            table,
            column,
            always,
        } => {
            let generated = if *always {
                Generated::IdentityAlways
            } else {
                Generated::IdentityByDefault
            };
            change(catalog, table, column, born, |known| {
                known.generated = Some(generated);
            });
            if let Some(id) = catalog.id_of(table) {
                add_sequence(catalog, id, column, born);
            }
        }
        Action::DropIdentity { table, column, .. } => {
            change(catalog, table, column, born, |known| known.generated = None);
            if let Some(id) = catalog.id_of(table)
                && let Some(sequence) = table::owned_sequence(catalog, id, column)
            {
                table::remove(catalog, sequence, false);
            }
        }
        Action::DropExpression { table, column } => {
            change(catalog, table, column, born, |known| known.generated = None);
        }
        _ => {}
    }
}

fn add(catalog: &mut Catalog, id: RelationId, definition: &ColumnDef, born: Birth) {
    let exists = catalog
        .get(id)
        .is_none_or(|relation| relation.column(&definition.name).is_some());
    if exists {
        return;
    }
    for id in family(catalog, id) {
        if let Some(relation) = catalog.relation_mut(id)
            && relation.column(&definition.name).is_none()
        {
            if relation.columns.len() < MAX_COLUMNS {
                relation.columns.push(from_definition(definition, born));
            } else {
                relation.complete = false;
            }
        }
    }
    sequence_behind(catalog, id, definition, born);
    for inner in &definition.constraints {
        constraint::add(catalog, id, inner, Some(&definition.name), born);
    }
}

/// Changes a column of a table and of those that share it. A column that nobody created is made up first, so that what is
/// said about it later is not lost.
fn change(
    catalog: &mut Catalog,
    table: &crate::syntax::sql::operation::Name,
    column: &str,
    born: Birth,
    edit: impl Fn(&mut Column),
) {
    let Some(relation) = writable(catalog, table, born) else {
        return;
    };
    if relation.column(column).is_none() && !relation.complete {
        relation.columns.push(Column {
            name: column.to_owned(),
            type_name: TypeName::default(),
            not_null: false,
            default: None,
            generated: None,
            collation: None,
            born: Birth::default(),
        });
    }
    let id = relation.id;
    for id in family(catalog, id) {
        if let Some(relation) = catalog.relation_mut(id)
            && let Some(known) = relation
                .columns
                .iter_mut()
                .find(|known| known.name == column)
        {
            edit(known);
        }
    }
}

/// Drops a column, and silently what mentions it: indexes, constraints, its sequence; with CASCADE, views and the foreign
/// keys of others.
fn drop(catalog: &mut Catalog, id: RelationId, column: &str, cascade: bool) {
    let Some(relation) = catalog.get(id) else {
        return;
    };
    if relation.column(column).is_none() {
        return;
    }
    let constraints: Vec<String> = relation
        .constraints
        .iter()
        .filter(|constraint| match &constraint.rule {
            ConstraintRule::Exclude { expression } => mentions(expression, column),
            _ => constraint.columns().iter().any(|name| name == column),
        })
        .map(|constraint| constraint.name.clone())
        .collect();
    let views = dependent_views(catalog, relation, column);
    for name in constraints {
        constraint::drop(catalog, id, &name, cascade);
    }
    if cascade {
        for view in views {
            table::remove(catalog, view, true);
        }
    }
    if let Some(sequence) = table::owned_sequence(catalog, id, column) {
        table::remove(catalog, sequence, false);
    }
    let Some(relation) = catalog.relation_mut(id) else {
        return;
    };
    relation.columns.retain(|known| known.name != column);
    let schema = Arc::clone(&relation.key.schema);
    let gone: Vec<String> = relation
        .indexes
        .iter()
        .filter(|index| index.mentions(column))
        .map(|index| index.name.clone())
        .collect();
    relation.indexes.retain(|index| !index.mentions(column));
    let names = &mut catalog.names;
    for name in gone {
        names.remove(&Key {
            schema: Arc::clone(&schema),
            name: Arc::from(name),
        });
    }
}

/// Views whose query reads the column, as far as the text tells.
fn dependent_views(catalog: &Catalog, relation: &Relation, column: &str) -> Vec<RelationId> {
    relation
        .read_by
        .iter()
        .copied()
        .filter(|view| {
            catalog
                .get(*view)
                .is_some_and(|view| mentions(&view.query, column) || view.query.contains('*'))
        })
        .collect()
}

/// Renames a column everywhere it is named; the names of indexes, constraints and sequences do not follow.
fn rename(catalog: &mut Catalog, id: RelationId, from: &str, to: &str) {
    let Some(relation) = catalog.relation_mut(id) else {
        return;
    };
    if relation.column(to).is_some() {
        return;
    }
    for column in &mut relation.columns {
        if column.name == from {
            to.clone_into(&mut column.name);
        }
    }
    let swap = |name: &mut String| {
        if name == from {
            to.clone_into(name);
        }
    };
    for constraint in &mut relation.constraints {
        match &mut constraint.rule {
            ConstraintRule::Check {
                expression,
                columns,
            } => {
                *expression = rename_identifier(expression, from, to);
                columns.iter_mut().for_each(swap);
            }
            ConstraintRule::NotNull { column } => swap(column),
            ConstraintRule::Unique { columns, .. }
            | ConstraintRule::PrimaryKey { columns }
            | ConstraintRule::ForeignKey { columns, .. } => columns.iter_mut().for_each(swap),
            ConstraintRule::Exclude { expression } => {
                *expression = rename_identifier(expression, from, to);
            }
        }
    }
    for index in &mut relation.indexes {
        for key in &mut index.keys {
            if key.is_column {
                swap(&mut key.text);
            } else {
                key.text = rename_identifier(&key.text, from, to);
            }
        }
        index.include.iter_mut().for_each(swap);
        if let Some(predicate) = &mut index.predicate {
            *predicate = rename_identifier(predicate, from, to);
        }
    }
    let referencing: Vec<RelationId> = relation.referenced_by.iter().copied().collect();
    for other in referencing {
        let Some(other) = catalog.relation_mut(other) else {
            continue;
        };
        for constraint in &mut other.constraints {
            if let ConstraintRule::ForeignKey {
                target,
                target_columns,
                ..
            } = &mut constraint.rule
                && *target == id
            {
                target_columns.iter_mut().for_each(swap);
            }
        }
    }
    if let Some(sequence) = table::owned_sequence(catalog, id, from)
        && let Some(sequence) = catalog.relation_mut(sequence)
    {
        sequence.owned_by = Some((id, to.to_owned()));
    }
}
