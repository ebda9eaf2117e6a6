//! Files at a revision: listing them, and reading those that somebody asks for.
//!
//! A [`Snapshot`] is a plain listing (of a commit's tree, of the index, or made up in a test). A [`Reader`] turns its
//! entries into [`Sources`]; whatever it cannot read becomes a [`Coverage`] entry, never silence.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use std::path::Path;

use crate::git::{BlobError, GitError, Listing, ObjectId, Repository};
pub use crate::git::{Entry, EntryKind};
use crate::source::{SourceId, Sources};

/// Files larger than this are not read.
pub const MAX_FILE_BYTES: u64 = 32 * 1024 * 1024;

/// Brings the contents that a partial clone left out, up to the size that relgate reads.
pub const FETCH_CONTENT: &str = "git fetch --refetch --filter=blob:limit=32m";

/// The path of a name below a directory, which may be the root.
pub fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}

/// Directories whose documents are not this project's, or not its present ones.
const FOREIGN: [&str; 5] = [
    "node-modules",
    "vendor",
    "third-party",
    "testdata",
    "archive",
];

/// A document below a directory that holds somebody else's, or old ones.
pub fn is_foreign_document(path: &str) -> bool {
    let path = path.to_ascii_lowercase().replace('_', "-");
    path.rsplit('/').skip(1).any(|part| FOREIGN.contains(&part))
}

/// Where a link at `path` leads to; `None` out of the repository.
fn beside(path: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    if target.starts_with('/') {
        return None;
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// All paths of a state of the repository.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// What reports call this state: a tag, an abbreviated commit, `index`.
    pub label: String,
    /// Path from the root, with `/`, to what stands there; sorted, so that output is.
    pub entries: Arc<BTreeMap<String, Entry>>,
    /// What is there and could not be listed: names that are not UTF-8, conflicts in the index. Sorted.
    pub not_listed: Arc<Vec<NotExamined>>,
}

impl Snapshot {
    /// The state of a commit.
    pub fn of_commit(
        repository: &Repository,
        commit: ObjectId,
        label: &str,
    ) -> Result<Self, GitError> {
        Ok(Self::of_listing(label, repository.list(commit)?))
    }

    /// The state of the index: what the next commit would hold. `file` names another index than the repository's own, as git
    /// hands one to hooks (`GIT_INDEX_FILE`) while it commits only some files.
    pub fn of_index(repository: &Repository, file: Option<&Path>) -> Result<Self, GitError> {
        Ok(Self::of_listing("index", repository.list_index(file)?))
    }

    fn of_listing(label: &str, listing: Listing) -> Self {
        let sorted = |mut all: Vec<NotExamined>| {
            all.sort_by(|a, b| a.path.cmp(&b.path));
            all
        };
        let not_listed = listing.unlisted.into_iter().map(|unlisted| NotExamined {
            path: unlisted.path,
            reason: unlisted.reason.to_owned(),
        });
        Self {
            label: label.to_owned(),
            entries: Arc::new(listing.entries),
            not_listed: Arc::new(sorted(not_listed.collect())),
        }
    }

    /// The same state with some files as `files` has them.
    #[must_use]
    pub fn overlaid(mut self, files: &BTreeMap<String, String>) -> Self {
        if !files.is_empty() {
            let entries = Arc::make_mut(&mut self.entries);
            for (path, text) in files {
                let entry = Entry {
                    oid: ObjectId::of_content(text.as_bytes()),
                    kind: EntryKind::File,
                };
                entries.insert(path.clone(), entry);
            }
        }
        self
    }

    /// The entry at `path`.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// What is at `path` and could not be listed.
    pub fn unlisted(&self, path: &str) -> Option<&NotExamined> {
        let at = self
            .not_listed
            .binary_search_by(|entry| entry.path.as_str().cmp(path))
            .ok()?;
        self.not_listed.get(at)
    }

    /// Something stands at `path`: a file, or a directory with something in it.
    pub fn holds(&self, path: &str) -> bool {
        self.get(path).is_some() || self.below(path).next().is_some()
    }

    /// The entries in `directory` itself (empty for the root), by name, in order. What lies deeper is not even looked at.
    pub fn inside<'s>(&'s self, directory: &str) -> impl Iterator<Item = (&'s str, &'s Entry)> {
        let prefix = match directory.trim_end_matches('/') {
            "" => String::new(),
            directory => format!("{directory}/"),
        };
        let mut rest = self.entries.range(prefix.clone()..);
        std::iter::from_fn(move || {
            loop {
                let (path, entry) = rest.next()?;
                let name = path.strip_prefix(&prefix)?;
                match name.split_once('/') {
                    None => return Some((name, entry)),
                    // `0` is what comes behind `/`.
                    Some((below, _)) => {
                        rest = self.entries.range(format!("{prefix}{below}0")..);
                    }
                }
            }
        })
    }

    /// The entries below `directory` (empty for the root), at any depth, in order.
    pub fn below<'s>(&'s self, directory: &str) -> impl Iterator<Item = (&'s str, &'s Entry)> {
        let prefix = if directory.is_empty() {
            String::new()
        } else {
            format!("{}/", directory.trim_end_matches('/'))
        };
        let end = prefix.clone();
        self.entries
            .range(prefix..)
            .take_while(move |(path, _)| path.starts_with(&end))
            .map(|(path, entry)| (path.as_str(), entry))
    }
}

/// Something that was not judged, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotExamined {
    /// The path.
    pub path: String,
    /// Why, as a phrase.
    pub reason: String,
}

/// What was looked at and what was not.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// How many things of each kind were examined: `migrations`, `statements`, `charts`, `commits`, `tags`, ...
    pub examined: BTreeMap<&'static str, u64>,
    /// What was not, sorted and without repetition when it is reported.
    pub not_examined: Vec<NotExamined>,
    /// What is there and has no part in the judgement, such as charts that are test data.
    pub left_out: Vec<NotExamined>,
    /// Paths and contents that were needed and could not be read; each path is in `not_examined` too, with the reason.
    pub unread: BTreeSet<(String, ObjectId)>,
    /// How many files were needed, and are not in this clone: without them there is no judgement.
    pub missing: u64,
    /// How many were needed, and their objects in this clone are damaged: without them there is none either.
    pub damaged: u64,
}

impl Coverage {
    /// Notes something that the judgement does not need.
    pub fn leave_out(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.left_out.push(NotExamined {
            path: path.into(),
            reason: reason.into(),
        });
    }

    /// Counts `n` more examined things of a kind.
    pub fn count(&mut self, kind: &'static str, n: usize) {
        *self.examined.entry(kind).or_default() += n as u64;
    }

    /// Notes that something was not judged.
    pub fn skip(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.not_examined.push(NotExamined {
            path: path.into(),
            reason: reason.into(),
        });
    }
}

/// Where blobs come from.
enum Store<'r> {
    Git(&'r Repository),
    Memory(BTreeMap<String, Vec<u8>>),
}

/// Reads files of snapshots, each once.
pub struct Reader<'r> {
    store: Store<'r>,
    /// Everything read so far.
    pub sources: Sources,
    /// What was read and what was not.
    pub coverage: Coverage,
    seen: HashMap<(String, ObjectId), Option<SourceId>>,
    /// Contents that no repository has yet.
    overlay: BTreeMap<String, Vec<u8>>,
    /// The paths that are asked for, while somebody records them.
    recorded: Option<Vec<String>>,
}

impl<'r> Reader<'r> {
    /// A reader of a repository's objects.
    pub fn new(repository: &'r Repository) -> Self {
        Self {
            store: Store::Git(repository),
            sources: Sources::default(),
            coverage: Coverage::default(),
            seen: HashMap::new(),
            overlay: BTreeMap::new(),
            recorded: None,
        }
    }

    /// The same reader, which also knows contents that [`Snapshot::overlaid`] put into a state.
    #[must_use]
    pub fn with_overlay(mut self, files: &BTreeMap<String, String>) -> Self {
        self.overlay = files
            .values()
            .map(|text| {
                (
                    ObjectId::of_content(text.as_bytes()).to_string(),
                    text.clone().into_bytes(),
                )
            })
            .collect();
        self
    }

    /// A reader of files that exist in memory only, and the snapshot that lists them.
    pub fn in_memory(label: &str, files: &[(&str, &str)]) -> (Self, Snapshot) {
        let mut reader = Self {
            store: Store::Memory(BTreeMap::new()),
            sources: Sources::default(),
            coverage: Coverage::default(),
            seen: HashMap::new(),
            overlay: BTreeMap::new(),
            recorded: None,
        };
        let snapshot = reader.add_memory_snapshot(label, files);
        (reader, snapshot)
    }

    /// One more snapshot of files in memory, for a reader made by [`Reader::in_memory`].
    pub fn add_memory_snapshot(&mut self, label: &str, files: &[(&str, &str)]) -> Snapshot {
        let files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(path, text)| (*path, text.as_bytes()))
            .collect();
        self.add_memory_snapshot_of_bytes(label, &files)
    }

    /// The same for files that need not be text.
    pub fn add_memory_snapshot_of_bytes(
        &mut self,
        label: &str,
        files: &[(&str, &[u8])],
    ) -> Snapshot {
        let mut entries = BTreeMap::new();
        for (path, bytes) in files {
            let oid = ObjectId::of_content(bytes);
            entries.insert(
                (*path).to_owned(),
                Entry {
                    oid,
                    kind: EntryKind::File,
                },
            );
            if let Store::Memory(blobs) = &mut self.store {
                blobs.insert(oid.to_string(), bytes.to_vec());
            }
        }
        Snapshot {
            label: label.to_owned(),
            entries: Arc::new(entries),
            not_listed: Arc::default(),
        }
    }

    /// Reads a text file of a snapshot. `None` when there is no such path, or when it is noted as not examined.
    pub fn read(&mut self, snapshot: &Snapshot, path: &str) -> Option<SourceId> {
        let entry = *snapshot.get(path)?;
        if let Some(recorded) = &mut self.recorded {
            recorded.push(path.to_owned());
        }
        if let Some(&known) = self.seen.get(&(path.to_owned(), entry.oid)) {
            return known;
        }
        match self.read_text(path, entry) {
            Ok(text) => {
                let id = self.sources.add(path, snapshot.label.as_str(), text);
                self.seen.insert((path.to_owned(), entry.oid), Some(id));
                Some(id)
            }
            Err(unread) => {
                self.note_unread(path, entry.oid, unread);
                None
            }
        }
    }

    /// The text of a file that may be known to a cache the next time, and is not read then: so it is not among the sources,
    /// whose order would differ. What cannot be read is in the coverage.
    pub fn text(&mut self, snapshot: &Snapshot, path: &str) -> Option<Arc<str>> {
        let entry = *snapshot.get(path)?;
        if let Some(&known) = self.seen.get(&(path.to_owned(), entry.oid)) {
            return Some(self.sources.get(known?).text.clone());
        }
        match self.read_text(path, entry) {
            Ok(text) => Some(text),
            Err(unread) => {
                self.note_unread(path, entry.oid, unread);
                None
            }
        }
    }

    fn note_unread(&mut self, path: &str, oid: ObjectId, unread: Unread) {
        self.coverage.missing += u64::from(unread.missing);
        self.coverage.damaged += u64::from(unread.damaged);
        self.coverage.unread.insert((path.to_owned(), oid));
        self.coverage.skip(path, unread.reason);
        self.seen.insert((path.to_owned(), oid), None);
    }

    /// Does something, and tells which files it read, in this order.
    pub fn recording<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, Vec<String>) {
        let outer = self.recorded.replace(Vec::new());
        let value = work(self);
        let recorded = std::mem::replace(&mut self.recorded, outer).unwrap_or_default();
        if let Some(outer) = &mut self.recorded {
            outer.extend(recorded.iter().cloned());
        }
        (value, recorded)
    }

    /// This clone holds the content of an entry; it may still be damaged.
    pub fn holds(&self, oid: ObjectId) -> bool {
        match &self.store {
            Store::Git(repository) => repository.holds(oid),
            Store::Memory(blobs) => blobs.contains_key(&oid.to_string()),
        }
    }

    /// The text of a file, for a look that is not kept: it is neither among the sources nor in the coverage. The error says
    /// why it cannot be read, as a phrase.
    pub fn peek(&self, snapshot: &Snapshot, path: &str) -> Result<Arc<str>, String> {
        let entry = snapshot.get(path).ok_or("it is not there")?;
        self.read_text(path, *entry).map_err(|unread| unread.reason)
    }

    /// The content of a file, text or not, which is neither among the sources nor in the coverage; or why it cannot be read,
    /// as a phrase.
    pub fn bytes(&self, snapshot: &Snapshot, path: &str) -> Result<Vec<u8>, String> {
        let entry = snapshot.get(path).ok_or("it is not there")?;
        self.with_bytes(*entry, <[u8]>::to_vec)
            .map_err(|unread| unread.reason)
    }

    /// An entry is no file, and what it stands for may be a directory whose files the snapshot does not list: a submodule, or
    /// a link, unless it leads to a file or to nothing.
    pub fn may_hold_more(&self, snapshot: &Snapshot, path: &str, entry: Entry) -> bool {
        match entry.kind {
            EntryKind::File => false,
            EntryKind::Submodule => true,
            EntryKind::Symlink => {
                let file = Entry {
                    kind: EntryKind::File,
                    ..entry
                };
                let target = self.read_text(path, file).ok();
                let Some(target) = target.and_then(|target| beside(path, &target)) else {
                    return true;
                };
                match snapshot.get(&target) {
                    Some(there) => there.kind != EntryKind::File,
                    None => snapshot.below(&target).next().is_some(),
                }
            }
        }
    }

    /// Reads a file that [`Reader::read`] takes for no text, so that a finding can point into it: what is no UTF-8 is
    /// replaced, and the offset of the first such place (or NUL) is told. `None` when it is text, or cannot be read at all.
    pub fn read_lossy(&mut self, snapshot: &Snapshot, path: &str) -> Option<(SourceId, usize)> {
        let bytes = self.bytes(snapshot, path).ok()?;
        let valid = match std::str::from_utf8(&bytes) {
            Ok(_) => bytes.len(),
            Err(error) => error.valid_up_to(),
        };
        let nul = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
        let offset = valid.min(nul);
        if offset == bytes.len() {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let id = self.sources.add(path, snapshot.label.as_str(), text);
        Some((id, offset))
    }

    fn read_text(&self, path: &str, entry: Entry) -> Result<Arc<str>, Unread> {
        self.with_bytes(entry, |bytes| decode(path, bytes))?
            .map_err(Unread::from)
    }

    /// What `read` makes of the content, which is not copied for it: files may be large.
    fn with_bytes<T>(&self, entry: Entry, read: impl FnOnce(&[u8]) -> T) -> Result<T, Unread> {
        let kind = match entry.kind {
            EntryKind::Symlink => "a symbolic link, which is not followed",
            EntryKind::Submodule => "a submodule, whose content is in another repository",
            EntryKind::File => "",
        };
        if !kind.is_empty() {
            return Err(kind.to_owned().into());
        }
        if !self.overlay.is_empty()
            && let Some(bytes) = self.overlay.get(&entry.oid.to_string())
        {
            return Ok(read(bytes));
        }
        match &self.store {
            Store::Git(repository) => repository
                .read_blob(entry.oid, MAX_FILE_BYTES, read)
                .map_err(|error| Unread {
                    missing: error == BlobError::Missing,
                    damaged: matches!(error, BlobError::Unreadable(_)),
                    reason: match error {
                        BlobError::Missing => {
                            format!("its content is not in this clone; {FETCH_CONTENT} brings it")
                        }
                        BlobError::TooLarge(size) => {
                            format!(
                                "{size} bytes, more than the {MAX_FILE_BYTES} that relgate reads"
                            )
                        }
                        BlobError::Unreadable(why) => format!("git cannot read it: {why}"),
                    },
                }),
            Store::Memory(blobs) => blobs
                .get(&entry.oid.to_string())
                .map(|bytes| read(bytes))
                .ok_or_else(|| "not in memory".to_owned().into()),
        }
    }
}

/// Why a file was not read.
struct Unread {
    reason: String,
    /// The object is not in this clone.
    missing: bool,
    /// The object is in this clone, and git cannot read it.
    damaged: bool,
}

impl From<String> for Unread {
    fn from(reason: String) -> Self {
        Self {
            reason,
            missing: false,
            damaged: false,
        }
    }
}

/// Text from bytes: UTF-8 with an optional byte-order mark that stays in place, so that offsets are those of the file.
fn decode(path: &str, bytes: &[u8]) -> Result<Arc<str>, String> {
    if let Some(at) = bytes.iter().position(|&b| b == 0) {
        return Err(format!(
            "not a text file: {path} has a NUL byte at offset {at}"
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        format!("not UTF-8: the byte at offset {at} is invalid")
    })?;
    Ok(Arc::from(text))
}
