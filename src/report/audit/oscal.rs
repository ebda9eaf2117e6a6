//! OSCAL assessment results (NIST, 1.1) of a history: each release is a result; its gates and findings are observations, and
//! each control that gates serve has a finding.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde_json::{Value, json};

use super::{Audit, GateRow, Release, Style};
use crate::gate::GateStatus;
use crate::report::oscal::{OSCAL_VERSION, control_id, property, uuid};
use crate::report::{json, text};

pub(super) fn write(audit: &Audit, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    json::put(&document(audit), out)
}

fn document(audit: &Audit) -> Value {
    let seed = [
        audit.repository.as_str(),
        audit.policy.digest.as_str(),
        audit.generated_at.as_str(),
    ]
    .join("\0");
    let id = |name: &str| uuid(&seed, name);
    let plan = id("plan");
    let packs = audit.policy.packs.join(", ");
    let mut results: Vec<Value> = audit
        .releases
        .iter()
        .map(|release| result(audit, release, &id))
        .collect();
    if results.is_empty() {
        results.push(json!({
            "uuid": id("nothing"),
            "title": "No release",
            "description": "No release of the repository was asked for.",
            "start": audit.generated_at,
            "reviewed-controls": { "control-selections": [{ "include-all": {} }] },
        }));
    }
    json!({ "assessment-results": {
        "uuid": id("document"),
        "metadata": {
            "title": words(&format!("Release audit of {}", audit.repository)),
            "last-modified": audit.generated_at,
            "version": env!("CARGO_PKG_VERSION"),
            "oscal-version": OSCAL_VERSION,
            "props": audit.tags.iter().map(|(kind, count)| property(&format!("tags-{kind}"), &count.to_string()))
                .collect::<Vec<Value>>(),
        },
        "import-ap": { "href": format!("#{plan}") },
        "results": results,
        "back-matter": { "resources": [{
            "uuid": plan,
            "title": "Release policies",
            "description": words(&format!("policy packs {packs}, digest {}", audit.policy.digest)),
        }]},
    }})
}

fn result(audit: &Audit, release: &Release, id: &dyn Fn(&str) -> String) -> Value {
    let id = |name: &str| id(&format!("{}\0{name}", release.tag));
    let due: Vec<&GateRow> = release
        .gates
        .iter()
        .filter(|gate| gate.is_due() && gate.status != GateStatus::NotRequired.as_str())
        .collect();
    let mut controls: BTreeMap<(&str, &str), Vec<&GateRow>> = BTreeMap::new();
    for gate in &due {
        for (framework, control) in &gate.controls {
            controls.entry((framework, control)).or_default().push(gate);
        }
    }
    let time = if release.date.is_empty() {
        &audit.generated_at
    } else {
        &release.date
    };
    let mut result = json!({
        "uuid": id("result"),
        "title": words(&format!("{} {}", release.kind, release.tag)),
        "description": words(&description(release)),
        "start": time,
        "end": audit.generated_at,
        "props": [
            property("verdict", or_none(&release.verdict)),
            property("required-type", or_none(&release.required_type)),
            property("declared-type", or_none(release.declared_type.as_deref().unwrap_or_default())),
            property("commit", or_none(&release.commit)),
        ],
        "reviewed-controls": { "control-selections": selections(&controls) },
        "observations": observations(audit, release, &due, &id),
    });
    let findings: Vec<Value> = controls
        .iter()
        .map(|((framework, control), gates)| finding(release, (framework, control), gates, &id))
        .collect();
    if !findings.is_empty() {
        result["findings"] = json!(findings);
    }
    result
}

fn description(release: &Release) -> String {
    match release.errors.first() {
        Some(error) => format!("could not be judged: {error}"),
        None => format!(
            "{}: a {} is required",
            release.verdict, release.required_type
        ),
    }
}

fn selections(controls: &BTreeMap<(&str, &str), Vec<&GateRow>>) -> Vec<Value> {
    let mut frameworks: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (framework, control) in controls.keys() {
        frameworks
            .entry(framework)
            .or_default()
            .insert(control_id(control));
    }
    if frameworks.is_empty() {
        return vec![json!({ "include-all": {} })];
    }
    frameworks
        .into_iter()
        .map(|(framework, controls)| {
            let ids: Vec<Value> = controls
                .iter()
                .map(|id| json!({ "control-id": id }))
                .collect();
            json!({ "description": words(framework), "include-controls": ids })
        })
        .collect()
}

fn observations(
    audit: &Audit,
    release: &Release,
    due: &[&GateRow],
    id: &dyn Fn(&str) -> String,
) -> Vec<Value> {
    let gates = due.iter().map(|gate| {
        let waived = gate.waiver.as_ref().map(|waiver| {
            format!(
                "waived until {} by {}: {}",
                waiver.expires_at, waiver.approved_by, waiver.reason
            )
        });
        let said = waived.unwrap_or_else(|| gate.message.clone());
        let mut observation = json!({
            "uuid": id(&format!("gate {}", gate.id)),
            "title": gate.id,
            "description": words(if said.trim().is_empty() { &gate.status } else { &said }),
            "methods": [if gate.evidence.is_empty() { "TEST" } else { "EXAMINE" }],
            "types": ["control-objective"],
            "collected": audit.generated_at,
            "props": [property("gate-status", &gate.status), property("stage", &gate.stage)],
        });
        if !gate.evidence.is_empty() {
            let evidence = gate.evidence.iter();
            observation["relevant-evidence"] = evidence
                .map(|path| json!({ "href": text::uri_path(path), "description": words(path) }))
                .collect();
        }
        observation
    });
    let findings = release.findings.iter().enumerate().map(|(nth, finding)| {
        json!({
            "uuid": id(&format!("finding {nth}")),
            "title": finding.rule,
            "description": words(&format!("{}: {}", finding.path, finding.message)),
            "methods": ["TEST"],
            "types": ["finding"],
            "collected": audit.generated_at,
            "props": [
                property("severity", &finding.severity),
                property("status", if finding.status == "open" { "open" } else { "accepted" }),
            ],
        })
    });
    let mut observations: Vec<Value> = gates.chain(findings).collect();
    if observations.is_empty() {
        observations.push(json!({
            "uuid": id("nothing"),
            "description": "No gate was due, and nothing was found.",
            "methods": ["TEST"],
            "collected": audit.generated_at,
        }));
    }
    observations
}

/// Whether a control was met. A gate without evidence was not: what history cannot show is never satisfied.
fn finding(
    release: &Release,
    (framework, control): (&str, &str),
    gates: &[&GateRow],
    id: &dyn Fn(&str) -> String,
) -> Value {
    let with = |statuses: &[&str]| {
        let ids: Vec<&str> = gates
            .iter()
            .filter(|gate| statuses.contains(&gate.status.as_str()))
            .map(|gate| gate.id.as_str())
            .collect();
        ids.join(", ")
    };
    let (failed, unknown) = (with(&["fail"]), with(&["not-evaluated"]));
    let (state, reason, said) = if release.verdict == "error" {
        ("not-satisfied", "other", "could not be judged".to_owned())
    } else if !failed.is_empty() {
        ("not-satisfied", "fail", format!("failed: {failed}"))
    } else if !unknown.is_empty() {
        (
            "not-satisfied",
            "other",
            format!("not evaluated, for lack of evidence: {unknown}"),
        )
    } else {
        (
            "satisfied",
            "pass",
            "every gate that was due is closed".to_owned(),
        )
    };
    let related = gates
        .iter()
        .map(|gate| json!({ "observation-uuid": id(&format!("gate {}", gate.id)) }));
    json!({
        "uuid": id(&format!("control {framework} {control}")),
        "title": words(&format!("{framework} {control}")),
        "description": said,
        "target": {
            "type": "objective-id",
            "target-id": control_id(control),
            "status": { "state": state, "reason": reason },
        },
        "related-observations": related.collect::<Vec<Value>>(),
    })
}

fn or_none(value: &str) -> &str {
    if value.is_empty() { "none" } else { value }
}

/// Text as OSCAL takes it: without control characters, and without white space around it.
fn words(value: &str) -> String {
    text::escape(value.trim())
}
