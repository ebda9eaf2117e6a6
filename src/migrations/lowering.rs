//! Migration files as operations, read once per content and kept in a cache between runs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::directories::MigrationDirectory;
use super::sequence::{MigrationFile, Sequence};
use super::{DirectorySurvey, Memory, Survey};
use crate::cache::{Cache, Values};
use crate::discover::{EntryKind, Reader, Snapshot};
use crate::git::ObjectId;
use crate::source::Span;
use crate::syntax::migration::{
    Direction, FileName, OptOut, Runner, Section, TransactionMode, sections,
};
use crate::syntax::sql::operation::{Action, Dialect, ObjectKind, Statement};
use crate::syntax::sql::{in_parallel, parse_at_most};

/// Names the code whose results the cache keeps: other code may read other sections or statements from the same bytes.
const PARSER_VERSION: &str = env!("RELGATE_PARSER_DIGEST");

/// What a migration file says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LoweredFile {
    /// Its sections, in its order. Empty for a file that could not be read, and for a program.
    pub sections: Vec<LoweredSection>,
    /// What the runner or the parser objects to, in the order of the text.
    pub errors: Vec<(Span, String)>,
    /// It could not be read, is a program, or has too many statements: what it does is not known.
    pub opaque: bool,
}

/// The statements of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoweredSection {
    /// Direction, bytes, transaction.
    pub section: Section,
    /// Its statements; spans are relative to the file.
    pub statements: Vec<Statement>,
}

impl LoweredFile {
    /// The sections of one direction.
    pub fn sections(&self, direction: Direction) -> impl Iterator<Item = &LoweredSection> {
        self.sections
            .iter()
            .filter(move |lowered| lowered.section.direction == direction)
    }

    /// There is nothing to run in a direction.
    pub fn is_empty(&self, direction: Direction) -> bool {
        !self.opaque
            && self
                .sections(direction)
                .all(|lowered| lowered.statements.is_empty())
    }
}

/// The lowered files of a survey, and perhaps of others.
#[derive(Debug, Default)]
pub struct Lowering {
    known: Vec<Files>,
    /// What could not be read, or is a program.
    opaque: BTreeMap<Key, Arc<LoweredFile>>,
}

/// Shared with whoever lowers the next survey.
type Files = Arc<HashMap<Key, Arc<LoweredFile>>>;

/// The lowered files of one directory, at whatever states were surveyed.
#[derive(Debug, Default)]
pub struct Known {
    files: Files,
    /// What a cache has beside that; it may be of files that this clone does not hold.
    cached: Values<Arc<LoweredFile>>,
    is_loaded: bool,
    /// How many files the cache does not have yet.
    fresh: usize,
    /// Sequences all of whose files are known, the latest last.
    complete: Vec<(Arc<Sequence>, MigrationDirectory)>,
}

/// What the statements of a file depend on, beside the parser. The same bytes mean different things to another runner, in
/// another dialect, under another name or beside another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    content: ObjectId,
    sidecar: Option<ObjectId>,
    runner: Runner,
    dialect: Dialect,
    direction: Direction,
    autocommit: bool,
}

impl Key {
    fn of(directory: &MigrationDirectory, file: &MigrationFile) -> Self {
        Self {
            content: file.oid,
            sidecar: file.sidecar.as_ref().map(|(_, oid)| *oid),
            runner: directory.runner,
            dialect: directory.dialect,
            direction: file.direction(),
            autocommit: file.name.autocommit,
        }
    }

    /// As the cache writes it.
    fn bytes(&self) -> Vec<u8> {
        let sidecar = self.sidecar.map_or_else(String::new, |oid| oid.to_string());
        let means = format!(
            "{} {sidecar} {} {} {} {}",
            self.content,
            self.runner,
            self.dialect.as_str(),
            self.direction.as_str(),
            self.autocommit,
        );
        means.into_bytes()
    }
}

impl Lowering {
    /// What a file of a directory says; `None` when it was not lowered.
    pub fn get(
        &self,
        directory: &MigrationDirectory,
        file: &MigrationFile,
    ) -> Option<&Arc<LoweredFile>> {
        let key = Key::of(directory, file);
        self.known
            .iter()
            .find_map(|files| files.get(&key))
            .or_else(|| self.opaque.get(&key))
    }
}

/// Lowers every up and down file of both states of the survey, in parallel. What the cache knows is not read at all.
pub fn lower(survey: &Survey, reader: &mut Reader<'_>, cache: Option<&Cache>) -> Lowering {
    lower_with(&Memory::default(), survey, reader, cache)
}

/// The same, with what is known of other states.
pub fn lower_with(
    memory: &Memory,
    survey: &Survey,
    reader: &mut Reader<'_>,
    cache: Option<&Cache>,
) -> Lowering {
    let mut lowering = Lowering::default();
    let mut groups = memory.known.borrow_mut();
    for directory in &survey.directories {
        let group = group(&directory.directory);
        let known = groups.entry(group.clone()).or_default();
        if let Some(cache) = cache.filter(|_| !known.is_loaded) {
            known.cached = cache.load(&group, PARSER_VERSION);
            known.is_loaded = true;
        }
        lower_directory(directory, survey, reader, known, &mut lowering);
        if !memory.defers.get() {
            known.keep(&group, cache);
        }
    }
    // Only now: while nobody else has them, files are added in place.
    let paths: BTreeSet<String> = survey
        .directories
        .iter()
        .map(|directory| group(&directory.directory))
        .collect();
    lowering.known = paths
        .iter()
        .filter_map(|path| Some(Arc::clone(&groups.get(path)?.files)))
        .collect();
    lowering
}

fn group(directory: &MigrationDirectory) -> String {
    format!("migrations {}", directory.path)
}

impl Memory {
    /// Puts into the cache what it does not have yet.
    pub fn keep(&self, cache: Option<&Cache>) {
        for (group, known) in self.known.borrow_mut().iter_mut() {
            known.keep(group, cache);
        }
    }
}

impl Known {
    fn keep(&mut self, group: &str, cache: Option<&Cache>) {
        let Some(cache) = cache.filter(|_| self.fresh > 0) else {
            return;
        };
        // What another state of the repository needed stays, within bounds: an audit comes back to it.
        if self.cached.len() > MOST_OTHERS {
            self.cached.clear();
        }
        let mut all = std::mem::take(&mut self.cached);
        all.extend(
            self.files
                .iter()
                .map(|(key, file)| (key.bytes(), Arc::clone(file))),
        );
        cache.store(group, PARSER_VERSION, &all);
        let held: BTreeSet<Vec<u8>> = self.files.keys().map(Key::bytes).collect();
        all.retain(|key, _| !held.contains(key));
        self.cached = all;
        self.fresh = 0;
    }

    fn is_complete(&self, sequence: &Arc<Sequence>, directory: &MigrationDirectory) -> bool {
        self.complete.iter().any(|(known, of)| {
            Arc::ptr_eq(known, sequence)
                && (of.runner, of.dialect) == (directory.runner, directory.dialect)
        })
    }
}

fn lower_directory(
    directory: &DirectorySurvey,
    survey: &Survey,
    reader: &mut Reader<'_>,
    known: &mut Known,
    lowering: &mut Lowering,
) {
    let mut plan = Plan::default();
    let (subject, previous) = (&directory.subject, &directory.previous);
    let is_known = |sequence| known.is_complete(sequence, &directory.directory);
    let mut wanted: Vec<(&Snapshot, Vec<&Arc<MigrationFile>>)> = Vec::new();
    if is_known(previous) {
        if !is_known(subject) {
            wanted.push((&survey.subject, subject.not_shared(previous).collect()));
        }
    } else {
        wanted.push((&survey.subject, subject.files.iter().collect()));
        wanted.push((&survey.previous, previous.files.iter().collect()));
    }
    for (snapshot, files) in wanted {
        plan.take(directory, &files, snapshot, reader, known);
    }
    let work: Vec<(Key, Work)> = plan.work.into_iter().collect();
    let done: Vec<(Key, Arc<LoweredFile>)> =
        in_parallel(work, |(key, work)| (key, Arc::new(lowered(&work))));
    known.fresh += done.len();
    if plan.opaque.is_empty() {
        for sequence in [previous, subject] {
            if !known.is_complete(sequence, &directory.directory) {
                known
                    .complete
                    .push((Arc::clone(sequence), directory.directory.clone()));
            }
        }
        let surplus = known.complete.len().saturating_sub(MOST_COMPLETE);
        known.complete.drain(..surplus);
    }
    if !plan.known.is_empty() || !done.is_empty() {
        Arc::make_mut(&mut known.files).extend(plan.known.into_iter().chain(done));
    }
    lowering.opaque.extend(plan.opaque);
}

/// How many files that this run does not need stay in a cache file.
const MOST_OTHERS: usize = 20_000;
/// How many sequences are remembered as known.
const MOST_COMPLETE: usize = 8;

/// Where each file of a directory comes from.
#[derive(Default)]
struct Plan {
    /// From the cache.
    known: Vec<(Key, Arc<LoweredFile>)>,
    /// From nowhere: nothing can be said of them.
    opaque: Vec<(Key, Arc<LoweredFile>)>,
    /// From their text.
    work: BTreeMap<Key, Work>,
    seen: BTreeSet<Key>,
}

struct Work {
    runner: Runner,
    dialect: Dialect,
    name: FileName,
    text: Arc<str>,
    sidecar: Option<Arc<str>>,
}

impl Plan {
    /// Takes what is known, and reads what is not.
    fn take(
        &mut self,
        directory: &DirectorySurvey,
        files: &[&Arc<MigrationFile>],
        snapshot: &Snapshot,
        reader: &mut Reader<'_>,
        known: &mut Known,
    ) {
        for file in files {
            let key = Key::of(&directory.directory, file);
            if known.files.contains_key(&key) || !self.seen.insert(key) {
                continue;
            }
            // A clone without the files gives the same answer with a cache as without.
            if reader.holds(file.oid)
                && file.sidecar.as_ref().is_none_or(|(path, oid)| {
                    let entry = snapshot.get(path);
                    entry.is_some_and(|entry| entry.kind == EntryKind::File) && reader.holds(*oid)
                })
                && let Some(value) = known.cached.remove(&key.bytes())
            {
                self.known.push((key, value));
                continue;
            }
            let mut read = |path: &str| reader.text(snapshot, path);
            let text = if file.name.code {
                None
            } else {
                read(&file.path)
            };
            // What directs the runner may say anything when it cannot be read.
            let sidecar = match (&file.sidecar, &text) {
                (Some((path, _)), Some(_)) => read(path).map(Some),
                _ => Some(None),
            };
            let (Some(text), Some(sidecar)) = (text, sidecar) else {
                let opaque = LoweredFile {
                    opaque: true,
                    ..LoweredFile::default()
                };
                self.opaque.push((key, Arc::new(opaque)));
                continue;
            };
            self.work.insert(
                key,
                Work {
                    runner: directory.directory.runner,
                    dialect: directory.directory.dialect,
                    name: file.name.clone(),
                    sidecar,
                    text,
                },
            );
        }
    }
}

fn lowered(work: &Work) -> LoweredFile {
    let cut = sections(work.runner, &work.name, &work.text, work.sidecar.as_deref());
    let mut errors: Vec<(Span, String)> = cut
        .errors
        .into_iter()
        .map(|error| (error.span, error.message))
        .collect();
    let mut sections: Vec<LoweredSection> = Vec::new();
    let mut left = MAX_STATEMENTS;
    for section in cut.value {
        // A section without statements costs as much as one.
        let parsed = left
            .checked_sub(1)
            .and_then(|_| parse_at_most(&work.text, section.span, work.dialect, left));
        let Some(parsed) = parsed else {
            return too_long(&work.text);
        };
        left = left.saturating_sub(parsed.value.len().max(1));
        errors.extend(
            parsed
                .errors
                .into_iter()
                .map(|error| (error.span, error.message)),
        );
        sections.push(LoweredSection {
            section,
            statements: parsed.value,
        });
    }
    errors.sort();
    if work.runner.profile().opt_out == OptOut::Automatic {
        decline_where_needed(&mut sections);
    }
    LoweredFile {
        sections,
        errors,
        opaque: false,
    }
}

/// How many statements of a file are read: many times what migrations hold, and little enough for memory and time.
const MAX_STATEMENTS: usize = 20_000;

/// A part of such a file would say nothing of the rest.
fn too_long(text: &str) -> LoweredFile {
    let first_line = text.find(['\r', '\n']).unwrap_or(text.len());
    let message = format!(
        "it has more than {MAX_STATEMENTS} statements, which relgate does not read: nothing in it was judged"
    );
    LoweredFile {
        sections: Vec::new(),
        errors: vec![(Span::new(0, first_line), message)],
        opaque: true,
    }
}

/// Flyway runs a file without a transaction when a statement in it cannot run in one (its `PostgreSQLParser`).
fn decline_where_needed(sections: &mut [LoweredSection]) {
    for lowered in sections {
        let cannot = lowered
            .statements
            .iter()
            .flat_map(|statement| &statement.operations)
            .any(|operation| !operation.nested && cannot_run_in_transaction(&operation.action));
        if cannot {
            lowered.section.transaction = TransactionMode::Autocommit;
        }
    }
}

fn cannot_run_in_transaction(action: &Action) -> bool {
    match action {
        Action::CreateIndex { concurrently, .. } | Action::Drop { concurrently, .. } => {
            *concurrently
        }
        Action::Reindex {
            kind, concurrently, ..
        } => *concurrently || matches!(kind, ObjectKind::Schema | ObjectKind::Database),
        Action::Vacuum { .. } => true,
        Action::CreateOther { kind, .. } => *kind == ObjectKind::Database,
        _ => false,
    }
}
