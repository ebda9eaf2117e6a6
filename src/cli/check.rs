//! `relgate check`: the main job.

use super::CommandError;
use super::args::{Check, Global};
use super::context::{Context, subject_request};
use super::output::Streams;
use super::progress::Progress;
use crate::git::Repository;
use crate::judge::{Request, judge};
use crate::subject::SubjectRequest;

pub(super) fn run(global: &Global, args: &Check, streams: &Streams) -> Result<u8, CommandError> {
    let report = {
        let _progress = Progress::start(streams.progress, "reading history and migrations");
        let context = Context::open(global)?;
        let request = Request {
            subject: subject(args),
            stage: args.stage,
            files: args.files.clone(),
        };
        let mut frame = context.frame()?;
        if let Some(directory) = &args.app_repo {
            frame.application_tags = Some(Repository::open(directory)?.tag_names()?);
        }
        judge(&frame, &request)?.report
    };
    for output in &args.output {
        Streams::report_file(&report, output.format, &output.path)?;
    }
    streams.report(&report, args.format)?;
    if args.format.name == "github" {
        streams.job_summary(&report)?;
    }
    Ok(report.decision.verdict.exit_code())
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
