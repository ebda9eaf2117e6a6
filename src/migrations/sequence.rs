//! The files of a directory in the order in which its runner takes them.

use std::collections::{BTreeMap, BTreeSet};

use super::directories::MigrationDirectory;
use crate::discover::{EntryKind, Snapshot};
use crate::git::ObjectId;
use crate::syntax::migration::{Direction, FileName, Layout, Order, Recognition, Role, recognize};

/// A migration file at a state of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationFile {
    /// Its path from the root of the repository.
    pub path: String,
    /// Its content.
    pub oid: ObjectId,
    /// What stands there; only an ordinary file can be read.
    pub kind: EntryKind,
    /// What its name says.
    pub name: FileName,
    /// The file beside it that directs the runner (diesel's `metadata.toml`, Flyway's `.conf`), if there is one.
    pub sidecar: Option<(String, ObjectId)>,
}

/// The migrations of a directory at a state of the repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sequence {
    /// Up and down files, in the order in which they go up; at the same version the way up comes first.
    pub files: Vec<MigrationFile>,
    /// Files that somebody took for migrations and the runner does not, sorted by path.
    pub unreadable: Vec<(String, ObjectId)>,
    /// The files of each identity, as indices of `files`.
    by_identity: BTreeMap<String, Vec<usize>>,
}

impl Sequence {
    /// Lists the directory as its runner does.
    pub fn list(snapshot: &Snapshot, directory: &MigrationDirectory) -> Self {
        let mut sequence = Self::default();
        for (path, entry) in snapshot.below(&directory.path) {
            let relative = directory.relative(path);
            match recognize(directory.runner, relative) {
                Recognition::Migration(name) if directory.takes(&name) => {
                    sequence.files.push(MigrationFile {
                        path: path.to_owned(),
                        oid: entry.oid,
                        kind: entry.kind,
                        sidecar: sidecar(snapshot, directory, path),
                        name,
                    });
                }
                Recognition::Unreadable => sequence.unreadable.push((path.to_owned(), entry.oid)),
                Recognition::Migration(_) | Recognition::Other => {}
            }
        }
        sequence.drop_overridden(directory);
        sequence
            .files
            .sort_by(|a, b| a.position().cmp(&b.position()));
        for (index, file) in sequence.files.iter().enumerate() {
            sequence
                .by_identity
                .entry(file.name.identity.clone())
                .or_default()
                .push(index);
        }
        sequence
    }

    /// popx prefers `x.postgres.up.sql` to `x.up.sql`.
    fn drop_overridden(&mut self, directory: &MigrationDirectory) {
        if directory.databases.is_empty() {
            return;
        }
        let own: BTreeSet<(String, Role)> = self
            .files
            .iter()
            .filter(|file| !file.name.database.is_empty())
            .map(|file| (file.name.identity.clone(), file.name.role))
            .collect();
        self.files.retain(|file| {
            !file.name.database.is_empty()
                || !own.contains(&(file.name.identity.clone(), file.name.role))
        });
    }

    /// The files that lead to the newer schema, in order.
    pub fn ups(&self) -> impl DoubleEndedIterator<Item = &MigrationFile> {
        self.files.iter().filter(|file| file.name.role.goes_up())
    }

    /// The files that only lead back, in the order in which they go up.
    pub fn downs(&self) -> impl DoubleEndedIterator<Item = &MigrationFile> {
        self.files
            .iter()
            .filter(|file| file.name.role == Role::Down)
    }

    /// The file that undoes `up`: another one, or itself when it holds both ways; `None` when there is none.
    pub fn down_of<'s>(&'s self, up: &'s MigrationFile) -> Option<&'s MigrationFile> {
        match up.name.role {
            Role::Both => Some(up),
            Role::Up => self
                .of_identity(&up.name.identity)
                .find(|file| file.name.role == Role::Down),
            Role::Down | Role::Repeatable | Role::Baseline => None,
        }
    }

    /// The files that the runner takes for one migration, in order.
    pub fn of_identity(&self, identity: &str) -> impl Iterator<Item = &MigrationFile> {
        self.by_identity
            .get(identity)
            .into_iter()
            .flatten()
            .filter_map(|&index| self.files.get(index))
    }

    /// The file was not read as a migration here either, with the same content.
    pub fn knows_unreadable(&self, file: &(String, ObjectId)) -> bool {
        self.unreadable.binary_search(file).is_ok()
    }

    /// The versioned migration that runs last.
    pub fn latest(&self) -> Option<&MigrationFile> {
        self.ups().rfind(|file| file.name.role != Role::Repeatable)
    }
}

impl MigrationFile {
    /// Where it stands in its sequence: repeatable ones last, then by version, the way up before the way back.
    pub fn position(&self) -> (bool, &Order, Role, &str) {
        let name = &self.name;
        (
            name.role == Role::Repeatable,
            &name.order,
            name.role,
            &self.path,
        )
    }

    /// The direction that the file has in facts: `up` when it holds both.
    pub fn direction(&self) -> Direction {
        if self.name.role == Role::Down {
            Direction::Down
        } else {
            Direction::Up
        }
    }
}

fn sidecar(
    snapshot: &Snapshot,
    directory: &MigrationDirectory,
    path: &str,
) -> Option<(String, ObjectId)> {
    use crate::syntax::migration::OptOut;
    let profile = directory.runner.profile();
    let beside = match (profile.opt_out, profile.layout) {
        (OptOut::Sidecar, Layout::Directories) => {
            format!("{}/metadata.toml", path.rsplit_once('/')?.0)
        }
        (OptOut::Automatic, _) => format!("{path}.conf"),
        _ => return None,
    };
    let entry = snapshot.get(&beside)?;
    Some((beside, entry.oid))
}
