//! A plan: the next version, why it is that, and the gates as a checklist.

use std::fmt::Write as _;

use super::text::{escape, plural};
use super::{Report, Style};
use crate::gate::{GateOutcome, GateStatus, Stage};
use crate::report::human::paint::Paint;
use crate::version::ReleaseType;

/// The plan. `content` is the judgement of what there is; `release` that of the tag it would become, if it demands one.
pub fn text(content: &Report, release: Option<&Report>, style: &Style) -> String {
    let paint = Paint::new(style.color);
    let judged = release.unwrap_or(content);
    let mut out = String::new();
    let from = content.subject.previous.as_ref().map_or_else(
        || "no release before".to_owned(),
        |previous| format!("from {}", escape(&previous.tag)),
    );
    let commits = plural(content.headline.commits, "commit");
    let title = match (&judged.subject.tag, content.decision.required) {
        (Some(tag), kind) => format!("Next release: {} ({kind})", escape(tag)),
        (None, ReleaseType::None) => "Nothing demands a release".to_owned(),
        (None, kind) => format!("Next release: a {kind}"),
    };
    let _ = writeln!(out, "{}   {from} · {commits}", paint.bold(&title));
    let mut label = "because";
    for reason in &content.decision.reasons {
        let place = reason
            .locations
            .first()
            .map_or_else(String::new, |&place| escape(&content.place(place)));
        let _ = writeln!(
            out,
            "  {label:<7}  {}  {}",
            escape(&reason.message),
            paint.dim(&place)
        );
        label = "";
    }
    let mut label = "to do";
    for stage in Stage::ALL
        .into_iter()
        .filter(|&stage| stage != Stage::Rollback)
    {
        let gates: Vec<&GateOutcome> = judged
            .gates
            .iter()
            .filter(|gate| gate.stage == stage && gate.status != GateStatus::NotRequired)
            .collect();
        if gates.is_empty() {
            continue;
        }
        let _ = writeln!(
            out,
            "  {label:<7}  {}",
            paint.dim(&format!("before {}", before(stage)))
        );
        label = "";
        for gate in gates {
            let mark = match gate.status {
                GateStatus::Pass => paint.good("[x]"),
                GateStatus::Waived => paint.warning("[~]"),
                _ => "[ ]".to_owned(),
            };
            let _ = writeln!(
                out,
                "           {mark} {}  {}",
                gate.id,
                paint.dim(&escape(&gate.message))
            );
        }
    }
    for error in &content.errors {
        let _ = writeln!(out, "  {}  {}", paint.error("error"), escape(error));
    }
    let blocking = content
        .findings
        .iter()
        .filter(|finding| crate::decision::blocks(finding))
        .count();
    if blocking > 0 {
        let _ = writeln!(
            out,
            "  {} {}: relgate check shows them",
            paint.error("blocked by"),
            plural(blocking, "error")
        );
    }
    out
}

fn before(stage: Stage) -> &'static str {
    match stage {
        Stage::Change => "a change is merged",
        Stage::Candidate => "a candidate is released",
        Stage::Release => "the release is tagged",
        Stage::Deploy => "it is deployed",
        Stage::PostRelease => "the deployment counts as done",
        Stage::Closed => "the release is closed",
        Stage::Rollback => "a rollback counts as done",
    }
}
