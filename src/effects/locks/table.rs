//! Tables as a whole.

use std::collections::BTreeSet;

use super::Locks;
use crate::effects::LockMode::{
    AccessExclusive, AccessShare, Exclusive, ShareRowExclusive, ShareUpdateExclusive,
};
use crate::effects::Work;
use crate::schema::{Relation, RelationKind, implies_not_null, mentions};
use crate::syntax::sql::operation::{Action, ConstraintKind, Name, ObjectKind, Persistence};

pub(super) fn touches(locks: &mut Locks<'_, '_>, action: &Action) {
    match action {
        Action::CreateTable { .. } => create(locks, action),
        Action::RenameTable { table, .. } => locks.on(table, AccessExclusive, Work::Brief),
        Action::SetSchema { kind, name, .. } if is_relation(*kind) => {
            locks.on(name, AccessExclusive, Work::Brief);
        }
        Action::AttachPartition {
            table,
            partition,
            default,
            bound,
        } => attach(locks, (table, partition), *default, bound),
        Action::DetachPartition {
            table,
            partition,
            concurrently,
            finalize,
        } => {
            let parent = if *concurrently || *finalize {
                ShareUpdateExclusive
            } else {
                AccessExclusive
            };
            locks.on(table, parent, Work::Brief);
            locks.on(partition, AccessExclusive, Work::Brief);
        }
        Action::Inherit { table, parent } => {
            locks.on(table, AccessExclusive, Work::Brief);
            locks.on(parent, ShareUpdateExclusive, Work::Brief);
        }
        Action::NoInherit { table, parent } => {
            locks.on(table, AccessExclusive, Work::Brief);
            locks.on(parent, AccessShare, Work::Brief);
        }
        Action::SetLogged { table, logged } => {
            let wanted = if *logged {
                Persistence::Permanent
            } else {
                Persistence::Unlogged
            };
            let same = locks
                .find(table)
                .is_some_and(|relation| relation.persistence == wanted && relation.born.is_some());
            locks.on(
                table,
                AccessExclusive,
                if same { Work::Brief } else { Work::Rewrite },
            );
        }
        Action::SetAccessMethod { table, method } => {
            // `heap` is what every table has unless something else was chosen.
            let same = method == "heap";
            locks.on(
                table,
                AccessExclusive,
                if same { Work::Brief } else { Work::Rewrite },
            );
        }
        Action::SetTablespace {
            kind,
            name,
            tablespace,
        } => {
            let work = if tablespace == "pg_default" {
                Work::Brief
            } else {
                Work::Rewrite
            };
            if is_relation(*kind) {
                locks.on(name, AccessExclusive, work);
            } else if *kind == ObjectKind::Index {
                locks.on_other(name, AccessExclusive, true);
            }
        }
        Action::SetReloptions { kind, name } => match kind {
            ObjectKind::Index => locks.on_other(name, ShareUpdateExclusive, true),
            ObjectKind::View => locks.on(name, AccessExclusive, Work::Brief),
            _ => locks.on(name, ShareUpdateExclusive, Work::Brief),
        },
        Action::Truncate { tables, cascade } => truncate(locks, tables, *cascade),
        Action::Cluster { table: Some(table) } => {
            locks.on(table, AccessExclusive, Work::Rewrite);
        }
        Action::Cluster { table: None } => {}
        Action::Vacuum { full, tables } => {
            for table in tables {
                if *full {
                    locks.on(table, AccessExclusive, Work::Rewrite);
                } else {
                    locks.on(table, ShareUpdateExclusive, Work::Brief);
                }
            }
        }
        Action::RefreshMaterializedView { name, concurrently } => {
            if *concurrently {
                locks.on(name, Exclusive, Work::Scan);
            } else {
                locks.on(name, AccessExclusive, Work::Rewrite);
            }
            if let Some(view) = locks.find(name) {
                for read in &view.reads {
                    locks.on_id(*read, AccessShare, Work::Scan);
                }
            }
        }
        _ => {}
    }
}

fn is_relation(kind: ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Sequence
    )
}

fn create(locks: &mut Locks<'_, '_>, action: &Action) {
    let Action::CreateTable {
        table,
        persistence,
        columns,
        constraints,
        partition_of,
        inherits,
        like,
        from_query,
        reads,
        ..
    } = action
    else {
        return;
    };
    if locks.find(table).is_some() {
        // IF NOT EXISTS looks the name up, and no more.
        return;
    }
    if *persistence != Persistence::Temporary {
        locks.touches.push(crate::effects::Touch {
            relation: table.clone(),
            is_table: true,
            is_view: false,
            lock: Some(AccessExclusive),
            work: Work::Brief,
            hot: false,
        });
    }
    if let Some(parent) = partition_of {
        locks.on(parent, AccessExclusive, Work::Brief);
        scan_default_partition(locks, parent);
    }
    for parent in inherits {
        locks.on(parent, ShareUpdateExclusive, Work::Brief);
    }
    for template in like {
        locks.on(template, AccessShare, Work::Brief);
    }
    let all = columns
        .iter()
        .flat_map(|column| &column.constraints)
        .chain(constraints);
    for constraint in all {
        if let ConstraintKind::ForeignKey { target, .. } = &constraint.kind
            && target != table
        {
            locks.on(target, ShareRowExclusive, Work::Brief);
        }
    }
    if *from_query {
        for read in reads {
            locks.on(read, AccessShare, Work::Scan);
        }
    }
}

/// A new partition takes rows that the default one may hold, so the server looks at all of those.
fn scan_default_partition(locks: &mut Locks<'_, '_>, parent: &Name) {
    let Some(relation) = locks.find(parent) else {
        return;
    };
    for child in &relation.children {
        if let Some(child) = locks.before().get(*child)
            && child.default_partition
        {
            locks.on_relation(child, AccessExclusive, Work::Scan);
        }
    }
}

fn attach(
    locks: &mut Locks<'_, '_>,
    (table, partition): (&Name, &Name),
    default: bool,
    bound: &str,
) {
    let parent_lock = if locks.version() >= 12 {
        ShareUpdateExclusive
    } else {
        AccessExclusive
    };
    locks.on(table, parent_lock, Work::Brief);
    let proven = match (locks.find(table), locks.find(partition)) {
        (Some(parent), Some(child)) => {
            has_bound_check(parent, child, default, bound) && has_all_indexes(parent, child)
        }
        _ => false,
    };
    let work = if proven { Work::Brief } else { Work::Scan };
    locks.on(partition, AccessExclusive, work);
    if !default {
        scan_default_partition(locks, table);
    }
}

/// A valid CHECK says what the bound says: every key column is not NULL, and every value of the bound occurs in it. The
/// server proves it properly; a CHECK made for the purpose looks like this.
fn has_bound_check(parent: &Relation, child: &Relation, default: bool, bound: &str) -> bool {
    let keys = &parent.partition_key;
    if default || keys.is_empty() {
        return false;
    }
    let literals = literals(bound);
    child.constraints.iter().any(|constraint| {
        let crate::schema::ConstraintRule::Check { expression, .. } = &constraint.rule else {
            return false;
        };
        constraint.valid
            && !literals.is_empty()
            && keys.iter().all(|key| {
                mentions(expression, key)
                    && (implies_not_null(expression, key)
                        || child.column(key).is_some_and(|column| column.not_null))
            })
            && literals
                .iter()
                .all(|literal| expression.contains(literal.as_str()))
    })
}

/// The quoted strings and numbers of a partition's bound.
fn literals(bound: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, piece) in bound.split('\'').enumerate() {
        if index % 2 == 1 {
            found.push(format!("'{piece}'"));
        } else {
            found.extend(
                piece
                    .split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
                    .filter(|word| word.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
                    .filter(|word| word.chars().any(|c| c.is_ascii_digit()))
                    .map(str::to_owned),
            );
        }
    }
    found
}

/// Indexes of the parent that the new partition lacks are built while it is attached.
fn has_all_indexes(parent: &Relation, child: &Relation) -> bool {
    parent.indexes.iter().all(|index| {
        child
            .indexes
            .iter()
            .any(|own| own.keys == index.keys && own.unique == index.unique)
    })
}

fn truncate(locks: &mut Locks<'_, '_>, tables: &[Name], cascade: bool) {
    for table in tables {
        // A new, empty file takes the place of the old one: no row is read or written.
        locks.family(table, AccessExclusive, Work::Brief);
    }
    if !cascade {
        return;
    }
    let mut open: Vec<_> = tables
        .iter()
        .filter_map(|table| locks.find(table))
        .map(|relation| relation.id)
        .collect();
    let mut seen: BTreeSet<_> = open.iter().copied().collect();
    while let Some(id) = open.pop() {
        let Some(relation) = locks.before().get(id) else {
            continue;
        };
        for child in &relation.referenced_by {
            if seen.insert(*child) {
                open.push(*child);
                locks.on_id(*child, AccessExclusive, Work::Brief);
            }
        }
    }
}

/// The tables and views that go with a relation that is dropped, or whose constraints go.
pub(super) fn drop(locks: &mut Locks<'_, '_>, name: &Name, if_exists: bool, cascade: bool) {
    locks.on_if_exists(name, if_exists, AccessExclusive, Work::Brief);
    let Some(relation) = locks.find(name) else {
        return;
    };
    let mut open = vec![relation.id];
    let mut seen = BTreeSet::from([relation.id]);
    while let Some(id) = open.pop() {
        let Some(relation) = locks.before().get(id) else {
            continue;
        };
        for target in relation.foreign_targets() {
            locks.on_id(target, AccessExclusive, Work::Brief);
        }
        if let Some(parent) = relation.partition_of {
            locks.on_id(parent, AccessExclusive, Work::Brief);
        }
        let mut next: Vec<_> = Vec::new();
        if relation.kind == RelationKind::PartitionedTable || cascade {
            next.extend(relation.children.iter().copied());
        }
        if cascade {
            next.extend(relation.read_by.iter().copied());
            for other in &relation.referenced_by {
                // Only its foreign key goes, not the table.
                locks.on_id(*other, AccessExclusive, Work::Brief);
            }
        }
        for id in next {
            if seen.insert(id) {
                open.push(id);
                locks.on_id(id, AccessExclusive, Work::Brief);
            }
        }
    }
}
