//! Replay of migrations: the schema that they lead to, and each operation with the schema, the transaction and the effect
//! that it has at its place.

use crate::effects::{Effect, LockMode, Situation, Work, effect};
use crate::schema::{Catalog, apply, called_operations};
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

/// What happened in the transaction so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionState {
    /// What is around the operation.
    pub block: Block,
    /// Locks on tables that exist since before this release.
    pub held: Vec<Held>,
    /// Constraints that were added `NOT VALID`: table, name, place.
    pub not_valid: Vec<(Name, String, Span)>,
    /// Enum values that were added: type, value, place.
    pub enum_values: Vec<(Name, String, Span)>,
    /// Types that were created.
    pub types: Vec<Name>,
    /// Session settings: name, value (empty when it was reset), local, place.
    pub settings: Vec<(String, String, bool, Span)>,
    /// How many operations of the unit, in whatever transaction, took a lock that stops writers of such a table.
    pub stopped_writers: usize,
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
            held: Vec::new(),
            not_valid: Vec::new(),
            enum_values: Vec::new(),
            types: Vec::new(),
            settings: Vec::new(),
            stopped_writers: 0,
            operations: 0,
        }
    }

    /// The last value of a setting, if one was set in this unit.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings
            .iter()
            .rev()
            .find(|(known, ..)| known == name)
            .map(|(_, value, ..)| value.as_str())
    }

    /// The strongest lock held on a relation.
    pub fn held_on(&self, relation: &Name) -> Option<&Held> {
        self.held
            .iter()
            .filter(|held| held.relation == *relation)
            .max_by_key(|held| held.lock)
    }

    /// Takes note of an operation that ran.
    fn note(&mut self, unit: &Unit<'_>, statement: usize, operation: &Operation, effect: &Effect) {
        self.operations += 1;
        self.stopped_writers += usize::from(effect.blocks_writes());
        match &operation.action {
            Action::Transaction(control) => self.control(unit, *control, operation.span),
            Action::Set { name, value, local }
                // Outside a block SET LOCAL is a warning and has no effect.
                if !(*local && self.block == Block::None) => {
                    self.settings.push((
                        name.to_lowercase(),
                        value.clone(),
                        *local,
                        operation.span,
                    ));
                }
            Action::AddConstraint { table, constraint } if constraint.not_valid => {
                let name = constraint.name.clone().unwrap_or_default();
                self.not_valid.push((table.clone(), name, operation.span));
            }
            Action::AddEnumValue { name, value, .. } => {
                self.enum_values
                    .push((name.clone(), value.clone(), operation.span));
            }
            Action::CreateEnum { name, .. } | Action::CreateType { name } => {
                self.types.push(name.clone());
            }
            _ => {}
        }
        if self.block == Block::None {
            // The locks went with the statement.
            return;
        }
        for touch in &effect.touches {
            if let (Some(lock), true) = (touch.lock, touch.hot && touch.is_table) {
                self.held.push(Held {
                    relation: touch.relation.clone(),
                    lock,
                    work: touch.work,
                    span: operation.span,
                    statement,
                });
            }
        }
    }

    fn control(&mut self, unit: &Unit<'_>, control: Transaction, span: Span) {
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
                self.not_valid.clear();
                self.enum_values.clear();
                self.types.clear();
                self.settings.retain(|(_, _, local, _)| !local);
            }
            Transaction::Savepoint | Transaction::Release | Transaction::RollbackTo => {}
        }
    }
}

/// Applies units to a schema without looking at them.
pub fn fold<'a>(catalog: &mut Catalog, units: impl IntoIterator<Item = Unit<'a>>) {
    for unit in units {
        catalog.reset_session();
        for operation in unit
            .statements
            .iter()
            .flat_map(|statement| &statement.operations)
        {
            for called in called_operations(catalog, operation) {
                apply(catalog, &called, unit.file);
            }
            apply(catalog, operation, unit.file);
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
    for (statement, parsed) in unit.statements.iter().enumerate() {
        for (index, operation) in parsed.operations.iter().enumerate() {
            let called = called_operations(catalog, operation);
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
                });
                apply(catalog, operation, unit.file);
                transaction.note(unit, statement, operation, &effect);
            }
        }
    }
}
