//! Indexes.

use super::Locks;
use crate::effects::LockMode::{AccessExclusive, AccessShare, Share, ShareUpdateExclusive};
use crate::effects::Work;
use crate::schema::Lookup;
use crate::syntax::sql::operation::{Action, Name, ObjectKind};

pub(super) fn touches(locks: &mut Locks<'_, '_>, action: &Action) {
    match action {
        Action::CreateIndex {
            name,
            table,
            concurrently,
            if_not_exists,
            only,
            ..
        } => {
            let lock = if *concurrently {
                ShareUpdateExclusive
            } else {
                Share
            };
            let exists = *if_not_exists
                && name.as_ref().is_some_and(|index| {
                    let index = Name {
                        schema: table.schema.clone(),
                        name: index.clone(),
                    };
                    matches!(locks.before().index(&index), Lookup::Found(_))
                });
            if exists || *only {
                // What exists already is found out under the lock.
                locks.on(table, lock, Work::Brief);
            } else {
                locks.family(table, lock, Work::Scan);
            }
        }
        Action::Reindex {
            kind,
            name,
            concurrently,
        } => {
            let lock = if *concurrently {
                ShareUpdateExclusive
            } else {
                Share
            };
            match kind {
                ObjectKind::Table => locks.on(name, lock, Work::Scan),
                ObjectKind::Index => {
                    on_table_of(locks, name, lock, Work::Scan);
                    let own = if *concurrently {
                        ShareUpdateExclusive
                    } else {
                        AccessExclusive
                    };
                    locks.on_other(name, own, true);
                }
                _ => {}
            }
        }
        Action::AttachIndexPartition { index, .. } => {
            on_table_of(locks, index, AccessShare, Work::Brief);
        }
        _ => {}
    }
}

/// `DROP INDEX`.
pub(super) fn drop(locks: &mut Locks<'_, '_>, name: &Name, if_exists: bool, concurrently: bool) {
    let lock = if concurrently {
        ShareUpdateExclusive
    } else {
        AccessExclusive
    };
    match locks.before().index(name) {
        Lookup::Found((relation, index)) => {
            let hot =
                locks.situation.is_hot(relation) && index.born.clock < locks.situation.released;
            locks.on_relation(relation, lock, Work::Brief);
            for child in locks.descendants(relation) {
                locks.on_id(child, lock, Work::Brief);
            }
            locks.on_other(name, lock, hot);
        }
        Lookup::Missing if if_exists => {}
        Lookup::Missing | Lookup::Unknown => {
            locks.on_other(name, lock, locks.situation.released > 0);
        }
    }
}

fn on_table_of(
    locks: &mut Locks<'_, '_>,
    index: &Name,
    lock: crate::effects::LockMode,
    work: Work,
) {
    if let Lookup::Found((relation, _)) = locks.before().index(index) {
        locks.on_relation(relation, lock, work);
    }
}
