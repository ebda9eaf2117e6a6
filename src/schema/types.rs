//! User-defined types.

use crate::syntax::sql::operation::TypeName;

use super::{Birth, Key};

/// A user-defined type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeEntry {
    /// Its schema and name.
    pub key: Key,
    /// What it is.
    pub kind: TypeKind,
    /// When it was created.
    pub born: Birth,
}

/// What a user-defined type is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeKind {
    /// An enum: its values in order, with their birth.
    Enum(Vec<(String, Birth)>),
    /// A domain.
    Domain(Domain),
    /// A composite, range or other type.
    Other,
}

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// What it is made of.
    pub base: TypeName,
    /// It cannot be NULL.
    pub not_null: bool,
    /// Its default's text.
    pub default: Option<String>,
    /// The names of its CHECK constraints, and whether they are valid; an unnamed one has an empty name.
    pub checks: Vec<(String, bool)>,
}

impl Domain {
    /// Values of the base type are not all values of the domain, so the server has to look at them.
    pub fn is_constrained(&self) -> bool {
        self.not_null || !self.checks.is_empty()
    }
}
