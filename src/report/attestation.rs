//! in-toto Statements v1 about the judgement: a Simple Verification Result and SLSA's Verification Summary. Unsigned:
//! whoever publishes them signs them, with `ssh-keygen -Y sign` or as DSSE.

use std::io;

use serde_json::{Value, json};

use super::{Report, Style, json, text};
use crate::decision::Verdict;
use crate::gate::GateStatus;

/// A change that is not committed has nothing that a statement could be bound to.
const NOTHING_TO_BIND: &str = "an attestation needs a commit, and staged changes have none yet";

/// Writes `https://in-toto.io/attestation/svr/v0.2`: the properties that hold. It cannot say that something does not;
/// what is waived, not required or not evaluated is absent.
pub(super) fn write_svr(
    report: &Report,
    _style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let predicate = json!({
        "verifier": { "id": verifier(), "policies": [policy(report)] },
        "timeCreated": report.generated_at,
        "properties": properties(report),
    });
    let statement = statement(
        report,
        "https://in-toto.io/attestation/svr/v0.2",
        &predicate,
    )?;
    json::put(&statement, out)
}

/// Writes `https://slsa.dev/verification_summary/v1`: passed or failed. What could not be judged has failed.
pub(super) fn write_vsa(
    report: &Report,
    _style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let passed = report.decision.verdict == Verdict::Pass;
    let levels: Vec<String> = release_property(report)
        .into_iter()
        .filter(|_| passed)
        .collect();
    let subject = &report.subject;
    let predicate = json!({
        "verifier": { "id": verifier(), "version": { env!("CARGO_PKG_NAME"): env!("CARGO_PKG_VERSION") } },
        "timeVerified": report.generated_at,
        "resourceUri": format!("git+{}@{}", text::uri_path(&subject.repository).replace("%3A//", "://"), subject.commit),
        "policy": policy(report),
        "inputAttestations": input_attestations(report),
        "verificationResult": if passed { "PASSED" } else { "FAILED" },
        "verifiedLevels": levels,
    });
    let statement = statement(
        report,
        "https://slsa.dev/verification_summary/v1",
        &predicate,
    )?;
    json::put(&statement, out)
}

fn statement(report: &Report, predicate_type: &str, predicate: &Value) -> io::Result<Value> {
    let subject = &report.subject;
    if subject.commit.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, NOTHING_TO_BIND));
    }
    let name = match &subject.tag {
        Some(tag) => format!("refs/tags/{tag}"),
        None => subject.repository.clone(),
    };
    Ok(json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": name, "digest": { "gitCommit": subject.commit } }],
        "predicateType": predicate_type,
        "predicate": predicate,
    }))
}

/// Who verified, with the version, as consumers are told to tell verifiers apart.
fn verifier() -> &'static str {
    concat!(
        env!("CARGO_PKG_REPOSITORY"),
        "@v",
        env!("CARGO_PKG_VERSION")
    )
}

fn policy(report: &Report) -> Value {
    let (algorithm, digest) = report
        .policy
        .digest
        .split_once(':')
        .unwrap_or(("sha256", ""));
    let packs = report.policy.packs.join(",");
    let mut policy = json!({ "uri": format!("relgate:policies?packs={}", text::uri_path(&packs)) });
    if !digest.is_empty() {
        policy["digest"] = json!({ algorithm: digest });
    }
    policy
}

/// The evidence that gates stand on, where its content is known.
fn input_attestations(report: &Report) -> Vec<Value> {
    let mut paths: Vec<&str> = report
        .gates
        .iter()
        .flat_map(|gate| gate.evidence.iter().map(String::as_str))
        .collect();
    paths.sort_unstable();
    paths.dedup();
    paths
        .into_iter()
        .filter_map(|path| {
            let input = report.inputs.iter().find(|input| input.path == path)?;
            let (algorithm, digest) = input.digest.split_once(':')?;
            Some(json!({ "uri": text::uri_path(path), "digest": { algorithm: digest } }))
        })
        .collect()
}

/// What holds, in a scope of its own (`RELGATE_`).
fn properties(report: &Report) -> Vec<String> {
    if report.decision.verdict == Verdict::Error {
        return Vec::new();
    }
    let mut properties: Vec<String> = report
        .gates
        .iter()
        .filter(|gate| gate.status == GateStatus::Pass)
        .map(|gate| format!("RELGATE_GATE_{}", property(&gate.id)))
        .collect();
    if report.decision.verdict == Verdict::Pass {
        properties.push(format!(
            "RELGATE_PASS_{}",
            property(report.subject.stage.as_str())
        ));
        properties.extend(release_property(report));
    }
    properties.sort();
    properties.dedup();
    properties
}

/// `RELGATE_MINOR_RELEASE`: the tag declares enough, and this is what it declares.
fn release_property(report: &Report) -> Option<String> {
    let declared = report.decision.declared?;
    (declared >= report.decision.required)
        .then(|| format!("RELGATE_{}_RELEASE", property(declared.as_str())))
}

fn property(id: &str) -> String {
    id.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect()
}
