//! Which evidence counts for a release.

use chrono::DateTime;

use super::Frame;
use crate::discover::{Reader, Snapshot};
use crate::evidence::verify::{self, Item, Point, Release};
use crate::facts::evidence::EvidenceFact;
use crate::facts::{Facts, Origins};
use crate::git::{History, ObjectId};
use crate::source::{Location, Span};

/// The names under which evidence names documents of the repository.
const DOCUMENTS: [&str; 3] = ["migration-guide", "plan", "runbook"];

/// Checks all evidence of the project against the release that the facts describe. Without a tag there is nothing that
/// evidence could be bound to.
pub(super) fn collect(
    frame: &Frame<'_>,
    facts: &Facts,
    past: &History,
    subject: &Snapshot,
    reader: &mut Reader<'_>,
    origins: &mut Origins,
) -> Vec<EvidenceFact> {
    let trust = &frame.project.trust;
    for (line, why) in &trust.signers.problems {
        let path = format!("{}:{line}", trust.signers_file.0);
        reader
            .coverage
            .skip(path, format!("{why}; this line counts for nobody"));
    }
    if let Some(path) = &frame.project.absent_evidence {
        let why = "the configured directory of evidence does not exist";
        reader.coverage.skip(path.as_str(), why);
    }
    if facts.release.tag.is_empty() || facts.release.commit.is_empty() {
        return Vec::new();
    }
    let release = release(frame, facts, past);
    let mut found = verify::check(&frame.project.evidence, trust, &release);
    for fact in &mut found {
        fact.missing_files = missing(fact, subject);
        let Some(item) = item_at(&frame.project.evidence, &fact.path) else {
            continue;
        };
        if fact.gate.is_empty() {
            let why = format!("no evidence: {} ({})", fact.message, fact.reason);
            reader.coverage.skip(item.path.as_str(), why);
        }
        let source = reader
            .sources
            .add(item.path.as_str(), "", item.text.as_str());
        fact.origin = origins.add(Location {
            source,
            span: Span::default(),
        });
    }
    reader.coverage.count("evidence", found.len());
    found
}

/// The file of a path. As a rule they stand in order.
fn item_at<'i>(items: &'i [Item], path: &str) -> Option<&'i Item> {
    match items.binary_search_by(|item| item.path.as_str().cmp(path)) {
        Ok(at) => items.get(at),
        Err(_) => items.iter().find(|item| item.path == path),
    }
}

/// The documents that evidence names and that the release does not hold. What is elsewhere is not in the repository.
fn missing(fact: &EvidenceFact, subject: &Snapshot) -> Vec<String> {
    fact.data
        .iter()
        .filter(|data| DOCUMENTS.contains(&data.name.as_str()))
        .map(|data| data.value.trim_start_matches("./").to_owned())
        .filter(|path| subject.get(path).is_none())
        .collect()
}

/// What evidence for a release has to fit.
pub(super) fn release<'a>(frame: &Frame<'a>, facts: &Facts, past: &History) -> Release<'a> {
    let subject = &facts.release;
    let point = |tag: &str, commit: &str| Point {
        tag: tag.to_owned(),
        commit: commit.to_owned(),
        time: ObjectId::parse(commit)
            .and_then(|id| past.graph.time(id))
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
    };
    let gates = frame
        .project
        .policies
        .gates()
        .filter_map(|gate| Some((gate.id.as_str(), gate.evidence.as_ref()?)))
        .collect();
    let authors = facts
        .commits
        .iter()
        .flat_map(|commit| {
            [&commit.author, &commit.committer]
                .into_iter()
                .chain(&commit.co_authors)
        })
        .map(|person| person.email.clone())
        .filter(|email| !email.is_empty())
        .collect();
    Release {
        subject: point(&subject.tag, &subject.commit),
        candidate: subject
            .candidates
            .last()
            .filter(|last| last.tag != subject.tag && !last.after_final)
            .map(|last| point(&last.tag, &last.commit)),
        previous: point(&subject.previous.tag, &subject.previous.commit),
        authors,
        policy_digest: frame.project.policies.digest(),
        gates,
        now: frame.now,
        clock: frame.clock,
    }
}
