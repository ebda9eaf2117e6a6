//! OSCAL assessment results (NIST, 1.1): each gate is an observation, each control that gates serve has a finding.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde_json::{Value, json};

use super::{Report, Style, json, text};
use crate::decision::{Verdict, is_open};
use crate::finding::Status;
use crate::gate::{GateOutcome, GateStatus};

/// The version of OSCAL.
pub(super) const OSCAL_VERSION: &str = "1.1.3";
/// The namespace of our properties.
const NAMESPACE: &str = "https://relgate.dev/ns/oscal";

/// Writes the assessment of one release.
pub(super) fn write(report: &Report, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    json::put(&document(report), out)
}

fn document(report: &Report) -> Value {
    let ids = Ids::new(report);
    let plan = ids.of("plan");
    let packs = report.policy.packs.join(", ");
    json!({ "assessment-results": {
        "uuid": ids.of("document"),
        "metadata": {
            "title": format!("Release assessment of {}", subject(report)),
            "last-modified": report.generated_at,
            "version": env!("CARGO_PKG_VERSION"),
            "oscal-version": OSCAL_VERSION,
        },
        "import-ap": { "href": format!("#{plan}") },
        "results": [result(report, &ids)],
        "back-matter": { "resources": [{
            "uuid": plan,
            "title": "Release policies",
            "description": text::escape(&format!("policy packs {packs}, digest {}", report.policy.digest)),
        }]},
    }})
}

fn result(report: &Report, ids: &Ids) -> Value {
    let decision = &report.decision;
    let controls = controls(report);
    let mut result = json!({
        "uuid": ids.of("result"),
        "title": format!("{} at stage {}", subject(report), report.subject.stage),
        "description": super::conclusion::verdict_reason(report),
        "start": report.generated_at,
        "end": report.generated_at,
        "props": [
            property("verdict", decision.verdict.as_str()),
            property("required-type", decision.required.as_str()),
            property("declared-type", decision.declared.map_or("none", |declared| declared.as_str())),
            property("commit", if report.subject.commit.is_empty() { "none" } else { &report.subject.commit }),
        ],
        "reviewed-controls": { "control-selections": selections(&controls) },
        "observations": observations(report, ids),
    });
    let findings: Vec<Value> = controls
        .iter()
        .map(|((framework, id), gates)| finding(report, ids, framework, id, gates))
        .collect();
    if !findings.is_empty() {
        result["findings"] = json!(findings);
    }
    result
}

/// The controls whose gates are due, each with these gates.
fn controls(report: &Report) -> BTreeMap<(&str, &str), Vec<&GateOutcome>> {
    let mut controls: BTreeMap<(&str, &str), Vec<&GateOutcome>> = BTreeMap::new();
    for gate in due(report) {
        for control in &gate.controls {
            let key = (control.framework.as_str(), control.id.as_str());
            controls.entry(key).or_default().push(gate);
        }
    }
    controls
}

fn due(report: &Report) -> impl Iterator<Item = &GateOutcome> {
    let stage = report.subject.stage;
    report
        .gates
        .iter()
        .filter(move |gate| stage.requires(gate.stage) && gate.status != GateStatus::NotRequired)
}

fn selections(controls: &BTreeMap<(&str, &str), Vec<&GateOutcome>>) -> Vec<Value> {
    let mut frameworks: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (framework, id) in controls.keys() {
        frameworks
            .entry(framework)
            .or_default()
            .insert(control_id(id));
    }
    if frameworks.is_empty() {
        return vec![json!({ "include-all": {} })];
    }
    frameworks
        .into_iter()
        .map(|(framework, ids)| {
            let ids: Vec<Value> = ids.iter().map(|id| json!({ "control-id": id })).collect();
            json!({ "description": text::escape(framework), "include-controls": ids })
        })
        .collect()
}

fn observations(report: &Report, ids: &Ids) -> Vec<Value> {
    let mut observations: Vec<Value> = due(report)
        .map(|gate| {
            let mut observation = json!({
                "uuid": ids.of(&format!("gate {}", gate.id)),
                "title": gate.id,
                "description": gate_words(gate),
                "methods": [if gate.evidence.is_empty() { "TEST" } else { "EXAMINE" }],
                "types": ["control-objective"],
                "collected": report.generated_at,
                "props": [
                    property("gate-status", gate.status.as_str()),
                    property("stage", gate.stage.as_str()),
                ],
            });
            if !gate.evidence.is_empty() {
                let evidence = gate.evidence.iter().map(|path| {
                    json!({ "href": text::uri_path(path), "description": text::escape(path) })
                });
                observation["relevant-evidence"] = evidence.collect();
            }
            observation
        })
        .collect();
    let found = report.findings.iter().enumerate();
    observations.extend(found.map(|(nth, finding)| {
        let place = finding.location.map_or_else(
            || finding.about.clone(),
            |location| report.place(location),
        );
        json!({
            "uuid": ids.of(&format!("finding {nth}")),
            "title": finding.rule,
            "description": text::escape(&format!("{place}: {}", finding.message)),
            "methods": ["TEST"],
            "types": ["finding"],
            "collected": report.generated_at,
            "props": [
                property("severity", finding.severity.as_str()),
                property("status", if finding.status == Status::Open { "open" } else { "accepted" }),
            ],
        })
    }));
    if observations.is_empty() {
        observations.push(json!({
            "uuid": ids.of("nothing"),
            "description": "No gate is due at this stage, and nothing was found.",
            "methods": ["TEST"],
            "collected": report.generated_at,
        }));
    }
    observations
}

fn finding(
    report: &Report,
    ids: &Ids,
    framework: &str,
    control: &str,
    gates: &[&GateOutcome],
) -> Value {
    let open: Vec<&str> = gates
        .iter()
        .filter(|gate| is_open(gate, report.subject.stage))
        .map(|gate| gate.id.as_str())
        .collect();
    let judged = report.decision.verdict != Verdict::Error;
    let (state, reason, words) = match (judged, open.is_empty()) {
        (false, _) => ("not-satisfied", "other", "could not be judged".to_owned()),
        (true, true) => (
            "satisfied",
            "pass",
            "every gate that is due is closed".to_owned(),
        ),
        (true, false) => (
            "not-satisfied",
            "fail",
            format!("open: {}", open.join(", ")),
        ),
    };
    let related: Vec<Value> = gates
        .iter()
        .map(|gate| json!({ "observation-uuid": ids.of(&format!("gate {}", gate.id)) }))
        .collect();
    json!({
        "uuid": ids.of(&format!("control {framework} {control}")),
        "title": text::escape(&format!("{framework} {control}")),
        "description": words,
        "target": {
            "type": "objective-id",
            "target-id": control_id(control),
            "status": { "state": state, "reason": reason },
        },
        "related-observations": related,
    })
}

fn gate_words(gate: &GateOutcome) -> String {
    let message = text::escape(&gate.message);
    match (&gate.waiver, gate.status) {
        (Some(waiver), GateStatus::Waived) => text::escape(&format!(
            "waived until {} by {}: {}",
            waiver.expires_at, waiver.approved_by, waiver.reason
        )),
        (_, status) if message.is_empty() => status.as_str().to_owned(),
        _ => message,
    }
}

fn subject(report: &Report) -> String {
    let name = report.subject.tag.as_deref().unwrap_or("the next release");
    text::escape(&format!("{} {name}", report.headline.name))
}

/// A property in our namespace.
pub(super) fn property(name: &str, value: &str) -> Value {
    json!({ "name": name, "ns": NAMESPACE, "value": text::escape(value) })
}

/// A control's id as a token of OSCAL: NIST writes `CM-3(2)` as `cm-3.2`.
pub(super) fn control_id(id: &str) -> String {
    let mut token: String = id
        .to_lowercase()
        .replace('(', ".")
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c))
        .collect();
    if !token.starts_with(|c: char| c.is_ascii_alphabetic()) {
        token.insert(0, '_');
    }
    token
}

/// UUIDs that follow from what was judged, so that the same judgement gives the same document.
struct Ids {
    seed: String,
}

impl Ids {
    fn new(report: &Report) -> Self {
        let subject = &report.subject;
        Self {
            seed: [
                subject.repository.as_str(),
                subject.commit.as_str(),
                subject.tag.as_deref().unwrap_or_default(),
                subject.stage.as_str(),
                report.policy.digest.as_str(),
                report.generated_at.as_str(),
            ]
            .join("\0"),
        }
    }

    fn of(&self, name: &str) -> String {
        uuid(&self.seed, name)
    }
}

/// A UUID of version 5's form (RFC 9562), from SHA-256 instead of SHA-1.
pub(super) fn uuid(seed: &str, name: &str) -> String {
    let hex = text::sha256_hex(format!("{seed}\0{name}").as_bytes());
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-5{}-8{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    )
}

#[cfg(test)]
mod tests {
    use super::control_id;

    #[test]
    fn controls_are_tokens() {
        for (id, expected) in [
            ("CC8.1", "cc8.1"),
            ("CM-3(2)", "cm-3.2"),
            ("A.8.32", "a.8.32"),
            ("8.32", "_8.32"),
            ("PW.8 x", "pw.8x"),
        ] {
            assert_eq!(control_id(id), expected, "{id}");
        }
    }
}
