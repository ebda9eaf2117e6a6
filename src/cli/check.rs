//! `relgate check`: the main job.

use super::CommandError;
use super::args::{Check, Global};
use super::context::{Context, search_path, subject_request};
use super::ledger;
use super::output::Streams;
use super::progress::Progress;
use crate::charts::Helm;
use crate::git::Repository;
use crate::judge::{Frame, Judgement, Request, judge};
use crate::policy::trace;
use crate::report;
use crate::subject::SubjectRequest;

pub(super) fn run(global: &Global, args: &Check, streams: &Streams) -> Result<u8, CommandError> {
    let (report, explanation) = {
        let _progress = Progress::start(streams.progress, "reading history and migrations");
        let context = Context::open(global)?;
        let request = Request {
            subject: subject(args),
            stage: args.stage,
            files: args.files.clone(),
        };
        let mut frame = context.frame()?;
        if let (Some(word), false) = (args.files.first(), args.staged) {
            return Err(stray(&context, &frame, word)?.into());
        }
        if let Some(directory) = &args.app_repo {
            frame.application_tags = Some(Repository::open(directory)?.tag_names()?);
        }
        if let Some(address) = &args.ledger {
            frame.earlier_tags = ledger::earlier_tags(frame.repository, address)?;
        }
        if args.render {
            frame.helm = Some(Helm::find(&search_path()));
        }
        let judgement = judge(&frame, &request)?;
        let explanation = match &args.explain {
            Some(id) => Some(explain(&context, &judgement, id, streams)?),
            None => None,
        };
        let Judgement {
            report,
            facts,
            origins,
        } = judgement;
        leave((frame, facts, origins));
        leave(context);
        (report, explanation)
    };
    for output in &args.output {
        Streams::report_file(&report, output.format, &output.path)?;
    }
    match explanation {
        Some(text) => Streams::written(Ok(text))?,
        None => streams.report(&report, args.format)?,
    }
    if args.format.name == "github" {
        streams.job_summary(&report)?;
    }
    let code = report.decision.verdict.exit_code();
    leave(report);
    Ok(code)
}

/// Leaves memory to the system, which takes it back at once when the process ends. Taking it apart piece by piece took a
/// twentieth of a run.
fn leave<T>(value: T) {
    std::mem::forget(value);
}

/// A word that belongs to no option.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("check takes files with --staged only, and `{word}` is given without it")]
#[diagnostic(help("{help}"))]
struct Stray {
    word: String,
    help: String,
}

/// What somebody meant who wrote a word without an option.
fn stray(context: &Context, frame: &Frame<'_>, word: &str) -> Result<Stray, CommandError> {
    let is_tag = frame.scheme.parse(word).is_release()
        || context
            .repository
            .tag_names()?
            .iter()
            .any(|tag| tag == word);
    let help = if is_tag {
        format!("relgate check --tag {word}        judges a release")
    } else if context.repository.resolve(word).is_ok() {
        format!("relgate check --base {word}        judges what changed since then")
    } else {
        format!("relgate check --staged {word}        judges what is staged of it")
    };
    Ok(Stray {
        word: word.to_owned(),
        help,
    })
}

/// An id that no policy in force has.
#[derive(Debug, thiserror::Error)]
#[error("no policy in force has a demand, validation or gate `{id}`")]
struct UnknownId {
    id: String,
    hint: String,
}

impl miette::Diagnostic for UnknownId {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let hint = if self.hint.is_empty() {
            "rules are code: relgate explain shows their pages, and gate list the gates".to_owned()
        } else {
            self.hint.clone()
        };
        Some(Box::new(hint))
    }
}

/// Why policies decided as they did; of one id when it is not empty.
fn explain(
    context: &Context,
    judgement: &Judgement,
    id: &str,
    streams: &Streams,
) -> Result<Vec<u8>, CommandError> {
    let judged = trace::Judged {
        policies: &context.project.policies,
        facts: &judgement.facts,
        origins: &judgement.origins,
        sources: &judgement.report.sources,
        now: context.now,
    };
    let wanted = (!id.is_empty()).then_some(id);
    let explained = trace::explain(&judged, wanted).map_err(|hint| UnknownId {
        id: id.to_owned(),
        hint,
    })?;
    let mut out = Vec::new();
    let written = report::explain::write(
        &judgement.report,
        &explained,
        wanted.is_some(),
        &streams.style,
        &mut out,
    );
    Streams::written(written.map(|()| Vec::new()))?;
    Ok(out)
}

fn subject(args: &Check) -> SubjectRequest {
    if args.staged {
        return SubjectRequest::Staged;
    }
    match &args.base {
        Some(base) => SubjectRequest::Range {
            base: base.clone(),
            head: args.head.clone(),
        },
        None => subject_request(&args.subject),
    }
}
