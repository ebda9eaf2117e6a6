//! Migration files as operations, read once per content and kept in a cache between runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::directories::MigrationDirectory;
use super::sequence::{MigrationFile, Sequence};
use super::{DirectorySurvey, Survey};
use crate::cache::{Cache, Values};
use crate::discover::{Reader, Snapshot};
use crate::git::ObjectId;
use crate::source::Span;
use crate::syntax::migration::{
    Direction, FileName, OptOut, Runner, Section, TransactionMode, sections,
};
use crate::syntax::sql::operation::{Action, Dialect, ObjectKind, Statement};
use crate::syntax::sql::{parse_range, with_big_stack};

/// Names the code whose results the cache keeps: other code may read other sections or statements from the same bytes.
const PARSER_VERSION: &str = env!("RELGATE_PARSER_DIGEST");

/// What a migration file says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LoweredFile {
    /// Its sections, in its order. Empty for a file that could not be read, and for a program.
    pub sections: Vec<LoweredSection>,
    /// What the runner or the parser objects to, in the order of the text.
    pub errors: Vec<(Span, String)>,
    /// It could not be read, or is a program: what it does is not known.
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

/// The lowered files of a survey.
#[derive(Debug, Default)]
pub struct Lowering {
    files: BTreeMap<Key, Arc<LoweredFile>>,
}

/// What the statements of a file depend on, beside the parser. The same bytes mean different things to another runner, in
/// another dialect, under another name or beside another file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key(Vec<u8>);

impl Key {
    fn of(directory: &MigrationDirectory, file: &MigrationFile) -> Self {
        let sidecar = file.sidecar.as_ref().map(|(_, oid)| *oid);
        let means = format!(
            "{} {} {} {} {} {}",
            file.oid,
            sidecar.map_or_else(String::new, |oid: ObjectId| oid.to_string()),
            directory.runner,
            directory.dialect.as_str(),
            file.direction().as_str(),
            file.name.autocommit,
        );
        Self(means.into_bytes())
    }
}

impl Lowering {
    /// What a file of a directory says; `None` when it was not lowered.
    pub fn get(
        &self,
        directory: &MigrationDirectory,
        file: &MigrationFile,
    ) -> Option<&Arc<LoweredFile>> {
        self.files.get(&Key::of(directory, file))
    }
}

/// Lowers every up and down file of both states of the survey, in parallel. What the cache knows is not read at all.
pub fn lower(survey: &Survey, reader: &mut Reader<'_>, cache: Option<&Cache>) -> Lowering {
    let mut lowering = Lowering::default();
    for directory in &survey.directories {
        lower_directory(directory, survey, reader, cache, &mut lowering);
    }
    lowering
}

fn lower_directory(
    directory: &DirectorySurvey,
    survey: &Survey,
    reader: &mut Reader<'_>,
    cache: Option<&Cache>,
    lowering: &mut Lowering,
) {
    let group = format!("migrations {}", directory.directory.path);
    let mut known: Values<Arc<LoweredFile>> =
        cache.map_or_else(Values::new, |cache| cache.load(&group, PARSER_VERSION));
    let mut plan = Plan::default();
    for (sequence, snapshot) in [
        (&directory.subject, &survey.subject),
        (&directory.previous, &survey.previous),
    ] {
        plan.take(directory, sequence, snapshot, reader, &mut known);
    }
    let work: Vec<(Key, Work)> = plan.work.into_iter().collect();
    let done: Vec<(Key, Arc<LoweredFile>)> = with_big_stack(|| {
        work.into_par_iter()
            .map(|(key, work)| (key, Arc::new(lowered(&work))))
            .collect()
    });
    if let Some(cache) = cache.filter(|_| !done.is_empty()) {
        // What another state of the repository needed stays, within bounds: an audit comes back to it.
        let mut all = known;
        if all.len() > MOST_OTHERS {
            all.clear();
        }
        let current = plan.known.iter().chain(&done);
        all.extend(current.map(|(key, file)| (key.0.clone(), file.clone())));
        cache.store(&group, PARSER_VERSION, &all);
    }
    lowering
        .files
        .extend(plan.known.into_iter().chain(plan.opaque).chain(done));
}

/// How many files that this run does not need stay in a cache file.
const MOST_OTHERS: usize = 20_000;

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
        sequence: &Sequence,
        snapshot: &Snapshot,
        reader: &mut Reader<'_>,
        known: &mut Values<Arc<LoweredFile>>,
    ) {
        for file in &sequence.files {
            let key = Key::of(&directory.directory, file);
            if !self.seen.insert(key.clone()) {
                continue;
            }
            // A clone without the file gives the same answer with a cache as without.
            if reader.holds(file.oid)
                && let Some(value) = known.remove(&key.0)
            {
                self.known.push((key, value));
                continue;
            }
            let mut read = |path: &str| {
                let id = reader.read(snapshot, path)?;
                Some(reader.sources.get(id).text.clone())
            };
            let text = if file.name.code {
                None
            } else {
                read(&file.path)
            };
            let Some(text) = text else {
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
                    sidecar: file.sidecar.as_ref().and_then(|(path, _)| read(path)),
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
    let mut sections: Vec<LoweredSection> = cut
        .value
        .into_iter()
        .map(|section| {
            let parsed = parse_range(&work.text, section.span, work.dialect);
            errors.extend(
                parsed
                    .errors
                    .into_iter()
                    .map(|error| (error.span, error.message)),
            );
            LoweredSection {
                section,
                statements: parsed.value,
            }
        })
        .collect();
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
