//! The kinds of objects.

use serde::{Deserialize, Serialize};

/// Kinds of objects whose creation, removal and renaming relgate only counts by kind and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ObjectKind {
    /// A base table.
    Table,
    /// An index.
    Index,
    /// A sequence.
    Sequence,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A function, procedure or aggregate.
    Function,
    /// A trigger.
    Trigger,
    /// A type that is not a domain.
    Type,
    /// A domain.
    Domain,
    /// A schema.
    Schema,
    /// A database.
    Database,
    /// An extension.
    Extension,
    /// A row-level security policy.
    Policy,
    /// A rule.
    Rule,
    /// Extended statistics.
    Statistics,
    /// A constraint.
    Constraint,
    /// A role or user.
    Role,
    /// Everything that a role owns in the database, and what it was granted.
    Owned,
    /// Anything else that has a name.
    Other,
}

impl ObjectKind {
    /// The word that facts and messages use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Index => "index",
            Self::Sequence => "sequence",
            Self::View => "view",
            Self::MaterializedView => "materialized_view",
            Self::Function => "function",
            Self::Trigger => "trigger",
            Self::Type => "type",
            Self::Domain => "domain",
            Self::Schema => "schema",
            Self::Database => "database",
            Self::Extension => "extension",
            Self::Policy => "policy",
            Self::Rule => "rule",
            Self::Statistics => "statistics",
            Self::Constraint => "constraint",
            Self::Role => "role",
            Self::Owned => "owned",
            Self::Other => "object",
        }
    }
}
