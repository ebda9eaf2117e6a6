//! The gates as a list of marks.

use std::io;

use super::super::text::escape;
use super::super::{Report, Style};
use super::paint::Paint;
use crate::gate::{GateOutcome, GateStatus};

/// Gates that are closed and due are counted, not listed, beyond this many.
const CLOSED_SHOWN: usize = 4;

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
    let kind = report
        .decision
        .declared
        .map_or(report.decision.required, |declared| {
            declared.max(report.decision.required)
        });
    let article = if kind == crate::version::ReleaseType::None {
        "this change".to_owned()
    } else {
        format!("a {kind} release")
    };
    writeln!(
        out,
        "\n{}",
        paint.bold(&format!("Gates for {article} at stage {stage}"))
    )?;
    let width = due.iter().map(|gate| gate.id.len()).max().unwrap_or(0);
    let mut closed = 0;
    let mut hidden = 0;
    for status in [
        GateStatus::Pass,
        GateStatus::Fail,
        GateStatus::NotEvaluated,
        GateStatus::Waived,
    ] {
        for gate in due.iter().filter(|gate| gate.status == status) {
            if gate.status == GateStatus::Pass {
                closed += 1;
                if closed > CLOSED_SHOWN && style.verbosity <= 0 {
                    hidden += 1;
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
    if hidden > 0 {
        writeln!(out, "    {hidden} more closed: --verbose shows them")?;
    }
    Ok(())
}

fn mark(status: GateStatus, paint: &Paint) -> String {
    match status {
        GateStatus::Pass => paint.good("✓"),
        GateStatus::Fail => paint.error("✗"),
        GateStatus::Waived => paint.warning("~"),
        GateStatus::NotEvaluated => paint.warning("○"),
        GateStatus::NotRequired => paint.dim("-"),
    }
}

fn words(gate: &GateOutcome) -> String {
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
