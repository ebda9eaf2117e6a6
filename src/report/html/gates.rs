//! The gates as a timeline.

use super::super::Report;
use super::super::text::{escape, plural};
use super::view::{prose, url};
use crate::decision::is_open;
use crate::gate::{GateOutcome, GateStatus, Stage, controls_text};

/// A stage on the timeline, with its gates.
pub(super) struct StageView {
    pub(super) name: &'static str,
    pub(super) state: &'static str,
    pub(super) mark: &'static str,
    pub(super) words: String,
    pub(super) here: bool,
    pub(super) gates: Vec<GateView>,
    pub(super) not_required: usize,
    pub(super) not_required_words: String,
}

/// A gate.
pub(super) struct GateView {
    pub(super) id: String,
    pub(super) url: String,
    pub(super) open: bool,
    pub(super) state: &'static str,
    pub(super) mark: &'static str,
    pub(super) status: &'static str,
    pub(super) message: String,
    pub(super) evidence: Vec<String>,
    pub(super) controls: String,
}

/// The stages in order.
pub(super) fn stages(report: &Report) -> Vec<StageView> {
    Stage::ALL
        .into_iter()
        .filter(|&stage| stage != Stage::Rollback || report.subject.stage == Stage::Rollback)
        .map(|stage| stage_view(report, stage))
        .collect()
}

fn stage_view(report: &Report, stage: Stage) -> StageView {
    let judged = report.subject.stage;
    let of_stage: Vec<&GateOutcome> = report
        .gates
        .iter()
        .filter(|gate| gate.stage == stage)
        .collect();
    let needed: Vec<&GateOutcome> = of_stage
        .iter()
        .copied()
        .filter(|gate| gate.status != GateStatus::NotRequired)
        .collect();
    let open = needed
        .iter()
        .filter(|gate| !gate.status.is_closed())
        .count();
    let due = judged.requires(stage);
    let (state, mark) = match (due, open) {
        (true, 0) => ("pass", "✓"),
        (true, _) => ("fail", "✗"),
        (false, _) => ("later", "·"),
    };
    let words = match (needed.len(), due) {
        (0, _) => "no gate needed".to_owned(),
        (all, true) => format!("{} of {all} closed", all - open),
        (all, false) => format!("{} not due yet", plural(all, "gate")),
    };
    let not_required: Vec<&str> = of_stage
        .iter()
        .filter(|gate| gate.status == GateStatus::NotRequired)
        .map(|gate| gate.id.as_str())
        .collect();
    StageView {
        name: stage.as_str(),
        state,
        mark,
        words,
        here: stage == judged,
        // Gates of later stages would make the page long and say nothing yet: the count says that they exist.
        gates: needed
            .into_iter()
            .filter(|_| due)
            .map(|gate| gate_view(report, gate))
            .collect(),
        not_required: if due { not_required.len() } else { 0 },
        not_required_words: format!("Not required here: {}.", escape(&not_required.join(", "))),
    }
}

fn gate_view(report: &Report, gate: &GateOutcome) -> GateView {
    let (mark, status) = match gate.status {
        GateStatus::Pass => ("✓", "pass"),
        GateStatus::Fail => ("✗", "fail"),
        GateStatus::Waived => ("~", "waived"),
        GateStatus::NotEvaluated => ("○", "not evaluated"),
        GateStatus::NotRequired => ("–", "not required"),
    };
    let message = match (&gate.waiver, gate.status) {
        (Some(waiver), GateStatus::Waived) => format!(
            "until {} by {}: {}",
            waiver.expires_at, waiver.approved_by, waiver.reason
        ),
        _ => gate.message.clone(),
    };
    GateView {
        id: escape(&gate.id),
        url: url(&gate.id),
        open: is_open(gate, report.subject.stage),
        state: gate.status.as_str(),
        mark,
        status,
        message: prose(&message),
        evidence: gate.evidence.iter().map(|path| escape(path)).collect(),
        controls: if gate.controls.is_empty() {
            String::new()
        } else {
            escape(&controls_text(&gate.controls))
        },
    }
}
