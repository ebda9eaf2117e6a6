//! Views, types, triggers, sequences, and statements about rows.

use super::{Locks, index, table};
use crate::effects::LockMode::{
    AccessExclusive, AccessShare, RowExclusive, RowShare, Share, ShareUpdateExclusive,
};
use crate::effects::{LockMode, Work};
use crate::schema::{ConstraintRule, Relation};
use crate::syntax::sql::operation::{Action, Name, ObjectKind};

pub(super) fn touches(locks: &mut Locks<'_, '_>, action: &Action) {
    match action {
        Action::Drop { .. } => drop(locks, action),
        Action::Rename { kind, name, .. } => match kind {
            ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Sequence => {
                locks.on(name, AccessExclusive, Work::Brief);
            }
            ObjectKind::Index => {
                let lock = if locks.version() >= 12 {
                    ShareUpdateExclusive
                } else {
                    AccessExclusive
                };
                locks.on_other(name, lock, true);
            }
            _ => {}
        },
        Action::CreateView {
            name,
            or_replace,
            materialized,
            reads,
            ..
        } => {
            if *or_replace && locks.find(name).is_some() {
                locks.on(name, AccessExclusive, Work::Brief);
            }
            for read in reads {
                let work = if *materialized {
                    Work::Scan
                } else {
                    Work::Brief
                };
                locks.on(read, AccessShare, work);
            }
        }
        Action::Owner { kind, name } | Action::AlterOther { kind, name, .. } => {
            if matches!(
                kind,
                ObjectKind::Table
                    | ObjectKind::View
                    | ObjectKind::MaterializedView
                    | ObjectKind::Sequence
            ) {
                let work = if matches!(action, Action::Owner { .. }) {
                    Work::Brief
                } else {
                    Work::Unknown
                };
                let lock = if *kind == ObjectKind::Sequence {
                    LockMode::ShareRowExclusive
                } else {
                    AccessExclusive
                };
                locks.on(name, lock, work);
            }
        }
        Action::CreateSequence {
            owned_by: Some((owner, _)),
            ..
        }
        | Action::AlterSequence {
            owned_by: Some((owner, _)),
            ..
        } => locks.on(owner, AccessShare, Work::Brief),
        Action::CreateOther {
            kind: ObjectKind::Statistics,
            tables,
            ..
        } => {
            for table in tables {
                locks.on(table, ShareUpdateExclusive, Work::Brief);
            }
        }
        Action::Comment { kind, name } => comment(locks, *kind, name),
        Action::Grant { tables } | Action::Revoke { tables } => {
            if locks.version() >= 18 {
                for table in tables {
                    locks.on(table, AccessShare, Work::Brief);
                }
            }
        }
        Action::AlterDomainAddConstraint {
            name,
            not_valid: false,
            ..
        }
        | Action::AlterDomainValidate { name } => {
            for relation in users_of_type(locks, name) {
                locks.on_relation(relation, Share, Work::Scan);
            }
        }
        Action::Analyze { tables } => {
            for table in tables {
                locks.on(table, ShareUpdateExclusive, Work::Brief);
            }
        }
        Action::LockTable { tables, mode } => {
            let lock = LockMode::parse(mode).unwrap_or(AccessExclusive);
            for table in tables {
                locks.family(table, lock, Work::Brief);
            }
        }
        action => rows(locks, action),
    }
}

fn comment(locks: &mut Locks<'_, '_>, kind: ObjectKind, name: &Name) {
    match kind {
        ObjectKind::Table
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::Sequence => locks.on(name, ShareUpdateExclusive, Work::Brief),
        ObjectKind::Index => locks.on_other(name, ShareUpdateExclusive, true),
        _ => {}
    }
}

fn drop(locks: &mut Locks<'_, '_>, action: &Action) {
    let Action::Drop {
        kind,
        names,
        table: of_table,
        if_exists,
        cascade,
        concurrently,
        ..
    } = action
    else {
        return;
    };
    for name in names {
        match kind {
            ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView => {
                table::drop(locks, name, *if_exists, *cascade);
            }
            ObjectKind::Sequence => {
                locks.on_if_exists(name, *if_exists, AccessExclusive, Work::Brief);
                let owner = locks
                    .find(name)
                    .and_then(|sequence| sequence.owned_by.clone());
                if let (Some((owner, _)), true) = (owner, *cascade) {
                    locks.on_id(owner, AccessExclusive, Work::Brief);
                }
            }
            ObjectKind::Index => index::drop(locks, name, *if_exists, *concurrently),
            ObjectKind::Type | ObjectKind::Domain if *cascade => {
                for relation in users_of_type(locks, name) {
                    locks.on_relation(relation, AccessExclusive, Work::Brief);
                }
            }
            ObjectKind::Function if *cascade => {
                let users: Vec<&Relation> = locks
                    .before()
                    .relations()
                    .filter(|relation| {
                        relation.triggers.iter().any(|trigger| {
                            trigger
                                .function
                                .as_ref()
                                .is_some_and(|function| function.name == name.name)
                        })
                    })
                    .collect();
                for relation in users {
                    locks.on_relation(relation, AccessExclusive, Work::Brief);
                }
            }
            ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule => {
                if let Some(table) = of_table {
                    locks.on_if_exists(table, *if_exists, AccessExclusive, Work::Brief);
                }
            }
            ObjectKind::Schema => {
                let inside: Vec<&Relation> = locks
                    .before()
                    .relations()
                    .filter(|relation| *relation.key.schema == *name.name)
                    .collect();
                for relation in inside {
                    locks.on_relation(relation, AccessExclusive, Work::Brief);
                }
            }
            _ => {}
        }
    }
}

/// Tables with a column of the type.
pub(in crate::effects) fn users_of_type<'a>(
    locks: &Locks<'_, 'a>,
    name: &Name,
) -> Vec<&'a Relation> {
    tables_with_type(locks.before(), name)
}

/// Tables with a column of the type.
pub(in crate::effects) fn tables_with_type<'a>(
    catalog: &'a crate::schema::Catalog,
    name: &Name,
) -> Vec<&'a Relation> {
    catalog
        .relations()
        .filter(|relation| {
            relation.kind.is_table()
                && relation
                    .columns
                    .iter()
                    .any(|column| column.type_name.name == name.name)
        })
        .collect()
}

/// Statements that read or write rows.
fn rows(locks: &mut Locks<'_, '_>, action: &Action) {
    match action {
        Action::Insert { table, reads, .. } => {
            locks.on(table, RowExclusive, Work::Brief);
            for read in reads {
                locks.on(read, AccessShare, Work::Scan);
            }
        }
        Action::Update { table, .. } => locks.on(table, RowExclusive, Work::Scan),
        Action::Delete { table, .. } => delete(locks, table),
        Action::Copy { table, from } => {
            let lock = if *from { RowExclusive } else { AccessShare };
            locks.on(table, lock, Work::Brief);
        }
        Action::Select {
            reads, locks_rows, ..
        } => {
            let lock = if *locks_rows { RowShare } else { AccessShare };
            for read in reads {
                locks.on(read, lock, Work::Scan);
            }
        }
        _ => {}
    }
}

/// Every row that goes is looked for in the tables that refer to it: by a scan where no index leads with the key.
fn delete(locks: &mut Locks<'_, '_>, table: &Name) {
    locks.on(table, RowExclusive, Work::Scan);
    let Some(relation) = locks.find(table) else {
        return;
    };
    for other in &relation.referenced_by {
        let Some(other) = locks.before().get(*other) else {
            continue;
        };
        let indexed = other
            .constraints
            .iter()
            .all(|constraint| match &constraint.rule {
                ConstraintRule::ForeignKey {
                    columns, target, ..
                } if *target == relation.id => has_leading_index(other, columns),
                _ => true,
            });
        let work = if indexed { Work::Brief } else { Work::Scan };
        locks.on_relation(other, RowShare, work);
    }
}

/// An index whose first keys are these columns, in any order.
pub(in crate::effects) fn has_leading_index(relation: &Relation, columns: &[String]) -> bool {
    relation.indexes.iter().any(|index| {
        index.predicate.is_none()
            && index.keys.len() >= columns.len()
            && index
                .keys
                .iter()
                .take(columns.len())
                .all(|key| key.is_column && columns.contains(&key.text))
    })
}
