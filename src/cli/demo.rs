//! `relgate demo`: a newcomer sees a blocked release, and why.

use chrono::{DateTime, Utc};

use super::CommandError;
use super::args::Global;
use super::output::Streams;
use crate::decision::Verdict;
use crate::discover::Reader;
use crate::git::Repository;
use crate::history;
use crate::judge::{Frame, Request, judge};
use crate::project::{self, Root};
use crate::report::human;
use crate::subject::SubjectRequest;

/// The example, as data.
const HISTORY: &str = include_str!("../../examples/lakerunner/history.yaml");
/// Its unsafe release.
const UNSAFE_TAG: &str = "v1.3.1";
/// When it is judged: right after it was tagged.
const NOW: &str = "2026-03-16T12:00:00Z";

/// The demo did not show what it is there for.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(super) enum DemoError {
    /// A temporary directory could not be made.
    #[error("no temporary directory could be made: {0}")]
    #[diagnostic(help("set TMPDIR to a directory that you may write to"))]
    Directory(std::io::Error),
    /// The verdict is not the expected one.
    #[error("the unsafe release of the example was not blocked (verdict {0})")]
    #[diagnostic(help("this is a defect of relgate; its example and its policies disagree"))]
    NotBlocked(&'static str),
}

pub(super) fn run(_global: &Global, streams: &Streams) -> Result<u8, CommandError> {
    let directory = tempfile::tempdir().map_err(DemoError::Directory)?;
    // The repository's name in the report is the directory's.
    let top = directory.path().join("lakerunner");
    std::fs::create_dir(&top).map_err(DemoError::Directory)?;
    history::play(HISTORY, &top)?;
    let repository = Repository::open(&top)?;
    let root = Root::WorkTree(top.clone());
    let project = project::load(&root, &root, &mut Reader::new(&repository), None)?;
    let request = Request {
        subject: SubjectRequest::Tag {
            name: UNSAFE_TAG.to_owned(),
            at: None,
        },
        stage: None,
        files: Vec::new(),
    };
    let frame = Frame::new(&repository, &project, now(), None)?;
    let report = judge(&frame, &request)?.report;
    Streams::print(&format!(
        "A small service, its history played into a temporary repository; its last release calls itself a patch:\n\n\
         $ relgate check --tag {UNSAFE_TAG}\n"
    ))?;
    let mut text = Vec::new();
    let _ = human::write(&report, &streams.style, &mut text);
    Streams::print(&String::from_utf8_lossy(&text))?;
    Streams::print(
        "\nThe same on your own repository: relgate check (the next release), relgate check --tag TAG, relgate plan.\n",
    )?;
    match report.decision.verdict {
        Verdict::Fail => Ok(0),
        other => Err(DemoError::NotBlocked(other.as_str()).into()),
    }
}

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(NOW)
        .map_or_else(|_| DateTime::UNIX_EPOCH, |time| time.with_timezone(&Utc))
}
