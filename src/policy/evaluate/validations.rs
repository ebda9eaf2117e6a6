//! Validations to findings.

use crate::finding::{Finding, Severity};
use crate::policy::cel;
use crate::policy::document::{Action, Trigger, Validation};
use crate::policy::read;

use super::say;
use super::scope::{At, Run, Scope};

/// The findings of all validations, with the name of the policy that each came from.
pub(super) fn evaluate<'r>(run: &'r Run<'_>) -> Vec<(&'r str, Finding)> {
    let mut findings = Vec::new();
    for loaded in run.set.policies() {
        if loaded.policy.validations.is_empty() {
            continue;
        }
        let mut scope = Scope::new(run, loaded);
        if scope.applies() != Some(true) {
            continue;
        }
        for validation in &loaded.policy.validations {
            let found = one(run, &mut scope, validation, loaded.policy.action);
            findings.extend(
                found
                    .into_iter()
                    .map(|finding| (loaded.policy.name.as_str(), finding)),
            );
        }
    }
    findings
}

fn one(
    run: &Run<'_>,
    scope: &mut Scope<'_, '_>,
    validation: &Validation,
    action: Action,
) -> Vec<Finding> {
    let Some(facts) = offenders(scope, validation) else {
        return Vec::new();
    };
    let at = |field| At {
        id: &validation.id,
        field,
    };
    let mut findings = Vec::with_capacity(facts.len());
    for fact in facts {
        let of: Vec<cel::Value> = fact.iter().cloned().collect();
        if let Some(fact) = &fact {
            scope.bind("it", fact.clone());
        }
        let Some(message) = say(scope, &validation.message, at("messageExpression"), of) else {
            // One error says it for all of them.
            break;
        };
        let Some(severity) = severity(scope, validation, action) else {
            break;
        };
        let about = match &validation.about {
            Some(expression) => match scope.text(expression, at("aboutExpression")) {
                Some(about) => about,
                None => break,
            },
            None => about(fact.as_ref()).unwrap_or_else(|| run.facts.release.tag.clone()),
        };
        let mut finding =
            Finding::about(&validation.id, severity, about, message).help(&validation.help);
        finding.location = fact.as_ref().and_then(|fact| run.location(fact));
        if finding.location.is_some() {
            finding.about.clear();
        }
        findings.push(finding);
    }
    findings
}

/// The facts that a validation finds fault with, or one `None` when it is about no fact in particular.
fn offenders(
    scope: &mut Scope<'_, '_>,
    validation: &Validation,
) -> Option<Vec<Option<cel::Value>>> {
    match &validation.trigger {
        Trigger::MustHold(expression) => {
            let at = At {
                id: &validation.id,
                field: "expression",
            };
            (!scope.bool(expression, at)?).then(|| vec![None])
        }
        Trigger::Match(expression) => {
            let at = At {
                id: &validation.id,
                field: "match",
            };
            let value = scope.value(expression, at)?;
            match (value.as_bool(), value.elements()) {
                (Some(true), _) => Some(vec![None]),
                (Some(false), _) => None,
                (None, Some(elements)) => Some(elements.into_iter().map(Some).collect()),
                (None, None) => {
                    let message = format!(
                        "this is of type {}, not a list of facts or a bool",
                        value.type_name()
                    );
                    scope.error(expression, at, message);
                    None
                }
            }
        }
    }
}

fn severity(
    scope: &mut Scope<'_, '_>,
    validation: &Validation,
    action: Action,
) -> Option<Severity> {
    let own = match &validation.severity_expression {
        None => validation.severity,
        Some(expression) => {
            let at = At {
                id: &validation.id,
                field: "severityExpression",
            };
            let word = scope.text(expression, at)?;
            let known = read::severity(&word);
            if known.is_none() {
                scope.error(
                    expression,
                    at,
                    format!("`{word}` is none of error, warning, info"),
                );
            }
            known?
        }
    };
    Some(match action {
        Action::Deny => own,
        Action::Warn => own.min(Severity::Warning),
        Action::Audit => Severity::Info,
    })
}

/// What a finding without a place is about: the name of the fact.
fn about(fact: Option<&cel::Value>) -> Option<String> {
    let fact = fact?;
    ["tag", "name", "path"]
        .iter()
        .find_map(|field| fact.field(field)?.as_text().map(str::to_owned))
        .filter(|name| !name.is_empty())
}
