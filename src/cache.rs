//! A cache of what was computed from file contents, between runs. It only saves time: without it, or when it is damaged,
//! every answer is the same.

use std::path::PathBuf;

/// A directory of cache files.
#[derive(Debug, Clone)]
pub struct Cache {
    directory: PathBuf,
}

impl Cache {
    /// The cache in `directory`, which is made when something is first stored.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// Where it is.
    pub fn directory(&self) -> &std::path::Path {
        &self.directory
    }
}
