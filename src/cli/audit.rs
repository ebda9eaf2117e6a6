//! `relgate audit`: every release of a history, each judged as of its own time.

use super::CommandError;
use super::args::{Audit as AuditArgs, AuditFormat, Global};
use super::context::Context;
use super::output::Streams;
use super::progress::Progress;
use crate::facts::tags::{TagFact, collect};
use crate::git::{GitError, Tag};
use crate::judge::{Frame, judge_subject};
use crate::report::audit::{Audit, Release, STAGE};
use crate::subject::{self, Subject};
use crate::version::TagKind;

/// An end of the period that is no release.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{flag} {tag}: there is no final or hotfix tag of that name")]
#[diagnostic(help(
    "git tag --list shows the tags of this clone; git fetch --tags brings those of the remote"
))]
struct UnknownRelease {
    flag: &'static str,
    tag: String,
}

/// Nothing that could be audited.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum NothingToAudit {
    #[error("this clone is shallow: the releases before its end cannot be audited")]
    #[diagnostic(help(
        "git fetch --unshallow --tags        (GitHub Actions: actions/checkout with fetch-depth: 0)"
    ))]
    Shallow,
    #[error("this clone has no release tag, so there is nothing to audit")]
    #[diagnostic(help(
        "git fetch --tags        brings the release tags, if there are any\n\
         tags: {{ prefix: … }} in relgate.yaml says how they begin, if not with `v`"
    ))]
    NoReleases,
    #[error("--since {since} is not before --until {until}")]
    #[diagnostic(help("the period goes from the release behind --since to --until"))]
    EmptyPeriod { since: String, until: String },
}

pub(super) fn run(
    global: &Global,
    args: &AuditArgs,
    streams: &Streams,
) -> Result<u8, CommandError> {
    let audit = {
        let _progress = Progress::start(streams.progress, "replaying the policy over the history");
        let context = Context::open(global)?;
        audit(&context.frame()?, args)?
    };
    let mut out = Vec::new();
    let written = match args.format {
        AuditFormat::Human => audit.human(&streams.style, &mut out),
        AuditFormat::Json => audit.json(&mut out),
    };
    Streams::written(written.map(|()| out))?;
    Ok(audit.exit_code())
}

fn audit(frame: &Frame<'_>, args: &AuditArgs) -> Result<Audit, CommandError> {
    if frame.repository.is_shallow() {
        return Err(NothingToAudit::Shallow.into());
    }
    let tags = frame.repository.tags(&frame.scheme)?;
    let history = subject::load_history(frame.repository, tags, &frame.branches, &[])?;
    let is_release = |tag: &&Tag| matches!(tag.kind(), TagKind::Final | TagKind::Hotfix);
    let releases: Vec<&Tag> = history.tags.iter().filter(is_release).collect();
    if releases.is_empty() {
        return Err(NothingToAudit::NoReleases.into());
    }
    let position = |flag: &'static str, name: &Option<String>| match name {
        None => Ok(None),
        Some(name) => releases
            .iter()
            .position(|tag| tag.name.name == *name)
            .map(Some)
            .ok_or_else(|| UnknownRelease {
                flag,
                tag: name.clone(),
            }),
    };
    let baseline = &frame.project.config.baseline;
    let since = match &args.since {
        None => position("baseline:", baseline)?,
        Some(_) => position("--since", &args.since)?,
    };
    let first = since.map_or(0, |index| index + 1);
    let last = position("--until", &args.until)?.map_or(releases.len(), |index| index + 1);
    if let (Some(since), Some(until)) = (&args.since, &args.until)
        && first >= last
    {
        return Err(NothingToAudit::EmptyPeriod {
            since: since.clone(),
            until: until.clone(),
        }
        .into());
    }
    let facts: Vec<TagFact> = collect(&history);
    let mut judged = Vec::new();
    for tag in releases.get(first..last).unwrap_or_default() {
        let subject = Subject::of_tag((*tag).clone(), false);
        let result = match subject.commit {
            Some(commit) => frame
                .repository
                .require_history(&history, commit, &subject.label)
                .map_err(Into::into)
                .and_then(|()| judge_subject(frame, &subject, &history, Some(STAGE), &[])),
            None => Err(GitError::BrokenTag {
                tag: tag.name.name.clone(),
                subject: subject.label.clone(),
            }
            .into()),
        };
        judged.push(match result {
            Ok(judgement) => {
                Release::judged(&judgement.report, &judgement.facts, args.require_evidence)
            }
            Err(error) => {
                let fact = facts
                    .iter()
                    .find(|fact| fact.name == tag.name.name)
                    .cloned()
                    .unwrap_or_default();
                Release::failed(&fact, error.to_string())
            }
        });
    }
    Ok(Audit::new(frame.repository.name(), judged, &facts))
}
