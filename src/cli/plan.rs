//! `relgate plan`: the next version, why it is that, and what is still to do.

use super::CommandError;
use super::args::{Global, Plan};
use super::context::{Context, subject_request};
use super::output::Streams;
use super::progress::Progress;
use crate::gate::Stage;
use crate::judge::{Request, judge};
use crate::report::{Report, plan};
use crate::subject::SubjectRequest;

pub(super) fn run(global: &Global, args: &Plan, streams: &Streams) -> Result<u8, CommandError> {
    let (text, status) = {
        let _progress = Progress::start(streams.progress, "reading history and migrations");
        let context = Context::open(global)?;
        let frame = context.frame()?;
        let judged = |subject, stage| {
            let request = Request {
                subject,
                stage,
                files: Vec::new(),
            };
            judge(&frame, &request)
        };
        let content = judged(subject_request(&args.subject), None)?.report;
        // The gates are those of the release that this would become, so that is judged too, as a proposed tag.
        let release = match (&args.subject.tag, &content.decision.next_version) {
            (None, Some(next)) => {
                let proposed = SubjectRequest::Tag {
                    name: next.clone(),
                    at: None,
                };
                Some(judged(proposed, Some(Stage::Closed))?.report)
            }
            _ => None,
        };
        let text = plan::text(&content, release.as_ref(), &streams.style);
        (text, could_not_judge(&content))
    };
    Streams::print(&text)?;
    Ok(status)
}

/// A plan that something is missing from is shown for what it is, and is no success.
fn could_not_judge(report: &Report) -> u8 {
    if report.errors.is_empty() {
        0
    } else {
        report.decision.verdict.exit_code()
    }
}
