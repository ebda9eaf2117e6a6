//! Why a judgement came out as it did, for people: expressions with the values of their parts, and what would have to be
//! different for the release to pass.

use std::io;

use super::human::paint::Paint;
use super::text::escape;
use super::{Report, Style};
use crate::decision::{Verdict, blocks, is_open};
use crate::policy::cel::Kindred;
use crate::policy::trace::{Explained, Trace};

/// Writes explanations, and for a blocked release what would make it pass. `all` shows what did not fire, too.
pub fn write(
    report: &Report,
    explained: &[Explained],
    all: bool,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let paint = Paint::new(style.color);
    for it in explained {
        let gate = report.gates.iter().find(|gate| gate.id == it.id);
        let open = gate.is_some_and(|gate| is_open(gate, report.subject.stage));
        let matters = match it.kind {
            "gate" => open,
            _ => it.fired,
        };
        if !all && !matters {
            continue;
        }
        let outcome = match (it.kind, gate) {
            ("gate", Some(gate)) => format!("{}: {}", gate.status.as_str(), escape(&gate.message)),
            ("demand", _) if it.fired => "demands".to_owned(),
            ("validation", _) if it.fired => "finds".to_owned(),
            _ => "is silent".to_owned(),
        };
        writeln!(
            out,
            "{} {}   {outcome}",
            it.kind,
            paint.bold(&format!("{}/{}", it.policy, it.id))
        )?;
        writeln!(
            out,
            "  {}",
            paint.dim(&format!("{}:{}", escape(&it.path), it.line))
        )?;
        for (name, trace) in &it.fields {
            write_trace(trace, name, 1, &paint, out)?;
        }
        writeln!(out)?;
    }
    if report.decision.verdict == Verdict::Fail {
        to_pass(report, explained, all, &paint, out)?;
    }
    Ok(())
}

/// Parts nest at most this deep in what is shown.
const DEEPEST: usize = 12;

fn write_trace(
    trace: &Trace,
    name: &str,
    depth: usize,
    paint: &Paint,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let indent = "  ".repeat(depth);
    let lead = if name.is_empty() {
        String::new()
    } else {
        format!("{}  ", paint.note(name))
    };
    let about = if trace.about.is_empty() {
        String::new()
    } else {
        format!("{}  ", paint.note(&escape(&trace.about)))
    };
    let value = escape(&trace.value);
    let value = match trace.truth {
        Some(true) => paint.good(&value),
        Some(false) => paint.error(&value),
        None => value,
    };
    writeln!(
        out,
        "{indent}{lead}{about}{} {} {value}",
        escape(&trace.text),
        paint.dim("→")
    )?;
    if depth < DEEPEST {
        for part in &trace.parts {
            write_trace(part, "", depth + 1, paint, out)?;
        }
    }
    if trace.more > 0 {
        writeln!(out, "{indent}  and {} more like these", trace.more)?;
    }
    Ok(())
}

/// What stands in the way, each with what would have to be different.
fn to_pass(
    report: &Report,
    explained: &[Explained],
    only: bool,
    paint: &Paint,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let speaks_of =
        |kind: &str, id: &str| !only || explained.iter().any(|it| it.kind == kind && it.id == id);
    writeln!(out, "{}", paint.bold("What would have to be different"))?;
    let decision = &report.decision;
    let demands = !only || explained.iter().any(|it| it.kind == "demand");
    if let Some(declared) = decision
        .declared
        .filter(|_| demands)
        .filter(|declared| *declared < decision.required)
    {
        let next = decision.next_version.as_deref();
        let other = next.map_or_else(
            || format!("released as a {} version", decision.required),
            |next| format!("released as {}", escape(next)),
        );
        writeln!(
            out,
            "  - the release type: {other}, or without what demands more than {declared}:"
        )?;
        for reason in &decision.reasons {
            if reason.at_least <= declared
                || reason.waiver.is_some()
                || !speaks_of("demand", &reason.id)
            {
                continue;
            }
            let places: Vec<String> = reason
                .locations
                .iter()
                .take(5)
                .map(|place| escape(&report.place(*place)))
                .collect();
            writeln!(
                out,
                "      {}  {}  {}",
                reason.at_least,
                escape(&reason.message),
                places.join(", ")
            )?;
        }
    }
    let blocking = report.findings.iter().filter(|finding| blocks(finding));
    for finding in blocking.filter(|finding| speaks_of("validation", &finding.rule)) {
        let place = finding
            .location
            .map_or_else(|| finding.about.clone(), |place| report.place(place));
        writeln!(
            out,
            "  - {} at {}{}",
            finding.rule,
            escape(&place),
            advice(&finding.help)
        )?;
        wanted(explained, &finding.rule, "validation", out)?;
    }
    for gate in &report.gates {
        if is_open(gate, report.subject.stage) && speaks_of("gate", &gate.id) {
            writeln!(out, "  - gate {}: {}", gate.id, escape(&gate.message))?;
            wanted(explained, &gate.id, "gate", out)?;
        }
    }
    Ok(())
}

fn advice(help: &str) -> String {
    if help.is_empty() {
        String::new()
    } else {
        format!(": {}", escape(help))
    }
}

fn wanted(
    explained: &[Explained],
    id: &str,
    kind: &str,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let found = explained
        .iter()
        .find(|it| it.id == id && it.kind == kind && it.fired);
    let Some(it) = found else {
        return Ok(());
    };
    let field = it
        .fields
        .iter()
        .find(|(name, trace)| (name == "expression" || name == "match") && trace.truth.is_some());
    let Some((name, trace)) = field else {
        return Ok(());
    };
    let mut lines = Vec::new();
    wanting(trace, name == "expression", &mut lines);
    for line in lines.iter().take(8) {
        writeln!(out, "      {}", escape(line))?;
    }
    Ok(())
}

/// The smallest parts that would have to be different for a condition to become what is wanted.
fn wanting(trace: &Trace, want: bool, lines: &mut Vec<String>) {
    if trace.truth == Some(want) {
        return;
    }
    match (trace.kind, want) {
        (Kindred::All, true) | (Kindred::Any, false) => {
            for part in &trace.parts {
                wanting(part, want, lines);
            }
        }
        (Kindred::Any, true) | (Kindred::All, false) => {
            let mut ways = Vec::new();
            for part in &trace.parts {
                let mut of_part = Vec::new();
                wanting(part, want, &mut of_part);
                ways.push(of_part.join(" and "));
            }
            ways.retain(|way| !way.is_empty());
            lines.push(format!("one of: {}", ways.join(" | ")));
        }
        (Kindred::Not, _) => {
            if let Some(part) = trace.parts.first() {
                wanting(part, !want, lines);
            }
        }
        (Kindred::Choice, _) if trace.parts.len() == 2 => {
            if let Some(part) = trace.parts.last() {
                wanting(part, want, lines);
            }
        }
        (Kindred::Every, true) | (Kindred::Some, false) => {
            for part in trace.parts.iter().filter(|part| !part.about.is_empty()) {
                let mut of_part = Vec::new();
                wanting(part, want, &mut of_part);
                lines.extend(
                    of_part
                        .into_iter()
                        .map(|line| format!("{}: {line}", part.about)),
                );
            }
        }
        _ => {
            let values: Vec<String> = trace
                .parts
                .iter()
                .filter(|part| part.truth.is_none())
                .map(|part| format!("{} is {}", part.text, part.value))
                .collect();
            let values = if values.is_empty() {
                String::new()
            } else {
                format!(" ({})", values.join(", "))
            };
            lines.push(format!("{} → {want}{values}", trace.text));
        }
    }
}
