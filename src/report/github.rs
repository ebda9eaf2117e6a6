//! Workflow commands of GitHub Actions: annotations, what blocks first.
//!
//! A step shows ten annotations of each level and drops the rest in silence, so the last of a level counts those that
//! did not fit.

use std::io;

use super::problem::{self, Problem};
use super::text::{disarm, escape};
use super::{Report, Style, conclusion};
use crate::finding::Severity;

/// Annotations of a level that are written out; one more says how many are missing.
const MOST_OF_A_LEVEL: usize = 9;
/// GitHub cuts a longer message.
const LONGEST_MESSAGE: usize = 4_000;

/// Writes the annotations, and a last line with the verdict for those who read the log.
pub(super) fn write(report: &Report, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let problems = problem::open(report);
    for (severity, command) in [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Info, "notice"),
    ] {
        let of_level = problems
            .iter()
            .filter(|problem| problem.severity == severity);
        let (mut written, mut left) = (0, 0);
        for problem in of_level {
            if written < MOST_OF_A_LEVEL {
                writeln!(out, "{}", annotation(command, problem))?;
                written += 1;
            } else {
                left += 1;
            }
        }
        if left > 0 {
            writeln!(
                out,
                "::{command} title=relgate::{left} more of this level stand in the job summary and in the report"
            )?;
        }
    }
    let subject = report.subject.tag.as_deref().unwrap_or("the next release");
    writeln!(
        out,
        "relgate, {}: {}: {}",
        disarm(&escape(subject)),
        conclusion::verdict_word(report),
        conclusion::verdict_reason(report)
    )
}

fn annotation(command: &str, problem: &Problem<'_>) -> String {
    let mut properties = Vec::new();
    if problem.place.location.is_some() {
        let place = &problem.place;
        properties.push(format!("file={}", property(&escape(place.path))));
        properties.push(format!("line={}", place.start.line));
        properties.push(format!("endLine={}", place.end.line.max(place.start.line)));
        // Columns of a range over several lines are ignored, and a column without an end marks nothing.
        if place.end.line == place.start.line && place.end.column > place.start.column {
            properties.push(format!("col={}", place.start.column));
            properties.push(format!("endColumn={}", place.end.column));
        }
    }
    properties.push(format!(
        "title={}",
        property(&format!("relgate: {}", escape(problem.id)))
    ));
    let mut message: String = problem.message.chars().take(LONGEST_MESSAGE).collect();
    if !problem.help.is_empty() {
        message = format!("{message}\n{}", problem.help);
    }
    format!("::{command} {}::{}", properties.join(","), data(&message))
}

/// The value of a command: what the runner decodes again (`actions/toolkit`, `escapeData`).
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property: commas and colons end it (`escapeProperty`).
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_end_a_command() {
        assert_eq!(data("50%\r\n::error::x"), "50%25%0D%0A::error::x");
        assert_eq!(property("a,b:c%\n"), "a%2Cb%3Ac%25%0A");
    }
}
