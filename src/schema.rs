//! Catalog replay: what the database looks like after the migrations that were applied so far.
//!
//! A [`Catalog`] is folded from operations with [`apply()`]. It knows what the operations say and no more: whatever a
//! statement that could not be read may have changed is unknown from then on ([`Lookup::Unknown`]), and unknown never
//! counts as safe. Catalogs are cheap to clone: maps and relations are shared until they are written to.

mod apply;
mod diff;
mod expression;
mod functions;
mod names;
mod relation;
mod shared;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::source::Span;
use crate::syntax::sql::operation::{
    Action, Dialect, FunctionDef, Name, ObjectKind, Operation, Volatility,
};

pub use apply::{CallBudget, apply, called_operations};
pub use diff::{Difference, DifferenceKind, differences, renamed};
pub use expression::{
    expression_volatility, identifiers, implies_not_null, mentions, same_expression,
};
pub use functions::{built_in_volatility, changes_nothing, postgres_functions};
pub use names::{MAX_IDENTIFIER_BYTES, automatic_name, index_column_name};
pub use relation::{
    Column, Constraint, ConstraintRule, Index, IndexState, Relation, RelationKind, Trigger,
};
use shared::Shared;
pub use types::{Domain, TypeEntry, TypeKind};

/// An answer that may be missing because something could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<T> {
    /// It is there.
    Found(T),
    /// It is certainly not there.
    Missing,
    /// It may be there: an earlier statement could not be read.
    Unknown,
}

impl<T> Lookup<T> {
    /// What was found, if it was.
    pub fn found(self) -> Option<T> {
        match self {
            Self::Found(value) => Some(value),
            Self::Missing | Self::Unknown => None,
        }
    }

    /// It is certainly not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }
}

/// Yes, no, or nobody can tell from the files.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
pub enum Truth {
    /// Certainly not.
    No,
    /// It cannot be told.
    #[default]
    Unknown,
    /// Certainly.
    Yes,
}

impl Truth {
    /// The word that facts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Unknown => "unknown",
            Self::Yes => "yes",
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

/// When and where an object was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Birth {
    /// The number of the operation in the replay: later operations have higher ones.
    pub clock: u32,
    /// The number of the file, as the caller of [`apply()`] counts them.
    pub file: u32,
    /// The operation's place in that file.
    pub span: Span,
}

/// Names a relation for as long as it lives, whatever it is renamed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationId(pub(crate) u32);

/// A schema and a name in it; names of relations and indexes share one space, as in PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The schema.
    pub schema: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

/// What a name in the relations' name space stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Relation(RelationId),
    /// An index, and the relation that it is on.
    Index(RelationId),
}

/// A function or procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// What it is called.
    pub name: Name,
    /// What it takes, returns and does.
    pub definition: FunctionDef,
    /// When it was created.
    pub born: Birth,
}

/// The search path, and the other settings.
type SessionSettings = (Vec<Arc<str>>, Arc<BTreeMap<String, String>>);

/// The database as far as the applied operations tell.
#[derive(Debug, Clone)]
pub struct Catalog {
    dialect: Dialect,
    clock: u32,
    relations: Shared<RelationId, Arc<Relation>>,
    names: Shared<Key, Named>,
    types: Shared<Key, Arc<TypeEntry>>,
    functions: Shared<Key, Vec<Arc<Function>>>,
    schemas: Arc<BTreeMap<String, Birth>>,
    extensions: Arc<BTreeMap<String, Birth>>,
    search_path: Vec<Arc<str>>,
    settings: Arc<BTreeMap<String, String>>,
    /// What `SET LOCAL` gives back at the end of its transaction: search path and settings.
    before_local: Option<SessionSettings>,
    /// The states to go back to, with the names of their savepoints; without a name, the start of the transaction.
    savepoints: Vec<(Option<String>, Arc<Self>)>,
    /// How many of them this session has kept.
    saved: usize,
    /// When the first statement came that could not be read.
    tainted: Option<u32>,
}

impl Catalog {
    /// An empty database.
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            clock: 0,
            relations: Shared::default(),
            names: Shared::default(),
            types: Shared::default(),
            functions: Shared::default(),
            schemas: Arc::default(),
            extensions: Arc::default(),
            search_path: vec![Arc::from(default_schema(dialect))],
            settings: Arc::default(),
            before_local: None,
            savepoints: Vec::new(),
            saved: 0,
            tainted: None,
        }
    }

    /// The database's language.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How many operations were applied; an object born at or after this clock did not exist here.
    pub fn clock(&self) -> u32 {
        self.clock
    }

    /// An earlier statement could not be read, so what is not here may exist all the same.
    pub fn is_tainted(&self) -> bool {
        self.tainted.is_some()
    }

    /// The relation that a name stands for. A relation that nobody created is missing.
    pub fn relation(&self, name: &Name) -> Lookup<&Relation> {
        match self.find(name) {
            Some(Named::Relation(id)) => self
                .relations
                .get(&id)
                .map_or(Lookup::Unknown, |relation| Lookup::Found(&**relation)),
            Some(Named::Index(_)) => Lookup::Missing,
            None => self.absent(),
        }
    }

    /// The relation behind an id that this catalog, or one it was cloned from, gave out.
    pub fn get(&self, id: RelationId) -> Option<&Relation> {
        self.relations.get(&id).map(|relation| &**relation)
    }

    /// All relations, in the order of their creation.
    pub fn relations(&self) -> impl Iterator<Item = &Relation> {
        self.relations.values().map(|relation| &**relation)
    }

    /// The index that a name stands for, and the relation it is on.
    pub fn index(&self, name: &Name) -> Lookup<(&Relation, &Index)> {
        match self.find(name) {
            Some(Named::Index(id)) => self
                .get(id)
                .and_then(|relation| Some((relation, relation.index(&name.name)?)))
                .map_or(Lookup::Unknown, Lookup::Found),
            Some(Named::Relation(_)) => Lookup::Missing,
            None => self.absent(),
        }
    }

    /// The type that a name stands for; built-in types are missing here.
    pub fn type_entry(&self, schema: Option<&str>, name: &str) -> Lookup<&TypeEntry> {
        let found = match schema {
            Some(schema) => self.types.get(&key(schema, name)),
            None => self
                .search_path
                .iter()
                .find_map(|schema| self.types.get(&key(schema, name))),
        };
        match found {
            Some(entry) => Lookup::Found(&**entry),
            None => self.absent(),
        }
    }

    /// All user-defined types.
    pub fn types(&self) -> impl Iterator<Item = &TypeEntry> {
        self.types.values().map(|entry| &**entry)
    }

    /// The functions of a name: one for each list of arguments.
    pub fn functions(&self, name: &Name) -> &[Arc<Function>] {
        let found = match &name.schema {
            Some(schema) => self.functions.get(&key(schema, &name.name)),
            None => self
                .search_path
                .iter()
                .find_map(|schema| self.functions.get(&key(schema, &name.name))),
        };
        found.map_or(&[], Vec::as_slice)
    }

    /// All functions.
    pub fn all_functions(&self) -> impl Iterator<Item = &Function> {
        self.functions
            .values()
            .flatten()
            .map(|function| &**function)
    }

    /// The volatility of a user-defined function: the worst of its overloads; `None` when nobody created it.
    pub fn function_volatility(&self, name: &Name) -> Option<Volatility> {
        let rank = |volatility| match volatility {
            Volatility::Immutable => 0,
            Volatility::Stable => 1,
            Volatility::Volatile => 2,
        };
        self.functions(name)
            .iter()
            .map(|function| function.definition.volatility)
            .max_by_key(|&volatility| rank(volatility))
    }

    /// The schemas that were created, with their birth.
    pub fn schemas(&self) -> impl Iterator<Item = (&str, Birth)> {
        self.schemas
            .iter()
            .map(|(name, &born)| (name.as_str(), born))
    }

    /// The extensions that were created, with their birth.
    pub fn extensions(&self) -> impl Iterator<Item = (&str, Birth)> {
        self.extensions
            .iter()
            .map(|(name, &born)| (name.as_str(), born))
    }

    /// An extension of this name was created.
    pub fn has_extension(&self, name: &str) -> bool {
        self.extensions.contains_key(name)
    }

    /// A session setting, in lower case, if a statement set it.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    /// From here on, what is missing may exist all the same: a file could not be read.
    pub fn taint(&mut self) {
        self.tainted.get_or_insert(self.clock);
    }

    /// Counts one operation that changes nothing, so that what comes is younger than what was.
    pub fn tick(&mut self) {
        self.clock = self.clock.saturating_add(1);
    }

    /// Forgets the session settings and the search path: a file ends.
    pub fn reset_session(&mut self) {
        if !self.settings.is_empty() {
            self.settings = Arc::default();
        }
        self.search_path = vec![Arc::from(default_schema(self.dialect))];
        self.before_local = None;
        self.savepoints.clear();
        self.saved = 0;
    }

    /// The schema and name that a new object of this name gets.
    pub fn resolve_new(&self, name: &Name) -> Key {
        match &name.schema {
            Some(schema) => key(schema, &name.name),
            None => self.search_path.first().map_or_else(
                || key(default_schema(self.dialect), &name.name),
                |schema| Key {
                    schema: Arc::clone(schema),
                    name: Arc::from(name.name.as_str()),
                },
            ),
        }
    }

    /// How people write a relation's name: without the schema that everything is in by default.
    pub fn display_name(&self, relation: &Relation) -> String {
        if *relation.key.schema == *default_schema(self.dialect) {
            relation.key.name.to_string()
        } else {
            format!("{}.{}", relation.key.schema, relation.key.name)
        }
    }

    /// A name in the relations' name space is taken.
    pub fn is_taken(&self, key: &Key) -> bool {
        self.names.contains_key(key)
    }

    /// No migration so far has created or renamed an object of this kind and name, although all of them could be read. False
    /// for kinds that are not kept.
    pub fn is_unheard_of(&self, kind: ObjectKind, name: &Name) -> bool {
        let has_held = |schema: &str| {
            let key = key(schema, &name.name);
            match kind {
                ObjectKind::Table
                | ObjectKind::View
                | ObjectKind::MaterializedView
                | ObjectKind::Sequence
                | ObjectKind::Index => self.names.has_held(&key),
                ObjectKind::Type | ObjectKind::Domain => self.types.has_held(&key),
                ObjectKind::Function => self.functions.has_held(&key),
                _ => true,
            }
        };
        let heard_of = match &name.schema {
            Some(schema) => has_held(schema),
            None => self.search_path.iter().any(|schema| has_held(schema)),
        };
        !self.is_tainted() && !heard_of
    }

    fn find(&self, name: &Name) -> Option<Named> {
        match &name.schema {
            Some(schema) => self.names.get(&key(schema, &name.name)).copied(),
            None => self
                .search_path
                .iter()
                .find_map(|schema| self.names.get(&key(schema, &name.name)).copied()),
        }
    }

    fn absent<T>(&self) -> Lookup<T> {
        if self.is_tainted() {
            Lookup::Unknown
        } else {
            Lookup::Missing
        }
    }

    fn relation_mut(&mut self, id: RelationId) -> Option<&mut Relation> {
        self.relations.get_mut(&id).map(Arc::make_mut)
    }

    fn id_of(&self, name: &Name) -> Option<RelationId> {
        match self.find(name) {
            Some(Named::Relation(id)) => Some(id),
            _ => None,
        }
    }
}

/// Names of objects that an operation takes away or gives another meaning, for a search of who still uses them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taken {
    /// The table, or the object itself when it is none.
    pub object: String,
    /// The column, when only that goes.
    pub column: Option<String>,
}

/// The names that the operation takes away from whoever uses the schema before it.
pub fn taken_names(before: &Catalog, operation: &Operation) -> Vec<Taken> {
    let whole = |name: &Name| Taken {
        object: name.name.clone(),
        column: None,
    };
    let part = |table: &Name, column: &str| Taken {
        object: table.name.clone(),
        column: Some(column.to_owned()),
    };
    let mut taken = BTreeSet::new();
    match &operation.action {
        Action::RenameTable { table, .. } => {
            taken.insert(whole(table));
        }
        Action::Rename { name, .. } | Action::SetSchema { name, .. } => {
            taken.insert(whole(name));
        }
        Action::Drop { kind, names, .. } => {
            use crate::syntax::sql::operation::ObjectKind as Kind;
            if !matches!(
                kind,
                Kind::Index | Kind::Trigger | Kind::Policy | Kind::Rule | Kind::Statistics
            ) {
                taken.extend(names.iter().map(whole));
            }
        }
        Action::DropColumn { table, column, .. } | Action::RenameColumn { table, column, .. } => {
            taken.insert(part(table, column));
        }
        Action::AlterColumnType { table, column, .. } => {
            taken.insert(part(table, column));
        }
        Action::ReplaceColumn {
            table,
            column,
            definition,
        } => {
            let retyped = before
                .relation(table)
                .found()
                .and_then(|relation| relation.column(column))
                .is_none_or(|known| known.type_name != definition.type_name);
            if retyped || definition.name != *column {
                taken.insert(part(table, column));
            }
        }
        _ => {}
    }
    taken.into_iter().collect()
}

fn key(schema: &str, name: &str) -> Key {
    Key {
        schema: Arc::from(schema),
        name: Arc::from(name),
    }
}

/// Where unqualified names live when nothing says otherwise.
fn default_schema(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgresql => "public",
        Dialect::Mysql | Dialect::Generic => "",
        Dialect::Sqlite => "main",
    }
}
