//! Reviewdog's diagnostic format, one JSON object on a line (`reviewdog/proto/rdf/reviewdog.proto`).

use std::io;

use serde_json::{Value, json};

use super::problem::{self, JUDGEMENT, Place};
use super::text::{escape, escape_json};
use super::{Report, Style};
use crate::catalogue;
use crate::finding::Severity;
use crate::source::Position;

/// Writes a line for each open finding and each open gate.
pub(super) fn write(report: &Report, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    for problem in problem::open(report) {
        let message = if problem.help.is_empty() {
            problem.message.clone()
        } else {
            format!("{}\n{}", problem.message, problem.help)
        };
        let mut code = json!({ "value": problem.id });
        if problem.id != JUDGEMENT && catalogue::summary(problem.id).is_some() {
            code["url"] = json!(catalogue::url(problem.id));
        }
        let mut line = json!({
            "message": message,
            "location": location(report, &problem.place),
            "severity": match problem.severity {
                Severity::Error => "ERROR",
                Severity::Warning => "WARNING",
                Severity::Info => "INFO",
            },
            "source": { "name": env!("CARGO_PKG_NAME"), "url": env!("CARGO_PKG_REPOSITORY") },
            "code": code,
        });
        let related = problem.finding.map_or(&[][..], |finding| &finding.related);
        if !related.is_empty() {
            line["related_locations"] = related
                .iter()
                .map(|label| {
                    json!({
                        "message": escape(&label.message),
                        "location": location(report, &report.region(label.location)),
                    })
                })
                .collect();
        }
        writeln!(out, "{}", escape_json(&line.to_string()))?;
    }
    Ok(())
}

fn location(report: &Report, place: &Place<'_>) -> Value {
    if place.location.is_none() {
        return json!({ "path": place.path, "range": { "start": { "line": place.start.line } } });
    }
    json!({
        "path": place.path,
        "range": { "start": position(report, place, place.start), "end": position(report, place, place.end) },
    })
}

/// Reviewdog counts columns in bytes.
fn position(report: &Report, place: &Place<'_>, position: Position) -> Value {
    let column = place.location.map_or(1, |location| {
        let file = report.sources.get(location.source);
        let line = file.lines().line_text(&file.text, position.line);
        let before = line
            .chars()
            .take(position.column.saturating_sub(1) as usize);
        before.map(char::len_utf8).sum::<usize>() + 1
    });
    json!({ "line": position.line, "column": column })
}
