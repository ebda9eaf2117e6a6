//! What judgements of one repository have in common, found out once. It only saves time: every answer is the one that a
//! judgement alone gives.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::discover::Snapshot;
use crate::facts::changelog;
use crate::git::{GitError, ObjectId, Repository};
use crate::migrations::Memory;

/// How many states are remembered: releases beside each other, and the candidates between them.
const MOST_STATES: usize = 8;

/// The names of branches and tags.
#[derive(Debug, Clone, Default)]
pub(super) struct References {
    /// All of them.
    pub(super) names: Rc<BTreeSet<String>>,
    /// How many of them are branches.
    pub(super) branches: usize,
}

/// What is remembered of one repository.
#[derive(Debug, Default)]
pub struct Shared {
    /// Of its migrations.
    pub migrations: Memory,
    /// Of its changelogs.
    pub changelogs: changelog::Memory,
    /// The names of branches and tags; only where many judgements are about one state of the references.
    references: OnceCell<References>,
    /// Listings, the latest last.
    states: RefCell<Vec<(ObjectId, Snapshot)>>,
}

impl Shared {
    /// For many judgements: what goes into the cache is kept until [`Memory::keep`].
    pub fn deferring() -> Self {
        Self {
            migrations: Memory::default().deferring(),
            ..Self::default()
        }
    }

    /// The names of branches and tags.
    pub(super) fn references(
        &self,
        load: impl FnOnce() -> Result<References, GitError>,
    ) -> Result<References, GitError> {
        if let Some(known) = self.references.get() {
            return Ok(known.clone());
        }
        let references = load()?;
        if self.migrations.is_deferring() {
            let _ = self.references.set(references.clone());
        }
        Ok(references)
    }

    /// The state of a commit.
    pub(super) fn state(
        &self,
        repository: &Repository,
        commit: ObjectId,
        label: &str,
    ) -> Result<Snapshot, GitError> {
        let mut states = self.states.borrow_mut();
        let (commit, state) = match states.iter().position(|(known, _)| *known == commit) {
            Some(at) => states.remove(at),
            None => (commit, Snapshot::of_commit(repository, commit, label)?),
        };
        if states.len() >= MOST_STATES {
            states.remove(0);
        }
        states.push((commit, state.clone()));
        Ok(Snapshot {
            label: label.to_owned(),
            ..state
        })
    }
}

#[cfg(test)]
mod tests;
