//! A cache of what was computed from file contents, between runs. It only saves time: without it, or when it is damaged,
//! every answer is the same.
//!
//! A cache file holds the values of one group of keys, such as a directory of migrations. It begins with what it is and a
//! checksum of the rest; a file that does not is as good as none. It is written to a temporary file and renamed, so that
//! runs beside each other see a whole one, whichever they see. What was written longest ago makes room for what is new.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

/// Begins every cache file; the last byte is the version of the form.
const MAGIC: &[u8; 8] = b"relgate\x01";
/// Cache files above this are neither written nor read.
const MOST_BYTES: u64 = 256 * 1024 * 1024;
const CHECKSUM_BYTES: usize = 32;
/// How much of a digest is the name of a cache file, in hexadecimal digits.
const NAME_BYTES: usize = 16;
/// Ends the name of every cache file.
const SUFFIX: &str = ".cache";
/// Begins the name of a cache file that is being written.
const UNFINISHED: &str = ".relgate-";
/// What a directory may hold before the oldest files go: as many groups as somebody works with, and the space of a clone.
const MOST_KEPT: Kept = Kept {
    files: 400,
    bytes: 1024 * 1024 * 1024,
};

/// A directory of cache files.
#[derive(Debug, Clone)]
pub struct Cache {
    directory: PathBuf,
    most: Kept,
}

/// How much there is, or may be.
#[derive(Debug, Clone, Copy)]
struct Kept {
    files: usize,
    bytes: u64,
}

/// The values of one group, by what they were computed from.
pub type Values<V> = BTreeMap<Vec<u8>, V>;

impl Cache {
    /// The cache in `directory`, which is made when something is first stored.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            most: MOST_KEPT,
        }
    }

    /// The values of a group. Whatever is wrong with the file, there are none.
    ///
    /// `version` names the code that computed them: values of another version are not read.
    pub fn load<V: DeserializeOwned>(&self, group: &str, version: &str) -> Values<V> {
        self.read(group, version).unwrap_or_default()
    }

    fn read<V: DeserializeOwned>(&self, group: &str, version: &str) -> Option<Values<V>> {
        let path = self.path(group, version);
        let metadata = std::fs::metadata(&path).ok()?;
        // Reading anything but an ordinary file may wait for ever.
        if !metadata.is_file() || metadata.len() > MOST_BYTES {
            return None;
        }
        let bytes = std::fs::read(&path).ok()?;
        let rest = bytes.strip_prefix(MAGIC.as_slice())?;
        let (checksum, payload) = rest.split_at_checked(CHECKSUM_BYTES)?;
        if checksum != checksum_of(group, version, payload) {
            return None;
        }
        postcard::from_bytes(payload).ok()
    }

    /// Stores the values of a group instead of those that are there. A cache that cannot be written is none.
    pub fn store<V: Serialize>(&self, group: &str, version: &str, values: &Values<V>) {
        // The caller's answers do not depend on it, so there is nothing to say when it fails.
        let _ = self.write(group, version, values);
    }

    fn write<V: Serialize>(
        &self,
        group: &str,
        version: &str,
        values: &Values<V>,
    ) -> std::io::Result<()> {
        let payload = postcard::to_stdvec(values).map_err(std::io::Error::other)?;
        if payload.len() as u64 + 1024 > MOST_BYTES {
            return Ok(());
        }
        std::fs::create_dir_all(&self.directory)?;
        let mut file = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempfile_in(&self.directory)?;
        file.write_all(MAGIC)?;
        file.write_all(&checksum_of(group, version, &payload))?;
        file.write_all(&payload)?;
        file.flush()?;
        file.persist(self.path(group, version))?;
        self.make_room()
    }

    /// Removes those of its files that were written longest ago, as far as there are too many; what runs left behind when
    /// they were killed is among them. Others' files may stand beside them, and stay.
    fn make_room(&self) -> std::io::Result<()> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !is_own(&name) {
                continue;
            }
            let metadata = entry.metadata()?;
            if metadata.is_file() {
                files.push((metadata.modified()?, entry.path(), metadata.len()));
            }
        }
        files.sort_by(|a, b| b.cmp(a));
        let mut kept = Kept { files: 0, bytes: 0 };
        for (_, path, bytes) in files {
            kept.files += 1;
            kept.bytes = kept.bytes.saturating_add(bytes);
            if kept.files > self.most.files || kept.bytes > self.most.bytes {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn path(&self, group: &str, version: &str) -> PathBuf {
        let digest = Sha256::new()
            .chain_update(version)
            .chain_update([0])
            .chain_update(group)
            .finalize();
        let name: String = digest
            .iter()
            .take(NAME_BYTES)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Path::new(&self.directory).join(name + SUFFIX)
    }
}

/// The name is one that a cache gives: of a whole file, or of one that is being written.
fn is_own(name: &str) -> bool {
    let is_digest = |stem: &str| {
        let digits = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        stem.len() == 2 * NAME_BYTES && stem.bytes().all(digits)
    };
    name.starts_with(UNFINISHED) || name.strip_suffix(SUFFIX).is_some_and(is_digest)
}

/// Binds the payload to its group and version, so that a file under another's name is not taken for it.
fn checksum_of(group: &str, version: &str, payload: &[u8]) -> [u8; CHECKSUM_BYTES] {
    Sha256::new()
        .chain_update(version)
        .chain_update([0])
        .chain_update(group)
        .chain_update([0])
        .chain_update(payload)
        .finalize()
        .into()
}

/// A digest of parts, in their order, for a key.
pub fn digest<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for part in parts {
        // A part ends where its length says, so that no other parts make the same text.
        hasher.update(part.len().to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Values<String> {
        BTreeMap::from([(b"key".to_vec(), text.to_owned())])
    }

    fn only_file(directory: &Path) -> PathBuf {
        let mut files = std::fs::read_dir(directory).unwrap();
        let file = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none(), "a temporary file was left behind");
        file
    }

    #[test]
    fn what_is_stored_is_loaded() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::in_directory(directory.path().join("made/on/demand"));
        assert_eq!(cache.load::<String>("a", "1"), Values::new());
        cache.store("a", "1", &values("x"));
        assert_eq!(cache.load::<String>("a", "1"), values("x"));
        cache.store("a", "1", &values("y"));
        assert_eq!(cache.load::<String>("a", "1"), values("y"));
        assert_eq!(cache.load::<String>("a", "2"), Values::new());
        assert_eq!(cache.load::<String>("b", "1"), Values::new());
    }

    #[test]
    fn a_damaged_file_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::in_directory(directory.path());
        cache.store("a", "1", &values("x"));
        let path = only_file(directory.path());
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            std::fs::write(&path, &damaged).unwrap();
            assert_eq!(cache.load::<String>("a", "1"), Values::new(), "byte {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(cache.load::<String>("a", "1"), Values::new(), "cut at {at}");
        }
    }

    #[test]
    fn a_file_under_anothers_name_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::in_directory(directory.path());
        cache.store("a", "1", &values("x"));
        std::fs::rename(only_file(directory.path()), cache.path("b", "1")).unwrap();
        assert_eq!(cache.load::<String>("b", "1"), Values::new());
    }

    #[test]
    fn the_oldest_make_room() {
        let check = |most: Kept, left: &[&str]| {
            let directory = tempfile::tempdir().unwrap();
            let cache = Cache {
                most,
                ..Cache::in_directory(directory.path())
            };
            let written = std::time::SystemTime::UNIX_EPOCH;
            for (age, group) in [(3, "a"), (2, "b"), (1, "c")] {
                cache.store(group, "1", &values("x"));
                let file = std::fs::File::options()
                    .write(true)
                    .open(cache.path(group, "1"))
                    .unwrap();
                file.set_modified(written + std::time::Duration::from_secs(60 - age))
                    .unwrap();
            }
            let names = ["somebody's", "thumb1.cache", &("g".repeat(32) + SUFFIX)];
            let foreign = names.map(|name| directory.path().join(name));
            for path in &foreign {
                std::fs::write(path, "older than all").unwrap();
                let file = std::fs::File::options().write(true).open(path).unwrap();
                file.set_modified(written).unwrap();
            }
            cache.store("d", "1", &values("x"));
            assert!(foreign.iter().all(|path| path.exists()));
            let found: Vec<&str> = ["a", "b", "c", "d"]
                .into_iter()
                .filter(|group| !cache.load::<String>(group, "1").is_empty())
                .collect();
            assert_eq!(found, left, "{most:?}");
        };
        let one = 40 + "key".len() as u64 + "x".len() as u64 + 3;
        check(MOST_KEPT, &["a", "b", "c", "d"]);
        check(
            Kept {
                files: 2,
                bytes: MOST_KEPT.bytes,
            },
            &["c", "d"],
        );
        check(
            Kept {
                files: 9,
                bytes: 3 * one,
            },
            &["b", "c", "d"],
        );
    }

    #[test]
    fn a_place_that_cannot_be_written_is_no_error() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::write(&file, "in the way").unwrap();
        let cache = Cache::in_directory(&file);
        cache.store("a", "1", &values("x"));
        assert_eq!(cache.load::<String>("a", "1"), Values::new());
    }
}
