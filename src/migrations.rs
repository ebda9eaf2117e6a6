//! The migrations of a repository: which directories hold them, in which order they run, and what changed between the
//! previous release and the subject.
//!
//! ```text
//!  directories ──► sequence ──► survey ──► facts, rules
//!  (listing,        (ordered      (what      │
//!   hints)           files)        changed)  └─► lowering (statements, cached) ──► schema replay
//! ```

pub mod changes;
pub mod directories;
pub mod lowering;
mod memory;
pub mod replay;
pub mod sequence;
pub mod upgrade;

use std::sync::Arc;

use crate::config::Phase;
use crate::discover::{Reader, Snapshot};
use crate::syntax::migration::Runner;
use crate::syntax::sql::operation::Dialect;
use changes::FileChange;
use directories::MigrationDirectory;
pub use memory::Memory;
use sequence::{MigrationFile, Sequence};

/// What the configuration says about one directory of migrations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MigrationSettings {
    /// Its path from the root of the repository.
    pub path: String,
    /// The dialect, if it is said; found otherwise.
    pub dialect: Option<Dialect>,
    /// The runner, if it is said; found otherwise.
    pub runner: Option<Runner>,
    /// The server's major version, if it is said.
    pub server_version: Option<u32>,
    /// The connection, the role or the runner sets a `lock_timeout`.
    pub assume_lock_timeout: bool,
    /// The connection, the role or the runner sets a `statement_timeout`.
    pub assume_statement_timeout: bool,
    /// When the migrations run.
    pub phase: Phase,
}

/// All migrations at the previous release and at the subject, and what changed.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// The state before; empty when there is no previous release.
    pub previous: Snapshot,
    /// The state that is judged.
    pub subject: Snapshot,
    /// The directories, sorted by path and dialect. One that holds files for several databases stands once for each.
    pub directories: Vec<DirectorySurvey>,
}

/// One sequence of migrations, before and after.
#[derive(Debug, Clone)]
pub struct DirectorySurvey {
    /// The directory, as the subject has it (or, when it is gone, as the previous release had it).
    pub directory: MigrationDirectory,
    /// Its files at the previous release, in the order in which they run.
    pub previous: Arc<Sequence>,
    /// Its files at the subject, in the order in which they run.
    pub subject: Arc<Sequence>,
    /// What differs, sorted by path. A file that two sequences share is in one of them.
    pub changes: Vec<FileChange>,
}

/// Finds the directories of both states and compares their files. Reads what discovery needs and files that differ; what
/// cannot be read or told is noted in the reader's coverage.
pub fn survey(
    previous: Option<&Snapshot>,
    subject: &Snapshot,
    settings: &[MigrationSettings],
    reader: &mut Reader<'_>,
) -> Survey {
    survey_with(&Memory::default(), previous, subject, settings, reader)
}

/// The same, with what is known of other states.
pub fn survey_with(
    memory: &Memory,
    previous: Option<&Snapshot>,
    subject: &Snapshot,
    settings: &[MigrationSettings],
    reader: &mut Reader<'_>,
) -> Survey {
    let nothing = Snapshot::default();
    let before = previous.unwrap_or(&nothing);
    let directories = directories::of_both(memory, before, subject, reader, settings);
    let mut surveyed: Vec<DirectorySurvey> = directories
        .into_iter()
        .map(|pair| DirectorySurvey {
            previous: memory.sequence(before, &pair.previous),
            subject: memory.sequence(subject, &pair.subject),
            directory: pair.subject,
            changes: Vec::new(),
        })
        .collect();
    changes::compare(before, subject, &mut surveyed, reader);
    surveyed.iter_mut().for_each(follow_moves);
    Survey {
        previous: before.clone(),
        subject: subject.clone(),
        directories: surveyed,
    }
}

/// Files that moved here were released from where they were: what they made is there before anything new runs.
fn follow_moves(directory: &mut DirectorySurvey) {
    let here = directory.previous.paths();
    let moved: Vec<Arc<MigrationFile>> = directory
        .changes
        .iter()
        .filter(|change| change.current.is_some())
        .filter_map(|change| change.previous.as_ref())
        .filter(|was| here.binary_search(&was.path).is_err())
        .map(|was| Arc::new(was.clone()))
        .collect();
    if !moved.is_empty() {
        directory.previous = Arc::new(directory.previous.with(moved));
    }
}

#[cfg(test)]
mod tests;
