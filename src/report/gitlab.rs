//! GitLab's Code Quality report: an array of places.

use std::io;

use serde_json::{Value, json};

use super::problem::{self, Problem};
use super::{Report, Style, json};
use crate::finding::Severity;

/// Writes an entry for each open finding and each open gate.
pub(super) fn write(report: &Report, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let problems = problem::open(report);
    json::put(&problems.iter().map(entry).collect::<Value>(), out)
}

fn entry(problem: &Problem<'_>) -> Value {
    let description = if problem.help.is_empty() {
        problem.message.clone()
    } else {
        format!("{} ({})", problem.message, problem.help)
    };
    json!({
        "description": description,
        "check_name": problem.id,
        "fingerprint": problem.fingerprint,
        "severity": match (problem.blocks, problem.severity) {
            (true, _) => "blocker",
            (_, Severity::Error) => "major",
            (_, Severity::Warning) => "minor",
            (_, Severity::Info) => "info",
        },
        "location": {
            "path": problem.place.path,
            "lines": { "begin": problem.place.start.line, "end": problem.place.end.line },
        },
    })
}
