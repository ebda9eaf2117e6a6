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
        let known = set.rules().map(|rules| Known::of(rules, set));
        chosen
            .flat_map(|loaded| policy(loaded, &facts, known.as_ref()))
            .collect::<Vec<_>>()
    });
    checked.unwrap_or_else(|error| {
        let mut reader = Reader::new("policies", Arc::from(""));
        reader.error(crate::source::Span::default(), error.to_string());
        reader.errors
    })
}

/// Findings that neither a rule nor a validation makes, but the evaluation itself.
pub(super) const OWN_FINDINGS: &[&str] = &[
    "release-type-too-low",
    "release-type-too-high",
    "exception-expired",
    "exception-not-effective",
    "exception-unused",
    "exception-invalid",
];

/// The ids that a finding's `rule` may be.
pub(super) struct Known<'s>(BTreeSet<&'s str>);

impl<'s> Known<'s> {
    pub(super) fn of(rules: &'s BTreeSet<String>, set: &'s PolicySet) -> Self {
        let validations = set
            .policies()
            .iter()
            .flat_map(|loaded| &loaded.policy.validations)
            .map(|validation| validation.id.as_str());
        let rules = rules.iter().map(String::as_str);
        Self(
            rules
                .chain(validations)
                .chain(OWN_FINDINGS.iter().copied())
                .collect(),
        )
    }

    /// `None` when there is a rule or validation of that id, else what was probably meant.
    pub(super) fn hint(&self, id: &str) -> Option<String> {
        (!self.0.contains(id)).then(|| did_you_mean(id, self.0.iter().copied()))
    }
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

fn policy(
    loaded: &Loaded,
    facts: &BTreeMap<String, Type>,
    known: Option<&Known<'_>>,
) -> Vec<PolicyError> {
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
    if let Some(known) = known {
        rule_names(&mut checker, known);
    }
    examples(&mut checker);
    checker.reader.errors
}

/// Rules that gates and severities name; those of an extended policy have no place here.
fn rule_names(checker: &mut Checker<'_>, known: &Known<'_>) {
    let policy = &checker.loaded.policy;
    let of_gates = policy
        .gates
        .iter()
        .flat_map(|gate| gate.rules.iter().zip(&gate.rule_places));
    let of_severities = policy
        .severities
        .iter()
        .filter(|severity| *severity.expression.file.path == *checker.loaded.path)
        .flat_map(|severity| severity.rules.iter().zip(&severity.places));
    for (rule, span) in of_gates.chain(of_severities) {
        if let Some(hint) = known.hint(rule) {
            let error = checker
                .reader
                .error(*span, format!("there is no rule or validation `{rule}`"));
            error.label = hint;
            if error.label.is_empty() {
                error.advise("relgate explain --list shows all");
            }
        }
    }
}

/// The types that an expression of a policy, or of nobody in particular, may name.
pub(super) fn names(loaded: Option<&Loaded>) -> Names {
    let mut roots = cel::from_schema(&facts_schema());
    let params = loaded.map_or_else(Type::any_record, |loaded| params(&loaded.policy));
    roots.insert("params".to_owned(), params);
    roots.insert("now".to_owned(), Type::Time);
    let mut names = Names {
        roots,
        ..Names::default()
    };
    for variable in loaded
        .into_iter()
        .flat_map(|loaded| &loaded.policy.variables)
    {
        let found = match cel::parse(&variable.expression.text) {
            Ok(syntax) => cel::infer(&syntax, &names).0,
            Err(_) => Type::Any,
        };
        names.variables.insert(variable.name.clone(), found);
    }
    names
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
        // What a policy inherits stands in another file than the policy.
        let mut reader = Reader::new(&expression.file.path, Arc::clone(&expression.file.text));
        for mistake in mistakes {
            let span = expression.place(mistake.range);
            let error = reader.error(span, mistake.message);
            error.label = mistake.label;
            error.help = mistake.help;
        }
        self.reader.errors.append(&mut reader.errors);
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
    let ids = Ids::of([policy]);
    for example in &policy.examples {
        for (place, message, label) in example_mistakes(example, &ids, &checker.names.roots) {
            let error = checker.reader.error(place, format!("example: {message}"));
            error.label = label;
        }
    }
}

/// What an expectation may speak of.
#[derive(Default)]
pub(super) struct Ids<'p> {
    gates: BTreeSet<&'p str>,
    findings: BTreeSet<&'p str>,
    params: BTreeMap<&'p str, &'p super::document::Param>,
    several: bool,
}

impl<'p> Ids<'p> {
    pub(super) fn of(policies: impl IntoIterator<Item = &'p Policy>) -> Self {
        let mut ids = Self::default();
        for (index, policy) in policies.into_iter().enumerate() {
            ids.several = index > 0;
            ids.gates
                .extend(policy.gates.iter().map(|gate| gate.id.as_str()));
            let validations = policy.validations.iter();
            ids.findings
                .extend(validations.map(|validation| validation.id.as_str()));
            let params = policy.params.iter();
            ids.params
                .extend(params.map(|(name, param)| (name.as_str(), param)));
        }
        ids
    }
}

/// Place, message and label of everything that is wrong with an example.
pub(super) fn example_mistakes(
    example: &super::document::Example,
    ids: &Ids<'_>,
    roots: &BTreeMap<String, Type>,
) -> Vec<(crate::source::Span, String, String)> {
    let owner = if ids.several {
        "none of the policies has"
    } else {
        "the policy has no"
    };
    let a = if ids.several { " a" } else { "" };
    let mut wrong = Vec::new();
    for (name, value) in &example.params {
        match ids.params.get(name.as_str()) {
            Some(param) => {
                if let Err(why) = param.accepts(value) {
                    wrong.push((
                        example.span,
                        format!("parameter `{name}` {why}"),
                        String::new(),
                    ));
                }
            }
            None => wrong.push((
                example.span,
                format!("{owner}{a} parameter `{name}`"),
                did_you_mean(name, ids.params.keys().copied()),
            )),
        }
    }
    let facts: BTreeMap<&str, &Type> = roots
        .iter()
        .filter(|(name, _)| name.as_str() != "params")
        .map(|(name, found)| (name.as_str(), found))
        .collect();
    for (name, value) in example.given.as_object().into_iter().flatten() {
        if let Some(expected) = facts.get(name.as_str()) {
            let mut of_facts = Vec::new();
            given(value, expected, name, &mut of_facts);
            let placed = of_facts
                .into_iter()
                .map(|(message, hint)| (example.span, message, hint));
            wrong.extend(placed);
        } else {
            let hint = did_you_mean(name, facts.keys().copied());
            wrong.push((example.span, format!("there is no fact `{name}`"), hint));
        }
    }
    let place = |name: &str| {
        let places = &example.expect.places;
        places.get(name).copied().unwrap_or(example.span)
    };
    for id in example.expect.gates.keys() {
        if !ids.gates.contains(id.as_str()) {
            wrong.push((
                place(&format!("gates.{id}")),
                format!("{owner}{a} gate `{id}`"),
                did_you_mean(id, ids.gates.iter().copied()),
            ));
        }
    }
    for id in example.expect.findings.iter().flatten() {
        let own = ids.several && OWN_FINDINGS.contains(&id.as_str());
        if !own && !ids.findings.contains(id.as_str()) {
            wrong.push((
                place("findings"),
                format!("{owner}{a} validation `{id}`"),
                did_you_mean(id, ids.findings.iter().copied()),
            ));
        }
    }
    wrong
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
