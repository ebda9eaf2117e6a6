//! A change to what decides: configuration, policies, waivers, signers, roles. With `--policy-ref` it decides nothing about
//! itself; it is told, and what it would make of the judgement is told with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Frame, JudgeError, Judgement, Request, finish, judge_subject};
use crate::config::{Config, FILE_NAMES};
use crate::discover::{Reader, Snapshot};
use crate::finding::{Finding, Severity};
use crate::project::{self, Project, Root};
use crate::report::{Difference, PolicyChange, Report, WithChange};
use crate::source::{Location, Span};
use crate::subject::{self, Subject};

/// The id of the finding.
const RULE: &str = "policy-changed";

/// Compares what the subject says about how it is judged with what it is judged by.
pub(super) fn review(
    frame: &Frame<'_>,
    subject: &Subject,
    request: &Request,
    judgement: &mut Judgement,
) -> Result<(), JudgeError> {
    if !frame.project.protected {
        return Ok(());
    }
    let snapshot = match subject.commit {
        _ if subject.staged => Snapshot::of_index(frame.repository, frame.index_file.as_deref())?,
        Some(commit) => Snapshot::of_commit(frame.repository, commit, &subject.label)?,
        None => return Ok(()),
    };
    let before = subject
        .changes_since
        .map(|commit| Snapshot::of_commit(frame.repository, commit, &commit.short()))
        .transpose()?;
    let mut reader = Reader::new(frame.repository);
    let root = Root::Commit {
        snapshot: &snapshot,
        commit: subject.label.clone(),
        protected: true,
    };
    let config = frame.project.config_file.as_ref();
    let named = config
        .map(|(path, _)| path.as_str())
        .filter(|path| !FILE_NAMES.contains(path))
        .map(Path::new);
    let own = project::load(&root, &root, &mut reader, named);
    let theirs = match &own {
        Ok(own) => own.files.keys().cloned().collect(),
        Err(_) => usual_paths(frame.project, &root, &mut reader, named),
    };
    let paths: BTreeSet<&String> = frame.project.files.keys().chain(&theirs).collect();
    let mut changed = Vec::new();
    for path in paths {
        let there = project::read(&root, &mut reader, path);
        // What cannot be read is not what the protected state holds, which was read.
        let same = there.as_ref().is_ok_and(|there| {
            frame.project.files.get(path).map(String::as_str) == there.as_deref()
        });
        // Where the protected state merely moved on, the change changes nothing.
        let untouched = before
            .as_ref()
            .is_some_and(|before| before.get(path) == snapshot.get(path));
        if !same && !untouched {
            changed.push((path.clone(), there.ok().flatten()));
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let with = match own {
        Err(error) => Err(error.in_short()),
        Ok(mut own) => {
            own.evidence.clone_from(&frame.project.evidence);
            own.protected = false;
            with_change(frame, &own, request)?.map(|other| compare(&judgement.report, &other))
        }
    };
    let report = &mut judgement.report;
    let effect = effect(&with);
    for (path, text) in &changed {
        let mut finding = Finding::about(
            RULE,
            Severity::Warning,
            path.as_str(),
            format!("this change touches what decides about it: {path}"),
        )
        .note("with it", effect.as_str())
        .help("it is judged by the protected policies, not by its own; have those who own them look at this file");
        if let Some(text) = text {
            let source = report.sources.add(path.as_str(), "", text.as_str());
            let end = text.find('\n').unwrap_or(text.len());
            finding.location = Some(Location {
                source,
                span: Span::new(0, end),
            });
            finding.about.clear();
        }
        report.findings.push(finding);
    }
    finish::sort(&mut report.findings, &report.sources);
    report.policy.change = Some(PolicyChange {
        files: changed.into_iter().map(|(path, _)| path).collect(),
        with,
    });
    Ok(())
}

/// Where what decides usually lies, for a change whose own cannot be loaded and so does not say what it is made of: the
/// configuration, what it names beside policies, and the policies that the protected one and its own name.
fn usual_paths(
    protected: &Project,
    root: &Root<'_>,
    reader: &mut Reader<'_>,
    named: Option<&Path>,
) -> BTreeSet<String> {
    let mut paths: BTreeSet<String> = FILE_NAMES.map(str::to_owned).into();
    let own = project::config(root, reader, named).unwrap_or_default();
    for config in [&Config::default(), &protected.config, &own] {
        let beside = [
            config.waivers(),
            config.signers(),
            config.revoked(),
            config.roles(),
        ];
        paths.extend(beside.map(str::to_owned));
        for name in config.policies() {
            paths.extend(project::policy_paths(root, reader, &name));
        }
    }
    paths
}

/// The report by what the change says itself, or why there would be none.
fn with_change(
    frame: &Frame<'_>,
    own: &Project,
    request: &Request,
) -> Result<Result<Report, String>, JudgeError> {
    let fresh = Frame::new(frame.repository, own, frame.now, frame.cache)?;
    // What the configuration says is the change's own; all else is as it was asked for.
    let other = Frame {
        project: fresh.project,
        scheme: fresh.scheme,
        branches: fresh.branches,
        shared: fresh.shared,
        tags: fresh.tags,
        ..frame.clone()
    };
    // Which release is judged, and after which, follows from how tags and branches are named.
    let found = subject::load(
        other.repository,
        &other.scheme,
        &other.branches,
        &request.subject,
    );
    let judged = found
        .map_err(JudgeError::from)
        .and_then(|(subject, history)| {
            judge_subject(&other, &subject, &history, request.stage, &request.files)
        });
    match judged {
        Ok(judgement) => Ok(Ok(judgement.report)),
        // The change's own mistake, which is no reason to keep the protected judgement back.
        Err(
            error @ (JudgeError::Subject(_)
            | JudgeError::Configured { .. }
            | JudgeError::Baseline { .. }),
        ) => Ok(Err(error.to_string())),
        Err(other) => Err(other),
    }
}

/// What the change would do, in one line.
fn effect(with: &Result<WithChange, String>) -> String {
    match with {
        Err(why) => format!("nothing could be judged: {why}"),
        Ok(with) if with.differences.is_empty() => "the judgement would be the same".to_owned(),
        Ok(with) => {
            let shown = with.differences.iter().take(3);
            let shown: Vec<String> = shown
                .map(|it| format!("{} {} → {}", it.what, it.before, it.after))
                .collect();
            let more = with.differences.len().saturating_sub(3);
            let more = if more == 0 {
                String::new()
            } else {
                format!(", and {more} more")
            };
            format!("{}{more}", shown.join(", "))
        }
    }
}

/// What differs between two judgements of one subject.
fn compare(report: &Report, other: &Report) -> WithChange {
    let mut differences = Vec::new();
    let mut differ = |what: String, before: &str, after: &str| {
        if before != after {
            differences.push(Difference {
                what,
                before: before.to_owned(),
                after: after.to_owned(),
            });
        }
    };
    let (one, two) = (&report.decision, &other.decision);
    differ(
        "verdict".to_owned(),
        one.verdict.as_str(),
        two.verdict.as_str(),
    );
    differ(
        "required type".to_owned(),
        one.required.as_str(),
        two.required.as_str(),
    );
    let sides = [findings(report), findings(other)];
    let mut keys: Vec<&String> = sides.iter().flat_map(BTreeMap::keys).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let side = |index: usize| sides[index].get(key).map_or("no finding", String::as_str);
        differ(key.clone(), side(0), side(1));
    }
    let gates = |report: &Report| -> BTreeMap<String, &'static str> {
        let gates = report.gates.iter();
        gates
            .map(|gate| (gate.id.clone(), gate.status.as_str()))
            .collect()
    };
    let sides = [gates(report), gates(other)];
    let mut ids: Vec<&String> = sides.iter().flat_map(BTreeMap::keys).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        let side = |index: usize| sides[index].get(id).copied().unwrap_or("no gate");
        differ(format!("gate {id}"), side(0), side(1));
    }
    WithChange {
        verdict: two.verdict,
        required: two.required,
        differences,
    }
}

/// Findings by rule and place, each with what it weighs.
fn findings(report: &Report) -> BTreeMap<String, String> {
    let findings = report.findings.iter().map(|finding| {
        let place = finding
            .location
            .map_or_else(|| finding.about.clone(), |place| report.place(place));
        let state = match finding.status {
            crate::finding::Status::Open => finding.severity.as_str().to_owned(),
            status => format!("{} ({})", status.as_str(), finding.severity.as_str()),
        };
        (
            format!("{} {place}", finding.rule).trim_end().to_owned(),
            state,
        )
    });
    findings.collect()
}
