//! Tables as a whole: made, renamed, moved, attached, dropped.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::syntax::sql::operation::{
    Action, ConstraintDef, ConstraintKind, Dialect, Name, Persistence,
};

use super::{blank, column, constraint, insert, target};
use crate::schema::relation::MAX_COLUMNS;
use crate::schema::{
    Birth, Catalog, ConstraintRule, Key, Named, Relation, RelationId, RelationKind, automatic_name,
};

/// `CREATE TABLE`.
pub(super) fn create(catalog: &mut Catalog, action: &Action, born: Birth) {
    let Action::CreateTable {
        table,
        persistence,
        columns,
        constraints,
        partition_of,
        default_partition,
        partitioned,
        inherits,
        like,
        from_query,
        partition_key,
        if_not_exists,
        ..
    } = action
    else {
        return;
    };
    let key = catalog.resolve_new(table);
    if catalog.names.contains_key(&key) {
        // IF NOT EXISTS does nothing, and without it the server refuses.
        return;
    }
    let kind = if *partitioned {
        RelationKind::PartitionedTable
    } else {
        RelationKind::Table
    };
    let parents: Vec<RelationId> = partition_of
        .iter()
        .chain(inherits)
        .filter_map(|parent| target(catalog, parent, born))
        .collect();
    if catalog.names.contains_key(&key) {
        // It names itself as its parent.
        return;
    }
    let mut relation = blank(catalog, key, kind, born);
    relation.persistence = *persistence;
    // One that is there already has other columns.
    relation.complete = !(*from_query || *if_not_exists && catalog.is_tainted());
    relation.default_partition = *default_partition;
    relation.partition_key.clone_from(partition_key);
    for template in like {
        match catalog.relation(template).found() {
            Some(known) => {
                let copied = known
                    .columns
                    .iter()
                    .cloned()
                    .map(|column| crate::schema::Column { born, ..column });
                relation.columns.extend(copied);
                relation.complete &= known.complete;
            }
            None => relation.complete = false,
        }
    }
    for parent in &parents {
        let Some(known) = catalog.get(*parent) else {
            continue;
        };
        relation.complete &= known.complete;
        for column in &known.columns {
            if relation.column(&column.name).is_none() {
                relation.columns.push(column.clone());
            }
        }
    }
    if partition_of.is_some() {
        relation.partition_of = parents.first().copied();
    } else {
        relation.inherits.clone_from(&parents);
    }
    let inherited = relation.columns.len();
    for definition in columns {
        // A partition may say more about a column that it has from its parent.
        let known = relation
            .columns
            .iter()
            .take(inherited)
            .position(|known| known.name == definition.name);
        let is_full = relation.columns.len() >= MAX_COLUMNS;
        if let Some(known) = known.and_then(|at| relation.columns.get_mut(at)) {
            known.not_null |= definition.not_null;
            if definition.default.is_some() {
                known.default.clone_from(&definition.default);
            }
        } else if is_full {
            relation.complete = false;
        } else {
            relation
                .columns
                .push(column::from_definition(definition, born));
        }
    }
    let id = insert(catalog, relation);
    for parent in &parents {
        if let Some(parent) = catalog.relation_mut(*parent) {
            parent.children.insert(id);
        }
    }
    if let (Some(parent), true) = (parents.first(), partition_of.is_some()) {
        copy_to_partition(catalog, *parent, id, born);
    }
    for definition in columns {
        column::sequence_behind(catalog, id, definition, born);
    }
    // The server makes indexes and foreign keys in this order: the primary key first, then as written.
    let inline = columns.iter().flat_map(|column| {
        column
            .constraints
            .iter()
            .map(|c| (c, Some(column.name.as_str())))
    });
    let all: Vec<_> = inline
        .chain(constraints.iter().map(|c| (c, None)))
        .collect();
    let is_key =
        |definition: &ConstraintDef| matches!(definition.kind, ConstraintKind::PrimaryKey { .. });
    let in_order = all
        .iter()
        .filter(|(c, _)| is_key(c))
        .chain(all.iter().filter(|(c, _)| !is_key(c)));
    let mut made: Vec<(ConstraintDef, Option<&str>)> = Vec::new();
    for (definition, of_column) in in_order {
        if catalog.dialect() == Dialect::Postgresql
            && let Some((prior, _)) = made
                .iter_mut()
                .find(|(prior, column)| is_same_key(prior, *column, definition, *of_column))
        {
            // One index serves both, and takes the second's name if the first has none (`transformIndexConstraints` in
            // PostgreSQL's `parse_utilcmd.c`).
            if prior.name.is_none() {
                prior.name.clone_from(&definition.name);
            }
            continue;
        }
        made.push(((*definition).clone(), *of_column));
    }
    for (definition, of_column) in &made {
        constraint::add(catalog, id, definition, *of_column, born);
    }
}

/// Two definitions, each at its column or at the table, that demand one index over the same columns.
fn is_same_key(
    one: &ConstraintDef,
    of_column: Option<&str>,
    other: &ConstraintDef,
    of_other_column: Option<&str>,
) -> bool {
    fn columns<'d>(
        definition: &'d ConstraintDef,
        column: Option<&'d str>,
    ) -> Option<(Vec<&'d str>, bool)> {
        let (columns, distinct) = match &definition.kind {
            ConstraintKind::PrimaryKey {
                columns,
                using_index: None,
            } => (columns, false),
            ConstraintKind::Unique {
                columns,
                using_index: None,
                nulls_not_distinct,
            } => (columns, *nulls_not_distinct),
            _ => return None,
        };
        let named: Vec<&str> = columns.iter().map(String::as_str).collect();
        let named = if named.is_empty() {
            column.into_iter().collect()
        } else {
            named
        };
        Some((named, distinct))
    }
    let first = columns(one, of_column);
    first.is_some()
        && first == columns(other, of_other_column)
        && one.deferrable == other.deferrable
}

/// What the parent has, its partition gets under a name of its own.
fn copy_to_partition(
    catalog: &mut Catalog,
    parent: RelationId,
    partition: RelationId,
    born: Birth,
) {
    let Some(known) = catalog.get(parent) else {
        return;
    };
    let (constraints, indexes, triggers) = (
        known.constraints.clone(),
        known.indexes.clone(),
        known.triggers.clone(),
    );
    for mut copied in constraints {
        if copied.has_index() {
            let label = match copied.rule {
                ConstraintRule::PrimaryKey { .. } => "pkey",
                _ => "key",
            };
            let Some(table) = catalog.get(partition) else {
                return;
            };
            let part = match copied.rule {
                ConstraintRule::PrimaryKey { .. } => String::new(),
                _ => copied.columns().join("_"),
            };
            let name = free_name(catalog, &table.key, &part, label);
            super::index::behind_constraint(catalog, partition, &name, &copied.rule, born);
            copied.name = name;
        }
        if let ConstraintRule::ForeignKey { target, .. } = copied.rule
            && let Some(target) = catalog.relation_mut(target)
        {
            target.referenced_by.insert(partition);
        }
        if let Some(relation) = catalog.relation_mut(partition) {
            relation.constraints.push(copied);
        }
    }
    for copied in indexes.into_iter().filter(|index| !index.constraint) {
        super::index::copy_to(catalog, partition, copied);
    }
    if let Some(relation) = catalog.relation_mut(partition) {
        relation.triggers.extend(triggers);
    }
}

/// The first free automatic name beside a relation.
pub(super) fn free_name(catalog: &Catalog, beside: &Key, part: &str, label: &str) -> String {
    automatic_name(&beside.name, part, label, |name| {
        catalog.names.contains_key(&Key {
            schema: Arc::clone(&beside.schema),
            name: Arc::from(name),
        })
    })
}

/// `RENAME TO` and `SET SCHEMA` of anything in the relations' name space. What belongs to it keeps its name.
pub(super) fn rename(catalog: &mut Catalog, name: &Name, schema: Option<&str>, to: &str) {
    let Some(found) = catalog.find(name) else {
        return;
    };
    let id = match found {
        Named::Relation(id) => id,
        Named::Index(id) => {
            super::index::rename(catalog, id, &name.name, to);
            return;
        }
    };
    let Some(relation) = catalog.get(id) else {
        return;
    };
    let old = relation.key.clone();
    let new = Key {
        schema: schema.map_or_else(|| Arc::clone(&old.schema), Arc::from),
        name: Arc::from(to),
    };
    if new == old || catalog.names.contains_key(&new) {
        return;
    }
    let moved: Vec<String> = if schema.is_some() {
        relation
            .indexes
            .iter()
            .map(|index| index.name.clone())
            .collect()
    } else {
        Vec::new()
    };
    let names = &mut catalog.names;
    names.remove(&old);
    names.insert(new.clone(), Named::Relation(id));
    for index in moved {
        // Indexes live in the schema of their table.
        let name: Arc<str> = Arc::from(index);
        names.remove(&Key {
            schema: Arc::clone(&old.schema),
            name: Arc::clone(&name),
        });
        names.insert(
            Key {
                schema: Arc::clone(&new.schema),
                name,
            },
            Named::Index(id),
        );
    }
    if let Some(relation) = catalog.relation_mut(id) {
        relation.key = new;
    }
}

/// `DROP TABLE`, `DROP VIEW`, `DROP SEQUENCE`, ...
pub(super) fn drop(catalog: &mut Catalog, name: &Name, cascade: bool) {
    if let Some(id) = catalog.id_of(name) {
        remove(catalog, id, cascade);
    }
}

/// Takes a relation out, with all that cannot be without it: partitions, owned sequences and, with CASCADE, views and the
/// foreign keys of others.
pub(super) fn remove(catalog: &mut Catalog, id: RelationId, cascade: bool) {
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        let Some(relation) = catalog.relations.remove(&id) else {
            continue;
        };
        let names = &mut catalog.names;
        names.remove(&relation.key);
        for index in &relation.indexes {
            names.remove(&Key {
                schema: Arc::clone(&relation.key.schema),
                name: Arc::from(index.name.as_str()),
            });
        }
        if relation.kind == RelationKind::PartitionedTable || cascade {
            open.extend(relation.children.iter().copied());
        }
        if cascade {
            open.extend(relation.read_by.iter().copied());
        }
        forget(catalog, id, &relation, &mut open);
    }
}

/// Removes the traces of a relation in the relations that are left.
fn forget(catalog: &mut Catalog, id: RelationId, relation: &Relation, open: &mut Vec<RelationId>) {
    let neighbours: Vec<RelationId> = relation
        .foreign_targets()
        .chain(relation.reads.iter().copied())
        .chain(relation.partition_of)
        .chain(relation.inherits.iter().copied())
        .chain(relation.referenced_by.iter().copied())
        .chain(relation.owned_by.as_ref().map(|(owner, _)| *owner))
        .collect();
    for neighbour in neighbours {
        let Some(other) = catalog.relation_mut(neighbour) else {
            continue;
        };
        other.referenced_by.remove(&id);
        other.read_by.remove(&id);
        other.children.remove(&id);
        other.owns.remove(&id);
        other.constraints.retain(|constraint| {
            !matches!(constraint.rule, ConstraintRule::ForeignKey { target, .. } if target == id)
        });
    }
    open.extend(relation.owns.iter().copied());
    if relation.kind == RelationKind::Sequence
        && let Some((owner, column)) = &relation.owned_by
        && let Some(table) = catalog.relation_mut(*owner)
        && let Some(column) = table.columns.iter_mut().find(|known| known.name == *column)
        && column.generated.is_none()
    {
        // The default that took its values from the sequence goes with it.
        column.default = None;
        column.type_name.serial = false;
    }
}

/// The sequence that a column owns.
pub(super) fn owned_sequence(
    catalog: &Catalog,
    table: RelationId,
    column: &str,
) -> Option<RelationId> {
    catalog.get(table)?.owns.iter().copied().find(|sequence| {
        catalog
            .get(*sequence)
            .and_then(|sequence| sequence.owned_by.as_ref())
            .is_some_and(|(_, name)| name == column)
    })
}

/// A table, and the partitions and inheriting tables that share its columns: parents stand before their children.
pub(super) fn family(catalog: &Catalog, id: RelationId) -> Vec<RelationId> {
    descendants(catalog, id, |_, _| true)
}

/// A partitioned table, its partitions, and theirs.
pub(super) fn partitions(catalog: &Catalog, id: RelationId) -> Vec<RelationId> {
    descendants(catalog, id, |parent, child| {
        child.partition_of == Some(parent)
    })
}

fn descendants(
    catalog: &Catalog,
    id: RelationId,
    counts: impl Fn(RelationId, &Relation) -> bool,
) -> Vec<RelationId> {
    let mut all = vec![id];
    let mut seen = BTreeSet::from([id]);
    let mut at = 0;
    while let Some(&parent) = all.get(at) {
        at += 1;
        let children = catalog.get(parent).into_iter();
        for child in children.flat_map(|relation| relation.children.iter().copied()) {
            if catalog
                .get(child)
                .is_some_and(|child| counts(parent, child))
                && seen.insert(child)
            {
                all.push(child);
            }
        }
    }
    all
}

/// The server refuses a table that is its own ancestor (42P17, 42P07).
fn would_be_circular(catalog: &Catalog, parent: RelationId, child: RelationId) -> bool {
    family(catalog, child).contains(&parent)
}

/// `ATTACH PARTITION`.
pub(super) fn attach(catalog: &mut Catalog, table: &Name, partition: &Name, default: bool) {
    let (Some(parent), Some(child)) = (catalog.id_of(table), catalog.id_of(partition)) else {
        return;
    };
    if would_be_circular(catalog, parent, child) {
        return;
    }
    if let Some(relation) = catalog.relation_mut(parent) {
        relation.children.insert(child);
    }
    if let Some(relation) = catalog.relation_mut(child) {
        relation.partition_of = Some(parent);
        relation.default_partition = default;
    }
}

/// `DETACH PARTITION`.
pub(super) fn detach(catalog: &mut Catalog, table: &Name, partition: &Name) {
    let (Some(parent), Some(child)) = (catalog.id_of(table), catalog.id_of(partition)) else {
        return;
    };
    if let Some(relation) = catalog.relation_mut(parent) {
        relation.children.remove(&child);
    }
    if let Some(relation) = catalog.relation_mut(child) {
        relation.partition_of = None;
        relation.default_partition = false;
    }
}

/// `INHERIT`.
pub(super) fn inherit(catalog: &mut Catalog, table: &Name, parent: &Name) {
    let (Some(child), Some(parent)) = (catalog.id_of(table), catalog.id_of(parent)) else {
        return;
    };
    if would_be_circular(catalog, parent, child) {
        return;
    }
    if let Some(relation) = catalog.relation_mut(parent) {
        relation.children.insert(child);
    }
    if let Some(relation) = catalog.relation_mut(child)
        && !relation.inherits.contains(&parent)
    {
        relation.inherits.push(parent);
    }
}

/// `NO INHERIT`.
pub(super) fn no_inherit(catalog: &mut Catalog, table: &Name, parent: &Name) {
    let (Some(child), Some(parent)) = (catalog.id_of(table), catalog.id_of(parent)) else {
        return;
    };
    if let Some(relation) = catalog.relation_mut(parent) {
        relation.children.remove(&child);
    }
    if let Some(relation) = catalog.relation_mut(child) {
        relation.inherits.retain(|known| *known != parent);
    }
}

/// `SET LOGGED`, `SET UNLOGGED`.
pub(super) fn set_logged(catalog: &mut Catalog, table: &Name, logged: bool, born: Birth) {
    if let Some(relation) = super::writable(catalog, table, born) {
        relation.persistence = if logged {
            Persistence::Permanent
        } else {
            Persistence::Unlogged
        };
    }
}

#[cfg(test)]
mod tests {
    use crate::schema::{Catalog, apply};
    use crate::syntax::sql::operation::{Dialect, Name};
    use crate::syntax::sql::parse;

    /// The constraints of `t`, by their names; a primary key stands first.
    fn check(sql: &str, expected: &[&str]) {
        let mut catalog = Catalog::new(Dialect::Postgresql);
        for statement in parse(sql, Dialect::Postgresql).value {
            for operation in &statement.operations {
                apply(&mut catalog, operation, 0);
            }
        }
        let table = catalog.relation(&Name::plain("t")).found().unwrap();
        let key = table.primary_key().map(|key| key.name.as_str());
        let others = table
            .constraints
            .iter()
            .map(|constraint| constraint.name.as_str())
            .filter(|name| Some(*name) != key);
        let names: Vec<&str> = key.into_iter().chain(others).collect();
        assert_eq!(names, expected, "{sql}");
        assert_eq!(table.indexes.len(), expected.len(), "{sql}");
    }

    #[test]
    fn a_key_that_is_written_twice_is_one() {
        check(
            "CREATE TABLE t (a int, b int, CONSTRAINT once UNIQUE (a, b), PRIMARY KEY (a, b))",
            &["once"],
        );
        check("CREATE TABLE t (a int UNIQUE PRIMARY KEY)", &["t_pkey"]);
        check(
            "CREATE TABLE t (a int CONSTRAINT p PRIMARY KEY CONSTRAINT u UNIQUE)",
            &["p"],
        );
        check(
            "CREATE TABLE t (a int, b int, UNIQUE (b, a), PRIMARY KEY (a, b))",
            &["t_pkey", "t_b_a_key"],
        );
        check(
            "CREATE TABLE t (a int PRIMARY KEY, UNIQUE (a) DEFERRABLE)",
            &["t_pkey", "t_a_key"],
        );
        check(
            "CREATE TABLE t (a int, b int, CONSTRAINT once UNIQUE (a, b), PRIMARY KEY (a, b));
             ALTER TABLE t DROP CONSTRAINT once, ADD CONSTRAINT more PRIMARY KEY (b)",
            &["more"],
        );
    }
}
