//! The only module that touches a git repository. It reads objects, refs and the index and runs nothing: no hooks, filters,
//! fsmonitor or text conversion, whatever the repository's configuration asks for. Replace refs, grafts and the `GIT_*`
//! variables do not count.

mod address;
mod error;
mod graph;
mod history;
mod lineage;
mod load;
mod object;
mod open;
mod patch;
mod refs;
mod signed;
mod tree;
pub mod write;

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::cache::Cache;

pub use address::without_credentials;
pub use error::GitError;
pub use graph::{Ancestors, Answer, Graph, Node};
pub use history::{Branch, History, Tag, Target};
pub use lineage::{Bound, Lineage, Point, Start};
pub use object::{Commit, Person};
pub use patch::PatchId;
pub use signed::{Signed, TagObject};
pub use tree::{Entry, EntryKind, Listing, Unlisted};

/// The id of a git object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId([u8; 20]);

impl ObjectId {
    /// The id that git gives to a blob of this content.
    pub fn of_content(content: &[u8]) -> Self {
        git2::Oid::hash_object(git2::ObjectType::Blob, content)
            .map_or(Self([0; 20]), Self::from_git)
    }

    /// Reads 40 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 40 {
            return None;
        }
        git2::Oid::from_str(text).ok().map(Self::from_git)
    }

    /// Its twenty bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The first digits, as people quote them.
    pub fn short(self) -> String {
        let mut text = self.to_string();
        text.truncate(7);
        text
    }

    fn from_git(oid: git2::Oid) -> Self {
        let mut bytes = [0; 20];
        bytes.copy_from_slice(&oid.as_bytes()[..20]);
        Self(bytes)
    }

    fn to_git(self) -> git2::Oid {
        git2::Oid::from_bytes(&self.0).unwrap_or(git2::Oid::ZERO_SHA1)
    }
}

impl std::fmt::Display for ObjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        // Every tag and file has one, and formatting byte by byte took longer than reading them.
        let mut hex = String::with_capacity(2 * self.0.len());
        for byte in self.0 {
            hex.extend([byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)])));
        }
        f.pad(&hex)
    }
}

/// Why a blob could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobError {
    /// The object is not in this clone.
    Missing,
    /// It has this many bytes, more than was asked for.
    TooLarge(u64),
    /// git's own words.
    Unreadable(String),
}

/// An open repository.
pub struct Repository {
    inner: git2::Repository,
    /// The directory that holds HEAD and the index: `.git`, or a worktree's own part of it.
    directory: PathBuf,
    workdir: Option<PathBuf>,
    trees: RefCell<tree::Cache>,
    patches: RefCell<HashMap<ObjectId, Option<PatchId>>>,
    /// What reports call it; every report asks.
    name: OnceCell<String>,
    /// Where what was read of commits is kept between runs.
    cache: Option<Cache>,
}

impl Repository {
    /// The root of the work tree; `None` in a bare repository.
    pub fn workdir(&self) -> Option<&Path> {
        self.workdir.as_deref()
    }

    /// The directory that holds HEAD and the index.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// There is no work tree.
    pub fn is_bare(&self) -> bool {
        self.workdir.is_none()
    }

    /// The clone was made with a limited depth, so that the history ends early.
    pub fn is_shallow(&self) -> bool {
        std::fs::metadata(self.inner.commondir().join("shallow")).is_ok_and(|file| file.len() > 0)
    }

    /// Objects were left out when the repository was cloned (`--filter`), to be fetched when they are needed. relgate
    /// fetches nothing.
    pub fn is_partial(&self) -> bool {
        let promisor = |config: &git2::Config| {
            let mut found = false;
            let entries = config.entries(Some("remote\\..*\\.promisor"));
            if let Ok(mut entries) = entries {
                while let Some(Ok(entry)) = entries.next() {
                    found |= entry.value().is_ok_and(|value| value != "false");
                }
            }
            found
        };
        self.inner.config().is_ok_and(|config| promisor(&config))
    }

    /// This clone has the object.
    pub fn holds(&self, id: ObjectId) -> bool {
        self.inner
            .odb()
            .is_ok_and(|database| database.exists(id.to_git()))
    }

    /// The remote whose tags are left out when it is fetched from (`git clone --no-tags`).
    pub fn remote_without_tags(&self) -> Option<String> {
        let config = self.inner.config().ok()?;
        let mut entries = config.entries(Some("remote\\..*\\.tagopt")).ok()?;
        while let Some(Ok(entry)) = entries.next() {
            if entry.value().is_ok_and(|value| value == "--no-tags") {
                let name = entry.name().ok()?;
                let remote = name.strip_prefix("remote.")?.strip_suffix(".tagopt")?;
                return Some(remote.to_owned());
            }
        }
        None
    }

    /// What `read` makes of the bytes of a blob of at most `limit` bytes.
    pub fn read_blob<T>(
        &self,
        oid: ObjectId,
        limit: u64,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, BlobError> {
        let unreadable = |error: git2::Error| match error.code() {
            git2::ErrorCode::NotFound => BlobError::Missing,
            _ => BlobError::Unreadable(error.message().to_owned()),
        };
        let database = self.inner.odb().map_err(unreadable)?;
        // The header is read first, so that a huge blob is never unpacked.
        let (size, kind) = database.read_header(oid.to_git()).map_err(unreadable)?;
        if kind != git2::ObjectType::Blob {
            return Err(BlobError::Unreadable(format!("{oid} is a {kind}")));
        }
        if size as u64 > limit {
            return Err(BlobError::TooLarge(size as u64));
        }
        let object = database.read(oid.to_git()).map_err(unreadable)?;
        Ok(read(object.data()))
    }
}

/// Bytes as text: what is not UTF-8 becomes `\xNN`.
fn readable(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
pub(crate) use lineage::tests as lineage_tests;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A repository that the steps of a history make, in a directory that lives as long as the first value.
    pub(crate) fn played(steps: &str) -> (tempfile::TempDir, Repository) {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("cellar");
        crate::history::play(steps, &root).unwrap();
        let repository = Repository::open(&root).unwrap();
        (directory, repository)
    }

    #[test]
    fn ids() {
        let empty = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
        assert_eq!(ObjectId::of_content(b"").to_string(), empty);
        assert_eq!(ObjectId::parse(empty), Some(ObjectId::of_content(b"")));
        assert_eq!(ObjectId::of_content(b"").short(), "e69de29");
        for bad in ["", "e69de29", "HEAD", &"g".repeat(40), &"é".repeat(20)] {
            assert_eq!(ObjectId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn blobs_are_read_up_to_a_limit() {
        let (_directory, repository) = played("- commit: one\n  write: { a.txt: hello }\n");
        let id = ObjectId::of_content(b"hello");
        assert_eq!(
            repository.read_blob(id, 5, <[u8]>::to_vec),
            Ok(b"hello".to_vec())
        );
        assert_eq!(
            repository.read_blob(id, 4, |_| ()),
            Err(BlobError::TooLarge(5))
        );
        let absent = ObjectId::of_content(b"absent");
        assert_eq!(
            repository.read_blob(absent, 5, |_| ()),
            Err(BlobError::Missing)
        );
        let head = repository.head().unwrap();
        assert!(matches!(
            repository.read_blob(head, 5000, |_| ()),
            Err(BlobError::Unreadable(_))
        ));
    }

    #[test]
    fn bytes_that_are_no_text_are_shown() {
        assert_eq!(readable(b"caf\xe9.sql"), "caf\\xe9.sql");
        assert_eq!(readable("café.sql".as_bytes()), "café.sql");
    }
}
