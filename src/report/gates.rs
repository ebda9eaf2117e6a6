//! The gates of a release as a list to work through: by stage, with what closes each.

use std::fmt::Write as _;

use super::text::escape;
use super::{Report, Style};
use crate::gate::{GateOutcome, GateStatus, Stage};
use crate::report::human::paint::Paint;

/// A gate with what is not in its outcome.
#[derive(Debug)]
pub struct Line<'a> {
    /// What became of it.
    pub outcome: &'a GateOutcome,
    /// What it is about.
    pub title: &'a str,
    /// What closes it.
    pub command: String,
}

/// The list. Gates that the release does not need are named in one line for each stage.
pub fn text(report: &Report, lines: &[Line<'_>], style: &Style) -> String {
    let paint = Paint::new(style.color);
    let mut out = String::new();
    let subject = &report.subject;
    let tag = subject.tag.as_deref().unwrap_or_default();
    let kind = report
        .decision
        .required
        .max(report.decision.declared.unwrap_or_default());
    let from = subject
        .previous
        .as_ref()
        .map_or_else(String::new, |previous| {
            format!(" · from {}", escape(&previous.tag))
        });
    let proposed = if subject.proposed {
        " · not tagged yet"
    } else {
        ""
    };
    let title = format!("{} {}", escape(&report.headline.name), escape(tag));
    let _ = writeln!(out, "{}   {kind}{from}{proposed}", paint.bold(&title));
    for stage in Stage::ALL {
        let here: Vec<&Line<'_>> = lines
            .iter()
            .filter(|line| line.outcome.stage == stage)
            .collect();
        if here.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{}", paint.bold(stage.as_str()));
        let (not_required, required): (Vec<&Line<'_>>, Vec<&Line<'_>>) = here
            .into_iter()
            .partition(|line| line.outcome.status == GateStatus::NotRequired);
        let width = required
            .iter()
            .map(|line| line.outcome.id.len())
            .max()
            .unwrap_or(0);
        for line in required {
            let gate = line.outcome;
            let mark = super::human::gates::mark(gate.status, &paint);
            let words = super::human::gates::words(gate);
            let _ = writeln!(out, "  {mark} {:width$}  {words}", gate.id);
            if !gate.status.is_closed() && !line.command.is_empty() {
                let _ = writeln!(out, "      {}", paint.dim(&escape(&line.command)));
            }
        }
        if !not_required.is_empty() {
            let names: Vec<&str> = not_required
                .iter()
                .map(|line| line.outcome.id.as_str())
                .collect();
            let _ = writeln!(
                out,
                "  {}",
                paint.dim(&format!("not required: {}", names.join(", ")))
            );
        }
    }
    out
}
