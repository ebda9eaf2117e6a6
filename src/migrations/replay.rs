//! Replay of migrations: the schema that they lead to, and each operation with the schema, the transaction and the effect
//! that it has at its place.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::directories::MigrationDirectory;
use super::sequence::MigrationFile;
use crate::effects::{Effect, LockMode, Situation, Work, effect};
use crate::schema::{CallBudget, Catalog, apply, called_operations};
use crate::source::Span;
use crate::syntax::migration::TransactionMode;
use crate::syntax::sql::operation::{Action, Name, Operation, Statement, Transaction};

/// The statements that a runner sends together: a section of a file.
#[derive(Debug, Clone, Copy)]
pub struct Unit<'a> {
    /// The caller's number of the file.
    pub file: u32,
    /// What is around the statements.
    pub mode: TransactionMode,
    /// The statements.
    pub statements: &'a [Statement],
}

/// What does not change while units are walked.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The clock of the schema that the previous release left; 0 when there is none.
    pub released: u32,
    /// That schema.
    pub previous: Option<&'a Catalog>,
    /// The schema at the end of the release.
    pub last: Option<&'a Catalog>,
    /// The server's major version.
    pub server_version: u32,
}

/// An operation at its place.
#[derive(Debug, Clone, Copy)]
pub struct Step<'s> {
    /// The unit.
    pub unit: &'s Unit<'s>,
    /// The index of its statement in the unit.
    pub statement: usize,
    /// Its index in the statement; for one in the body of a function that is called, the index of the call.
    pub index: usize,
    /// Itself.
    pub operation: &'s Operation,
    /// It stands in the body of a function that the statement calls.
    pub called: bool,
    /// The schema before it.
    pub before: &'s Catalog,
    /// What it does.
    pub effect: &'s Effect,
    /// The transaction before it.
    pub transaction: &'s TransactionState,
    /// The unit as a whole.
    pub summary: &'s Summary,
}

/// A lock that a transaction holds until it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The relation.
    pub relation: Name,
    /// The mode.
    pub lock: LockMode,
    /// What was done when it was taken.
    pub work: Work,
    /// The operation that took it.
    pub span: Span,
    /// The index of its statement.
    pub statement: usize,
}

/// What is around an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// Nothing: the statement stands for itself.
    None,
    /// A transaction block that the runner opened.
    Runner,
    /// The implicit one around several statements that are sent as one string.
    Implicit,
    /// One that a `BEGIN` in the file opened.
    Explicit(Span),
    /// Nobody knows.
    Unknown,
}

impl Block {
    /// The server sees a transaction block. Nobody knows counts as none here: an error must be certain.
    pub fn is_certain(self) -> bool {
        !matches!(self, Self::None | Self::Unknown)
    }
}

/// What a unit holds as a whole, for questions about what comes before or after: by the index of the statement.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Settings that are reset, in lower case (`all` for all), with the last such statement.
    pub resets: BTreeMap<String, usize>,
    /// Triggers that are enabled (table, trigger), with the last such statement.
    pub enabled_triggers: BTreeMap<(Name, String), usize>,
    /// Columns that an UPDATE writes, with the first such statement.
    pub updated: BTreeMap<Name, BTreeMap<String, usize>>,
    /// Tables that are created, with the first such statement.
    pub created: BTreeMap<Name, usize>,
    /// Tables that rows are copied from: to which table, with the first such statement.
    pub copied: BTreeMap<Name, (Name, usize)>,
    /// The first operation that fails when it runs a second time.
    pub first_unrepeatable: Option<(usize, usize)>,
}

impl Summary {
    fn of(unit: &Unit<'_>) -> Self {
        let mut summary = Self::default();
        for (statement, parsed) in unit.statements.iter().enumerate() {
            for (index, operation) in parsed.operations.iter().enumerate() {
                summary.note(statement, &operation.action);
                if summary.first_unrepeatable.is_none()
                    && !operation.nested
                    && !is_repeatable(&operation.action)
                {
                    summary.first_unrepeatable = Some((statement, index));
                }
            }
        }
        summary
    }

    fn note(&mut self, statement: usize, action: &Action) {
        match action {
            Action::Set { name, value, .. } if value.is_empty() => {
                self.resets.insert(name.to_lowercase(), statement);
            }
            Action::EnableTrigger {
                table,
                trigger,
                enable: true,
            } => {
                self.enabled_triggers
                    .insert((table.clone(), trigger.clone()), statement);
            }
            Action::Update { table, columns, .. } => {
                let known = self.updated.entry(table.clone()).or_default();
                for column in columns {
                    known.entry(column.clone()).or_insert(statement);
                }
            }
            Action::CreateTable { table, reads, .. } => {
                self.created.entry(table.clone()).or_insert(statement);
                self.copy(reads, table, statement);
            }
            Action::Insert { table, reads, .. } => self.copy(reads, table, statement),
            _ => {}
        }
    }

    fn copy(&mut self, reads: &[Name], to: &Name, statement: usize) {
        for read in reads.iter().filter(|read| *read != to) {
            self.copied
                .entry(read.clone())
                .or_insert_with(|| (to.clone(), statement));
        }
    }

    /// The columns of a table that an UPDATE before the statement writes.
    pub fn updated_before(&self, table: &Name, statement: usize) -> impl Iterator<Item = &str> {
        self.updated
            .get(table)
            .into_iter()
            .flatten()
            .filter(move |(_, at)| **at < statement)
            .map(|(column, _)| column.as_str())
    }
}

/// It does not fail when it ran before.
fn is_repeatable(action: &Action) -> bool {
    match action {
        Action::CreateTable { if_not_exists, .. }
        | Action::AddColumn { if_not_exists, .. }
        | Action::CreateIndex { if_not_exists, .. }
        | Action::CreateSequence { if_not_exists, .. }
        | Action::CreateExtension { if_not_exists, .. }
        | Action::CreateSchema { if_not_exists, .. }
        | Action::AddEnumValue { if_not_exists, .. } => *if_not_exists,
        Action::Drop { if_exists, .. }
        | Action::DropColumn { if_exists, .. }
        | Action::DropConstraint { if_exists, .. } => *if_exists,
        Action::CreateView { or_replace, .. } | Action::CreateFunction { or_replace, .. } => {
            *or_replace
        }
        Action::RenameTable { .. }
        | Action::RenameColumn { .. }
        | Action::RenameConstraint { .. }
        | Action::Rename { .. }
        | Action::AddConstraint { .. }
        | Action::CreateEnum { .. }
        | Action::CreateType { .. }
        | Action::CreateDomain { .. }
        | Action::CreateTrigger { .. }
        | Action::CreatePolicy { .. }
        | Action::Insert { .. } => false,
        _ => true,
    }
}

/// How many added enum values of a transaction are kept: each later statement is searched for each.
const MAX_ENUM_VALUES: usize = 32;

/// What happened in the transaction so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionState {
    /// What is around the operation.
    pub block: Block,
    /// The strongest lock on each table that exists since before this release.
    pub held: BTreeMap<Name, Held>,
    /// The strongest of them that stops writers, and the first among equals.
    pub strongest: Option<Held>,
    /// How many of them are ACCESS EXCLUSIVE, and the first of those.
    pub exclusive: (usize, Option<Held>),
    /// Something long was done since the strongest one was taken.
    pub long_since: bool,
    /// Constraints that were added `NOT VALID`: table and name, with the place.
    pub not_valid: BTreeMap<(Name, String), Span>,
    /// Enum values that were added: type, value, place.
    pub enum_values: Vec<(Name, String, Span)>,
    /// Types that were created.
    pub types: BTreeSet<Name>,
    /// Session settings: the last value (empty when it was reset), and whether it is local.
    pub settings: BTreeMap<String, (String, bool)>,
    /// Tables of the unit that got a column.
    pub widened: BTreeSet<Name>,
    /// How many operations of the unit, in whatever transaction, took a lock that stops writers of such a table, or readers
    /// of such a view.
    pub stopped_others: usize,
    /// How many operations of the unit ran before.
    pub operations: usize,
}

impl TransactionState {
    /// The state at the start of a unit.
    pub fn of(unit: &Unit<'_>) -> Self {
        let block = match unit.mode {
            TransactionMode::Transactional => Block::Runner,
            TransactionMode::ImplicitTransaction if unit.statements.len() > 1 => Block::Implicit,
            TransactionMode::ImplicitTransaction | TransactionMode::Autocommit => Block::None,
            TransactionMode::Unknown => Block::Unknown,
        };
        Self {
            block,
            held: BTreeMap::new(),
            strongest: None,
            exclusive: (0, None),
            long_since: false,
            not_valid: BTreeMap::new(),
            enum_values: Vec::new(),
            types: BTreeSet::new(),
            settings: BTreeMap::new(),
            widened: BTreeSet::new(),
            stopped_others: 0,
            operations: 0,
        }
    }

    /// The last value of a setting, if one was set in this unit.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(|(value, _)| value.as_str())
    }

    /// The strongest lock held on a relation.
    pub fn held_on(&self, relation: &Name) -> Option<&Held> {
        self.held.get(relation)
    }

    /// Takes note of an operation that ran.
    fn note(&mut self, unit: &Unit<'_>, statement: usize, operation: &Operation, effect: &Effect) {
        self.operations += 1;
        self.stopped_others += usize::from(effect.strongest_in_the_way().is_some());
        match &operation.action {
            Action::Transaction(control) => self.control(unit, control, operation.span),
            Action::Set { name, value, local }
                // Outside a block SET LOCAL is a warning and has no effect.
                if !(*local && self.block == Block::None) =>
            {
                self.settings
                    .insert(name.to_lowercase(), (value.clone(), *local));
            }
            Action::AddConstraint { table, constraint } if constraint.not_valid => {
                let name = constraint.name.clone().unwrap_or_default();
                self.not_valid.insert((table.clone(), name), operation.span);
            }
            Action::AddColumn { table, .. } => {
                self.widened.insert(table.clone());
            }
            Action::AddEnumValue { name, value, .. }
                if self.enum_values.len() < MAX_ENUM_VALUES =>
            {
                self.enum_values
                    .push((name.clone(), value.clone(), operation.span));
            }
            Action::CreateEnum { name, .. } | Action::CreateType { name } => {
                self.types.insert(name.clone());
            }
            _ => {}
        }
        if self.block == Block::None {
            // The locks went with the statement.
            return;
        }
        self.long_since |= self.strongest.is_some() && effect.hot_work() >= Some(Work::Scan);
        for touch in &effect.touches {
            if let (Some(lock), true) = (touch.lock, touch.hot && touch.is_table) {
                self.hold(Held {
                    relation: touch.relation.clone(),
                    lock,
                    work: touch.work,
                    span: operation.span,
                    statement,
                });
            }
        }
    }

    fn hold(&mut self, new: Held) {
        let before = self.held.get(&new.relation);
        let was_exclusive = before.is_some_and(|held| held.lock == LockMode::AccessExclusive);
        if new.lock == LockMode::AccessExclusive && !was_exclusive {
            self.exclusive.0 += 1;
            self.exclusive.1.get_or_insert_with(|| new.clone());
        }
        let is_stronger = self
            .strongest
            .as_ref()
            .is_none_or(|strongest| strongest.lock < new.lock);
        if new.lock.blocks_writes() && is_stronger {
            self.strongest = Some(new.clone());
            self.long_since = false;
        }
        match self.held.get_mut(&new.relation) {
            Some(held) if held.lock >= new.lock => held.work = held.work.max(new.work),
            _ => {
                self.held.insert(new.relation.clone(), new);
            }
        }
    }

    fn control(&mut self, unit: &Unit<'_>, control: &Transaction, span: Span) {
        match control {
            Transaction::Begin => self.block = Block::Explicit(span),
            Transaction::Commit | Transaction::Rollback => {
                self.block = match (self.block, unit.mode) {
                    (Block::Unknown, _) => Block::Unknown,
                    // Behind COMMIT, the rest of the string is an implicit transaction again.
                    (_, TransactionMode::ImplicitTransaction) => Block::Implicit,
                    _ => Block::None,
                };
                self.held.clear();
                self.strongest = None;
                self.exclusive = (0, None);
                self.long_since = false;
                self.not_valid.clear();
                self.enum_values.clear();
                self.types.clear();
                self.settings.retain(|_, (_, local)| !*local);
            }
            Transaction::Savepoint(_) | Transaction::Release(_) | Transaction::RollbackTo(_) => {}
        }
    }
}

/// The schemas that sequences of files lead to, from replays that were made before.
#[derive(Debug, Default)]
pub struct Replays(RefCell<Vec<Replayed>>);

#[derive(Debug)]
struct Replayed {
    directory: MigrationDirectory,
    files: Vec<Arc<MigrationFile>>,
    catalog: Catalog,
}

/// How many schemas are remembered.
const MOST_REPLAYS: usize = 8;

impl Replays {
    /// The schema that the most of the first of these files lead to, and how many they are.
    pub fn longest(
        &self,
        directory: &MigrationDirectory,
        files: &[Arc<MigrationFile>],
    ) -> Option<(usize, Catalog)> {
        let is_start = |known: &&Replayed| {
            known.directory == *directory
                && known.files.len() <= files.len()
                && known
                    .files
                    .iter()
                    .zip(files)
                    .all(|(a, b)| Arc::ptr_eq(a, b))
        };
        let replays = self.0.borrow();
        let best = replays
            .iter()
            .filter(is_start)
            .max_by_key(|known| known.files.len())?;
        Some((best.files.len(), best.catalog.clone()))
    }

    /// Remembers where files lead to.
    pub fn remember(
        &self,
        directory: &MigrationDirectory,
        files: Vec<Arc<MigrationFile>>,
        catalog: &Catalog,
    ) {
        let mut replays = self.0.borrow_mut();
        if replays.len() >= MOST_REPLAYS {
            replays.remove(0);
        }
        replays.push(Replayed {
            directory: directory.clone(),
            files,
            catalog: catalog.clone(),
        });
    }
}

/// Applies units to a schema without looking at them.
pub fn fold<'a>(catalog: &mut Catalog, units: impl IntoIterator<Item = Unit<'a>>) {
    for unit in units {
        catalog.reset_session();
        let mut budget = CallBudget::default();
        for operation in unit
            .statements
            .iter()
            .flat_map(|statement| &statement.operations)
        {
            let called = called_operations(catalog, operation, &mut budget);
            apply(catalog, operation, unit.file);
            for called in called {
                apply(catalog, &called, unit.file);
            }
        }
    }
}

/// Applies a unit to a schema, and shows every operation at its place.
pub fn walk(
    catalog: &mut Catalog,
    unit: &Unit<'_>,
    setting: &Setting<'_>,
    visit: &mut dyn FnMut(&Step<'_>),
) {
    catalog.reset_session();
    let mut transaction = TransactionState::of(unit);
    let summary = Summary::of(unit);
    let mut budget = CallBudget::default();
    for (statement, parsed) in unit.statements.iter().enumerate() {
        for (index, operation) in parsed.operations.iter().enumerate() {
            let called = called_operations(catalog, operation, &mut budget);
            let own = std::iter::once((operation, false));
            for (operation, called) in own.chain(called.iter().map(|inner| (inner, true))) {
                let situation = Situation {
                    before: catalog,
                    released: setting.released,
                    previous: setting.previous,
                    last: setting.last,
                    server_version: setting.server_version,
                    in_transaction: transaction.block.is_certain(),
                };
                let effect = effect(operation, &situation);
                visit(&Step {
                    unit,
                    statement,
                    index,
                    operation,
                    called,
                    before: catalog,
                    effect: &effect,
                    transaction: &transaction,
                    summary: &summary,
                });
                apply(catalog, operation, unit.file);
                transaction.note(unit, statement, operation, &effect);
            }
        }
    }
}
