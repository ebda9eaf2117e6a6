//! Listing trees and the index, and comparing trees.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use super::object::root_of;
use super::{GitError, ObjectId, Repository, readable};

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// An ordinary file.
    File,
    /// A symbolic link; relgate does not follow it.
    Symlink,
    /// A submodule; its content is in another repository.
    Submodule,
}

/// A path of a commit or of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The content's object id.
    pub oid: ObjectId,
    /// What it is.
    pub kind: EntryKind,
}

/// All paths of a commit or of the index.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Path from the root, with `/`, to what stands there.
    pub entries: BTreeMap<String, Entry>,
    /// What is there and could not be listed, sorted.
    pub unlisted: Vec<Unlisted>,
}

/// A path that could not be listed, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unlisted {
    /// The path; bytes that are not UTF-8 as `\xNN`.
    pub path: String,
    /// Why, as a phrase.
    pub reason: &'static str,
}

/// A tree may list a subtree many times, so that a small repository unfolds to any number of files.
const MAX_FILES: usize = 2_000_000;
/// Linux takes no longer path; what is longer can never be a file of a work tree.
const MAX_PATH_BYTES: usize = 4096;
/// How many tree entries are kept for the next listing.
const MAX_CACHED: usize = 1_000_000;

/// Trees that were read before: the states of a repository share most of them.
#[derive(Default)]
pub(super) struct Cache {
    trees: HashMap<ObjectId, Arc<[Item]>>,
    entries: usize,
}

/// An entry of one tree.
struct Item {
    name: Box<[u8]>,
    oid: ObjectId,
    kind: ItemKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ItemKind {
    Tree,
    Leaf(EntryKind),
}

impl Repository {
    /// Every path of a commit's tree.
    pub fn list(&self, commit: ObjectId) -> Result<Listing, GitError> {
        let root = self.root_tree(commit)?;
        let mut leaves = Vec::new();
        let mut unlisted = Vec::new();
        // A tree's entries go on the stack in reverse, so that paths come out almost sorted.
        let mut stack = vec![(Vec::new(), root)];
        let mut budget = MAX_FILES;
        while let Some((prefix, tree)) = stack.pop() {
            let items = self.tree(tree)?;
            budget = budget
                .checked_sub(items.len())
                .ok_or(GitError::TooManyFiles {
                    commit,
                    limit: MAX_FILES,
                })?;
            for item in items.iter().rev() {
                let path = join(&prefix, &item.name);
                if path.len() > MAX_PATH_BYTES {
                    unlisted.push(cannot_list(&prefix, "its path is too long for a file"));
                    continue;
                }
                match item.kind {
                    ItemKind::Tree => stack.push((path, item.oid)),
                    ItemKind::Leaf(kind) => match String::from_utf8(path) {
                        Ok(path) => leaves.push((
                            path,
                            Entry {
                                oid: item.oid,
                                kind,
                            },
                        )),
                        Err(error) => {
                            unlisted.push(cannot_list(error.as_bytes(), "its name is not UTF-8"));
                        }
                    },
                }
            }
        }
        Ok(make_listing(leaves, unlisted))
    }

    /// Every path of the index: what the next commit would hold. `file` names another index than the repository's own, as
    /// git hands one to hooks while it commits only some files.
    pub fn list_index(&self, file: Option<&Path>) -> Result<Listing, GitError> {
        if self.is_bare() {
            return Err(GitError::Index {
                why: "a bare repository has none".to_owned(),
                help: "run relgate in a work tree, or judge a revision: relgate check --tag TAG --at REV",
            });
        }
        let own = self.directory.join("index");
        let index = git2::Index::open(file.unwrap_or(&own)).map_err(|error| {
            let why = error.message().to_owned();
            let help = if why.contains("'sdir'") {
                "git sparse-checkout reapply --no-sparse-index"
            } else if why.contains("'link'") {
                "git update-index --no-split-index"
            } else {
                "rm .git/index && git reset        makes it again from HEAD"
            };
            GitError::Index { why, help }
        })?;
        let mut leaves = Vec::new();
        let mut unlisted = BTreeMap::new();
        for entry in index.iter() {
            let stage = (entry.flags >> 12) & 3;
            // `git add --intent-to-add` promises content that is not there yet.
            let promised = entry.flags_extended & (1 << 13) != 0;
            let reason = if stage != 0 {
                Some("it has a merge conflict")
            } else if promised {
                Some("its content is not staged yet (git add --intent-to-add)")
            } else {
                None
            };
            if let Some(reason) = reason {
                unlisted.insert(readable(&entry.path), reason);
                continue;
            }
            let ItemKind::Leaf(kind) = item_kind(entry.mode) else {
                unlisted.insert(readable(&entry.path), "it is a directory of a sparse index");
                continue;
            };
            let oid = ObjectId::from_git(entry.id);
            match String::from_utf8(entry.path) {
                Ok(path) => leaves.push((path, Entry { oid, kind })),
                Err(error) => {
                    unlisted.insert(readable(error.as_bytes()), "its name is not UTF-8");
                }
            }
        }
        let unlisted = unlisted
            .into_iter()
            .map(|(path, reason)| Unlisted { path, reason })
            .collect();
        Ok(make_listing(leaves, unlisted))
    }

    /// The paths whose content, kind or existence differs between two commits, sorted; at most `limit`.
    pub fn changed_paths(
        &self,
        from: ObjectId,
        to: ObjectId,
        limit: usize,
    ) -> Result<Vec<String>, GitError> {
        let (from_tree, to_tree) = (self.root_tree(from)?, self.root_tree(to)?);
        self.changed_between(Some(from_tree), Some(to_tree), to, limit)
    }

    fn changed_between(
        &self,
        from: Option<ObjectId>,
        to: Option<ObjectId>,
        commit: ObjectId,
        limit: usize,
    ) -> Result<Vec<String>, GitError> {
        let mut changed = BTreeSet::new();
        let mut stack = vec![(Vec::new(), from, to)];
        let mut budget = MAX_FILES;
        while let Some((prefix, from, to)) = stack.pop() {
            if from == to || prefix.len() > MAX_PATH_BYTES {
                continue;
            }
            let before = from.map(|tree| self.tree(tree)).transpose()?;
            let after = to.map(|tree| self.tree(tree)).transpose()?;
            let mut names: BTreeMap<&[u8], [Option<&Item>; 2]> = BTreeMap::new();
            for (side, items) in [&before, &after].into_iter().enumerate() {
                for item in items.iter().flat_map(|items| items.iter()) {
                    names.entry(&item.name).or_default()[side] = Some(item);
                }
            }
            budget = budget
                .checked_sub(names.len())
                .ok_or(GitError::TooManyFiles {
                    commit,
                    limit: MAX_FILES,
                })?;
            // In reverse, so that the stack gives the lower names first and the limit keeps them.
            for (name, [before, after]) in names.into_iter().rev() {
                let same = before.map(|item| (item.oid, item.kind))
                    == after.map(|item| (item.oid, item.kind));
                if same {
                    continue;
                }
                let tree = |item: Option<&Item>| {
                    item.filter(|item| item.kind == ItemKind::Tree)
                        .map(|item| item.oid)
                };
                let leaf = |item: Option<&Item>| {
                    item.is_some_and(|item| matches!(item.kind, ItemKind::Leaf(_)))
                };
                let path = join(&prefix, name);
                if leaf(before) || leaf(after) {
                    changed.insert(readable(&path));
                }
                let (from, to) = (tree(before), tree(after));
                if from != to {
                    stack.push((path, from, to));
                }
            }
            // What is still on the stack may hold lower names than what was found, so one path more than the limit is no
            // reason to stop; many more are.
            if changed.len() > limit.saturating_add(MAX_PATH_BYTES).saturating_mul(4) {
                break;
            }
        }
        Ok(changed.into_iter().take(limit).collect())
    }

    fn root_tree(&self, commit: ObjectId) -> Result<ObjectId, GitError> {
        let data = self.object(commit, git2::ObjectType::Commit, "commit")?;
        root_of(&data).ok_or_else(|| GitError::Unreadable {
            what: format!("commit {commit}"),
            why: "it names no tree".to_owned(),
        })
    }

    fn tree(&self, id: ObjectId) -> Result<Arc<[Item]>, GitError> {
        if let Some(known) = self.trees.borrow().trees.get(&id) {
            return Ok(Arc::clone(known));
        }
        let tree = self
            .inner
            .find_tree(id.to_git())
            .map_err(|error| self.unreadable_object("tree", id, &error))?;
        let items: Arc<[Item]> = tree
            .iter()
            .map(|entry| Item {
                name: entry.name_bytes().into(),
                oid: ObjectId::from_git(entry.id()),
                kind: item_kind(u32::try_from(entry.filemode_raw()).unwrap_or(0)),
            })
            .collect();
        let mut cache = self.trees.borrow_mut();
        if cache.entries > MAX_CACHED {
            *cache = Cache::default();
        }
        cache.entries += items.len();
        cache.trees.insert(id, Arc::clone(&items));
        Ok(items)
    }
}

/// What a mode says; anything that is neither directory, link nor submodule is a file, as in git.
fn item_kind(mode: u32) -> ItemKind {
    match mode & 0o170_000 {
        0o040_000 => ItemKind::Tree,
        0o120_000 => ItemKind::Leaf(EntryKind::Symlink),
        0o160_000 => ItemKind::Leaf(EntryKind::Submodule),
        _ => ItemKind::Leaf(EntryKind::File),
    }
}

fn join(prefix: &[u8], name: &[u8]) -> Vec<u8> {
    if prefix.is_empty() {
        return name.to_vec();
    }
    let mut path = Vec::with_capacity(prefix.len() + 1 + name.len());
    path.extend_from_slice(prefix);
    path.push(b'/');
    path.extend_from_slice(name);
    path
}

fn cannot_list(path: &[u8], reason: &'static str) -> Unlisted {
    Unlisted {
        path: readable(path),
        reason,
    }
}

fn make_listing(mut leaves: Vec<(String, Entry)>, mut unlisted: Vec<Unlisted>) -> Listing {
    leaves.sort_by(|a, b| a.0.cmp(&b.0));
    unlisted.sort();
    unlisted.dedup();
    Listing {
        entries: leaves.into_iter().collect(),
        unlisted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::tests::played;

    const STEPS: &str = "
- commit: one
  write: { a.sql: one, db/b.sql: two, db/deep/c.sql: three }
  tag: v1.0.0
- commit: two
  write: { db/b.sql: changed, db/new.sql: four }
  delete: [a.sql]
  tag: v1.0.1
- commit: three
  delete: [db/b.sql, db/new.sql, db/deep/c.sql]
  write: { db: a file now }
  tag: v1.0.2
";

    #[test]
    fn a_commit_is_listed() {
        let (_directory, repository) = played(STEPS);
        let commit = repository.resolve("v1.0.0").unwrap();
        let listing = repository.list(commit).unwrap();
        let paths: Vec<&str> = listing.entries.keys().map(String::as_str).collect();
        assert_eq!(paths, ["a.sql", "db/b.sql", "db/deep/c.sql"]);
        let entry = listing.entries.get("db/b.sql").unwrap();
        assert_eq!(entry.oid, ObjectId::of_content(b"two"));
        assert_eq!(entry.kind, EntryKind::File);
        assert!(listing.unlisted.is_empty());
    }

    #[test]
    fn commits_are_compared() {
        let (_directory, repository) = played(STEPS);
        let at = |name: &str| repository.resolve(name).unwrap();
        let changed = |from: &str, to: &str, limit: usize| {
            repository
                .changed_paths(at(from), at(to), limit)
                .unwrap()
                .join(" ")
        };
        assert_eq!(changed("v1.0.0", "v1.0.0", 100), "");
        assert_eq!(
            changed("v1.0.0", "v1.0.1", 100),
            "a.sql db/b.sql db/new.sql"
        );
        assert_eq!(
            changed("v1.0.1", "v1.0.0", 100),
            "a.sql db/b.sql db/new.sql"
        );
        assert_eq!(changed("v1.0.0", "v1.0.1", 2), "a.sql db/b.sql");
        assert_eq!(
            changed("v1.0.1", "v1.0.2", 100),
            "db db/b.sql db/deep/c.sql db/new.sql"
        );
    }

    #[test]
    fn the_index_is_listed() {
        let (_directory, repository) = played(STEPS);
        let listing = repository.list_index(None).unwrap();
        let paths: Vec<&str> = listing.entries.keys().map(String::as_str).collect();
        assert_eq!(paths, ["db"]);
    }

    #[test]
    fn a_broken_index_is_an_error() {
        let (_directory, repository) = played(STEPS);
        std::fs::write(repository.directory().join("index"), "DIRC garbage").unwrap();
        let error = repository.list_index(None).unwrap_err();
        assert!(matches!(error, GitError::Index { .. }), "{error}");
    }

    /// Writes a tree of raw entries and a commit of it.
    fn commit_of(repository: &Repository, entries: &[(&[u8], &str, git2::Oid)]) -> ObjectId {
        let tree = tree_of(repository, entries);
        let raw = format!(
            "tree {tree}\nauthor A <a@example.org> 1 +0000\ncommitter A <a@example.org> 1 +0000\n\nx\n"
        );
        let database = repository.inner.odb().unwrap();
        let id = database
            .write(git2::ObjectType::Commit, raw.as_bytes())
            .unwrap();
        ObjectId::from_git(id)
    }

    fn tree_of(repository: &Repository, entries: &[(&[u8], &str, git2::Oid)]) -> git2::Oid {
        let mut raw = Vec::new();
        for (name, mode, oid) in entries {
            raw.extend_from_slice(mode.as_bytes());
            raw.push(b' ');
            raw.extend_from_slice(name);
            raw.push(0);
            raw.extend_from_slice(oid.as_bytes());
        }
        let database = repository.inner.odb().unwrap();
        database.write(git2::ObjectType::Tree, &raw).unwrap()
    }

    #[test]
    fn names_of_every_kind_are_accounted_for() {
        let (_directory, repository) = played(STEPS);
        let blob = ObjectId::of_content(b"one").to_git();
        let commit = commit_of(
            &repository,
            &[
                (b"bell\x07\x1b[31m.sql", "100644", blob),
                (b"caf\xe9.sql", "100644", blob),
                (b"link", "120000", blob),
                (b"new\nline", "100755", blob),
                (b"sub", "160000", blob),
            ],
        );
        let listing = repository.list(commit).unwrap();
        let listed: Vec<(&str, EntryKind)> = listing
            .entries
            .iter()
            .map(|(path, entry)| (path.as_str(), entry.kind))
            .collect();
        assert_eq!(
            listed,
            [
                ("bell\x07\x1b[31m.sql", EntryKind::File),
                ("link", EntryKind::Symlink),
                ("new\nline", EntryKind::File),
                ("sub", EntryKind::Submodule),
            ]
        );
        let unlisted: Vec<&str> = listing
            .unlisted
            .iter()
            .map(|skipped| skipped.path.as_str())
            .collect();
        assert_eq!(unlisted, ["caf\\xe9.sql"]);
    }

    #[test]
    fn a_tree_that_unfolds_without_end_is_refused() {
        let (_directory, repository) = played(STEPS);
        let blob = ObjectId::of_content(b"one").to_git();
        let names: Vec<String> = (0..10).map(|i| i.to_string()).collect();
        let level = |below: git2::Oid, mode: &str| {
            let entries: Vec<(&[u8], &str, git2::Oid)> = names
                .iter()
                .map(|name| (name.as_bytes(), mode, below))
                .collect();
            tree_of(&repository, &entries)
        };
        let mut tree = level(blob, "100644");
        for _ in 0..9 {
            tree = level(tree, "40000");
        }
        let commit = commit_of(&repository, &[(b"d", "40000", tree)]);
        let error = repository.list(commit).unwrap_err();
        assert!(matches!(error, GitError::TooManyFiles { .. }), "{error}");
        let first = repository.resolve("v1.0.0").unwrap();
        let some = repository.changed_paths(first, commit, 100).unwrap();
        assert_eq!(some.len(), 100);
        let error = repository
            .changed_paths(first, commit, usize::MAX)
            .unwrap_err();
        assert!(matches!(error, GitError::TooManyFiles { .. }), "{error}");
    }

    #[test]
    fn a_tree_deeper_than_any_path_is_cut() {
        let (_directory, repository) = played(STEPS);
        let blob = ObjectId::of_content(b"one").to_git();
        let mut tree = tree_of(&repository, &[(b"a", "100644", blob)]);
        for _ in 0..3000 {
            tree = tree_of(&repository, &[(b"d", "40000", tree)]);
        }
        let commit = commit_of(&repository, &[(b"d", "40000", tree)]);
        let listing = repository.list(commit).unwrap();
        assert_eq!(listing.entries.len(), 0);
        assert_eq!(listing.unlisted.len(), 1);
    }

    #[test]
    fn a_missing_tree_is_an_error_that_says_what_brings_it() {
        let (_directory, repository) = played(STEPS);
        let absent = ObjectId::of_content(b"absent").to_git();
        let commit = commit_of(&repository, &[(b"d", "40000", absent)]);
        let error = repository.list(commit).unwrap_err();
        assert!(
            matches!(error, GitError::MissingObject { what: "tree", ref help, .. } if help.contains("git fetch")),
            "{error}"
        );
    }
}
