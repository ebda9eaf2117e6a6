//! Which directories hold migrations, for which database, and which runner reads them.
//!
//! A directory is found by its files' names. Names that only migrations have (`1_x.up.sql`, `V1__x.sql`, `1_x/up.sql`)
//! are enough; a plain number needs more (see `candidates`). Directories of tests, examples and other people's code are
//! left out unless they are configured.

mod candidates;
mod embedded;
mod dialects;
mod hints;
mod runners;

use std::collections::{BTreeMap, BTreeSet};

use super::MigrationSettings;
use super::memory::{Found, Memory, State};
use crate::config::Phase;
use crate::discover::{EntryKind, Reader, Snapshot};
use crate::syntax::migration::{FileName, Layout, Recognition, Runner, recognize};
use crate::syntax::sql::operation::Dialect;
use candidates::{Candidate, Program};
pub(super) use candidates::{Class, class};
use hints::Hints;

/// A directory of migrations for one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationDirectory {
    /// Its path from the root of the repository; empty for the root.
    pub path: String,
    /// The runner.
    pub runner: Runner,
    /// The dialect; generic when it cannot be told.
    pub dialect: Dialect,
    /// When files are limited to databases by their names: the words that mean this one. Files without a word belong to all.
    pub databases: Vec<String>,
    /// The server's major version, if it is configured.
    pub server_version: Option<u32>,
    /// A `lock_timeout` is set outside of the files.
    pub assume_lock_timeout: bool,
    /// A `statement_timeout` is set outside of the files.
    pub assume_statement_timeout: bool,
    /// When the migrations run.
    pub phase: Phase,
    /// It stands in the configuration.
    pub configured: bool,
}

impl MigrationDirectory {
    /// `path` without the directory.
    pub fn relative<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(self.path.as_str())
            .map_or(path, |rest| rest.trim_start_matches('/'))
    }

    /// A path is the directory's. Below the root of the repository that is only what the runner takes for a migration.
    pub fn contains(&self, path: &str) -> bool {
        if self.path.is_empty() {
            return recognize(self.runner, path) != Recognition::Other;
        }
        path.strip_prefix(self.path.as_str())
            .is_some_and(|rest| rest.starts_with('/'))
    }

    /// A file of this name is for this database.
    pub fn takes(&self, name: &FileName) -> bool {
        self.databases.is_empty()
            || name.database.is_empty()
            || self.databases.contains(&name.database)
    }

    /// The path is a program that the runner takes for a migration.
    fn reads_program(&self, path: &str) -> bool {
        self.contains(path)
            && matches!(recognize(self.runner, self.relative(path)), Recognition::Migration(name) if name.code)
    }

    /// What tells two directories apart: a path may hold migrations for several databases.
    fn key(&self) -> (&str, &[String]) {
        (&self.path, &self.databases)
    }
}

/// Finds the directories of a state, sorted by path and database. Configured ones are taken as they are, and when there
/// is any, the others are only noted.
///
/// What was found in a state before is not looked for again; the reader reads what the search read.
fn find_directories(
    memory: &Memory,
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    configured: &[MigrationSettings],
) -> Vec<MigrationDirectory> {
    let state = memory.state(snapshot);
    if let Some(found) = state
        .found
        .get()
        .filter(|found| found.settings == configured)
    {
        for path in &found.reads {
            reader.read(snapshot, path);
        }
        let coverage = &mut reader.coverage;
        coverage.not_examined.extend(found.notes.iter().cloned());
        coverage.left_out.extend(found.left_out.iter().cloned());
        return found.directories.clone();
    }
    let noted = reader.coverage.not_examined.len();
    let left_out = reader.coverage.left_out.len();
    let (directories, reads) =
        reader.recording(|reader| search(memory, &state, snapshot, reader, configured));
    let notes = reader.coverage.not_examined.iter().skip(noted);
    // Another configuration's answer may stand there; then this one is looked for each time.
    let _ = state.found.set(Found {
        settings: configured.to_vec(),
        directories: directories.clone(),
        reads,
        notes: notes.cloned().collect(),
        left_out: reader
            .coverage
            .left_out
            .iter()
            .skip(left_out)
            .cloned()
            .collect(),
    });
    directories
}

fn search(
    memory: &Memory,
    state: &State,
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    configured: &[MigrationSettings],
) -> Vec<MigrationDirectory> {
    let mut hints = Hints::of(snapshot, &state.classes);
    let listing = candidates::list(snapshot, &state.classes);
    let programs = candidates::programs(snapshot, &state.classes, configured);
    let mut found = if configured.is_empty() {
        discovered(memory, listing, snapshot, reader, &mut hints)
    } else {
        note_others(listing, configured, snapshot, reader, &mut hints);
        configured
            .iter()
            .flat_map(|settings| from_settings(memory, settings, snapshot, reader, &mut hints))
            .collect()
    };
    found.sort_by(|a, b| a.key().cmp(&b.key()));
    found.dedup_by(|a, b| a.key() == b.key());
    note_programs(&programs, &found, reader);
    embedded::note(snapshot, reader);
    found
}

/// Notes the directories whose programs no runner of `found` reads as migrations.
fn note_programs(
    programs: &BTreeMap<&str, Vec<Program<'_>>>,
    found: &[MigrationDirectory],
    reader: &mut Reader<'_>,
) {
    for (directory, files) in programs {
        let unread = files
            .iter()
            .find(|file| !found.iter().any(|known| known.reads_program(file.path)));
        if let Some(file) = unread {
            reader.coverage.skip(
                *directory,
                format!("migrations written in {} are not judged", file.language),
            );
        }
    }
}

/// Notes the directories of migrations that the configuration does not name.
fn note_others(
    listing: Vec<Candidate<'_>>,
    configured: &[MigrationSettings],
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    hints: &mut Hints,
) {
    for candidate in listing {
        let is_configured = |path: &str| {
            configured.iter().any(|settings| {
                let rest = path.strip_prefix(settings.path.as_str());
                settings.path.is_empty()
                    || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        if candidate.files().all(is_configured) {
            continue;
        }
        if runners::of(&candidate, snapshot, reader, hints).is_some() {
            reader.coverage.leave_out(
                &candidate.path,
                "a directory of migrations that `migrations` in the configuration does not name",
            );
        }
    }
}

fn discovered(
    memory: &Memory,
    listing: Vec<Candidate<'_>>,
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    hints: &mut Hints,
) -> Vec<MigrationDirectory> {
    let mut found: Vec<MigrationDirectory> = Vec::new();
    for mut candidate in listing {
        let Some(runner) = runners::of(&candidate, snapshot, reader, hints) else {
            continue;
        };
        if candidate.parts.is_empty() || runner == Runner::Plain {
            found.extend(per_database(
                memory, &candidate, runner, None, snapshot, reader, hints,
            ));
            continue;
        }
        // A runner that reads one directory at a time: the numbered directories are sequences of their own.
        for part in std::mem::take(&mut candidate.parts) {
            if let Some(runner) = runners::of(&part, snapshot, reader, hints) {
                found.extend(per_database(
                    memory, &part, runner, None, snapshot, reader, hints,
                ));
            }
        }
    }
    // What lies below a directory that its runner reads to the bottom is a part of that.
    let whole: Vec<(String, Runner)> = found
        .iter()
        .filter(|directory| directory.runner.profile().layout == Layout::Tree)
        .map(|directory| (format!("{}/", directory.path), directory.runner))
        .collect();
    found.retain(|directory| {
        !whole
            .iter()
            .any(|(above, runner)| *runner == directory.runner && directory.path.starts_with(above))
    });
    found
}

fn from_settings(
    memory: &Memory,
    settings: &MigrationSettings,
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    hints: &mut Hints,
) -> Vec<MigrationDirectory> {
    let candidate = Candidate::at(snapshot, &settings.path);
    let runner = settings
        .runner
        .or_else(|| runners::of(&candidate, snapshot, reader, hints))
        .unwrap_or(Runner::Plain);
    let mut directories = per_database(
        memory,
        &candidate,
        runner,
        settings.dialect,
        snapshot,
        reader,
        hints,
    );
    for directory in &mut directories {
        directory.server_version = settings.server_version;
        directory.assume_lock_timeout = settings.assume_lock_timeout;
        directory.assume_statement_timeout = settings.assume_statement_timeout;
        directory.phase = settings.phase;
        directory.configured = true;
    }
    directories
}

/// One directory, or one for each database that the names of its files are limited to.
fn per_database(
    memory: &Memory,
    candidate: &Candidate<'_>,
    runner: Runner,
    dialect: Option<Dialect>,
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    hints: &mut Hints,
) -> Vec<MigrationDirectory> {
    let mut directory = MigrationDirectory {
        path: candidate.path.clone(),
        runner,
        dialect: Dialect::Generic,
        databases: Vec::new(),
        server_version: None,
        assume_lock_timeout: false,
        assume_statement_timeout: false,
        phase: Phase::default(),
        configured: false,
    };
    let words = database_words(snapshot, &directory);
    if words.is_empty() {
        directory.dialect = dialect.unwrap_or_else(|| {
            dialects::of_directory(
                &memory.sequence(snapshot, &directory),
                &directory,
                snapshot,
                reader,
                hints,
            )
        });
        return vec![directory];
    }
    let mut groups: Vec<(&'static str, Dialect, Vec<String>)> = Vec::new();
    for word in words {
        let (database, meant) = dialects::of_word(&word).unwrap_or(("", Dialect::Generic));
        match groups.iter_mut().find(|(known, ..)| *known == database) {
            Some((.., words)) => words.push(word),
            None => groups.push((database, meant, vec![word])),
        }
    }
    let is_wanted = |meant| dialect.is_none_or(|wanted| wanted == meant);
    for (database, ..) in groups.iter().filter(|&&(_, meant, _)| !is_wanted(meant)) {
        let database = if database.is_empty() {
            "another database"
        } else {
            database
        };
        reader.coverage.skip(
            &directory.path,
            format!(
                "files for {database} are not judged: the configuration names another `dialect`"
            ),
        );
    }
    groups.retain(|&(_, meant, _)| is_wanted(meant));
    if let (Some(wanted), true) = (dialect, groups.is_empty()) {
        // No file is limited to it by its name: it runs those that are for all.
        let word = wanted.as_str();
        groups.push((word, wanted, vec![word.to_owned()]));
    }
    groups
        .into_iter()
        .map(|(_, meant, databases)| MigrationDirectory {
            dialect: meant,
            databases,
            ..directory.clone()
        })
        .collect()
}

/// The databases that names of files are limited to, sorted.
fn database_words(snapshot: &Snapshot, directory: &MigrationDirectory) -> BTreeSet<String> {
    if !matches!(directory.runner, Runner::Popx | Runner::Plain) {
        return BTreeSet::new();
    }
    snapshot
        .below(&directory.path)
        .filter(|(_, entry)| entry.kind == EntryKind::File)
        .filter_map(
            |(path, _)| match recognize(directory.runner, directory.relative(path)) {
                Recognition::Migration(name) if !name.database.is_empty() => Some(name.database),
                _ => None,
            },
        )
        .collect()
}

/// A directory in both states.
pub(super) struct DirectoryPair {
    /// As the previous release has it.
    pub(super) previous: MigrationDirectory,
    /// As the subject has it.
    pub(super) subject: MigrationDirectory,
}

/// The directories of either state, sorted. A state in which a directory was not found by itself is listed all the same:
/// the first of its files would not have been evidence enough.
pub(super) fn of_both(
    memory: &Memory,
    previous: &Snapshot,
    subject: &Snapshot,
    reader: &mut Reader<'_>,
    configured: &[MigrationSettings],
) -> Vec<DirectoryPair> {
    let now = find_directories(memory, subject, reader, configured);
    let mut pairs: Vec<DirectoryPair> = now
        .iter()
        .map(|directory| DirectoryPair {
            previous: directory.clone(),
            subject: directory.clone(),
        })
        .collect();
    let is_missing = |directory| {
        memory.sequence(previous, directory).files.is_empty()
            && !memory.sequence(subject, directory).files.is_empty()
    };
    if previous.entries.is_empty() || (!configured.is_empty() && !now.iter().any(is_missing)) {
        return pairs;
    }
    // A configured directory that was not there before may have been moved with its configuration.
    let is_gone = |directory: &MigrationDirectory| {
        configured.is_empty() || memory.sequence(subject, directory).files.is_empty()
    };
    let mut known: Option<BTreeSet<String>> = None;
    for before in find_directories(memory, previous, reader, &[])
        .into_iter()
        .filter(is_gone)
    {
        if let Some(pair) = pairs
            .iter_mut()
            .find(|pair| pair.subject.key() == before.key())
        {
            pair.previous = before;
            continue;
        }
        let known = known.get_or_insert_with(|| {
            now.iter()
                .flat_map(|directory| memory.sequence(previous, directory).paths())
                .collect()
        });
        let is_known = memory
            .sequence(previous, &before)
            .files
            .iter()
            .all(|file| known.contains(&file.path));
        if !is_known {
            pairs.push(DirectoryPair {
                previous: before.clone(),
                subject: before,
            });
        }
    }
    pairs.sort_by(|a, b| a.subject.key().cmp(&b.subject.key()));
    pairs
}

#[cfg(test)]
mod tests;
