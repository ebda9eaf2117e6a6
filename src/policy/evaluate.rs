//! Facts and policies to demands, findings and gates.

mod gates;
pub(super) mod scope;
mod severities;
mod validations;

pub use gates::closing::{RELEASE_CANDIDATE, settle};

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::facts::{Facts, FindingFact, Origin, Origins};
use crate::finding::{Finding, Severity};
use crate::source::{Location, Sources};
use crate::suppress::Suppressions;
use crate::version::ReleaseType;

use super::cel;
use super::document::{DemandRule, Message};
use super::error::EvaluationError;
use super::exceptions::{Desk, Waivers};
use super::load::PolicySet;
use super::outcome::{Demand, Evaluation};

use scope::{At, Run, Scope};

/// What is judged.
#[derive(Debug)]
pub struct Input<'a> {
    /// The facts; `release.requiredType`, `release.effectiveType` and `findings` are filled by the evaluation.
    pub facts: Facts,
    /// Where the facts come from.
    pub origins: &'a Origins,
    /// The files, for the paths of findings.
    pub sources: &'a Sources,
    /// What rules found.
    pub findings: Vec<Finding>,
    /// The paths that findings may be about; `None` for all. What is left out of a report must not close or open its gates.
    pub only: Option<&'a BTreeSet<String>>,
    /// What suppresses findings.
    pub suppressions: Suppressions,
    /// The waivers.
    pub waivers: &'a Waivers,
    /// The time of the judgement.
    pub now: DateTime<Utc>,
}

/// Evaluates all policies, in phases: demands, their waivers, the required type, validations, waivers, gates.
pub fn evaluate(policies: &PolicySet, input: Input<'_>) -> Evaluation {
    match cel::with_room(|| phases(policies, input)) {
        Ok(evaluation) => evaluation,
        Err(error) => Evaluation {
            errors: vec![EvaluationError {
                message: error.to_string(),
                ..EvaluationError::default()
            }],
            ..Evaluation::default()
        },
    }
}

fn phases(policies: &PolicySet, input: Input<'_>) -> Evaluation {
    let Input {
        facts,
        origins,
        sources,
        mut findings,
        only,
        suppressions,
        waivers,
        now,
    } = input;
    let mut desk = Desk::new(waivers, suppressions, &facts.release.tag, now);
    let mut run = Run::new(policies, facts, origins, now);

    show_findings(&mut run, &findings, sources);
    let demands = demands(&run, &mut desk, sources);
    let declared = release_type(&run.facts.release.declared_type);
    let required = demands
        .iter()
        .filter(|demand| demand.waiver.is_none())
        .map(|demand| demand.at_least)
        .max()
        .unwrap_or_default();
    let effective = required.max(declared.unwrap_or_default());
    required
        .as_str()
        .clone_into(&mut run.facts.release.required_type);
    effective
        .as_str()
        .clone_into(&mut run.facts.release.effective_type);
    run.changed("release");

    severities::weigh(&run, &mut findings);
    show_findings(&mut run, &findings, sources);
    for finding in &mut findings {
        desk.waive_finding(finding, "rules", sources);
    }
    if let Some(mut finding) = too_low_or_high(&run.facts, declared, required, &demands) {
        desk.waive_finding(&mut finding, "rules", sources);
        findings.push(finding);
    }
    for (policy, mut finding) in validations::evaluate(&run) {
        desk.waive_finding(&mut finding, policy, sources);
        findings.push(finding);
    }
    // Waivers were asked first, so that one for what is left out does not count as unused.
    keep(&mut findings, only, sources);
    show_findings(&mut run, &findings, sources);

    settle_evidence(&mut run, effective, &findings, sources);
    let gates = gates::evaluate(&run, &findings, sources, &mut desk);
    findings.extend(desk.finish());
    keep(&mut findings, only, sources);
    // A variable that fails does so in every phase that asks for it.
    let mut errors: Vec<EvaluationError> = Vec::new();
    for error in run.errors.take() {
        if !errors.contains(&error) {
            errors.push(error);
        }
    }
    Evaluation {
        demands,
        declared,
        required,
        effective,
        findings,
        gates,
        errors,
        facts: run.facts,
    }
}

/// Leaves the findings about these paths.
fn keep(findings: &mut Vec<Finding>, only: Option<&BTreeSet<String>>, sources: &Sources) {
    let Some(only) = only else {
        return;
    };
    findings.retain(|finding| match finding.location {
        Some(location) => only.contains(&sources.get(location.source).path),
        None => only.contains(&finding.about),
    });
}

/// What is known now decides what evidence counts: the release's type, and whether it is what its candidate was.
fn settle_evidence(
    run: &mut Run<'_>,
    effective: ReleaseType,
    findings: &[Finding],
    sources: &Sources,
) {
    if run.facts.evidence.is_empty() {
        return;
    }
    let is_candidate = gates::passes(run, RELEASE_CANDIDATE, findings, sources);
    let gates = run.set.gates().map(|gate| (gate.id.as_str(), gate.stage));
    settle(&mut run.facts.evidence, gates, effective, is_candidate);
    run.changed("evidence");
}

/// Puts the findings among the facts.
fn show_findings(run: &mut Run<'_>, findings: &[Finding], sources: &Sources) {
    let first = run.origins.len() + 1;
    run.places.clear();
    run.facts.findings = findings
        .iter()
        .map(|finding| {
            let origin = finding.location.map_or(Origin::default(), |location| {
                run.places.push(location);
                Origin(u32::try_from(first + run.places.len() - 1).unwrap_or(0))
            });
            FindingFact {
                rule: finding.rule.clone(),
                severity: finding.severity.as_str().to_owned(),
                message: finding.message.clone(),
                path: path_of(finding, sources).to_owned(),
                status: finding.status.as_str().to_owned(),
                origin,
            }
        })
        .collect();
    run.changed("findings");
}

fn path_of<'s>(finding: &Finding, sources: &'s Sources) -> &'s str {
    finding
        .location
        .map_or("", |location| sources.get(location.source).path.as_str())
}

fn release_type(name: &str) -> Option<ReleaseType> {
    [
        ReleaseType::None,
        ReleaseType::Patch,
        ReleaseType::Minor,
        ReleaseType::Major,
    ]
    .into_iter()
    .find(|known| known.as_str() == name)
}

/// What fires, from the highest type to the lowest. Of a first release nothing is demanded: there is no version that
/// anybody upgrades from.
fn demands(run: &Run<'_>, desk: &mut Desk<'_>, sources: &Sources) -> Vec<Demand> {
    let mut demands = Vec::new();
    if run.facts.release.first {
        return demands;
    }
    for loaded in run.set.policies() {
        if loaded.policy.demands.is_empty() {
            continue;
        }
        let mut scope = Scope::new(run, loaded);
        if scope.applies() != Some(true) {
            continue;
        }
        for rule in &loaded.policy.demands {
            let Some(matched) = fired(&mut scope, rule) else {
                continue;
            };
            // A waiver may cover some of the facts only: what it does not cover still demands.
            for (waiver, facts) in
                desk.split_demand(&loaded.policy.name, &rule.id, matched, |fact| {
                    let location = run.location(fact)?;
                    Some(sources.get(location.source).path.clone())
                })
            {
                let at = At {
                    id: &rule.id,
                    field: "messageExpression",
                };
                let mut locations: Vec<Location> =
                    facts.iter().filter_map(|fact| run.location(fact)).collect();
                // By name: the numbers of sources follow the order of reading, and a cache spares some of that.
                let place = |location: &Location| {
                    let file = sources.get(location.source);
                    (file.path.as_str(), file.revision.as_str(), location.span)
                };
                locations.sort_by(|a, b| place(a).cmp(&place(b)));
                locations.dedup();
                let Some(message) = say(&mut scope, &rule.message, at, facts) else {
                    continue;
                };
                demands.push(Demand {
                    policy: loaded.policy.name.clone(),
                    id: rule.id.clone(),
                    at_least: rule.at_least,
                    message,
                    locations,
                    waiver,
                });
            }
        }
    }
    demands.sort_by(|a, b| {
        let key = |demand: &Demand| (std::cmp::Reverse(demand.at_least), demand.waiver.is_some());
        key(a).cmp(&key(b))
    });
    demands
}

/// The facts that make a demand fire; `None` when it does not. A demand on a condition fires without a fact.
fn fired(scope: &mut Scope<'_, '_>, rule: &DemandRule) -> Option<Vec<cel::Value>> {
    let at = At {
        id: &rule.id,
        field: "match",
    };
    let value = scope.value(&rule.trigger, at)?;
    match (value.as_bool(), value.elements()) {
        (Some(true), _) => Some(Vec::new()),
        (Some(false), _) => None,
        (None, Some(elements)) => (!elements.is_empty()).then_some(elements),
        (None, None) => {
            let message = format!(
                "this is of type {}, not a list of facts or a bool",
                value.type_name()
            );
            scope.error(&rule.trigger, at, message);
            None
        }
    }
}

/// A message: `it` is the first of the facts, `matched` all of them.
fn say(
    scope: &mut Scope<'_, '_>,
    message: &Message,
    at: At<'_>,
    facts: Vec<cel::Value>,
) -> Option<String> {
    let Some(expression) = &message.expression else {
        return Some(message.text.clone());
    };
    if let Some(first) = facts.first() {
        scope.bind("it", first.clone());
    }
    scope.bind("matched", cel::Value::list(facts));
    scope.text(expression, at)
}

/// A tag that says less, or more, than its content demands.
fn too_low_or_high(
    facts: &Facts,
    declared: Option<ReleaseType>,
    required: ReleaseType,
    demands: &[Demand],
) -> Option<Finding> {
    let declared = declared?;
    let tag = &facts.release.tag;
    let highest = demands.iter().find(|demand| demand.waiver.is_none());
    if declared < required {
        let why = highest.map_or(String::new(), |demand| format!(": {}", demand.message));
        let message = format!("{tag} declares {declared}, but {required} is required{why}");
        let mut finding = Finding::about(
            "release-type-too-low",
            Severity::Error,
            tag.as_str(),
            message,
        )
        .help(format!(
            "release it as a {required} version, or move what demands that to a later release"
        ));
        finding.location = highest.and_then(|demand| demand.locations.first().copied());
        return Some(finding);
    }
    (declared > required).then(|| {
        let message = format!("{tag} declares {declared}, but nothing demands more than {required}");
        Finding::about("release-type-too-high", Severity::Warning, tag.as_str(), message)
            .help("a smaller number tells users that the upgrade is safe; skip this if the step is on purpose")
    })
}

#[cfg(test)]
mod tests;
