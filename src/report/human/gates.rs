//! The gates as a list of marks.

use std::collections::BTreeMap;
use std::io;

use super::super::text::escape;
use super::super::{Report, Style};
use super::paint::Paint;
use crate::gate::{GateOutcome, GateStatus};
use crate::version::ReleaseType;

/// Closed gates beyond this many are counted, not listed.
const CLOSED_SHOWN: usize = 4;
/// Gates that wait for the same thing share a line from this many on.
const SHARED_FROM: usize = 3;

/// Writes the gates that are due, closed ones first.
pub(super) fn write(
    report: &Report,
    style: &Style,
    paint: &Paint,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let stage = report.subject.stage;
    let due: Vec<&GateOutcome> = report
        .gates
        .iter()
        .filter(|gate| stage.requires(gate.stage) && gate.status != GateStatus::NotRequired)
        .collect();
    if due.is_empty() {
        return Ok(());
    }
    let title = format!("Gates for {} at stage {stage}", release(report));
    writeln!(out, "\n{}", paint.bold(&title))?;
    let verbose = style.verbosity > 0;
    let shared = if verbose {
        BTreeMap::new()
    } else {
        shared(&due)
    };
    let listed: Vec<&GateOutcome> = due
        .iter()
        .filter(|gate| !shared.contains_key(gate.message.as_str()) || !waits(gate))
        .copied()
        .collect();
    let width = listed.iter().map(|gate| gate.id.len()).max().unwrap_or(0);
    let mut closed = 0;
    for status in [
        GateStatus::Pass,
        GateStatus::Fail,
        GateStatus::NotEvaluated,
        GateStatus::Waived,
    ] {
        for gate in listed.iter().filter(|gate| gate.status == status) {
            if gate.status == GateStatus::Pass {
                closed += 1;
                if closed > CLOSED_SHOWN && !verbose {
                    continue;
                }
            }
            writeln!(
                out,
                "  {} {:width$}  {}",
                mark(gate.status, paint),
                gate.id,
                words(gate)
            )?;
        }
    }
    for (message, gates) in shared {
        let mark = mark(GateStatus::NotEvaluated, paint);
        writeln!(out, "  {mark} not evaluated, {}:", escape(message))?;
        for line in wrap(&gates, style.width.saturating_sub(6)) {
            writeln!(out, "      {line}")?;
        }
    }
    if closed > CLOSED_SHOWN && !verbose {
        writeln!(
            out,
            "    {} more closed: --verbose shows them",
            closed - CLOSED_SHOWN
        )?;
    }
    Ok(())
}

/// `a minor release`, or what stands for it when nothing demands one.
fn release(report: &Report) -> String {
    let required = report.decision.required;
    match report
        .decision
        .declared
        .map_or(required, |declared| declared.max(required))
    {
        ReleaseType::None => "this change".to_owned(),
        kind => format!("a {kind} release"),
    }
}

fn waits(gate: &GateOutcome) -> bool {
    gate.status == GateStatus::NotEvaluated
}

/// What several gates wait for, with their names.
fn shared<'g>(due: &[&'g GateOutcome]) -> BTreeMap<&'g str, Vec<&'g str>> {
    let mut shared: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for gate in due.iter().filter(|gate| waits(gate)) {
        shared
            .entry(gate.message.as_str())
            .or_default()
            .push(gate.id.as_str());
    }
    shared.retain(|_, gates| gates.len() >= SHARED_FROM);
    shared
}

fn wrap(names: &[&str], width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (index, name) in names.iter().enumerate() {
        let comma = if index + 1 < names.len() { "," } else { "" };
        if let Some(line) = lines.last_mut()
            && (line.is_empty() || line.len() + name.len() + 2 <= width)
        {
            let space = if line.is_empty() { "" } else { " " };
            line.push_str(&format!("{space}{name}{comma}"));
            continue;
        }
        lines.push(format!("{name}{comma}"));
    }
    lines
}

pub(in crate::report) fn mark(status: GateStatus, paint: &Paint) -> String {
    match status {
        GateStatus::Pass => paint.good("✓"),
        GateStatus::Fail => paint.error("✗"),
        GateStatus::Waived => paint.warning("~"),
        GateStatus::NotEvaluated => paint.warning("○"),
        GateStatus::NotRequired => paint.dim("-"),
    }
}

pub(in crate::report) fn words(gate: &GateOutcome) -> String {
    match (&gate.waiver, gate.status) {
        (Some(waiver), GateStatus::Waived) => format!(
            "waived until {} by {}: \"{}\"",
            escape(&waiver.expires_at),
            escape(&waiver.approved_by),
            escape(&waiver.reason)
        ),
        (_, GateStatus::NotEvaluated) => format!("not evaluated: {}", escape(&gate.message)),
        _ => escape(&gate.message),
    }
}
