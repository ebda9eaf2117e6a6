//! Which locks PostgreSQL takes for an operation, and what it does under them.

mod alter;
mod constraint;
mod index;
mod object;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use crate::schema::{Catalog, Lookup, Relation, RelationId, RelationKind};
use crate::syntax::sql::operation::{Action, Name, Operation, Persistence};

use super::{LockMode, Situation, Touch, Work};
pub(super) use alter::views_of_column;
pub(super) use constraint::depends_on_key;
pub(super) use object::tables_with_type;

/// What the operation does to each relation, in the order in which it gets to them.
pub(super) fn touches(operation: &Operation, situation: &Situation<'_>) -> Vec<Touch> {
    let mut locks = Locks {
        situation,
        touches: Vec::new(),
    };
    match &operation.action {
        action @ (Action::CreateTable { .. }
        | Action::RenameTable { .. }
        | Action::SetSchema { .. }
        | Action::AttachPartition { .. }
        | Action::DetachPartition { .. }
        | Action::Inherit { .. }
        | Action::NoInherit { .. }
        | Action::SetLogged { .. }
        | Action::SetAccessMethod { .. }
        | Action::SetTablespace { .. }
        | Action::SetReloptions { .. }
        | Action::Truncate { .. }
        | Action::Cluster { .. }
        | Action::Vacuum { .. }
        | Action::RefreshMaterializedView { .. }) => table::touches(&mut locks, action),
        action @ (Action::AddColumn { .. }
        | Action::DropColumn { .. }
        | Action::AlterColumnType { .. }
        | Action::SetNotNull { .. }
        | Action::SetExpression { .. }) => alter::touches(&mut locks, action),
        action @ (Action::AddConstraint { .. }
        | Action::ValidateConstraint { .. }
        | Action::DropConstraint { .. }) => constraint::touches(&mut locks, action),
        action @ (Action::CreateIndex { .. }
        | Action::Reindex { .. }
        | Action::AttachIndexPartition { .. }) => index::touches(&mut locks, action),
        Action::RenameColumn { table, .. }
        | Action::ReplaceColumn { table, .. }
        | Action::DropNotNull { table, .. }
        | Action::SetDefault { table, .. }
        | Action::DropDefault { table, .. }
        | Action::AddIdentity { table, .. }
        | Action::SetIdentity { table, .. }
        | Action::DropIdentity { table, .. }
        | Action::DropExpression { table, .. }
        | Action::SetStorage { table, .. }
        | Action::SetCompression { table, .. } => {
            locks.family(table, LockMode::AccessExclusive, Work::Brief);
        }
        Action::RenameConstraint { table, .. }
        | Action::AlterConstraint { table, .. }
        | Action::ReplicaIdentity { table, .. }
        | Action::RowLevelSecurity { table, .. }
        | Action::EnableRule { table, .. }
        | Action::CreatePolicy { table, .. }
        | Action::CreateRule { table, .. } => {
            locks.on(table, LockMode::AccessExclusive, Work::Brief);
        }
        Action::SetStatistics { table, .. }
        | Action::SetColumnOptions { table, .. }
        | Action::ClusterOn { table } => {
            locks.on(table, LockMode::ShareUpdateExclusive, Work::Brief);
        }
        Action::EnableTrigger { table, .. } | Action::CreateTrigger { table, .. } => {
            locks.on(table, LockMode::ShareRowExclusive, Work::Brief);
        }
        action => object::touches(&mut locks, action),
    }
    locks.merged()
}

/// The locks found so far.
struct Locks<'s, 'a> {
    situation: &'s Situation<'a>,
    touches: Vec<Touch>,
}

impl<'a> Locks<'_, 'a> {
    fn before(&self) -> &'a Catalog {
        self.situation.before
    }

    fn version(&self) -> u32 {
        self.situation.server_version
    }

    /// The relation of a name, if a migration created it.
    fn find(&self, name: &Name) -> Option<&'a Relation> {
        self.situation.before.relation(name).found()
    }

    /// A lock on the relation of a name. One that no migration created is assumed to exist since long.
    fn on(&mut self, name: &Name, lock: LockMode, work: Work) {
        match self.find(name) {
            Some(relation) => self.on_relation(relation, lock, work),
            None => self.touches.push(Touch {
                relation: name.clone(),
                is_table: true,
                is_view: false,
                lock: Some(lock),
                work,
                hot: self.situation.released > 0,
            }),
        }
    }

    /// A lock on the relation unless it certainly does not exist: for what says IF EXISTS.
    fn on_if_exists(&mut self, name: &Name, if_exists: bool, lock: LockMode, work: Work) {
        if if_exists && matches!(self.before().relation(name), Lookup::Missing) {
            return;
        }
        self.on(name, lock, work);
    }

    fn on_relation(&mut self, relation: &Relation, lock: LockMode, work: Work) {
        self.touches.push(Touch {
            relation: self.situation.display(relation),
            is_table: relation.kind.is_table(),
            is_view: matches!(
                relation.kind,
                RelationKind::View | RelationKind::MaterializedView
            ),
            lock: Some(lock),
            work,
            hot: self.situation.is_hot(relation),
        });
    }

    fn on_id(&mut self, id: RelationId, lock: LockMode, work: Work) {
        if let Some(relation) = self.before().get(id) {
            self.on_relation(relation, lock, work);
        }
    }

    /// A lock on a table and on its partitions and inheriting tables.
    fn family(&mut self, name: &Name, lock: LockMode, work: Work) {
        self.on(name, lock, work);
        if let Some(relation) = self.find(name) {
            for child in self.descendants(relation) {
                self.on_id(child, lock, work);
            }
        }
    }

    /// Partitions and inheriting tables, at any depth.
    fn descendants(&self, relation: &Relation) -> Vec<RelationId> {
        let mut all: Vec<RelationId> = relation.children.iter().copied().collect();
        let mut seen: BTreeSet<RelationId> = relation.children.clone();
        let mut at = 0;
        while let Some(&id) = all.get(at) {
            at += 1;
            if let Some(child) = self.before().get(id) {
                all.extend(child.children.iter().copied().filter(|id| seen.insert(*id)));
            }
        }
        all
    }

    /// An index, a type's user or another thing that is no table.
    fn on_other(&mut self, name: &Name, lock: LockMode, hot: bool) {
        self.touches.push(Touch {
            relation: name.clone(),
            is_table: false,
            is_view: false,
            lock: Some(lock),
            work: Work::Brief,
            hot,
        });
    }

    /// One entry per relation, with the strongest lock and the hardest work, in the order of the first.
    fn merged(self) -> Vec<Touch> {
        let mut merged: Vec<Touch> = Vec::new();
        let mut places: BTreeMap<(Name, bool), usize> = BTreeMap::new();
        for touch in self.touches {
            let next = merged.len();
            let place = *places
                .entry((touch.relation.clone(), touch.is_table))
                .or_insert(next);
            match merged.get_mut(place) {
                Some(known) => {
                    known.lock = known.lock.max(touch.lock);
                    known.work = known.work.max(touch.work);
                }
                None => merged.push(touch),
            }
        }
        merged
    }
}

impl Situation<'_> {
    /// Somebody else may be using the relation: it was there at the previous release, and not for one session only.
    pub fn is_hot(&self, relation: &Relation) -> bool {
        self.released > 0
            && !relation.is_younger_than(self.released)
            && relation.persistence != Persistence::Temporary
    }

    /// The relation's name as people write it.
    pub fn display(&self, relation: &Relation) -> Name {
        Name::plain(self.before.display_name(relation))
    }
}
