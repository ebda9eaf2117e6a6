//! What a statement does, in words that all dialects share. Locks, work, compatibility, data loss and reversibility are
//! computed from these; rules, facts and schema replay read nothing else.

mod action;
mod definition;
mod object;

use serde::{Deserialize, Serialize};

pub use self::action::{Action, OpaqueReason, Spanned, Transaction};
pub use self::definition::{
    ColumnDef, ConstraintDef, ConstraintKind, FunctionDef, Generated, IndexKey, Persistence,
    TypeName, Volatility,
};
pub use self::object::ObjectKind;
use crate::source::Span;

/// The database's language.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// PostgreSQL.
    #[default]
    Postgresql,
    /// MySQL and MariaDB.
    Mysql,
    /// SQLite.
    Sqlite,
    /// Anything else: read with the generic grammar, and judged by what it says only.
    Generic,
}

impl Dialect {
    /// The word that configuration, facts and reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgresql => "postgresql",
            Self::Mysql => "mysql",
            Self::Sqlite => "sqlite",
            Self::Generic => "generic",
        }
    }
}

/// A statement and what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// From its first to its last token, without the terminator.
    pub span: Span,
    /// What it does, in order; never empty (see [`Action::Other`] and [`Action::Opaque`]).
    pub operations: Vec<Operation>,
}

/// One thing that a statement does. `ALTER TABLE` with three parts is three operations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The part of the statement that says so.
    pub span: Span,
    /// What it does.
    pub action: Action,
    /// It stands in the body of a `DO` block or of a function that the same file calls, not at the top level.
    pub nested: bool,
}

/// A name, with quotes removed and unquoted letters folded as the dialect folds them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Name {
    /// The schema (or MySQL database), if it was written.
    pub schema: Option<String>,
    /// The object itself.
    pub name: String,
}

impl Name {
    /// A name without a schema.
    pub fn plain(name: impl Into<String>) -> Self {
        Self {
            schema: None,
            name: name.into(),
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}
