//! What changed in the migrations between two states of the repository.

mod matching;
mod print;

use std::sync::Arc;

use super::DirectorySurvey;
use super::sequence::{MigrationFile, Sequence};
use crate::discover::{Reader, Snapshot};
use crate::syntax::migration::{FileName, Role};
use crate::syntax::sql::operation::Dialect;
use print::{Prints, parts_that_run};

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
    /// SQL that a database may have run says something else now, or is gone.
    pub edited: bool,
    /// Of a released file whose parts run by themselves: the sections, by their index, that a database which has run the
    /// released file still runs. `None` for a file that runs as a whole.
    pub new_sections: Option<Vec<usize>>,
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

/// A file of one state and the sequence that it is counted in.
#[derive(Debug, Clone)]
struct Member {
    file: MigrationFile,
    sequence: usize,
    dialect: Dialect,
}

/// A file of both states, or of one of them.
struct Pair {
    before: Option<Member>,
    after: Option<Member>,
}

/// Fills in what changed in each sequence. Files with the same content are not read.
pub(super) fn compare(
    before: &Snapshot,
    after: &Snapshot,
    surveyed: &mut [DirectorySurvey],
    reader: &mut Reader<'_>,
) {
    let sequences = |of: fn(&DirectorySurvey) -> &Arc<Sequence>| -> Vec<Arc<Sequence>> {
        surveyed
            .iter()
            .map(|directory| Arc::clone(of(directory)))
            .collect()
    };
    let (previous, subject) = (
        sequences(|directory| &directory.previous),
        sequences(|directory| &directory.subject),
    );
    let old = files(surveyed, &previous);
    let new = files(surveyed, &subject);
    let member = |(file, sequence): (&Arc<MigrationFile>, usize)| Member {
        file: MigrationFile::clone(file),
        sequence,
        dialect: surveyed
            .get(sequence)
            .map_or(Dialect::Generic, |directory| directory.directory.dialect),
    };

    let mut pairs: Vec<Pair> = Vec::new();
    let (mut gone, mut fresh): (Vec<Member>, Vec<Member>) = (Vec::new(), Vec::new());
    let mut new = new.into_iter().peekable();
    for was in old {
        let path = was.0.path.as_str();
        while let Some(added) = new.next_if(|(file, _)| file.path.as_str() < path) {
            fresh.push(member(added));
        }
        match new.next_if(|(file, _)| file.path == path) {
            Some((now, _)) if Arc::ptr_eq(was.0, now) || is_same_content(was.0, now) => {}
            Some(now) => pairs.push(Pair {
                before: Some(member(was)),
                after: Some(member(now)),
            }),
            // What is still there has not been deleted, even if no sequence takes it any more.
            None if after.get(path).is_some() => {}
            None => gone.push(member(was)),
        }
    }
    fresh.extend(new.map(member));

    let mut prints = Prints::default();
    prints.take(
        before,
        pairs.iter().filter_map(|pair| pair.before.as_ref()),
        surveyed,
        reader,
    );
    prints.take(
        after,
        pairs.iter().filter_map(|pair| pair.after.as_ref()),
        surveyed,
        reader,
    );
    if !gone.is_empty() && !fresh.is_empty() {
        prints.take(before, &gone, surveyed, reader);
        prints.take(after, &fresh, surveyed, reader);
    }
    pairs.extend(matching::pair(gone, fresh, &prints));
    for pair in pairs {
        let owner = pair
            .after
            .as_ref()
            .or(pair.before.as_ref())
            .map(|member| member.sequence);
        if let Some(change) = change(pair, &prints)
            && let Some(directory) = owner.and_then(|index| surveyed.get_mut(index))
        {
            directory.changes.push(change);
        }
    }
    for directory in surveyed {
        directory.changes.sort_by(|a, b| a.path().cmp(b.path()));
    }
}

/// Each file once, sorted by path, with the sequence of the database that relgate knows most about.
fn files<'s>(
    surveyed: &[DirectorySurvey],
    sequences: &'s [Arc<Sequence>],
) -> Vec<(&'s Arc<MigrationFile>, usize)> {
    let mut order: Vec<(usize, &Arc<Sequence>)> = sequences.iter().enumerate().collect();
    order.sort_by_key(|(index, _)| {
        surveyed
            .get(*index)
            .map(|directory| directory.directory.dialect)
    });
    let mut files: Vec<(&Arc<MigrationFile>, usize)> = order
        .into_iter()
        .flat_map(|(index, sequence)| sequence.by_path().iter().map(move |file| (file, index)))
        .collect();
    // The sort is stable, so the first of a path is the one of the better known database.
    files.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    files.dedup_by(|(b, _), (a, _)| a.path == b.path);
    files
}

fn is_same_content(a: &MigrationFile, b: &MigrationFile) -> bool {
    let sidecar = |file: &MigrationFile| file.sidecar.as_ref().map(|(_, oid)| *oid);
    a.oid == b.oid && sidecar(a) == sidecar(b)
}

/// What happened to a pair; `None` when nothing did that a database or a runner sees.
fn change(pair: Pair, prints: &Prints) -> Option<FileChange> {
    match (pair.before, pair.after) {
        (Some(before), Some(after)) => both(before, after, prints),
        (None, Some(after)) => Some(FileChange {
            kind: ChangeKind::Added,
            previous: None,
            up_changed: after.file.name.role.goes_up(),
            down_changed: holds_down(&after.file),
            renumbered: false,
            edited: false,
            new_sections: None,
            current: Some(after.file),
        }),
        (Some(before), None) => Some(FileChange {
            kind: ChangeKind::Deleted,
            current: None,
            up_changed: before.file.name.role.goes_up(),
            down_changed: holds_down(&before.file),
            renumbered: false,
            edited: false,
            new_sections: None,
            previous: Some(before.file),
        }),
        (None, None) => None,
    }
}

fn both(before: Member, after: Member, prints: &Prints) -> Option<FileChange> {
    let moved = before.file.path != after.file.path;
    let renumbered = moved && is_renumbered(&before.file.name, &after.file.name);
    let (old, new) = (prints.of(&before), prints.of(&after));
    let goes_up = before.file.name.role.goes_up() || after.file.name.role.goes_up();
    let (up, down) = match (old, new) {
        (Some(old), Some(new)) => (old.up != new.up, old.down != new.down),
        // What cannot be read may say anything.
        _ if is_same_content(&before.file, &after.file) => (false, false),
        _ => (goes_up, holds_down(&after.file)),
    };
    let modified = up || down;
    let (edited, new_sections) = match (old, new) {
        (Some(old), Some(new)) => match parts_that_run(old, new) {
            Some(parts) => (parts.edited, Some(parts.new)),
            None => (up, None),
        },
        _ => (up, None),
    };
    (modified || moved).then_some(FileChange {
        kind: if modified {
            ChangeKind::Modified
        } else {
            ChangeKind::Renamed
        },
        up_changed: up || (renumbered && goes_up),
        down_changed: down,
        renumbered,
        edited,
        new_sections,
        previous: Some(before.file),
        current: Some(after.file),
    })
}

/// A runner takes the one for another migration than the other.
fn is_renumbered(before: &FileName, after: &FileName) -> bool {
    let other_number = if before.order.parts() == after.order.parts() {
        before.order != after.order
    } else {
        // Files that move into numbered directories keep a number of their own.
        before.order.last() != after.order.last()
    };
    // To some runners the whole name is the version.
    let other_name = before.identity != after.identity && before.title != after.title;
    other_number || other_name
}

fn holds_down(file: &MigrationFile) -> bool {
    matches!(file.name.role, Role::Down | Role::Both)
}
