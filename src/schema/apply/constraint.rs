//! Constraints.

use std::sync::Arc;

use crate::syntax::sql::operation::{ConstraintDef, ConstraintKind};

use super::{index, table, target};
use crate::schema::names::index_part;
use crate::schema::relation::MAX_PARTS;
use crate::schema::{Birth, Catalog, Constraint, ConstraintRule, Key, Named, Relation, RelationId};

/// Adds a constraint to a table and to its partitions. `of_column` is the column that it is written at.
pub(super) fn add(
    catalog: &mut Catalog,
    id: RelationId,
    definition: &ConstraintDef,
    of_column: Option<&str>,
    born: Birth,
) {
    let mut family = table::family(catalog, id).into_iter();
    family.next();
    if !add_to_one(catalog, id, definition, of_column, born) {
        return;
    }
    // Partitions get the constraint too; behind an index its name is their own.
    let inherited = ConstraintDef {
        name: match definition.kind {
            ConstraintKind::Check { .. } | ConstraintKind::ForeignKey { .. } => {
                definition.name.clone()
            }
            _ => None,
        },
        ..definition.clone()
    };
    for child in family {
        add_to_one(catalog, child, &inherited, of_column, born);
    }
}

/// Says whether the constraint was added.
fn add_to_one(
    catalog: &mut Catalog,
    id: RelationId,
    definition: &ConstraintDef,
    of_column: Option<&str>,
    born: Birth,
) -> bool {
    let Some(rule) = rule_of(catalog, id, definition, of_column, born) else {
        return false;
    };
    let Some(relation) = catalog.get(id) else {
        return false;
    };
    if relation.constraints.len() >= MAX_PARTS || relation.indexes.len() >= MAX_PARTS {
        if let Some(relation) = catalog.relation_mut(id) {
            relation.complete = false;
        }
        return false;
    }
    if definition
        .name
        .as_deref()
        .is_some_and(|name| relation.constraint(name).is_some())
    {
        return false;
    }
    let using_index = match &definition.kind {
        ConstraintKind::Unique { using_index, .. }
        | ConstraintKind::PrimaryKey { using_index, .. } => using_index.clone(),
        _ => None,
    };
    let name = match (&definition.name, &using_index) {
        (Some(name), _) => name.clone(),
        (None, Some(index)) => index.clone(),
        (None, None) => automatic(catalog, relation, &rule),
    };
    let automatic = definition.name.is_none() && using_index.is_none();
    match (&rule, using_index) {
        (_, Some(index)) => index::adopt(catalog, id, &index, &name),
        (
            ConstraintRule::Unique { .. }
            | ConstraintRule::PrimaryKey { .. }
            | ConstraintRule::Exclude { .. },
            None,
        ) => index::behind_constraint(catalog, id, &name, &rule, born),
        _ => {}
    }
    if let ConstraintRule::ForeignKey { target, .. } = rule
        && let Some(target) = catalog.relation_mut(target)
    {
        target.referenced_by.insert(id);
    }
    let Some(relation) = catalog.relation_mut(id) else {
        return false;
    };
    let not_null: Vec<String> = match &rule {
        ConstraintRule::PrimaryKey { columns } => columns.clone(),
        ConstraintRule::NotNull { column } if !definition.not_valid => vec![column.clone()],
        _ => Vec::new(),
    };
    for column in &mut relation.columns {
        column.not_null |= not_null.contains(&column.name);
    }
    relation.constraints.push(Constraint {
        name,
        automatic,
        rule,
        valid: !definition.not_valid && !definition.not_enforced,
        enforced: !definition.not_enforced,
        deferrable: definition.deferrable,
        born,
    });
    true
}

/// The rule with what the definition leaves to its place: the column it is written at, the key of the other table.
fn rule_of(
    catalog: &mut Catalog,
    id: RelationId,
    definition: &ConstraintDef,
    of_column: Option<&str>,
    born: Birth,
) -> Option<ConstraintRule> {
    let or_own = |columns: &[String]| -> Vec<String> {
        match of_column {
            Some(column) if columns.is_empty() => vec![column.to_owned()],
            _ => columns.to_vec(),
        }
    };
    let of_index = |catalog: &Catalog, index: &Option<String>, columns: &[String]| match index {
        Some(index) => catalog
            .get(id)
            .and_then(|relation| relation.index(index))
            .and_then(super::super::relation::Index::columns)
            .map(|columns| columns.into_iter().map(str::to_owned).collect())
            .unwrap_or_default(),
        None => or_own(columns),
    };
    Some(match &definition.kind {
        ConstraintKind::Check {
            expression,
            columns,
        } => ConstraintRule::Check {
            expression: expression.clone(),
            columns: columns.clone(),
        },
        ConstraintKind::NotNull { column } => ConstraintRule::NotNull {
            column: if column.is_empty() {
                of_column?.to_owned()
            } else {
                column.clone()
            },
        },
        ConstraintKind::Unique {
            columns,
            using_index,
            nulls_not_distinct,
        } => ConstraintRule::Unique {
            columns: of_index(catalog, using_index, columns),
            nulls_not_distinct: *nulls_not_distinct,
        },
        ConstraintKind::PrimaryKey {
            columns,
            using_index,
        } => ConstraintRule::PrimaryKey {
            columns: of_index(catalog, using_index, columns),
        },
        ConstraintKind::ForeignKey {
            columns,
            target: name,
            target_columns,
            on_delete,
            on_update,
        } => {
            let columns = or_own(columns);
            let target = target(catalog, name, born)?;
            let target_columns = if target_columns.is_empty() {
                catalog
                    .get(target)
                    .and_then(Relation::primary_key)
                    .map(|key| key.columns().to_vec())
                    .unwrap_or_default()
            } else {
                target_columns.clone()
            };
            ConstraintRule::ForeignKey {
                columns,
                target,
                target_columns,
                on_delete: on_delete.clone(),
                on_update: on_update.clone(),
            }
        }
        ConstraintKind::Exclude { expression } => ConstraintRule::Exclude {
            expression: expression.clone(),
        },
    })
}

fn automatic(catalog: &Catalog, relation: &Relation, rule: &ConstraintRule) -> String {
    let label = match rule {
        ConstraintRule::Check { .. } => "check",
        ConstraintRule::NotNull { .. } => "not_null",
        ConstraintRule::Unique { .. } => "key",
        ConstraintRule::PrimaryKey { .. } => "pkey",
        ConstraintRule::ForeignKey { .. } => "fkey",
        ConstraintRule::Exclude { .. } => "excl",
    };
    let part = match rule {
        ConstraintRule::PrimaryKey { .. } => String::new(),
        ConstraintRule::Check { columns, .. } => match columns.as_slice() {
            [column] => column.clone(),
            _ => String::new(),
        },
        ConstraintRule::NotNull { column } => column.clone(),
        ConstraintRule::Unique { columns, .. } | ConstraintRule::ForeignKey { columns, .. } => {
            index_part(columns)
        }
        ConstraintRule::Exclude { expression } => excluded_columns(expression),
    };
    crate::schema::automatic_name(&relation.key.name, &part, label, |name| {
        relation.constraint(name).is_some()
            || catalog.is_taken(&Key {
                schema: Arc::clone(&relation.key.schema),
                name: Arc::from(name),
            })
    })
}

/// The first words of the elements of `EXCLUDE USING gist (room WITH =, during WITH &&)`.
fn excluded_columns(expression: &str) -> String {
    let inner = expression
        .split_once('(')
        .map_or(expression, |(_, rest)| rest);
    let names: Vec<String> = inner
        .split(',')
        .filter_map(|element| {
            element
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .find(|word| !word.is_empty())
                .map(str::to_owned)
        })
        .collect();
    index_part(&names)
}

/// `VALIDATE CONSTRAINT`.
pub(super) fn validate(relation: &mut Relation, name: &str) {
    let mut proven = None;
    for constraint in &mut relation.constraints {
        if constraint.name == name {
            constraint.valid = true;
            if let ConstraintRule::NotNull { column } = &constraint.rule {
                proven = Some(column.clone());
            }
        }
    }
    if let Some(proven) = proven {
        for column in &mut relation.columns {
            column.not_null |= column.name == proven;
        }
    }
}

/// `DROP CONSTRAINT`, on the table and its partitions.
pub(super) fn drop(catalog: &mut Catalog, id: RelationId, name: &str, cascade: bool) {
    let mut open = vec![(id, name.to_owned())];
    while let Some((id, name)) = open.pop() {
        drop_from_one(catalog, id, &name, cascade, &mut open);
    }
}

/// Adds the children's constraints of the same rule to those that are to be dropped.
fn drop_from_one(
    catalog: &mut Catalog,
    id: RelationId,
    name: &str,
    cascade: bool,
    open: &mut Vec<(RelationId, String)>,
) {
    let Some(relation) = catalog.get(id) else {
        return;
    };
    let Some(position) = relation
        .constraints
        .iter()
        .position(|constraint| constraint.name == name)
    else {
        return;
    };
    let schema = Arc::clone(&relation.key.schema);
    let children: Vec<RelationId> = relation.children.iter().copied().collect();
    let referencing: Vec<RelationId> = relation.referenced_by.iter().copied().collect();
    let Some(relation) = catalog.relation_mut(id) else {
        return;
    };
    let gone = relation.constraints.remove(position);
    if gone.has_index() {
        relation.indexes.retain(|index| index.name != gone.name);
        catalog.names.remove(&Key {
            schema,
            name: Arc::from(name),
        });
        if cascade {
            for other in referencing {
                drop_references(catalog, other, id, gone.columns());
            }
        }
    }
    match &gone.rule {
        ConstraintRule::ForeignKey { target, .. } => forget_reference(catalog, id, *target),
        ConstraintRule::NotNull { column } => {
            if let Some(relation) = catalog.relation_mut(id) {
                for known in &mut relation.columns {
                    if known.name == *column {
                        known.not_null = false;
                    }
                }
            }
        }
        _ => {}
    }
    for child in children {
        let same = catalog.get(child).and_then(|child| {
            child
                .constraints
                .iter()
                .find(|constraint| constraint.rule == gone.rule)
                .map(|constraint| constraint.name.clone())
        });
        open.extend(same.map(|same| (child, same)));
    }
}

/// Drops the foreign keys of `table` that point at these columns of `to`.
fn drop_references(catalog: &mut Catalog, table: RelationId, to: RelationId, columns: &[String]) {
    if let Some(relation) = catalog.relation_mut(table) {
        relation.constraints.retain(|constraint| {
            !matches!(
                &constraint.rule,
                ConstraintRule::ForeignKey { target, target_columns, .. }
                    if *target == to && target_columns == columns
            )
        });
    }
    forget_reference(catalog, table, to);
}

/// Takes `table` out of what references `target`, unless another foreign key is left.
fn forget_reference(catalog: &mut Catalog, table: RelationId, target: RelationId) {
    let still = catalog
        .get(table)
        .is_some_and(|relation| relation.foreign_targets().any(|other| other == target));
    if !still && let Some(target) = catalog.relation_mut(target) {
        target.referenced_by.remove(&table);
    }
}

/// `RENAME CONSTRAINT`: the index behind it follows.
pub(super) fn rename(catalog: &mut Catalog, id: RelationId, from: &str, to: &str) {
    let Some(relation) = catalog.relation_mut(id) else {
        return;
    };
    let mut with_index = false;
    for constraint in &mut relation.constraints {
        if constraint.name == from {
            to.clone_into(&mut constraint.name);
            constraint.automatic = false;
            with_index = constraint.has_index();
        }
    }
    if with_index {
        index::rename_only(catalog, id, from, to);
    }
}

/// Registers or removes an index's name; MySQL's are known to their table only.
pub(super) fn register(catalog: &mut Catalog, id: RelationId, name: &str) {
    if catalog.dialect() == crate::syntax::sql::operation::Dialect::Mysql {
        return;
    }
    let Some(relation) = catalog.get(id) else {
        return;
    };
    let key = Key {
        schema: Arc::clone(&relation.key.schema),
        name: Arc::from(name),
    };
    catalog.names.insert(key, Named::Index(id));
}
