//! Rules over a sequence of migration files: names, order, pairs, and what happened to released ones.
//!
//! They look at what changed: a file that was wrong before the previous release is no finding of this one. What makes the
//! runner stop, or pass over a file, or makes databases differ is an error; the rest are warnings.

mod input;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Findings, RuleInfo, rule_table};
use crate::discover::{Reader, Snapshot};
use crate::migrations::lowering::Lowering;
use crate::migrations::sequence::Sequence;
use crate::migrations::{DirectorySurvey, Memory, Survey};
use crate::source::SourceId;

pub use input::SequenceInput;

/// A rule over a sequence.
pub struct SequenceRule {
    /// What everybody may know about it.
    pub info: RuleInfo,
    /// Looks at a sequence.
    pub check: fn(&SequenceInput<'_>, &mut Findings),
}

rule_table! { SequenceRule:
    bom,
    crlf,
    down_missing,
    duplicate_version,
    empty_migration,
    migration_deleted_or_renamed_after_release,
    migration_edited_after_release,
    migration_filename_invalid,
    missing_up,
    mixed_version_scheme,
    non_utf8,
    out_of_order_version,
    pair_title_mismatch,
    psql_meta_command,
    template_placeholder,
    version_in_future,
}

/// A release or candidate other than the previous release, from which a database can come to the subject: it may have run
/// migrations that the previous release does not have.
pub struct OtherRelease<'a> {
    /// Its tag.
    pub tag: &'a str,
    /// Its files.
    pub state: &'a Snapshot,
}

/// Looks at every sequence of a survey.
pub fn check_sequences(
    memory: &Memory,
    survey: &Survey,
    lowering: &Lowering,
    others: &[OtherRelease<'_>],
    now: DateTime<Utc>,
    reader: &mut Reader<'_>,
) -> Findings {
    let mut findings = Findings::default();
    for directory in &survey.directories {
        let texts = Texts::read(survey, directory, reader);
        let elsewhere: Vec<(&str, Arc<Sequence>)> = others
            .iter()
            .map(|other| {
                (
                    other.tag,
                    memory.sequence(other.state, &directory.directory),
                )
            })
            .collect();
        let input = SequenceInput {
            directory,
            previous_label: &survey.previous.label,
            elsewhere: &elsewhere,
            lowering,
            sources: &reader.sources,
            texts: &texts,
            now,
        };
        for rule in RULES {
            (rule.check)(&input, &mut findings);
        }
    }
    findings
}

/// The texts of the files that rules point into, by path.
#[derive(Debug, Default)]
pub struct Texts {
    /// Of each changed file as it is now, and of a deleted one as it was.
    changed: BTreeMap<String, SourceId>,
    /// Of files that are no text, with the first offset at which they are not.
    broken: BTreeMap<String, (SourceId, usize)>,
}

impl Texts {
    fn read(survey: &Survey, directory: &DirectorySurvey, reader: &mut Reader<'_>) -> Self {
        let mut texts = Self::default();
        let changed = directory.changes.iter().map(|change| {
            let state = if change.current.is_some() {
                &survey.subject
            } else {
                &survey.previous
            };
            (state, change.path())
        });
        let unreadable = directory
            .subject
            .unreadable
            .iter()
            .filter(|file| !directory.previous.knows_unreadable(file))
            .map(|(path, _)| (&survey.subject, path.as_str()));
        for (state, path) in changed.chain(unreadable) {
            if let Some(source) = reader.read(state, path) {
                texts.changed.insert(path.to_owned(), source);
            } else if let Some(broken) = reader.read_lossy(state, path) {
                texts.broken.insert(path.to_owned(), broken);
            }
        }
        texts
    }
}
