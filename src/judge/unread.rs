//! Files that decide about the release and could not be read: each that the release touches is a finding.

use std::collections::BTreeSet;

use super::States;
use crate::discover::{Coverage, NotExamined, Snapshot};
use crate::facts::Facts;
use crate::finding::{Finding, Severity};
use crate::project::Named;
use crate::source::Sources;

/// The findings. A file that another rule has an error about needs no second one.
pub(super) fn findings(
    states: &States,
    facts: &Facts,
    coverage: &Coverage,
    sources: &Sources,
    found: &[Finding],
) -> Vec<Finding> {
    let told: BTreeSet<&str> = found
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .filter_map(|finding| finding.location)
        .map(|location| sources.get(location.source).path.as_str())
        .collect();
    let unread = coverage
        .unread
        .iter()
        .filter(|(path, content)| {
            let current = states.subject.get(path);
            current.is_some_and(|entry| entry.oid == *content) && states.touches(path)
        })
        .map(|(path, _)| path.as_str());
    let nameless = new_unlisted(states)
        .filter(|entry| is_judged(facts, &entry.path))
        .map(|entry| entry.path.as_str());
    unread
        .chain(nameless)
        .filter(|path| !told.contains(path))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(|path| finding(path, reason(coverage, path)))
        .collect()
}

/// The findings for what the configuration names and the release takes away.
pub(super) fn taken_away(files: &[Named]) -> impl Iterator<Item = Finding> {
    files.iter().map(|one| {
        Finding::about(
            "input-unreadable",
            Severity::Error,
            &one.path,
            format!(
                "{} is gone, and the configuration names it (`{}`): what belongs to it was not judged",
                one.path, one.key
            ),
        )
        .help("bring it back, or change the configuration with it")
    })
}

/// What cannot even be listed, and could not in a state before either: the previous release answers for that.
fn new_unlisted(states: &States) -> impl Iterator<Item = &NotExamined> {
    let before = [&states.previous, &states.base];
    states.subject.not_listed.iter().filter(move |entry| {
        let known = |state: &Snapshot| state.unlisted(&entry.path) == Some(entry);
        !before.iter().any(|state| state.as_ref().is_some_and(known))
    })
}

/// The path is below a directory of migrations or of a chart.
fn is_judged(facts: &Facts, path: &str) -> bool {
    let below = |directory: &str| {
        directory.is_empty()
            || path
                .strip_prefix(directory)
                .is_some_and(|rest| rest.starts_with('/'))
    };
    let directories = facts.migrations.directories.iter();
    let charts = facts.charts.iter();
    directories
        .map(|directory| directory.path.as_str())
        .chain(charts.map(|chart| chart.directory.as_str()))
        .any(below)
}

fn reason<'c>(coverage: &'c Coverage, path: &str) -> &'c str {
    let entry = coverage
        .not_examined
        .iter()
        .find(|entry| entry.path == path);
    entry.map_or("it could not be read", |entry| entry.reason.as_str())
}

fn finding(path: &str, reason: &str) -> Finding {
    Finding::about(
        "input-unreadable",
        Severity::Error,
        path,
        format!("{path} was not judged: {reason}"),
    )
    .help("what is not read is not judged: make it a text file in UTF-8")
}
