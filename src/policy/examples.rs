//! Examples: the tests that a policy carries.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::facts::{Facts, Origins};
use crate::finding::{Finding, Severity, Status};
use crate::source::{Location, Sources, Span};
use crate::suppress::Suppressions;

use super::document::Example;
use super::evaluate::{Input, evaluate};
use super::exceptions::Waivers;
use super::load::{Loaded, PolicySet};
use super::outcome::Evaluation;
use super::read;

/// What became of an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleResult {
    /// The policy's name.
    pub policy: String,
    /// The example's name.
    pub example: String,
    /// The file.
    pub path: String,
    /// The example's place in it.
    pub span: Span,
    /// What was not as expected, a line each; empty when all was.
    pub differences: Vec<String>,
    /// The ids of the demands, validations and gates that fired: a gate fires when it is required.
    pub fired: BTreeSet<String>,
    /// The ids of those that did not.
    pub silent: BTreeSet<String>,
}

/// Runs every example of every policy, each policy for itself.
pub fn run_examples(set: &PolicySet) -> Vec<ExampleResult> {
    set.policies()
        .iter()
        .flat_map(|loaded| {
            loaded
                .policy
                .examples
                .iter()
                .map(|example| run(loaded, example))
        })
        .collect()
}

/// The time of a judgement that has none: that of no example depends on the day on which it runs.
fn default_now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
}

fn run(loaded: &Loaded, example: &Example) -> ExampleResult {
    let mut result = ExampleResult {
        policy: loaded.policy.name.clone(),
        example: example.name.clone(),
        path: loaded.path.clone(),
        span: example.span,
        differences: Vec::new(),
        fired: BTreeSet::new(),
        silent: BTreeSet::new(),
    };
    let mut given = example.given.clone();
    let now = given.as_object_mut().and_then(|given| given.remove("now"));
    let facts: Facts = match serde_json::from_value(given) {
        Ok(facts) => facts,
        Err(error) => {
            result
                .differences
                .push(format!("`given` is not made of facts: {error}"));
            return result;
        }
    };
    let now = now
        .as_ref()
        .and_then(serde_json::Value::as_str)
        .and_then(|now| DateTime::parse_from_rfc3339(now).ok())
        .map_or_else(default_now, |now| now.with_timezone(&Utc));
    let mut params = loaded.params.clone();
    params.extend(example.params.clone());
    let set = PolicySet::of(Loaded {
        policy: loaded.policy.clone(),
        path: loaded.path.clone(),
        text: loaded.text.clone(),
        params,
    });
    let mut sources = Sources::default();
    let findings = facts.findings.iter().map(|fact| Finding {
        location: (!fact.path.is_empty()).then(|| Location {
            source: sources.add(fact.path.as_str(), "", ""),
            span: Span::default(),
        }),
        status: match fact.status.as_str() {
            "waived" => Status::Waived,
            "suppressed" => Status::Suppressed,
            _ => Status::Open,
        },
        ..Finding::about(
            &fact.rule,
            read::severity(&fact.severity).unwrap_or(Severity::Error),
            "",
            &fact.message,
        )
    });
    let findings: Vec<Finding> = findings.collect();
    let given_findings = findings.len();
    let evaluation = evaluate(
        &set,
        Input {
            facts,
            origins: &Origins::default(),
            sources: &sources,
            findings,
            suppressions: Suppressions::default(),
            waivers: &Waivers::default(),
            now,
        },
    );
    compare(loaded, example, &evaluation, given_findings, &mut result);
    result
}

fn compare(
    loaded: &Loaded,
    example: &Example,
    evaluation: &Evaluation,
    given_findings: usize,
    result: &mut ExampleResult,
) {
    let policy = &loaded.policy;
    let differences = &mut result.differences;
    differences.extend(evaluation.errors.iter().map(ToString::to_string));
    if let Some(expected) = example.release_type
        && expected != evaluation.required
    {
        differences.push(format!(
            "releaseType: expected {expected}, got {}",
            evaluation.required
        ));
    }
    let is_own = |finding: &&Finding| {
        policy
            .validations
            .iter()
            .any(|validation| validation.id == finding.rule)
    };
    let mut found: Vec<&str> = evaluation
        .findings
        .iter()
        .skip(given_findings)
        .filter(is_own)
        .map(|finding| finding.rule.as_str())
        .collect();
    found.sort_unstable();
    if let Some(expected) = &example.findings {
        let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        expected.sort_unstable();
        if expected != found {
            differences.push(format!(
                "findings: expected [{}], got [{}]",
                expected.join(", "),
                found.join(", ")
            ));
        }
    }
    for (id, expected) in &example.gates {
        match evaluation.gates.iter().find(|gate| gate.id == *id) {
            Some(gate) if gate.status.as_str() == expected => {}
            Some(gate) => {
                differences.push(format!(
                    "gate {id}: expected {expected}, got {} ({})",
                    gate.status.as_str(),
                    gate.message
                ));
            }
            None => differences.push(format!("gate {id}: the policy has no such gate")),
        }
    }
    for (rule, expected) in &example.severities {
        let given = &evaluation.findings[..given_findings.min(evaluation.findings.len())];
        match given.iter().find(|finding| finding.rule == *rule) {
            Some(finding) if finding.severity.as_str() == expected => {}
            Some(finding) => differences.push(format!(
                "severity of {rule}: expected {expected}, got {}",
                finding.severity.as_str()
            )),
            None => differences.push(format!("severity of {rule}: no finding of it is given")),
        }
    }
    let fired = evaluation
        .demands
        .iter()
        .map(|demand| demand.id.as_str())
        .chain(found)
        .chain(
            example
                .gates
                .iter()
                .filter(|(_, status)| *status != "not-required")
                .map(|(id, _)| id.as_str()),
        );
    result.fired = fired.map(str::to_owned).collect();
    let all = policy
        .demands
        .iter()
        .map(|demand| &demand.id)
        .chain(policy.validations.iter().map(|validation| &validation.id))
        .filter(|id| !result.fired.contains(*id));
    result.silent = all.cloned().collect();
    let gates = example
        .gates
        .iter()
        .filter(|(_, status)| *status == "not-required");
    result.silent.extend(gates.map(|(id, _)| id.clone()));
}
