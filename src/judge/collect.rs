//! Collecting facts and running rules, one kind of document after the other.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::{Frame, JudgeError, States, migrations, runbooks, settings, signatures};
use crate::charts::{Chart, ChartSurvey};
use crate::discover::Reader;
use crate::facts::changelog::SectionFact;
use crate::facts::{
    Facts, Origins, builds, changelog, history, references, release, tags, workflows,
};
use crate::finding::Finding;
use crate::gate::Stage;
use crate::git::{History, ObjectId, Tag};
use crate::report::Input;
use crate::rules::changelog::ChangelogInput;
use crate::rules::{self, Findings};
use crate::source::{Location, Sources};
use crate::subject::Subject;
use crate::suppress::Suppressions;
use crate::syntax::changelog::component_of_prefix;

/// What is known without reading a file: release, tags, commits.
pub(super) fn release(
    frame: &Frame<'_>,
    subject: &Subject,
    past: &History,
    stage: Stage,
    facts: &mut Facts,
    reader: &mut Reader<'_>,
) -> Result<(), JudgeError> {
    let naming = release::Naming {
        branches: &frame.branches,
        stage,
    };
    facts.release = release::collect(
        past,
        subject,
        naming,
        frame.repository,
        &mut reader.coverage,
    )?;
    facts.release.unpublished |= frame.pushing;
    facts.tags = frame.tags.clone().unwrap_or_else(|| {
        let facts = tags::collect(past, &frame.scheme, &frame.earlier_tags);
        Arc::new(facts)
    });
    reader.coverage.count("tags", facts.tags.len());
    let Range { commits, new } = range(subject, past);
    facts.release.tag_signature = signatures::of_tag(frame, facts)?;
    facts.commits = history::collect(frame.repository, &commits, &new, |signed| {
        signatures::of_commit(frame, signed)
    })?;
    reader.coverage.count("commits", facts.commits.len());
    Ok(())
}

/// The commits of the release, and which of them the previous release does not have.
#[derive(Default)]
struct Range {
    commits: Vec<ObjectId>,
    new: HashSet<ObjectId>,
}

/// From the ancestor release to the subject; of a pull request, from where it starts. A previous release on a parallel line
/// may hold some of these commits.
fn range(subject: &Subject, past: &History) -> Range {
    let (Some(commit), Some(point), false) = (subject.commit, subject.point(), subject.staged)
    else {
        return Range::default();
    };
    let lineage = past.lineage(&point);
    let of = |tag: Option<&Tag>| tag.and_then(|tag| tag.commit);
    let base = subject.changes_since.or_else(|| of(lineage.ancestor));
    let bases: Vec<ObjectId> = base.into_iter().chain(of(lineage.previous)).collect();
    Range {
        commits: past.graph.range(base.as_slice(), commit),
        new: past.graph.range(&bases, commit).into_iter().collect(),
    }
}

/// What reading the documents leaves beside facts.
pub(super) struct Collected {
    /// What rules found.
    pub(super) findings: Vec<Finding>,
    /// What suppresses findings in the files that were read.
    pub(super) suppressions: Suppressions,
    /// The files that the replay of the schema took in, read or known to the cache.
    pub(super) replayed: Vec<Input>,
}

/// What the files say: facts of all documents, and what rules find in them.
pub(super) fn documents(
    frame: &Frame<'_>,
    states: &States,
    past: &History,
    facts: &mut Facts,
    reader: &mut Reader<'_>,
    origins: &mut Origins,
) -> Result<Collected, JudgeError> {
    let mut findings = Findings::default();
    changelog(frame, states, facts, reader, origins, &mut findings);
    let mut of_migrations = migrations::collect(frame, states, facts, reader, origins);
    findings.0.append(&mut of_migrations.findings);
    // Findings in files that nobody touched belong to the past.
    findings.0.retain(|finding| {
        finding
            .location
            .is_none_or(|place| states.touches(&reader.sources.get(place.source).path))
    });
    facts.workflows = workflows::collect(&states.subject, reader, &facts.release.tag, origins);
    reader.coverage.count("workflows", facts.workflows.len());
    let settings = settings::charts(&frame.project.config.charts);
    let previous = states.previous.as_ref();
    let mut survey = crate::charts::survey(previous, &states.subject, &settings, reader);
    if let Some(helm) = &frame.helm {
        crate::charts::render(&mut survey, previous, &states.subject, helm, reader);
    }
    runbooks::collect(
        frame,
        &states.subject,
        &survey,
        past,
        facts,
        reader,
        origins,
    )?;
    charts(
        frame,
        states,
        &survey,
        facts,
        reader,
        origins,
        &mut findings,
    );
    facts.release.version_references = references::collect(
        &settings::references(&frame.project.config.version_references),
        &states.subject,
        reader,
        origins,
    );
    facts.builds = builds::collect(&states.subject, reader, origins);
    reader.coverage.count("builds", facts.builds.len());
    let mut suppressions = of_migrations.suppressions;
    settings::suppressions(frame, states, reader, &mut suppressions);
    Ok(Collected {
        findings: findings.0,
        suppressions,
        replayed: of_migrations.replayed,
    })
}

fn changelog(
    frame: &Frame<'_>,
    states: &States,
    facts: &mut Facts,
    reader: &mut Reader<'_>,
    origins: &mut Origins,
    findings: &mut Findings,
) {
    let configured = frame.project.config.changelog.as_deref();
    let memory = &frame.shared.changelogs;
    let before = states
        .previous
        .as_ref()
        .and_then(|previous| changelog::read(reader, previous, configured, memory));
    let file = changelog::read(reader, &states.subject, configured, memory);
    let question = changelog::Question {
        version: &facts.release.version,
        prefix: &frame.scheme.prefix,
        previous_version: &facts.release.previous.version,
        previous: before.as_ref(),
    };
    facts.changelog = changelog::collect(file.as_ref(), &reader.sources, &question, origins);
    if let Some((file, source)) = file.as_ref().and_then(|file| Some((file, file.source?))) {
        let input = ChangelogInput {
            source,
            changelog: &file.parsed.value,
            previous: before.as_ref().map(|before| &before.parsed.value),
            // On a release branch the section may still be in work; only a tag says that it is done.
            current: (!facts.release.tag.is_empty()).then_some(&facts.release.version),
            component: &component_of_prefix(&frame.scheme.prefix),
            today: frame.now.date_naive(),
        };
        rules::changelog::check(&input, findings);
    }
    reader
        .coverage
        .count("changelogs", usize::from(facts.changelog.exists));
}

fn charts(
    frame: &Frame<'_>,
    states: &States,
    survey: &ChartSurvey,
    facts: &mut Facts,
    reader: &mut Reader<'_>,
    origins: &mut Origins,
    findings: &mut Findings,
) {
    facts.charts = crate::facts::charts::collect(
        survey,
        &settings::short_name(frame.repository),
        frame.application_tags.as_deref(),
        origins,
    );
    facts.values = crate::facts::values::collect(survey, origins);
    let deploying = facts.release.stage == Stage::Deploy.as_str()
        || facts.release.stage == Stage::PostRelease.as_str()
        || facts.release.stage == Stage::Closed.as_str();
    for chart in &survey.charts {
        if !deploying && !is_touched(chart, states, &reader.sources) {
            continue;
        }
        let mut found = Findings::default();
        let known_before = chart.set_keys.iter().filter(|key| key.was_known);
        let outdated: BTreeSet<Location> = known_before.map(|key| key.location).collect();
        rules::helm::check(&rules::helm::HelmInput { chart, deploying }, &mut found);
        // What is deployed counts as a whole; before that, a chart that nobody touched is the past's.
        found.0.retain(|finding| {
            let path = |place: Location| reader.sources.get(place.source).path.as_str();
            // A document that nobody touched is wrong now when the chart no longer has its key.
            let is_outdated = finding
                .location
                .is_some_and(|place| outdated.contains(&place));
            // What a runbook says counts whenever it was written.
            let is_in_runbook = finding
                .location
                .is_some_and(|place| facts.runbooks.iter().any(|it| it.path == path(place)));
            deploying
                || is_outdated
                || is_in_runbook
                || finding
                    .location
                    .is_none_or(|place| states.touches(path(place)))
        });
        findings.0.append(&mut found.0);
    }
    reader.coverage.count("charts", facts.charts.len());
}

/// A pull request or staged changes touch the chart, or a document that sets its keys; of a release every chart counts.
fn is_touched(chart: &Chart, states: &States, sources: &Sources) -> bool {
    let Some(touched) = &states.touched else {
        return true;
    };
    let state = &chart.state;
    let below = match state.directory.as_str() {
        "" => String::new(),
        directory => format!("{directory}/"),
    };
    let mut inside = touched.range(below.clone()..);
    let is_inside = inside.next().is_some_and(|path| path.starts_with(&below));
    let touches = |path: &str| states.touches(path);
    is_inside
        || state.values.iter().any(|file| touches(&file.path))
        || chart
            .set_keys
            .iter()
            .any(|key| key.was_known || touches(&sources.get(key.location.source).path))
        || touches(&state.path())
}

/// What the changelog said before a change.
pub(super) fn changelog_before(
    frame: &Frame<'_>,
    facts: &Facts,
    states: &States,
    reader: &mut Reader<'_>,
) -> SectionFact {
    let Some(base) = &states.base else {
        return SectionFact::default();
    };
    let file = changelog::read(
        reader,
        base,
        frame.project.config.changelog.as_deref(),
        &frame.shared.changelogs,
    );
    let question = changelog::Question {
        version: &facts.release.version,
        prefix: &frame.scheme.prefix,
        previous_version: &facts.release.previous.version,
        previous: None,
    };
    let mut origins = Origins::default();
    changelog::collect(file.as_ref(), &reader.sources, &question, &mut origins).current
}
