//! What judgements of one repository have in common, found out once. It only saves time: every answer is the one that a
//! judgement alone gives.

use std::cell::RefCell;

use crate::discover::Snapshot;
use crate::git::{GitError, ObjectId, Repository};
use crate::migrations::Memory;

/// How many states are remembered: releases beside each other, and the candidates between them.
const MOST_STATES: usize = 8;

/// What is remembered of one repository.
#[derive(Debug, Default)]
pub struct Shared {
    /// Of its migrations.
    pub migrations: Memory,
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
