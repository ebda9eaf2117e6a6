//! Files that people name on the command line.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::GateError;
use crate::discover::MAX_FILE_BYTES;
use crate::evidence::record::Given;
use crate::files::{Unreadable, open_named, read_text};

/// This much of a file is kept for reading.
const HEAD: usize = 32 * 1024 * 1024;
/// This much of its end is kept.
const TAIL: usize = 64 * 1024;

/// Reads `FILE`, `NAME=FILE` or `-`, whatever its size.
pub(super) fn given(argument: &str) -> Result<Given, GateError> {
    let (label, path) = match argument.split_once('=') {
        Some((label, path)) if !label.is_empty() && !label.contains('/') => (label, path),
        _ => ("", argument),
    };
    let unreadable = |why: Unreadable| GateError::Unreadable {
        path: path.to_owned(),
        why,
    };
    let mut given = Given {
        label: label.to_owned(),
        name: if path == "-" {
            "standard input".to_owned()
        } else {
            path.rsplit('/').next().unwrap_or_default().to_owned()
        },
        whole: true,
        ..Given::default()
    };
    let mut source: Box<dyn Read> = if path == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(open_named(Path::new(path)).map_err(unreadable)?.0)
    };
    let mut digest = Sha256::new();
    let mut buffer = vec![0; TAIL];
    loop {
        let count = source
            .read(&mut buffer)
            .map_err(|error| unreadable(error.into()))?;
        let Some(chunk) = buffer.get(..count).filter(|chunk| !chunk.is_empty()) else {
            break;
        };
        digest.update(chunk);
        given.size = given.size.saturating_add(count as u64);
        let room = HEAD.saturating_sub(given.head.len());
        given.whole &= room >= chunk.len();
        given.head.extend(chunk.iter().take(room));
        given.tail.extend(chunk);
        let surplus = given.tail.len().saturating_sub(TAIL);
        given.tail.drain(..surplus);
    }
    given.sha256 = digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(given)
}

/// The text of a file, if it exists.
pub(super) fn text(path: &str) -> Result<Option<String>, GateError> {
    match read_text(Path::new(path), MAX_FILE_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(Unreadable::Missing) => Ok(None),
        Err(why) => Err(GateError::Unreadable {
            path: path.to_owned(),
            why,
        }),
    }
}

/// A number that nobody can guess, and that was used by nobody: 128 bits, in hexadecimal digits.
pub(super) fn nonce() -> Result<String, GateError> {
    const SOURCE: &str = "/dev/urandom";
    let mut bytes = [0; 16];
    File::open(SOURCE)
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(|error| GateError::Unreadable {
            path: SOURCE.to_owned(),
            why: error.into(),
        })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
