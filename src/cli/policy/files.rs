//! The documents that a command is about: those of the configuration, or those that were named.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::cli::CommandError;
use crate::cli::args::Global;
use crate::cli::context::{Place, place};
use crate::discover::{MAX_FILE_BYTES, Reader};
use crate::files;
use crate::git::Repository;
use crate::policy::PolicySource;
use crate::policy::examples::TestFiles;
use crate::project;

/// Documents, and how to read what stands beside them.
pub(super) struct Documents {
    /// Packs and files.
    pub(super) sources: Vec<PolicySource>,
    /// The configuration's values for parameters.
    pub(super) params: BTreeMap<String, Value>,
    /// The path and the text of the waivers that the configuration names.
    pub(super) waivers: Option<(String, String)>,
    /// The directory that the paths of files start from; `None` when they come from a commit.
    pub(super) base: Option<PathBuf>,
}

/// A file that was named and cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{path} {why}")]
#[diagnostic(help("name a YAML file, a directory of them, or builtin:<pack>"))]
struct Unreadable {
    path: String,
    why: String,
}

/// The documents of the configuration.
pub(super) fn configured(
    global: &Global,
    repository: &Repository,
) -> Result<Documents, CommandError> {
    let mut reader = Reader::new(repository);
    let place = place(repository, global)?;
    let root = place.root(global);
    let (config, sources) = project::sources(&root, &mut reader, global.config.as_deref())?;
    let waivers = project::read(&root, &mut reader, config.waivers())?
        .map(|text| (config.waivers().to_owned(), text));
    Ok(Documents {
        sources,
        waivers,
        params: config.params,
        base: match place {
            Place::WorkTree(directory) => Some(directory),
            Place::Commit { .. } => None,
        },
    })
}

/// The documents of these names.
pub(super) fn named(names: &[String]) -> Result<Documents, CommandError> {
    let mut sources = Vec::new();
    for name in names {
        if let Some(pack) = name.strip_prefix("builtin:") {
            sources.push(PolicySource::Builtin(pack.to_owned()));
            continue;
        }
        let mut found = on_disk(Path::new(name), name).map_err(|why| Unreadable {
            path: name.clone(),
            why,
        })?;
        sources.append(&mut found);
    }
    Ok(Documents {
        sources,
        waivers: None,
        params: BTreeMap::new(),
        base: Some(PathBuf::new()),
    })
}

/// The YAML files of a path; `shown` is what they are called.
fn on_disk(path: &Path, shown: &str) -> Result<Vec<PolicySource>, String> {
    let file = |path: &Path, shown: String| {
        read(path).map(|text| PolicySource::File {
            path: shown,
            text: text.into(),
        })
    };
    if !path.is_dir() {
        return Ok(vec![file(path, shown.to_owned())?]);
    }
    let found = files::below(path, None).map_err(|error| format!("cannot be read: {error}"))?;
    let mut sources = Vec::new();
    for found in found {
        let is_yaml = found
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if is_yaml {
            let below = found.strip_prefix(path).unwrap_or(&found);
            let below = below
                .to_string_lossy()
                .replace(std::path::MAIN_SEPARATOR, "/");
            let shown = format!("{}/{below}", shown.trim_end_matches('/'));
            sources.push(file(&found, shown)?);
        }
    }
    if sources.is_empty() {
        return Err("holds no YAML files".to_owned());
    }
    Ok(sources)
}

/// The content of a file, or the end of a sentence that begins with its name.
pub(super) fn read(path: &Path) -> Result<String, String> {
    files::read_text(path, MAX_FILE_BYTES).map_err(|why| match why {
        files::Unreadable::Missing => "does not exist".to_owned(),
        why => format!("cannot be read: {why}"),
    })
}

/// The files that tests name, on the disk.
pub(super) struct OnDisk {
    /// Where the paths of tests start.
    pub(super) base: PathBuf,
}

/// `name` beside a test; without `.` and `..` as far as they can be resolved by the text alone.
fn beside(test: &str, name: &str) -> String {
    let mut parts: Vec<&str> = test.split('/').collect();
    parts.pop();
    for part in name.split('/') {
        match part {
            "." | "" => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if name.starts_with('/') {
        name.to_owned()
    } else {
        joined
    }
}

impl TestFiles for OnDisk {
    fn policies(&self, test: &str, name: &str) -> Result<Vec<PolicySource>, String> {
        let path = beside(test, name);
        on_disk(&self.base.join(&path), &path)
    }

    fn text(&self, test: &str, name: &str) -> Result<String, String> {
        read(&self.base.join(beside(test, name)))
    }
}

/// The files that tests name, in a commit.
pub(super) struct InCommit<'a> {
    pub(super) global: &'a Global,
    pub(super) place: &'a Place,
    pub(super) reader: RefCell<Reader<'a>>,
}

impl TestFiles for InCommit<'_> {
    fn policies(&self, test: &str, name: &str) -> Result<Vec<PolicySource>, String> {
        let mut sources = Vec::new();
        let root = self.place.root(self.global);
        project::policy_sources(
            &root,
            &mut self.reader.borrow_mut(),
            &beside(test, name),
            &mut sources,
        )
        .map_err(|error| format!("cannot be read: {error}"))?;
        Ok(sources)
    }

    fn text(&self, test: &str, name: &str) -> Result<String, String> {
        let root = self.place.root(self.global);
        project::read(&root, &mut self.reader.borrow_mut(), &beside(test, name))
            .map_err(|error| format!("cannot be read: {error}"))?
            .ok_or_else(|| "does not exist".to_owned())
    }
}

/// Path and text of the files among sources.
pub(super) fn of_files(sources: &[PolicySource]) -> impl Iterator<Item = (&str, &Arc<str>)> {
    sources.iter().filter_map(|source| match source {
        PolicySource::File { path, text } => Some((path.as_str(), text)),
        PolicySource::Builtin(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beside_a_test() {
        for (test, name, expected) in [
            ("policies/a_test.yaml", "ours.yaml", "policies/ours.yaml"),
            (
                "policies/a_test.yaml",
                "./facts/x.json",
                "policies/facts/x.json",
            ),
            ("policies/a_test.yaml", "../x.yaml", "x.yaml"),
            ("a_test.yaml", "../x.yaml", "../x.yaml"),
            ("a_test.yaml", "/x.yaml", "/x.yaml"),
        ] {
            assert_eq!(beside(test, name), expected, "{test} {name}");
        }
    }
}
