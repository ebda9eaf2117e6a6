//! What pushing a tag would do, for people.

use std::fmt::Write as _;

use super::Style;
use super::text::escape;
use crate::report::human::paint::Paint;
use crate::simulate::Simulation;

/// The simulation as text.
pub fn text(simulation: &Simulation, style: &Style) -> String {
    let paint = Paint::new(style.color);
    let mut out = String::new();
    let exists = if simulation.exists {
        "exists"
    } else {
        "not tagged yet"
    };
    let commit = simulation.commit.get(..7).unwrap_or(&simulation.commit);
    let _ = writeln!(
        out,
        "{}   {} · {exists} · {commit}",
        paint.bold(&escape(&simulation.tag)),
        simulation.kind
    );
    workflows(simulation, &paint, &mut out);
    if !simulation.protections.is_empty() {
        let _ = writeln!(out, "\n{}", paint.bold("Protections"));
        for rule in &simulation.protections {
            let (mark, words) = match (rule.holds, rule.by.as_str()) {
                (true, by) => (paint.good("✓"), format!("holds: {by}")),
                (false, "") => (
                    paint.warning("○"),
                    "does not hold: no pattern matches".to_owned(),
                ),
                (false, by) => (
                    paint.warning("○"),
                    format!("does not hold: {by} excludes it"),
                ),
            };
            let _ = writeln!(out, "  {mark} {}  {}", escape(&rule.name), escape(&words));
        }
    }
    if !simulation.promotions.is_empty() {
        let _ = writeln!(out, "\n{}", paint.bold("Promotions"));
        for rule in &simulation.promotions {
            let words = match (&rule.makes, rule.problem.as_str()) {
                (_, problem) if !problem.is_empty() => format!("unknown: {problem}"),
                (Some(makes), _) if rule.taken => format!("would make {makes}, which exists"),
                (Some(makes), _) => format!("would make {makes}"),
                (None, _) => "does not take it".to_owned(),
            };
            let _ = writeln!(out, "  {}  {}", escape(&rule.name), escape(&words));
        }
    }
    if let Some(order) = &simulation.order {
        let _ = writeln!(out, "\n{}", paint.bold("Order"));
        let between = |(below, above): &(Option<String>, Option<String>)| {
            let name = |tag: &Option<String>| tag.as_deref().map_or("nothing".to_owned(), escape);
            format!("above {}, below {}", name(below), name(above))
        };
        let _ = writeln!(out, "  releases  {}", between(&order.release));
        let _ = writeln!(out, "  SemVer    {}", between(&order.semver));
    }
    if !simulation.ranges.is_empty() {
        let width = simulation
            .ranges
            .iter()
            .map(|it| it.range.len())
            .max()
            .unwrap_or(0);
        let _ = writeln!(out, "\n{}", paint.bold("Ranges that take it"));
        let _ = writeln!(out, "  {:width$}  Helm  npm   cargo", "");
        for verdict in &simulation.ranges {
            let word = |yes| if yes { "takes" } else { "skips" };
            let _ = writeln!(
                out,
                "  {:width$}  {} {} {}",
                verdict.range,
                word(verdict.helm),
                word(verdict.npm),
                word(verdict.cargo)
            );
        }
    }
    if !simulation.not_examined.is_empty() {
        let _ = writeln!(out, "\n{}", paint.bold("Not examined"));
        for unread in &simulation.not_examined {
            let (path, reason) = (escape(&unread.path), escape(&unread.reason));
            let _ = writeln!(out, "  {path}  {reason}");
        }
    }
    if !simulation.remarks.is_empty() {
        out.push('\n');
        for remark in &simulation.remarks {
            let _ = writeln!(out, "{} {}", paint.warning("warning:"), escape(remark));
        }
    }
    out
}

fn workflows(simulation: &Simulation, paint: &Paint, out: &mut String) {
    let _ = writeln!(out, "\n{}", paint.bold("Workflows"));
    if simulation.workflows.is_empty() {
        let _ = writeln!(out, "  none in .github/workflows at this commit");
    }
    for workflow in &simulation.workflows {
        let (mark, word) = match workflow.fires.as_str() {
            "yes" => (paint.good("✓"), "starts"),
            "no" => (paint.dim("-"), "does not start"),
            _ => (paint.warning("○"), "cannot be told"),
        };
        let filters = if workflow.filters.is_empty() {
            String::new()
        } else {
            format!(": {}", workflow.filters.join(", "))
        };
        let _ = writeln!(
            out,
            "  {mark} {}  {word}{}",
            escape(&workflow.path),
            escape(&filters)
        );
    }
}
