//! `relgate facts`: what policies see.

use super::CommandError;
use super::args::{Facts, Global};
use super::context::{Context, subject_request};
use super::output::Streams;
use super::progress::Progress;
use crate::judge::{Request, judge};
use crate::report::text::escape_json;

/// Facts that cannot be written as JSON.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the facts cannot be written as JSON: {0}")]
struct FactsError(serde_json::Error);

/// Facts that what could not be read is missing from.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the facts are not complete: {0}")]
struct IncompleteFacts(String);

pub(super) fn run(global: &Global, args: &Facts, streams: &Streams) -> Result<u8, CommandError> {
    let judgement = {
        let _progress = Progress::start(streams.progress, "reading history and migrations");
        let context = Context::open(global)?;
        let request = Request {
            subject: subject_request(&args.subject),
            stage: None,
            files: Vec::new(),
        };
        judge(&context.frame()?, &request)?
    };
    if !judgement.report.errors.is_empty() {
        return Err(IncompleteFacts(judgement.report.errors.join("; ")).into());
    }
    let text = serde_json::to_string_pretty(&judgement.facts).map_err(FactsError)?;
    Streams::print(&format!("{}\n", escape_json(&text)))?;
    Ok(0)
}
