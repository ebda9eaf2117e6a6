//! What the states of one repository have in common. A state is worked out from one that was looked at before, by what
//! differs between them: the releases of a history share most of their files.
//!
//! It only saves time: every answer is the one that an empty memory gives.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::MigrationSettings;
use super::directories::{Class, MigrationDirectory, class};
use super::lowering::Known;
use super::replay::Replays;
use super::sequence::Sequence;
use crate::discover::{Entry, NotExamined, Snapshot};

/// How many states are remembered: releases beside each other, and the candidates between them.
const MOST_STATES: usize = 8;

/// What is remembered of the states of one repository.
#[derive(Debug, Default)]
pub struct Memory {
    /// The latest last.
    states: RefCell<Vec<Rc<State>>>,
    pub(super) known: RefCell<BTreeMap<String, Known>>,
    pub(super) defers: Cell<bool>,
    /// The schemas that sequences lead to.
    pub replays: Replays,
}

/// What was found out about one state.
#[derive(Debug)]
pub(super) struct State {
    entries: Arc<BTreeMap<String, Entry>>,
    /// What each path says, in their order.
    pub(super) classes: Vec<Class>,
    pub(super) found: OnceCell<Found>,
    sequences: RefCell<Vec<(MigrationDirectory, Arc<Sequence>)>>,
}

/// The directories of a state, and what the search for them left: that is left again whenever somebody asks.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) settings: Vec<MigrationSettings>,
    pub(super) directories: Vec<MigrationDirectory>,
    /// The files that were read, in this order.
    pub(super) reads: Vec<String>,
    pub(super) notes: Vec<NotExamined>,
    pub(super) left_out: Vec<NotExamined>,
}

impl Memory {
    /// Whatever goes into the cache waits for [`Memory::keep`].
    #[must_use]
    pub fn deferring(self) -> Self {
        self.defers.set(true);
        self
    }

    /// Many judgements share it, one after the other.
    pub fn is_deferring(&self) -> bool {
        self.defers.get()
    }

    /// What is known of a state.
    pub(super) fn state(&self, snapshot: &Snapshot) -> Rc<State> {
        let mut states = self.states.borrow_mut();
        let known = states
            .iter()
            .position(|state| Arc::ptr_eq(&state.entries, &snapshot.entries));
        let state = match known {
            Some(at) => states.remove(at),
            None => Rc::new(State::of(snapshot, states.last().map(Rc::as_ref))),
        };
        if states.len() >= MOST_STATES {
            states.remove(0);
        }
        states.push(Rc::clone(&state));
        state
    }

    /// The files of a directory at a state, in the order in which they run.
    pub fn sequence(&self, snapshot: &Snapshot, directory: &MigrationDirectory) -> Arc<Sequence> {
        let state = self.state(snapshot);
        if let Some(known) = state.sequence(directory) {
            return known;
        }
        let base = self
            .states
            .borrow()
            .iter()
            .rev()
            .find_map(|other| other.sequence(directory));
        let sequence = Arc::new(Sequence::list_like(snapshot, directory, base.as_deref()));
        let kept = (directory.clone(), Arc::clone(&sequence));
        state.sequences.borrow_mut().push(kept);
        sequence
    }
}

impl State {
    fn of(snapshot: &Snapshot, base: Option<&Self>) -> Self {
        let mut classes = Vec::with_capacity(snapshot.entries.len());
        let mut before = base
            .into_iter()
            .flat_map(|base| base.entries.iter().zip(&base.classes))
            .peekable();
        for (path, entry) in snapshot.entries.iter() {
            while before.next_if(|((other, _), _)| *other < path).is_some() {}
            let same =
                before.next_if(|((other, known), _)| *other == path && known.kind == entry.kind);
            classes.push(match same {
                Some((_, class)) => *class,
                None => class(path, entry),
            });
        }
        Self {
            entries: Arc::clone(&snapshot.entries),
            classes,
            found: OnceCell::new(),
            sequences: RefCell::default(),
        }
    }

    /// The files of a directory, if they were asked for. Which dialect they are in does not matter.
    fn sequence(&self, directory: &MigrationDirectory) -> Option<Arc<Sequence>> {
        let sequences = self.sequences.borrow();
        let same = |known: &MigrationDirectory| {
            known.path == directory.path
                && known.runner == directory.runner
                && known.databases == directory.databases
        };
        let (_, sequence) = sequences.iter().find(|(known, _)| same(known))?;
        Some(Arc::clone(sequence))
    }
}
