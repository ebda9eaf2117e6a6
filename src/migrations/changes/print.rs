//! What a database and a runner see of a file, as digests per direction.

use std::collections::BTreeMap;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Print {
    /// Of the way up.
    pub(super) up: [u8; 32],
    /// Of the way back.
    pub(super) down: [u8; 32],
    /// There is nothing in either.
    pub(super) is_empty: bool,
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
    pub(super) fn of(&self, member: &Member) -> Option<Print> {
        self.0.get(&key(member)).copied()
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
            work.push(Work {
                key,
                runner: directory.directory.runner,
                dialect: member.dialect,
                name: member.file.name.clone(),
                sidecar: member
                    .file
                    .sidecar
                    .as_ref()
                    .and_then(|(path, _)| read(path)),
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
        };
    }
    let nothing = digest(work, Span::default());
    let cut = sections(work.runner, &work.name, text, work.sidecar.as_deref());
    let mut is_empty = true;
    let mut hashers = [Sha256::new(), Sha256::new()];
    for section in &cut.value {
        let tokens = digest(work, section.span);
        is_empty &= tokens == nothing;
        let [up, down] = &mut hashers;
        let hasher = if section.direction == Direction::Up {
            up
        } else {
            down
        };
        for word in text
            .get(section.mark.range())
            .unwrap_or("")
            .split_whitespace()
        {
            let word = word.trim_start_matches('-').to_ascii_lowercase();
            hasher.update(word.as_bytes());
            hasher.update([0]);
        }
        // What a file declines is its own; what its runner does anyway is not.
        let declines = section.transaction != work.runner.profile().transaction();
        hasher.update([u8::from(declines)]);
        hasher.update(tokens);
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
