//! What a database and a runner see of a file, as digests per direction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::Member;
use crate::discover::{Reader, Snapshot};
use crate::git::ObjectId;
use crate::migrations::DirectorySurvey;
use crate::source::Span;
use crate::syntax::migration::{Direction, FileName, Runner, sections};
use crate::syntax::sql::operation::Dialect;
use crate::syntax::sql::{in_parallel, token_digest_range, token_digest_where};

/// The digests of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Print {
    /// Of the way up.
    pub(super) up: [u8; 32],
    /// Of the way back.
    pub(super) down: [u8; 32],
    /// There is nothing in either.
    pub(super) is_empty: bool,
    /// The parts that run by themselves, in their order; none when the file runs as a whole.
    parts: Vec<Part>,
}

/// A part that its runner takes for a migration of its own: a changeset of Liquibase.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// What the runner tells it by: `author:id`.
    id: String,
    up: [u8; 32],
    /// It runs again whenever it changes.
    repeats: bool,
    /// Its sections, by their index in the file.
    sections: Vec<usize>,
}

/// What a database that has run the parts of one print makes of those of another.
pub(super) struct PartsThatRun {
    /// A part that has run is another one now, or is gone.
    pub(super) edited: bool,
    /// The sections that it runs.
    pub(super) new: Vec<usize>,
}

/// Compares file by part; `None` when one of both runs as a whole.
pub(super) fn parts_that_run(old: &Print, new: &Print) -> Option<PartsThatRun> {
    if old.parts.is_empty() || new.parts.is_empty() {
        return None;
    }
    let known: BTreeMap<&str, &Part> = old
        .parts
        .iter()
        .map(|part| (part.id.as_str(), part))
        .collect();
    let kept: BTreeSet<&str> = new.parts.iter().map(|part| part.id.as_str()).collect();
    let mut result = PartsThatRun {
        edited: known.keys().any(|id| !kept.contains(id)),
        new: Vec::new(),
    };
    for part in &new.parts {
        match known.get(part.id.as_str()) {
            Some(before) if before.up == part.up => {}
            Some(_) if !part.repeats => result.edited = true,
            Some(_) | None => result.new.extend(&part.sections),
        }
    }
    Some(result)
}

/// The digests of files, by content.
#[derive(Debug, Default)]
pub(super) struct Prints(BTreeMap<Key, Print>);

/// The same bytes can mean different things under another name or beside another file.
type Key = (ObjectId, Option<ObjectId>, String);

fn key(member: &Member) -> Key {
    let file = &member.file;
    let means = format!(
        "{} {:?} {}",
        member.dialect.as_str(),
        file.name.role,
        file.name.autocommit
    );
    (file.oid, file.sidecar.as_ref().map(|(_, oid)| *oid), means)
}

struct Work {
    key: Key,
    runner: Runner,
    dialect: Dialect,
    name: FileName,
    text: Arc<str>,
    sidecar: Option<Arc<str>>,
}

impl Prints {
    /// The digests of a file; `None` when it cannot be read.
    pub(super) fn of(&self, member: &Member) -> Option<&Print> {
        self.0.get(&key(member))
    }

    /// Reads files of a state and digests them in parallel.
    pub(super) fn take<'m>(
        &mut self,
        snapshot: &Snapshot,
        members: impl IntoIterator<Item = &'m Member>,
        surveyed: &[DirectorySurvey],
        reader: &mut Reader<'_>,
    ) {
        let mut work = Vec::new();
        for member in members {
            let key = key(member);
            let Some(directory) = surveyed.get(member.sequence) else {
                continue;
            };
            if self.0.contains_key(&key) {
                continue;
            }
            let mut read = |path: &str| {
                let id = reader.read(snapshot, path)?;
                Some(reader.sources.get(id).text.clone())
            };
            let Some(text) = read(&member.file.path) else {
                continue;
            };
            let sidecar = match &member.file.sidecar {
                Some((path, _)) => match read(path) {
                    Some(text) => Some(text),
                    None => continue,
                },
                None => None,
            };
            work.push(Work {
                key,
                runner: directory.directory.runner,
                dialect: member.dialect,
                name: member.file.name.clone(),
                sidecar,
                text,
            });
        }
        let done = in_parallel(work, |work| {
            let print = print(&work);
            (work.key, print)
        });
        self.0.extend(done);
    }
}

fn print(work: &Work) -> Print {
    let text = &work.text;
    if work.name.code {
        return Print {
            up: Sha256::digest(text.as_bytes()).into(),
            down: [0; 32],
            is_empty: text.trim().is_empty(),
            parts: Vec::new(),
        };
    }
    let nothing = digest(work, Span::default());
    let cut = sections(work.runner, &work.name, text, work.sidecar.as_deref());
    let mut is_empty = true;
    let mut hashers = [Sha256::new(), Sha256::new()];
    let mut parts: Vec<Part> = Vec::new();
    for (index, section) in cut.value.iter().enumerate() {
        let tokens = digest(work, section.span);
        is_empty &= tokens == nothing;
        let [up, down] = &mut hashers;
        let hasher = if section.direction == Direction::Up {
            up
        } else {
            down
        };
        let mark = text.get(section.mark.range()).unwrap_or("");
        let mut said = Vec::new();
        for word in mark.split_whitespace() {
            let word = word.trim_start_matches('-').to_ascii_lowercase();
            said.extend_from_slice(word.as_bytes());
            said.push(0);
        }
        // What a file declines is its own; what its runner does anyway is not.
        let declines = section.transaction != work.runner.profile().transaction();
        said.push(u8::from(declines));
        said.extend_from_slice(&tokens);
        hasher.update(&said);
        match (&section.changeset, parts.last_mut()) {
            (Some(changeset), _) => parts.push(Part {
                id: changeset.id.clone(),
                up: Sha256::digest(&said).into(),
                repeats: changeset.repeats,
                sections: vec![index],
            }),
            // The way back stands behind the way up that it belongs to.
            (None, Some(last)) => last.sections.push(index),
            (None, None) => {}
        }
    }
    if cut.value.is_empty() {
        // The runner finds nothing to run; the text still is what was released.
        let tokens = digest(work, Span::new(0, text.len()));
        is_empty = tokens == nothing;
        hashers[0].update(tokens);
    }
    let [up, down] = hashers;
    Print {
        up: up.finalize().into(),
        down: down.finalize().into(),
        is_empty,
        parts,
    }
}

fn digest(work: &Work, span: Span) -> [u8; 32] {
    let profile = work.runner.profile();
    let tokens = if profile.directives.is_none() {
        token_digest_range(&work.text, span, work.dialect)
    } else {
        token_digest_where(&work.text, span, work.dialect, &mut |comment| {
            profile.obeys(comment)
        })
    };
    *tokens.as_bytes()
}
