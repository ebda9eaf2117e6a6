//! Files that somebody named: read whole and within a limit, and written whole or not at all.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

/// A directory that holds more was not meant.
const MOST_ENTRIES: usize = 100_000;

const NONBLOCK: i32 = OFlags::NONBLOCK.bits().cast_signed();

/// Why a file is not read. The text is a sentence about it, to be put behind `… cannot be read: `.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Nothing is there.
    #[error("there is no such file")]
    Missing,
    /// It is a directory.
    #[error("it is a directory")]
    Directory,
    /// A pipe may have nobody who writes to it, and a device has no end.
    #[error("it is not an ordinary file")]
    Special,
    /// It has more bytes than are read.
    #[error("it has more than {limit} bytes, which are more than relgate reads")]
    TooLarge {
        /// What is read, in bytes.
        limit: u64,
    },
    /// It is no text.
    #[error("it is not UTF-8")]
    NotText,
    /// The system's own words.
    #[error("{0}")]
    System(io::Error),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            _ => Self::System(error),
        }
    }
}

/// Opens an ordinary file, after all links; nothing else is touched, because opening a pipe waits for its other end.
pub fn open_named(path: &Path) -> Result<(File, Metadata), Unreadable> {
    ordinary(&path.metadata()?)?;
    // A pipe that took the file's place meanwhile must not be waited for, and what was opened counts.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(NONBLOCK)
        .open(path)?;
    let metadata = file.metadata()?;
    ordinary(&metadata)?;
    Ok((file, metadata))
}

fn ordinary(metadata: &Metadata) -> Result<(), Unreadable> {
    if metadata.is_dir() {
        Err(Unreadable::Directory)
    } else if metadata.is_file() {
        Ok(())
    } else {
        Err(Unreadable::Special)
    }
}

/// The bytes of an ordinary file, after all links, of `limit` bytes at most.
pub fn read_named(path: &Path, limit: u64) -> Result<Vec<u8>, Unreadable> {
    let (file, metadata) = open_named(path)?;
    if metadata.len() > limit {
        return Err(Unreadable::TooLarge { limit });
    }
    read_stream(file, limit)
}

/// The same as text.
pub fn read_text(path: &Path, limit: u64) -> Result<String, Unreadable> {
    String::from_utf8(read_named(path, limit)?).map_err(|_| Unreadable::NotText)
}

/// All of a stream, if that is `limit` bytes at most.
pub fn read_stream(stream: impl Read, limit: u64) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    stream
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(Unreadable::TooLarge { limit });
    }
    Ok(bytes)
}

/// Everything below a directory that is no directory, sorted. Links are followed, each directory is walked through once;
/// what a link out of `inside` leads to is not looked at, and the link itself is listed.
pub fn below(directory: &Path, inside: Option<&Path>) -> io::Result<Vec<PathBuf>> {
    let inside = inside.map(Path::canonicalize).transpose()?;
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = VecDeque::from([directory.to_owned()]);
    // What stands in its own place comes first, so that it is listed under its own name.
    let mut linked = VecDeque::new();
    while let Some(next) = open.pop_front().or_else(|| linked.pop_front()) {
        if !seen.insert(next.canonicalize()?) {
            continue;
        }
        let entries: io::Result<Vec<PathBuf>> = std::fs::read_dir(&next)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect();
        let mut entries = entries?;
        entries.sort();
        for path in entries {
            let leads_out = || {
                let real = path.canonicalize().ok();
                let known = inside.as_ref().zip(real);
                known.is_some_and(|(inside, real)| !real.starts_with(inside))
            };
            if !path.is_dir() || leads_out() {
                found.push(path);
            } else if path.is_symlink() {
                linked.push_back(path);
            } else {
                open.push_back(path);
            }
            if found.len() + open.len() + linked.len() > MOST_ENTRIES {
                return Err(io::Error::other(format!(
                    "it holds more than {MOST_ENTRIES} files and directories"
                )));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Writes a file that somebody named. A link leads to what is written; a device, or a pipe that somebody reads, is written to
/// and not replaced. Everything else is [`write_whole`].
pub fn write_named(path: &Path, content: &[u8]) -> io::Result<()> {
    match path.metadata() {
        Ok(there) if !there.is_file() && !there.is_dir() => write_into(path, content),
        Ok(_) => write_whole(&path.canonicalize()?, content),
        Err(_) => write_whole(path, content),
    }
}

/// Writes a file whole, or leaves what was there: beside its place first, then moved. A link is replaced, a file keeps its
/// permissions, and the directory has to exist.
pub fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let permissions = match path.symlink_metadata() {
        Ok(there) if there.is_file() => there.permissions(),
        _ => Permissions::from_mode(0o644),
    };
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".relgate-")
        .permissions(permissions)
        .tempfile_in(directory)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn write_into(path: &Path, content: &[u8]) -> io::Result<()> {
    // Opened like this, a pipe without a reader is an error, and not waited for. Written to, it may be full for a while.
    let probe = OpenOptions::new()
        .write(true)
        .custom_flags(NONBLOCK)
        .open(path)
        .map_err(|error| {
            if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) {
                io::Error::other("nobody reads from this pipe")
            } else {
                error
            }
        })?;
    let mut file = OpenOptions::new().write(true).open(path)?;
    drop(probe);
    file.write_all(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_ordinary_file_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("five"), "12345").unwrap();
        std::fs::write(at("binary"), [0xff]).unwrap();
        std::os::unix::fs::symlink("five", at("link")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("zero")).unwrap();
        std::os::unix::fs::symlink("loop", at("loop")).unwrap();
        let status = std::process::Command::new("mkfifo")
            .arg(at("pipe"))
            .status();
        assert!(status.unwrap().success());
        let check = |name: &str, limit: u64, expected: &str| {
            let said = match read_text(&at(name), limit) {
                Ok(text) => text,
                Err(why) => why.to_string(),
            };
            assert!(said.starts_with(expected), "{name}: {said}");
        };
        check("five", 5, "12345");
        check("link", 5, "12345");
        check("five", 4, "it has more than 4 bytes");
        check("binary", 5, "it is not UTF-8");
        check("pipe", 5, "it is not an ordinary file");
        check("zero", 5, "it is not an ordinary file");
        check("", 5, "it is a directory");
        check("absent", 5, "there is no such file");
        check("five/below", 5, "there is no such file");
        check("loop", 5, "Too many levels");
    }

    #[test]
    fn links_are_followed_once() {
        let directory = tempfile::tempdir().unwrap();
        let top = directory.path().join("top");
        for path in ["top/a/b", "top/shared", "elsewhere"] {
            std::fs::create_dir_all(directory.path().join(path)).unwrap();
        }
        for path in ["a/1", "a/b/2", "shared/3", "../elsewhere/4"] {
            std::fs::write(top.join(path), "").unwrap();
        }
        for (link, target) in [
            ("a/again", "b"),
            ("a/self", "."),
            ("a/one", "1"),
            ("a/broken", "nowhere"),
            ("a/shared", "../shared"),
            ("a/out", "../../elsewhere"),
        ] {
            std::os::unix::fs::symlink(target, top.join(link)).unwrap();
        }
        let check = |inside: Option<&Path>, expected: &[&str]| {
            let found = below(&top.join("a"), inside).unwrap();
            let found: Vec<&str> = found
                .iter()
                .map(|path| path.strip_prefix(top.join("a")).unwrap().to_str().unwrap())
                .collect();
            assert_eq!(found, expected);
        };
        let inner = ["1", "b/2", "broken", "one"];
        check(Some(&top), &[&inner[..], &["out", "shared/3"]].concat());
        check(None, &[&inner[..], &["out/4", "shared/3"]].concat());
    }

    #[test]
    fn a_pipe_is_written_to_where_somebody_reads() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        let status = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(status.unwrap().success());
        let error = write_named(&path, b"x").unwrap_err();
        assert_eq!(error.to_string(), "nobody reads from this pipe");
        let reader = OpenOptions::new()
            .read(true)
            .custom_flags(NONBLOCK)
            .open(&path)
            .unwrap();
        // More than a pipe holds.
        let content = vec![b'x'; 200_000];
        let written = std::thread::scope(|scope| {
            scope.spawn(|| write_named(&path, &content));
            let mut read = 0;
            let mut buffer = vec![0; 65_536];
            while read < content.len() {
                match (&reader).read(&mut buffer) {
                    Ok(count) => read += count,
                    Err(_) => std::thread::yield_now(),
                }
            }
            read
        });
        assert_eq!(written, content.len());
    }

    #[test]
    fn a_file_is_written_whole_and_keeps_its_permissions() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        let mode = || path.metadata().unwrap().permissions().mode() & 0o777;
        write_named(&path, b"one").unwrap();
        assert_eq!(
            (std::fs::read(&path).unwrap(), mode()),
            (b"one".to_vec(), 0o644)
        );
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        write_named(&path, b"two").unwrap();
        assert_eq!(
            (std::fs::read(&path).unwrap(), mode()),
            (b"two".to_vec(), 0o600)
        );
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("a", &link).unwrap();
        write_named(&link, b"three").unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        write_whole(&link, b"four").unwrap();
        assert!(!link.is_symlink());
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
    }
}
