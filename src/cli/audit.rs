//! `relgate audit`: every release of a history, each judged as of its own time.

mod fleet;
mod keep;
mod known;
mod remembered;
mod select;

use std::rc::Rc;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};

use known::Known;

use super::CommandError;
use super::args::{Audit as AuditArgs, Global, PolicyAsOf};
use super::context::{Context, project_at};
use super::output::Streams;
use super::progress::Progress;
use crate::decision::Verdict;
use crate::facts::tags::{TagFact, collect};
use crate::git::{History, Tag};
use crate::judge::{Frame, Judgement, Shared, judge_subject};
use crate::ledger::{Decision, Mode};
use crate::project::Project;
use crate::report::PolicySection;
use crate::report::audit::{Audit, Parts, Release, STAGE, Scope};
use crate::subject::{self, Subject};
use crate::version::TagScheme;

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
    #[error(
        "no release of this clone is in the period, of the names and after the baseline that were asked for: nothing was audited"
    )]
    #[diagnostic(help(
        "git tag --list shows the tags of this clone; --since and --until are a period, --tag a pattern as in 'v1.*', and `baseline` in the configuration leaves out what is not newer"
    ))]
    NothingSelected,
}

pub(super) fn run(
    global: &Global,
    args: &AuditArgs,
    streams: &Streams,
) -> Result<u8, CommandError> {
    if args.repos.is_some() {
        return fleet::run(global, args, streams);
    }
    let audit = {
        let progress = Progress::start(streams.progress, "replaying the policy over the history");
        let context = Context::open(global)?;
        let replayed = replay(&context, args, &progress, &Known::default())?;
        if replayed.is_empty() {
            return Err(NothingToAudit::NothingSelected.into());
        }
        let notes = super::ledger::address(args.ledger.as_deref())
            .filter(|_| args.ledger.is_some())
            .map(|address| {
                let mut ledger =
                    crate::ledger::Ledger::open(&address, crate::ledger::Access::Append)?;
                keep::keep(&mut ledger, &context, args, &replayed)
            })
            .transpose()?;
        replayed.into_audit(&context, args, notes)
    };
    for output in &args.output {
        let shown = output.path.display().to_string();
        Streams::file(&output.path, &shown, &mut |style, out| {
            (output.format.write)(&audit, style, out)
        })?;
    }
    let mut out = Vec::new();
    let written = (args.format.write)(&audit, &streams.style, &mut out);
    Streams::written(written.map(|()| out))?;
    Ok(audit.exit_code())
}

/// A repository's releases, judged.
struct Replayed {
    repository: String,
    history: History,
    tags: Vec<TagFact>,
    releases: Vec<Release>,
    /// What a ledger would keep, for each release that could be judged.
    decisions: Vec<Decision>,
    /// What is known of the releases that were not judged again.
    known: Vec<Verdict>,
    policy: PolicySection,
    prefixes: Vec<String>,
    /// Where the period begins; empty for the beginning.
    since: String,
}

/// Judges the releases that the arguments select, but for those that are known. A repository without any release is an error;
/// whether one without a selected release is, the caller knows.
fn replay(
    context: &Context,
    args: &AuditArgs,
    progress: &Progress,
    known: &Known,
) -> Result<Replayed, CommandError> {
    let mut frame = context.frame()?;
    frame.shared = Rc::new(Shared::deferring());
    frame.lists_inputs = args.ledger.is_some();
    frame.names_next = false;
    if frame.repository.is_shallow() {
        return Err(NothingToAudit::Shallow.into());
    }
    let schemes = select::schemes(&frame, args)?;
    let since = match &args.since {
        Some(since) => Some(("--since", since.as_str())),
        None => frame
            .project
            .config
            .baseline
            .as_deref()
            .map(|tag| ("baseline:", tag)),
    };
    let place = remembered::Place::of(&frame, args);
    if let Some(found) = place.as_ref().and_then(|place| place.load(&frame)) {
        return Ok(Replayed {
            tags: found.tags,
            releases: found.releases,
            prefixes: found.prefixes,
            ..Replayed::nothing(&frame, since)
        });
    }
    let mut latest = Some(0);
    let mut tags: Vec<TagFact> = Vec::new();
    let (mut releases, mut decisions, mut verdicts) = (Vec::new(), Vec::new(), Vec::new());
    let mut whole = History::default();
    for scheme in &schemes {
        frame.scheme = scheme.clone();
        let found = frame.repository.tags(scheme)?;
        let history = subject::load_history(frame.repository, found, &frame.branches, &[])?;
        let facts = Arc::new(collect(&history, scheme, &frame.earlier_tags));
        frame.tags = Some(Arc::clone(&facts));
        let selected = select::releases(&history, &facts, since, args)?;
        let own = remembered::latest(&frame, &history, selected.iter().copied());
        latest = latest
            .zip(own)
            .map(|(known, own): (i64, i64)| known.max(own));
        for tag in selected {
            if let Some(verdict) = known.verdict(tag, frame.project, args) {
                verdicts.push(verdict);
                continue;
            }
            progress.say(format!("judging {}", tag.name.name));
            let (release, decision) = judge_release(&frame, context, tag, &history, &facts, args);
            releases.push(release);
            decisions.extend(decision);
        }
        select::merge(&mut tags, facts.to_vec());
        whole = history;
    }
    frame.shared.migrations.keep(frame.cache);
    let is_release = |tag: &TagFact| matches!(tag.kind.as_str(), "final" | "hotfix");
    if !tags.iter().any(is_release) {
        return Err(NothingToAudit::NoReleases.into());
    }
    let prefixes: Vec<String> = schemes.into_iter().map(|scheme| scheme.prefix).collect();
    if let Some(place) = place {
        place.store(&frame, latest, (&tags, &releases, &prefixes));
    }
    Ok(Replayed {
        history: whole,
        tags,
        releases,
        decisions,
        known: verdicts,
        prefixes,
        ..Replayed::nothing(&frame, since)
    })
}

/// One release, and what a ledger would keep. What goes wrong with it stands in its row, and the others are judged all the same.
fn judge_release(
    frame: &Frame<'_>,
    context: &Context,
    tag: &Tag,
    history: &History,
    facts: &[TagFact],
    args: &AuditArgs,
) -> (Release, Option<Decision>) {
    match judgement(frame, context, tag, history, args) {
        Ok((judgement, configuration)) => {
            let release =
                Release::judged(&judgement.report, &judgement.facts, args.require_evidence);
            let decision = args.ledger.is_some().then(|| {
                let mut decision = Decision::of(Mode::Audit, &judgement.report, &judgement.facts);
                // What the audit says, where that differs from what `check` would.
                decision.verdict.clone_from(&release.verdict);
                decision.policy.configuration = configuration;
                decision
            });
            (release, decision)
        }
        Err(error) => {
            let fact = facts.iter().find(|fact| fact.name == tag.name.name);
            let fact = fact.cloned().unwrap_or_default();
            (Release::failed(&fact, error.to_string()), None)
        }
    }
}

/// The judgement of a release, and for a ledger the digest of what decided beside the policies.
fn judgement(
    frame: &Frame<'_>,
    context: &Context,
    tag: &Tag,
    history: &History,
    args: &AuditArgs,
) -> Result<(Judgement, String), CommandError> {
    let configuration = |project: &Project| match &args.ledger {
        Some(_) => known::configuration(&tag.name.name, project, args),
        None => String::new(),
    };
    let subject = Subject::of_tag(tag.clone(), false);
    let Some(commit) = subject.commit else {
        return Err(subject::not_a_commit(tag).into());
    };
    subject::require_history(frame.repository, history, &subject)?;
    // Each release is judged as of its own time: what was old or had run out by then, not what is now.
    let now = as_of(tag, history).map_or(frame.clock, |own| own.min(frame.clock));
    let own = Frame {
        now,
        ..frame.clone()
    };
    if args.policy_as_of == PolicyAsOf::Now {
        let judgement = judge_subject(&own, &subject, history, Some(STAGE), &[])?;
        return Ok((judgement, configuration(own.project)));
    }
    // How tags and branches are named is how the audit selects releases, not what an old policy says.
    let project = project_at(context, commit)?;
    let own = Frame {
        project: &project,
        ..own
    };
    let judgement = judge_subject(&own, &subject, history, Some(STAGE), &[])?;
    Ok((judgement, configuration(&project)))
}

/// When a release was made: the tag's own date, else its commit's.
fn as_of(tag: &Tag, history: &History) -> Option<DateTime<Utc>> {
    let committed = || history.graph.time(tag.commit?);
    DateTime::from_timestamp(tag.date.or_else(committed)?, 0)
}

impl Replayed {
    /// A repository of which nothing is known yet.
    fn nothing(frame: &Frame<'_>, since: Option<(&str, &str)>) -> Self {
        Self {
            repository: frame.repository.name(),
            history: History::default(),
            tags: Vec::new(),
            releases: Vec::new(),
            decisions: Vec::new(),
            known: Vec::new(),
            policy: PolicySection {
                reference: frame.project.reference.clone(),
                digest: frame.project.policies.digest().to_owned(),
                packs: frame.project.policies.packs().to_vec(),
                change: None,
            },
            prefixes: Vec::new(),
            since: since.map_or_else(String::new, |(_, since)| since.to_owned()),
        }
    }

    /// No release was selected.
    fn is_empty(&self) -> bool {
        self.releases.is_empty() && self.known.is_empty()
    }

    fn into_audit(
        self,
        context: &Context,
        args: &AuditArgs,
        ledger: Option<crate::report::audit::LedgerNotes>,
    ) -> Audit {
        Audit::new(Parts {
            generated_at: context.now.to_rfc3339_opts(SecondsFormat::Secs, true),
            repository: self.repository,
            scope: Scope {
                since: self.since,
                until: args.until.clone().unwrap_or_default(),
                tags: args.tag.clone(),
                prefixes: self.prefixes,
                policy_as_of_release: args.policy_as_of == PolicyAsOf::Release,
                require_evidence: args.require_evidence,
            },
            policy: self.policy,
            releases: self.releases,
            tags: self.tags,
            sample: (args.sample, args.seed.clone()),
            ledger,
        })
    }
}

/// The scheme with another prefix.
fn with_prefix(scheme: &TagScheme, prefix: &str) -> TagScheme {
    TagScheme {
        prefix: prefix.to_owned(),
        ..scheme.clone()
    }
}
