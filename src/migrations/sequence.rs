//! The files of a directory in the order in which its runner takes them.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

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
    pub files: Vec<Arc<MigrationFile>>,
    /// Files that somebody took for migrations and the runner does not, sorted by path.
    pub unreadable: Vec<(String, ObjectId)>,
    /// What other commands of the runner run, sorted by path.
    pub callbacks: Vec<(String, ObjectId)>,
    /// The same files, sorted by path.
    by_path: Vec<Arc<MigrationFile>>,
    /// The files by their identity, and those of one as they run: indices of `files`.
    by_identity: Vec<usize>,
}

impl Sequence {
    /// Lists the directory as its runner does.
    pub fn list(snapshot: &Snapshot, directory: &MigrationDirectory) -> Self {
        Self::list_like(snapshot, directory, None)
    }

    /// The same, sharing the files that another state of the same directory has too.
    pub(super) fn list_like(
        snapshot: &Snapshot,
        directory: &MigrationDirectory,
        base: Option<&Self>,
    ) -> Self {
        let mut sequence = Self::default();
        let mut known = base.into_iter().flat_map(|base| &base.by_path).peekable();
        for (path, entry) in snapshot.below(&directory.path) {
            while known.next_if(|file| file.path.as_str() < path).is_some() {}
            if let Some(file) = known.next_if(|file| file.path == path)
                && (file.oid, file.kind) == (entry.oid, entry.kind)
                && file.sidecar == sidecar(snapshot, directory, path)
            {
                sequence.by_path.push(Arc::clone(file));
                continue;
            }
            let relative = directory.relative(path);
            match recognize(directory.runner, relative) {
                Recognition::Migration(name) if directory.takes(&name) => {
                    sequence.by_path.push(Arc::new(MigrationFile {
                        path: path.to_owned(),
                        oid: entry.oid,
                        kind: entry.kind,
                        sidecar: sidecar(snapshot, directory, path),
                        name,
                    }));
                }
                Recognition::Unreadable => sequence.unreadable.push((path.to_owned(), entry.oid)),
                Recognition::Callback => sequence.callbacks.push((path.to_owned(), entry.oid)),
                Recognition::Migration(_) | Recognition::Other => {}
            }
        }
        sequence.drop_overridden(directory);
        sequence.arrange(base);
        sequence
    }

    /// The sequence with more files, which stand at other paths.
    pub(super) fn with(&self, files: impl IntoIterator<Item = Arc<MigrationFile>>) -> Self {
        let mut sequence = self.clone();
        sequence.by_path.extend(files);
        sequence.by_path.sort_by(|a, b| a.path.cmp(&b.path));
        sequence.arrange(Some(self));
        sequence
    }

    /// Puts the files in the order in which they run. What is shared with `base` stands in order there already, and sorting
    /// that again costs no more than looking at it.
    fn arrange(&mut self, base: Option<&Self>) {
        self.files = match base {
            Some(base) => {
                let mut own: HashSet<*const MigrationFile> =
                    self.by_path.iter().map(Arc::as_ptr).collect();
                let shared = base.files.iter();
                let shared = shared.filter(|file| own.remove(&Arc::as_ptr(file)));
                let mut files: Vec<Arc<MigrationFile>> = shared.cloned().collect();
                let more = self.by_path.iter();
                files.extend(
                    more.filter(|file| own.contains(&Arc::as_ptr(file)))
                        .cloned(),
                );
                files
            }
            None => self.by_path.clone(),
        };
        self.files.sort_by(|a, b| a.position().cmp(&b.position()));
        let files = &self.files;
        let identity = |index: usize| files.get(index).map(|file| file.name.identity.as_str());
        self.by_identity = (0..files.len()).collect();
        self.by_identity
            .sort_by(|&a, &b| identity(a).cmp(&identity(b)));
    }

    /// The paths of the files, sorted.
    pub(super) fn paths(&self) -> Vec<String> {
        self.by_path.iter().map(|file| file.path.clone()).collect()
    }

    /// The files sorted by path.
    pub(super) fn by_path(&self) -> &[Arc<MigrationFile>] {
        &self.by_path
    }

    /// The files that another state of the directory does not share, in order. What it shares is the same in both; what
    /// it does not share may be all the same.
    pub fn not_shared<'s>(
        &'s self,
        other: &'s Self,
    ) -> impl Iterator<Item = &'s Arc<MigrationFile>> {
        let mut others = other.files.iter().peekable();
        self.files.iter().filter(move |file| {
            while let Some(next) = others.peek() {
                if Arc::ptr_eq(next, file) {
                    others.next();
                    return false;
                }
                if next.position() >= file.position() {
                    return true;
                }
                others.next();
            }
            true
        })
    }

    /// popx prefers `x.postgres.up.sql` to `x.up.sql`.
    fn drop_overridden(&mut self, directory: &MigrationDirectory) {
        if directory.databases.is_empty() {
            return;
        }
        let own: BTreeSet<(String, Role)> = self
            .by_path
            .iter()
            .filter(|file| !file.name.database.is_empty())
            .map(|file| (file.name.identity.clone(), file.name.role))
            .collect();
        self.by_path.retain(|file| {
            !file.name.database.is_empty()
                || !own.contains(&(file.name.identity.clone(), file.name.role))
        });
    }

    /// The files that lead to the newer schema, in order.
    pub fn ups(&self) -> impl DoubleEndedIterator<Item = &MigrationFile> {
        self.files
            .iter()
            .map(AsRef::as_ref)
            .filter(|file: &&MigrationFile| file.name.role.goes_up())
    }

    /// The files that only lead back, in the order in which they go up.
    pub fn downs(&self) -> impl DoubleEndedIterator<Item = &MigrationFile> {
        self.files
            .iter()
            .map(AsRef::as_ref)
            .filter(|file: &&MigrationFile| file.name.role == Role::Down)
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
    pub fn of_identity<'s>(&'s self, identity: &'s str) -> impl Iterator<Item = &'s MigrationFile> {
        let of = |index: usize| self.files.get(index).map(AsRef::as_ref);
        let before = |index: &usize| {
            of(*index).is_some_and(|file: &MigrationFile| file.name.identity.as_str() < identity)
        };
        let start = self.by_identity.partition_point(before);
        self.by_identity
            .get(start..)
            .unwrap_or_default()
            .iter()
            .filter_map(move |&index| of(index))
            .take_while(move |file| file.name.identity == identity)
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
