//! What changed in the migrations between two states of the repository.

use super::DirectorySurvey;
use super::sequence::MigrationFile;
use crate::discover::{Reader, Snapshot};

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// Its SQL differs.
    Modified,
    /// It is gone.
    Deleted,
    /// It moved and kept its SQL.
    Renamed,
}

impl ChangeKind {
    /// The word that facts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Deleted => "deleted",
            Self::Renamed => "renamed",
        }
    }
}

/// A file that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// What happened.
    pub kind: ChangeKind,
    /// The file before; `None` when it is new.
    pub previous: Option<MigrationFile>,
    /// The file now; `None` when it is gone.
    pub current: Option<MigrationFile>,
    /// The way up is new, differs, is gone, or has another version than before: databases that have run it and those
    /// that have not will differ, or must run something.
    pub up_changed: bool,
    /// The way down is new, differs or is gone.
    pub down_changed: bool,
    /// It has another version than before.
    pub renumbered: bool,
}

impl FileChange {
    /// The file as it is now, or as it was when it is gone.
    pub fn file(&self) -> Option<&MigrationFile> {
        self.current.as_ref().or(self.previous.as_ref())
    }

    /// Its path now, or before when it is gone.
    pub fn path(&self) -> &str {
        self.file().map_or("", |file| &file.path)
    }
}

/// Fills in what changed in each sequence.
pub(super) fn compare(
    _before: &Snapshot,
    _after: &Snapshot,
    _surveyed: &mut [DirectorySurvey],
    _reader: &mut Reader<'_>,
) {
}
