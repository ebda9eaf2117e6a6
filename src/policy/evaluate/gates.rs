//! Gates to what became of them.

pub(super) mod closing;

use crate::finding::{Finding, Severity, Status};
use crate::gate::{GateOutcome, GateStatus, Stage};
use crate::policy::document::{Expression, GateSpec};
use crate::policy::exceptions::Desk;
use crate::policy::read;
use crate::source::Sources;

use super::path_of;
use super::scope::{At, Run, Scope};
use closing::Closing;

/// What became of every gate of every policy, by stage, then in the order of the documents.
pub(super) fn evaluate(
    run: &Run<'_>,
    findings: &[Finding],
    sources: &Sources,
    desk: &mut Desk<'_>,
) -> Vec<GateOutcome> {
    let mut outcomes = Vec::new();
    for loaded in run.set.policies() {
        if loaded.policy.gates.is_empty() {
            continue;
        }
        let mut scope = Scope::new(run, loaded);
        let applies = scope.applies();
        for gate in &loaded.policy.gates {
            let (stage, closing) = match applies {
                Some(true) => one(&mut scope, gate, findings, sources),
                Some(false) => {
                    let why = "its policy does not apply here".to_owned();
                    (gate.stage, computed(GateStatus::NotRequired, why))
                }
                None => (gate.stage, unevaluated()),
            };
            let mut outcome = GateOutcome {
                id: gate.id.clone(),
                stage,
                status: closing.status,
                message: closing.message,
                evidence: closing.evidence,
                waiver: None,
                controls: gate.controls.clone(),
                is_forgotten: gate.evidence.is_some() || gate.transient,
            };
            desk.waive_gate(&mut outcome, &loaded.policy.name);
            outcomes.push(outcome);
        }
    }
    outcomes.sort_by_key(|outcome| outcome.stage);
    outcomes
}

/// Whether a gate of this id is closed by itself, without a waiver.
pub(super) fn passes(run: &Run<'_>, id: &str, findings: &[Finding], sources: &Sources) -> bool {
    run.set.policies().iter().any(|loaded| {
        let gate = loaded.policy.gates.iter().find(|gate| gate.id == id);
        gate.is_some_and(|gate| {
            let mut scope = Scope::new(run, loaded);
            scope.applies() == Some(true)
                && one(&mut scope, gate, findings, sources).1.status == GateStatus::Pass
        })
    })
}

/// What a gate becomes without anybody's evidence.
fn computed(status: GateStatus, message: String) -> Closing {
    Closing {
        status,
        message,
        evidence: Vec::new(),
    }
}

fn unevaluated() -> Closing {
    computed(
        GateStatus::NotEvaluated,
        "its policy could not be evaluated".to_owned(),
    )
}

fn one(
    scope: &mut Scope<'_, '_>,
    gate: &GateSpec,
    findings: &[Finding],
    sources: &Sources,
) -> (Stage, Closing) {
    let Some(stage) = stage(scope, gate) else {
        return (gate.stage, unevaluated());
    };
    let closing = judge(scope, gate, findings, sources).unwrap_or_else(unevaluated);
    (stage, closing)
}

fn stage(scope: &mut Scope<'_, '_>, gate: &GateSpec) -> Option<Stage> {
    let Some(expression) = &gate.stage_expression else {
        return Some(gate.stage);
    };
    let at = At {
        id: &gate.id,
        field: "stageExpression",
    };
    let word = scope.text(expression, at)?;
    let known = read::stage(&word);
    if known.is_none() {
        scope.error(expression, at, format!("`{word}` is no stage"));
    }
    known
}

/// `None` when an expression of the gate failed.
fn judge(
    scope: &mut Scope<'_, '_>,
    gate: &GateSpec,
    findings: &[Finding],
    sources: &Sources,
) -> Option<Closing> {
    let mut holds = |expression: &Option<Expression>, field| match expression {
        Some(expression) => scope.bool(
            expression,
            At {
                id: &gate.id,
                field,
            },
        ),
        None => Some(true),
    };
    if !holds(&gate.required_when, "requiredWhen")? {
        return Some(computed(GateStatus::NotRequired, gate.not_required.clone()));
    }
    if !holds(&gate.subject_when, "subjectWhen")? {
        return Some(computed(GateStatus::NotRequired, gate.no_subject.clone()));
    }
    if !holds(&gate.evaluable_when, "evaluableWhen")? {
        let message = match &gate.not_evaluable.expression {
            Some(expression) => {
                let at = At {
                    id: &gate.id,
                    field: "notEvaluableExpression",
                };
                scope.text(expression, at)?
            }
            None => gate.not_evaluable.text.clone(),
        };
        return Some(computed(GateStatus::NotEvaluated, message));
    }
    let open: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error && finding.status == Status::Open)
        .filter(|finding| gate.rules.contains(&finding.rule))
        .collect();
    if !open.is_empty() {
        return Some(computed(GateStatus::Fail, list(&open, sources)));
    }
    let holds = holds(&gate.expression, "expression")?;
    if let Some(spec) = gate.evidence.as_ref().filter(|_| holds) {
        return Some(closing::close(gate, spec, scope.facts(), scope.now()));
    }
    let status = if holds {
        GateStatus::Pass
    } else {
        GateStatus::Fail
    };
    let message = match &gate.message.expression {
        Some(expression) => {
            let at = At {
                id: &gate.id,
                field: "messageExpression",
            };
            scope.text(expression, at)?
        }
        None => gate.message.text.clone(),
    };
    Some(computed(status, message))
}

/// The findings that keep a gate open: one in its own words, several by their rules and places.
fn list(open: &[&Finding], sources: &Sources) -> String {
    const SHOWN: usize = 2;
    if let [finding] = open {
        return finding.message.clone();
    }
    let mut parts: Vec<String> = Vec::new();
    for finding in open.iter().take(SHOWN) {
        let place = match finding.location {
            Some(location) => {
                let line = sources.positions(location).0.line;
                format!("{}:{line}", path_of(finding, sources))
            }
            None => finding.about.clone(),
        };
        parts.push(if place.is_empty() {
            finding.rule.clone()
        } else {
            format!("{} ({place})", finding.rule)
        });
    }
    if open.len() > SHOWN {
        parts.push(format!("{} more", open.len() - SHOWN));
    }
    parts.join(", ")
}
