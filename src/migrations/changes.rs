//! What changed in the migrations between two states of the repository.

mod matching;
mod print;

use std::collections::BTreeMap;

use super::DirectorySurvey;
use super::sequence::MigrationFile;
use crate::discover::{Reader, Snapshot};
use crate::syntax::migration::{FileName, Role};
use crate::syntax::sql::operation::Dialect;
use print::Prints;

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
    let mut old = members(surveyed, |directory| &directory.previous.files);
    let new = members(surveyed, |directory| &directory.subject.files);
    // What is still there has not been deleted, even if no sequence takes it any more.
    old.retain(|path, _| new.contains_key(path) || after.get(path).is_none());

    let mut pairs: Vec<Pair> = Vec::new();
    let mut gone: Vec<Member> = Vec::new();
    for (path, member) in &old {
        match new.get(path) {
            Some(now) if is_same_content(&member.file, &now.file) => {}
            Some(now) => pairs.push(Pair {
                before: Some(member.clone()),
                after: Some(now.clone()),
            }),
            None => gone.push(member.clone()),
        }
    }
    let fresh: Vec<Member> = new
        .iter()
        .filter(|(path, _)| !old.contains_key(*path))
        .map(|(_, member)| member.clone())
        .collect();

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

/// Each file once, in the sequence of the database that relgate knows most about.
fn members(
    surveyed: &[DirectorySurvey],
    files: impl Fn(&DirectorySurvey) -> &Vec<MigrationFile>,
) -> BTreeMap<String, Member> {
    let mut order: Vec<usize> = (0..surveyed.len()).collect();
    order.sort_by_key(|&index| {
        surveyed
            .get(index)
            .map(|directory| directory.directory.dialect)
    });
    let mut members = BTreeMap::new();
    for (sequence, directory) in order
        .into_iter()
        .filter_map(|index| Some((index, surveyed.get(index)?)))
    {
        for file in files(directory) {
            members.entry(file.path.clone()).or_insert_with(|| Member {
                file: file.clone(),
                sequence,
                dialect: directory.directory.dialect,
            });
        }
    }
    members
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
            current: Some(after.file),
        }),
        (Some(before), None) => Some(FileChange {
            kind: ChangeKind::Deleted,
            current: None,
            up_changed: before.file.name.role.goes_up(),
            down_changed: holds_down(&before.file),
            renumbered: false,
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
    (modified || moved).then_some(FileChange {
        kind: if modified {
            ChangeKind::Modified
        } else {
            ChangeKind::Renamed
        },
        up_changed: up || (renumbered && goes_up),
        down_changed: down,
        renumbered,
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
