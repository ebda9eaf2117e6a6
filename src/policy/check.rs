//! The check of policies when they are loaded: every expression's names and types, and what the parts of a policy say of
//! each other. All mistakes are told at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::cel::{self, Mistake, Names, Record, Type};
use super::document::{Expression, ParamType, Policy, Trigger};
use super::error::PolicyError;
use super::load::{Loaded, PolicySet};
use super::node::Reader;
use super::schema::facts_schema;
use super::suggest::did_you_mean;

/// A policy may have this many variables; each may use those before it.
const MAX_VARIABLES: usize = 100;

/// Checks the chosen policies of a set.
pub(super) fn policies(
    set: &PolicySet,
    chosen: impl Fn(&Loaded) -> bool + Sync,
) -> Vec<PolicyError> {
    let checked = cel::with_room(|| {
        let facts = cel::from_schema(&facts_schema());
        let chosen = set.policies().iter().filter(|loaded| chosen(loaded));
        chosen
            .flat_map(|loaded| policy(loaded, &facts))
            .collect::<Vec<_>>()
    });
    checked.unwrap_or_else(|error| {
        let mut reader = Reader::new("policies", Arc::from(""));
        reader.error(crate::source::Span::default(), error.to_string());
        reader.errors
    })
}

/// What an expression must be.
#[derive(Clone, Copy)]
enum Want {
    Any,
    Bool,
    Text,
    Facts,
}

struct Checker<'l> {
    loaded: &'l Loaded,
    reader: Reader,
    names: Names,
}

fn policy(loaded: &Loaded, facts: &BTreeMap<String, Type>) -> Vec<PolicyError> {
    let policy = &loaded.policy;
    let mut roots = facts.clone();
    roots.insert("params".to_owned(), params(policy));
    roots.insert("now".to_owned(), Type::Time);
    let mut checker = Checker {
        loaded,
        reader: Reader::new(&loaded.path, Arc::clone(&loaded.text)),
        names: Names {
            roots,
            variables: BTreeMap::new(),
            later: policy
                .variables
                .iter()
                .map(|variable| variable.name.clone())
                .collect(),
        },
    };
    if policy.variables.len() > MAX_VARIABLES {
        checker.reader.error(
            policy.span,
            format!("a policy may have {MAX_VARIABLES} variables"),
        );
    }
    for variable in &policy.variables {
        checker.names.later.retain(|name| *name != variable.name);
        let found = checker.expression(&variable.expression, Want::Any);
        checker.names.variables.insert(variable.name.clone(), found);
    }
    for condition in &policy.match_conditions {
        checker.expression(&condition.expression, Want::Bool);
    }
    for demand in &policy.demands {
        let found = checker.expression(&demand.trigger, Want::Facts);
        checker.message(demand.message.expression.as_ref(), &found);
    }
    for validation in &policy.validations {
        let found = match &validation.trigger {
            Trigger::Match(expression) => checker.expression(expression, Want::Facts),
            Trigger::MustHold(expression) => checker.expression(expression, Want::Bool),
        };
        checker.message(validation.message.expression.as_ref(), &found);
        checker.message(validation.severity_expression.as_ref(), &found);
        checker.message(validation.about.as_ref(), &found);
    }
    let findings = checker
        .names
        .roots
        .get("findings")
        .cloned()
        .unwrap_or(Type::Any);
    for severity in &policy.severities {
        checker.message(Some(&severity.expression), &findings);
    }
    for gate in &policy.gates {
        let conditions = [
            &gate.required_when,
            &gate.subject_when,
            &gate.evaluable_when,
            &gate.expression,
        ];
        for condition in conditions.into_iter().flatten() {
            checker.expression(condition, Want::Bool);
        }
        let texts = [
            &gate.stage_expression,
            &gate.not_evaluable.expression,
            &gate.message.expression,
        ];
        for text in texts.into_iter().flatten() {
            checker.expression(text, Want::Text);
        }
    }
    examples(&mut checker);
    checker.reader.errors
}

impl Checker<'_> {
    fn expression(&mut self, expression: &Expression, want: Want) -> Type {
        let (found, mut mistakes) = match cel::parse(&expression.text) {
            Ok(syntax) => cel::infer(&syntax, &self.names),
            Err(mistakes) => (Type::Any, mistakes),
        };
        let fits = match want {
            Want::Any => true,
            Want::Bool => matches!(found, Type::Any | Type::Bool),
            Want::Text => matches!(found, Type::Any | Type::Text),
            Want::Facts => matches!(found, Type::Any | Type::Bool | Type::List(_)),
        };
        if !fits {
            let wanted = match want {
                Want::Bool => "bool",
                Want::Text => "a string",
                _ => "a list of facts, or bool",
            };
            mistakes.push(Mistake {
                message: format!("this must be {wanted}, and is {found}"),
                range: 0..expression.text.len(),
                ..Mistake::default()
            });
        }
        for mistake in mistakes {
            let span = expression.place(&self.loaded.text, mistake.range);
            let error = self.reader.error(span, mistake.message);
            error.label = mistake.label;
            error.help = mistake.help;
        }
        found
    }

    /// An expression of a text about the facts that fired.
    fn message(&mut self, expression: Option<&Expression>, fired: &Type) {
        let Some(expression) = expression else {
            return;
        };
        let roots = self.names.roots.clone();
        if let Type::List(of) = fired {
            self.names.roots.insert("it".to_owned(), (**of).clone());
        }
        if matches!(fired, Type::Any) {
            self.names.roots.insert("it".to_owned(), Type::Any);
        }
        self.names.roots.insert(
            "matched".to_owned(),
            match fired {
                Type::List(_) => fired.clone(),
                _ => Type::list(Type::Any),
            },
        );
        self.expression(expression, Want::Text);
        self.names.roots = roots;
    }
}

fn params(policy: &Policy) -> Type {
    let fields = policy.params.iter().map(|(name, param)| {
        let kind = match param.kind {
            ParamType::String => Type::Text,
            ParamType::Bool => Type::Bool,
            ParamType::Int => Type::Int,
            ParamType::List => Type::list(Type::Text),
        };
        (name.clone(), kind)
    });
    Type::Record(Arc::new(Record {
        called: "the parameters".to_owned(),
        fields: fields.collect(),
    }))
}

/// What examples say: facts that exist, and ids of this policy.
fn examples(checker: &mut Checker<'_>) {
    let policy = &checker.loaded.policy;
    let gates: BTreeSet<&str> = policy.gates.iter().map(|gate| gate.id.as_str()).collect();
    let findings: BTreeSet<&str> = policy
        .validations
        .iter()
        .map(|validation| validation.id.as_str())
        .collect();
    for example in &policy.examples {
        for (name, value) in &example.params {
            let wrong = match policy.params.get(name) {
                Some(param) => param
                    .accepts(value)
                    .err()
                    .map(|why| format!("parameter `{name}` {why}")),
                None => Some(format!("the policy has no parameter `{name}`")),
            };
            if let Some(wrong) = wrong {
                checker
                    .reader
                    .error(example.span, format!("example: {wrong}"));
            }
        }
        let facts: BTreeMap<&str, &Type> = checker
            .names
            .roots
            .iter()
            .filter(|(name, _)| name.as_str() != "params")
            .map(|(name, found)| (name.as_str(), found))
            .collect();
        let mut wrong = Vec::new();
        for (name, value) in example.given.as_object().into_iter().flatten() {
            if let Some(expected) = facts.get(name.as_str()) {
                given(value, expected, name, &mut wrong);
            } else {
                let hint = did_you_mean(name, facts.keys().copied());
                wrong.push((format!("there is no fact `{name}`"), hint));
            }
        }
        for id in example
            .gates
            .keys()
            .filter(|id| !gates.contains(id.as_str()))
        {
            wrong.push((
                format!("the policy has no gate `{id}`"),
                did_you_mean(id, gates.iter().copied()),
            ));
        }
        let expected = example.findings.iter().flatten();
        for id in expected.filter(|id| !findings.contains(id.as_str())) {
            wrong.push((
                format!("the policy has no validation `{id}`"),
                did_you_mean(id, findings.iter().copied()),
            ));
        }
        for (message, label) in wrong {
            checker
                .reader
                .error(example.span, format!("example: {message}"))
                .label = label;
        }
    }
}

fn given(value: &Value, expected: &Type, path: &str, wrong: &mut Vec<(String, String)>) {
    let fits = match (expected, value) {
        (Type::Record(record), Value::Object(map)) => {
            for (name, value) in map {
                if let Some(expected) = record.fields.get(name) {
                    given(value, expected, &format!("{path}.{name}"), wrong);
                } else {
                    let hint = did_you_mean(name, record.fields.keys().map(String::as_str));
                    wrong.push((format!("unknown field `{name}` in {path}"), hint));
                }
            }
            true
        }
        (Type::List(of), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                given(item, of, &format!("{path}[{index}]"), wrong);
            }
            true
        }
        (Type::Any, _)
        | (Type::Text | Type::Time, Value::String(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::Double, Value::Number(_)) => true,
        (Type::Int, Value::Number(number)) => number.is_i64(),
        _ => false,
    };
    if !fits {
        wrong.push((format!("{path} is of type {expected}"), String::new()));
    }
}

#[cfg(test)]
mod tests;
