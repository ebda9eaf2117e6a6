//! `relgate gate list`: what a tag needs, by when, what closed it, and what would.

use serde_json::json;

use super::suggest::{self, Known};
use super::{CommandError, judged, open};
use crate::cli::args::{GateList, Global, ListFormat};
use crate::cli::output::Streams;
use crate::decision::Verdict;
use crate::gate::{GateOutcome, Stage};
use crate::policy::GateSpec;
use crate::report::Report;
use crate::report::gates::{self as page, Line};
use crate::report::text::escape_json;

pub(super) fn run(global: &Global, args: &GateList, streams: &Streams) -> Result<u8, CommandError> {
    let context = open(global)?;
    let frame = context.frame()?;
    let judged = judged(&frame, &args.subject(), args.stage)?;
    let report = &judged.judgement.report;
    let tag = report.subject.tag.clone().unwrap_or_default();
    let known = Known {
        judged: &judged,
        trust: &context.project.trust,
        global,
        at: args.at.as_deref(),
    };
    let specs: Vec<&GateSpec> = context.project.policies.gates().collect();
    let due = |gate: &&GateOutcome| match args.stage {
        Some(stage) => stage.requires(gate.stage),
        None => gate.stage != Stage::Rollback,
    };
    let lines: Vec<Line<'_>> = report
        .gates
        .iter()
        .filter(due)
        .filter_map(|outcome| {
            let spec = specs.iter().find(|spec| spec.id == outcome.id)?;
            Some(Line {
                outcome,
                title: &spec.title,
                command: suggest::command(spec, &known),
            })
        })
        .collect();
    match args.format {
        ListFormat::Human => Streams::print(&page::text(report, &lines, &streams.style))?,
        ListFormat::Json => {
            let gates: Vec<_> = lines.iter().map(|line| entry(line, &specs)).collect();
            let list = json!({
                "schemaVersion": 1,
                "tag": tag,
                "commit": report.subject.commit,
                "releaseType": judged.effective.as_str(),
                "stage": report.subject.stage.as_str(),
                "gates": gates,
            });
            let mut text = serde_json::to_string_pretty(&list).unwrap_or_default();
            text.push('\n');
            Streams::print(&escape_json(&text))?;
        }
    }
    Ok(code(report))
}

/// The exit status: 1 when a gate that is due by the stage is open, whatever findings say; 2 when policies could not tell.
fn code(report: &Report) -> u8 {
    if report.decision.verdict == Verdict::Error {
        return Verdict::Error.exit_code();
    }
    let open = report
        .gates
        .iter()
        .any(|gate| report.subject.stage.requires(gate.stage) && !gate.status.is_closed());
    u8::from(open)
}

fn entry(line: &Line<'_>, specs: &[&GateSpec]) -> serde_json::Value {
    let evidence = specs
        .iter()
        .find(|spec| spec.id == line.outcome.id)
        .and_then(|spec| spec.evidence.as_ref());
    json!({
        "id": line.outcome.id,
        "title": line.title,
        "stage": line.outcome.stage.as_str(),
        "status": line.outcome.status.as_str(),
        "message": line.outcome.message,
        "evidence": line.outcome.evidence,
        "needs": evidence.map(|spec| json!({
            "kind": spec.kind,
            "role": spec.role,
            "minimum": spec.minimum,
            "maxAge": spec.max_age,
            "notAuthor": spec.not_author,
            "signed": !spec.unsigned,
            "requires": spec.requires,
        })),
        "close": line.command,
    })
}
