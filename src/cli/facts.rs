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

pub(super) fn run(global: &Global, args: &Facts, streams: &Streams) -> Result<u8, CommandError> {
    let facts = {
        let _progress = Progress::start(streams.progress, "reading history and migrations");
        let context = Context::open(global)?;
        let request = Request {
            subject: subject_request(&args.subject),
            stage: None,
            files: Vec::new(),
        };
        judge(&context.frame()?, &request)?.facts
    };
    let text = serde_json::to_string_pretty(&facts).map_err(FactsError)?;
    Streams::print(&format!("{}\n", escape_json(&text)))?;
    Ok(0)
}
