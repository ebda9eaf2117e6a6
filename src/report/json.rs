//! The report as JSON, `schemaVersion` 1. These structs are the wire format; nothing else in the crate is serialised
//! for machines, so that a change inside never changes what scripts read.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use super::text::escape_json;
use super::{ReleasePoint, Report, Style, fingerprints};
use crate::finding::Finding;
use crate::source::{Location, Sources};

/// Writes the report as indented JSON with a line end.
pub fn write(report: &Report, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    put(&document(report), out)
}

/// Writes a value as indented JSON with a line end, in which unsafe characters stand as `\uXXXX`.
pub(super) fn put(value: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    writeln!(out, "{}", escape_json(&text))
}

/// The same as a value, for a report that says more.
pub(super) fn value(report: &Report) -> io::Result<serde_json::Value> {
    serde_json::to_value(document(report)).map_err(io::Error::other)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'r> {
    schema_version: u32,
    tool: Tool,
    generated_at: &'r str,
    subject: Subject<'r>,
    decision: Decision<'r>,
    gates: Vec<Gate<'r>>,
    findings: Vec<FindingEntry<'r>>,
    coverage: Coverage<'r>,
    policy: Policy<'r>,
    inputs: Vec<Input<'r>>,
    errors: &'r [String],
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Subject<'r> {
    repository: &'r str,
    tag: Option<&'r str>,
    kind: Option<&'static str>,
    version: Option<&'r str>,
    commit: &'r str,
    proposed: bool,
    stage: &'static str,
    previous: Option<Point<'r>>,
    ancestor: Option<Point<'r>>,
}

#[derive(Serialize)]
struct Point<'r> {
    tag: &'r str,
    version: &'r str,
    commit: &'r str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Decision<'r> {
    verdict: &'static str,
    required_type: &'static str,
    declared_type: Option<&'static str>,
    next_version: Option<&'r str>,
    reasons: Vec<Reason<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reason<'r> {
    policy: &'r str,
    demand: &'r str,
    at_least: &'static str,
    message: &'r str,
    waived: bool,
    locations: Vec<Place<'r>>,
}

#[derive(Serialize)]
struct Gate<'r> {
    id: &'r str,
    stage: &'static str,
    status: &'static str,
    message: &'r str,
    evidence: &'r [String],
    waiver: Option<Waiver<'r>>,
    controls: Vec<Control<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Waiver<'r> {
    name: &'r str,
    reason: &'r str,
    approved_by: &'r str,
    expires_at: &'r str,
}

#[derive(Serialize)]
struct Control<'r> {
    framework: &'r str,
    id: &'r str,
    confirmed: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingEntry<'r> {
    rule: &'r str,
    severity: &'static str,
    message: &'r str,
    location: Place<'r>,
    related: Vec<Related<'r>>,
    notes: BTreeMap<&'r str, &'r str>,
    help: &'r str,
    fixable: bool,
    status: &'static str,
    status_reason: &'r str,
    fingerprint: String,
}

/// A place. What is about a tag and not about a file has an empty path, the tag as revision, and zeros.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Place<'r> {
    path: &'r str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    revision: &'r str,
}

#[derive(Serialize)]
struct Related<'r> {
    location: Place<'r>,
    message: &'r str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Coverage<'r> {
    examined: &'r BTreeMap<&'static str, u64>,
    not_examined: Vec<NotExamined<'r>>,
    left_out: Vec<NotExamined<'r>>,
}

#[derive(Serialize)]
struct NotExamined<'r> {
    path: &'r str,
    reason: &'r str,
}

#[derive(Serialize)]
struct Policy<'r> {
    #[serde(rename = "ref")]
    reference: &'r str,
    digest: &'r str,
    packs: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Change<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'r> {
    files: &'r [String],
    /// Why there would be no judgement with it.
    error: Option<&'r str>,
    verdict: Option<&'static str>,
    required_type: Option<&'static str>,
    differences: Vec<ChangeDifference<'r>>,
}

#[derive(Serialize)]
struct ChangeDifference<'r> {
    what: &'r str,
    before: &'r str,
    after: &'r str,
}

fn change_entry(change: &crate::report::PolicyChange) -> Change<'_> {
    let with = change.with.as_ref();
    Change {
        files: &change.files,
        error: with.err().map(String::as_str),
        verdict: with.ok().map(|with| with.verdict.as_str()),
        required_type: with.ok().map(|with| with.required.as_str()),
        differences: with
            .ok()
            .into_iter()
            .flat_map(|with| &with.differences)
            .map(|it| ChangeDifference {
                what: &it.what,
                before: &it.before,
                after: &it.after,
            })
            .collect(),
    }
}

#[derive(Serialize)]
struct Input<'r> {
    path: &'r str,
    revision: &'r str,
    digest: &'r str,
}

fn document(report: &Report) -> Document<'_> {
    let subject = &report.subject;
    let decision = &report.decision;
    let sources = &report.sources;
    Document {
        schema_version: 1,
        tool: Tool {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        },
        generated_at: &report.generated_at,
        subject: Subject {
            repository: &subject.repository,
            tag: subject.tag.as_deref(),
            kind: subject.kind.map(crate::version::TagKind::as_str),
            version: subject.version.as_deref(),
            commit: &subject.commit,
            proposed: subject.proposed,
            stage: subject.stage.as_str(),
            previous: subject.previous.as_ref().map(point),
            ancestor: subject.ancestor.as_ref().map(point),
        },
        decision: Decision {
            verdict: decision.verdict.as_str(),
            required_type: decision.required.as_str(),
            declared_type: decision.declared.map(crate::version::ReleaseType::as_str),
            next_version: decision.next_version.as_deref(),
            reasons: decision
                .reasons
                .iter()
                .map(|reason| reason_entry(reason, sources))
                .collect(),
        },
        gates: report.gates.iter().map(gate_entry).collect(),
        findings: fingerprints(&report.findings, sources)
            .into_iter()
            .zip(&report.findings)
            .map(|(fingerprint, finding)| finding_entry(finding, fingerprint, sources))
            .collect(),
        coverage: Coverage {
            examined: &report.coverage.examined,
            not_examined: not_examined(&report.coverage.not_examined),
            left_out: not_examined(&report.coverage.left_out),
        },
        policy: Policy {
            reference: &report.policy.reference,
            digest: &report.policy.digest,
            packs: &report.policy.packs,
            change: report.policy.change.as_ref().map(change_entry),
        },
        inputs: report
            .inputs
            .iter()
            .map(|input| Input {
                path: &input.path,
                revision: &input.revision,
                digest: &input.digest,
            })
            .collect(),
        errors: &report.errors,
    }
}

fn point(point: &ReleasePoint) -> Point<'_> {
    Point {
        tag: &point.tag,
        version: &point.version,
        commit: &point.commit,
    }
}

fn reason_entry<'r>(reason: &'r crate::policy::Demand, sources: &'r Sources) -> Reason<'r> {
    Reason {
        policy: &reason.policy,
        demand: &reason.id,
        at_least: reason.at_least.as_str(),
        message: &reason.message,
        waived: reason.waiver.is_some(),
        locations: reason
            .locations
            .iter()
            .map(|&location| place(location, sources))
            .collect(),
    }
}

fn gate_entry(gate: &crate::gate::GateOutcome) -> Gate<'_> {
    Gate {
        id: &gate.id,
        stage: gate.stage.as_str(),
        status: gate.status.as_str(),
        message: &gate.message,
        evidence: &gate.evidence,
        waiver: gate.waiver.as_ref().map(|waiver| Waiver {
            name: &waiver.name,
            reason: &waiver.reason,
            approved_by: &waiver.approved_by,
            expires_at: &waiver.expires_at,
        }),
        controls: gate
            .controls
            .iter()
            .map(|control| Control {
                framework: &control.framework,
                id: &control.id,
                confirmed: control.confirmed,
            })
            .collect(),
    }
}

fn finding_entry<'r>(
    finding: &'r Finding,
    fingerprint: String,
    sources: &'r Sources,
) -> FindingEntry<'r> {
    FindingEntry {
        rule: &finding.rule,
        severity: finding.severity.as_str(),
        message: &finding.message,
        location: finding.location.map_or_else(
            || Place {
                revision: &finding.about,
                ..Place::default()
            },
            |location| place(location, sources),
        ),
        related: finding
            .related
            .iter()
            .map(|label| Related {
                location: place(label.location, sources),
                message: &label.message,
            })
            .collect(),
        notes: finding
            .notes
            .iter()
            .map(|note| (&*note.key, note.text.as_str()))
            .collect(),
        help: &finding.help,
        fixable: finding.fix.is_some(),
        status: finding.status.as_str(),
        status_reason: &finding.status_reason,
        fingerprint,
    }
}

fn place(location: Location, sources: &Sources) -> Place<'_> {
    let file = sources.get(location.source);
    let (start, end) = sources.positions(location);
    Place {
        path: &file.path,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        revision: &file.revision,
    }
}
fn not_examined(entries: &[crate::discover::NotExamined]) -> Vec<NotExamined<'_>> {
    entries
        .iter()
        .map(|entry| NotExamined {
            path: &entry.path,
            reason: &entry.reason,
        })
        .collect()
}
