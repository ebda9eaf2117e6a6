//! The migrations of a release: survey, statements, rules over sequences and statements, facts.

use std::collections::{BTreeMap, BTreeSet};

use super::collect::Collected;
use super::outcome::{Outcome, Place};
use super::{Frame, States, finish, settings, uses};
use crate::discover::{Reader, Snapshot};
use crate::effects::{Effect, UNCLASSIFIED};
use crate::facts::migrations::{MigrationFact, OperationFact};
use crate::facts::tags::TagFact;
use crate::facts::{Facts, Origins};
use crate::finding::{Finding, Severity};
use crate::git::ObjectId;
use crate::migrations::changes::{ChangeKind, FileChange};
use crate::migrations::lowering::{self, Lowering};
use crate::migrations::replay::Replays;
use crate::migrations::{self, DirectorySurvey, MigrationSettings, Survey};
use crate::report::Input;
use crate::rules::migration_files::{OtherRelease, check_sequences};
use crate::rules::sql::{JudgedRelease, ReleaseInput, Uses, check_release, taken_names};
use crate::source::{SourceId, Sources, Span};
use crate::suppress::Suppressions;
use crate::syntax::mentions::Sought;
use crate::version::{ReleaseType, Version};

/// Fills in the facts and returns what rules found.
pub(super) fn collect(
    frame: &Frame<'_>,
    states: &States,
    facts: &mut Facts,
    reader: &mut Reader<'_>,
    origins: &mut Origins,
) -> Collected {
    let settings = settings::migrations(&frame.project.config.migrations);
    let memory = &frame.shared.migrations;
    let previous = states.previous.as_ref();
    let survey = migrations::survey_with(memory, previous, &states.subject, &settings, reader);
    note_absent(&settings, states, reader);
    let texts = changed_texts(&survey, reader);
    let lowering = lowering::lower_with(memory, &survey, reader, frame.cache);
    let judged = judge_all(frame, &survey, &lowering, &texts, facts, reader);
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
    for (path, reason) in judged.values().flat_map(|judged| unknown(&judged.opaque)) {
        reader.coverage.skip(path.clone(), reason.clone());
    }
    let mut findings: Vec<Finding> = judged
        .into_values()
        .flat_map(|judged| judged.findings)
        .collect();
    findings.extend(unrecognized(&settings, &survey));
    findings.extend(callbacks(&survey, reader));
    findings.extend(sequence_findings(frame, &survey, &lowering, facts, reader));
    let mut suppressions = Suppressions::default();
    add_comments(&mut suppressions, &survey, &lowering, &texts, reader);
    Collected {
        findings,
        suppressions,
        replayed: if frame.lists_inputs {
            replayed(&survey)
        } else {
            Vec::new()
        },
    }
}

/// What is the same for every sequence of a release.
struct Settled<'a> {
    lowering: &'a Lowering,
    replays: &'a Replays,
    texts: &'a BTreeMap<String, SourceId>,
    previous: &'a str,
    declared: Option<ReleaseType>,
    enabled: &'a [String],
}

impl Settled<'_> {
    fn input<'i>(
        &'i self,
        directory: &'i DirectorySurvey,
        sources: &'i Sources,
        uses: &'i Uses,
    ) -> ReleaseInput<'i> {
        ReleaseInput {
            directory,
            lowering: self.lowering,
            replays: self.replays,
            sources,
            texts: self.texts,
            previous: self.previous,
            declared: self.declared,
            uses,
            enabled: self.enabled,
        }
    }
}

/// Judges every sequence that changed, or remembers what was found when the same was judged before.
fn judge_all(
    frame: &Frame<'_>,
    survey: &Survey,
    lowering: &Lowering,
    texts: &BTreeMap<String, SourceId>,
    facts: &Facts,
    reader: &mut Reader<'_>,
) -> BTreeMap<Key, JudgedRelease> {
    let replays = &frame.shared.migrations.replays;
    let settled = Settled {
        lowering,
        replays,
        texts,
        previous: &facts.release.previous.tag,
        declared: ReleaseType::from_word(&facts.release.declared_type),
        enabled: &frame.project.config.rules.enable,
    };
    let no_uses = Uses::new();
    // What stands only in memory was never judged before. An audit has all that it needs in memory, and a file for each release
    // would drive out what others keep.
    let is_kept = frame.overlay.is_empty() && !frame.shared.migrations.is_deferring();
    let cache = frame.cache.filter(|_| is_kept);
    let changed: Vec<&DirectorySurvey> = survey
        .directories
        .iter()
        .filter(|directory| !directory.changes.is_empty())
        .collect();
    let mut known: Vec<(Option<Place<'_>>, Option<Outcome>, Vec<Sought>)> = Vec::new();
    for directory in &changed {
        let place = cache.map(|cache| {
            let input = settled.input(directory, &reader.sources, &no_uses);
            Place::of(cache, &input, &facts.release.tag)
        });
        let outcome = place.as_ref().and_then(Place::load);
        let taken = outcome.as_ref().map_or_else(
            || {
                taken_names(directory, lowering, replays)
                    .into_iter()
                    .collect()
            },
            |outcome| outcome.taken.clone(),
        );
        known.push((place, outcome, taken));
    }
    let sought = known.iter().flat_map(|(_, _, taken)| taken.iter().cloned());
    let uses = uses::search(survey, sought.collect(), reader);
    let mut judged = BTreeMap::new();
    for (directory, (place, outcome, taken)) in changed.into_iter().zip(known) {
        let remembered = outcome.and_then(|outcome| outcome.restore(&uses, &reader.sources));
        let one = remembered.unwrap_or_else(|| {
            let one = check_release(&settled.input(directory, &reader.sources, &uses));
            if let Some(place) = place {
                place.store(taken, &one, &uses, &reader.sources);
            }
            one
        });
        judged.insert(key(directory), one);
    }
    judged
}

/// What could not be told of statements. Where more is known than that one could not be classified, that is left out.
fn unknown(opaque: &[(String, String)]) -> impl Iterator<Item = &(String, String)> {
    let line = |reason: &str| reason.split(": ").next().unwrap_or_default().to_owned();
    let told: BTreeSet<(&str, String)> = opaque
        .iter()
        .filter(|(_, reason)| !reason.ends_with(UNCLASSIFIED))
        .map(|(path, reason)| (path.as_str(), line(reason)))
        .collect();
    opaque.iter().filter(move |(path, reason)| {
        !reason.ends_with(UNCLASSIFIED) || !told.contains(&(path.as_str(), line(reason)))
    })
}

/// A configured directory that none of the compared states holds: it was before the release's time, or is misspelt.
fn note_absent(settings: &[MigrationSettings], states: &States, reader: &mut Reader<'_>) {
    let compared = || std::iter::once(&states.subject).chain(&states.previous);
    for path in settings.iter().map(|settings| settings.path.as_str()) {
        if compared().all(|state| state.below(path).next().is_none()) {
            let labels: Vec<&str> = compared().map(|state| state.label.as_str()).collect();
            let reason = format!("no migration directory is there in {}", labels.join(" or "));
            reader.coverage.skip(path, reason);
        }
    }
}

/// The configured directories with SQL in which nothing is a migration: to their runner, or for their dialect.
fn unrecognized(settings: &[MigrationSettings], survey: &Survey) -> Vec<Finding> {
    let is_sql = |path: &str| path.to_ascii_lowercase().ends_with(".sql");
    let is_empty = |settings: &&MigrationSettings| {
        let mut found = survey.directories.iter();
        let mut below = survey.subject.below(&settings.path);
        found
            .by_ref()
            .filter(|directory| directory.directory.path == settings.path)
            .all(|directory| directory.subject.files.is_empty())
            && below.any(|(path, _)| is_sql(path))
    };
    let finding = |settings: &MigrationSettings| {
        let runner = survey
            .directories
            .iter()
            .find(|directory| directory.directory.path == settings.path)
            .map_or_else(
                || "its runner".to_owned(),
                |it| it.directory.runner.to_string(),
            );
        let path = match settings.path.as_str() {
            "" => ".",
            path => path,
        };
        Finding::about(
            "input-unreadable",
            Severity::Error,
            path,
            format!("{path} holds SQL files, and none of them is a migration to {runner}"),
        )
        .help("`migrations` in the configuration names the directory in which the files lie, their runner and dialect")
    };
    settings.iter().filter(is_empty).map(finding).collect()
}

/// What the release adds or changes beside the migrations, and another command than the upgrade runs.
fn callbacks(survey: &Survey, reader: &mut Reader<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for directory in &survey.directories {
        let before = &directory.previous.callbacks;
        let callbacks = directory.subject.callbacks.iter();
        for (path, _) in callbacks.filter(|file| before.binary_search(file).is_err()) {
            let reason = format!(
                "a callback of {}, which runs beside the migrations",
                directory.directory.runner
            );
            let message = format!("{path} was not judged: {reason}");
            reader.coverage.skip(path.clone(), reason);
            let finding = Finding::about("input-unreadable", Severity::Error, path, message);
            findings.push(finding.help("read what it does, and waive this finding for the file"));
        }
    }
    findings
}

/// The comments of the changed files that suppress findings in them.
fn add_comments(
    suppressions: &mut Suppressions,
    survey: &Survey,
    lowering: &Lowering,
    texts: &BTreeMap<String, SourceId>,
    reader: &Reader<'_>,
) {
    for directory in &survey.directories {
        let files = directory.changes.iter();
        for file in files.filter_map(|change| change.current.as_ref()) {
            let (Some(&source), Some(lowered)) = (
                texts.get(&file.path),
                lowering.get(&directory.directory, file),
            ) else {
                continue;
            };
            let sections = lowered.sections.iter();
            let mut statements: Vec<Span> = sections
                .flat_map(|section| &section.statements)
                .map(|statement| statement.span)
                .collect();
            statements.sort_unstable();
            let text = &reader.sources.get(source).text;
            suppressions.add_sql(source, text, directory.directory.dialect, &statements);
        }
    }
}

/// The files of both states, under the state that they are in now.
fn replayed(survey: &Survey) -> Vec<Input> {
    let mut inputs = Vec::new();
    for directory in &survey.directories {
        let states = [
            (&directory.subject, &survey.subject),
            (&directory.previous, &survey.previous),
        ];
        for (sequence, state) in states {
            for file in &sequence.files {
                let is_current = survey
                    .subject
                    .get(&file.path)
                    .is_some_and(|entry| entry.oid == file.oid);
                let label = if is_current {
                    &survey.subject.label
                } else {
                    &state.label
                };
                inputs.push(Input {
                    path: file.path.clone(),
                    revision: label.clone(),
                    digest: finish::digest(file.oid),
                });
            }
        }
    }
    inputs
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
    frame: &Frame<'_>,
    survey: &Survey,
    lowering: &Lowering,
    facts: &Facts,
    reader: &mut Reader<'_>,
) -> Vec<Finding> {
    let states = other_states(frame, survey, facts, reader);
    let others: Vec<OtherRelease<'_>> = states
        .iter()
        .map(|state| OtherRelease {
            tag: &state.label,
            state,
        })
        .collect();
    let memory = &frame.shared.migrations;
    check_sequences(memory, survey, lowering, &others, frame.now, reader).0
}

/// More states than these, each with other migrations, are not compared with.
const MOST_OTHER_STATES: usize = 16;

/// Releases and candidates between the previous release and the subject: a database may have run their migrations. They
/// are only looked at when there are new migrations, whose versions must be above theirs.
fn other_states(
    frame: &Frame<'_>,
    survey: &Survey,
    facts: &Facts,
    reader: &mut Reader<'_>,
) -> Vec<Snapshot> {
    let is_new = |change: &FileChange| {
        change.current.is_some()
            && change.up_changed
            && (change.kind == ChangeKind::Added || change.renumbered)
    };
    let any_new = survey
        .directories
        .iter()
        .filter(|directory| !directory.previous.files.is_empty())
        .flat_map(|directory| &directory.changes)
        .any(is_new);
    if !any_new {
        return Vec::new();
    }
    let release = &facts.release;
    let since = facts
        .tags
        .iter()
        .find(|tag| tag.name == release.previous.tag)
        .map_or("", |tag| tag.date.as_str());
    let own = Version::parse(&release.version);
    let mut candidates: Vec<&TagFact> = facts
        .tags
        .iter()
        .filter(|tag| matches!(tag.kind.as_str(), "final" | "hotfix" | "candidate"))
        .filter(|tag| tag.name != release.tag && tag.name != release.previous.tag)
        .filter(|tag| tag.commit != release.commit && !tag.commit.is_empty())
        .filter(|tag| tag.date.as_str() > since && tag.date <= release.date)
        .filter(|tag| match (&own, Version::parse(&tag.version)) {
            (Some(own), Some(version)) => version.release_order(own).is_lt(),
            _ => true,
        })
        .collect();
    candidates.sort_by(|a, b| (&b.date, &b.name).cmp(&(&a.date, &a.name)));
    let mut states: Vec<Snapshot> = Vec::new();
    let mut left = 0;
    for tag in candidates {
        let state = ObjectId::parse(&tag.commit)
            .and_then(|commit| frame.shared.state(frame.repository, commit, &tag.name).ok());
        let Some(state) = state else {
            reader.coverage.skip(
                format!("refs/tags/{}", tag.name),
                "its files cannot be listed: versions of migrations were not compared with it",
            );
            continue;
        };
        // Candidates mostly hold the migrations of the one before.
        let is_known = |other: &Snapshot| has_same_migrations(survey, &state, other);
        if states.iter().any(is_known) || is_known(&survey.subject) || is_known(&survey.previous) {
            continue;
        }
        if states.len() < MOST_OTHER_STATES {
            states.push(state);
        } else {
            left += 1;
        }
    }
    if left > 0 {
        reader.coverage.skip(
            "refs/tags",
            format!(
                "versions of migrations were not compared with {left} older releases and candidates: {MOST_OTHER_STATES} with other migrations were"
            ),
        );
    }
    states
}

/// Two states hold the same files in the directories of the survey.
fn has_same_migrations(survey: &Survey, one: &Snapshot, other: &Snapshot) -> bool {
    survey.directories.iter().all(|directory| {
        let path = &directory.directory.path;
        one.below(path).eq(other.below(path))
    })
}
