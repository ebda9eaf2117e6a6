//! One expression over facts, for those who write policies.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::facts::{Facts, Origins};
use crate::source::Span;

use super::cel;
use super::check;
use super::document::{Expression, File, Policy};
use super::error::{PolicyError, PolicyErrors};
use super::evaluate::scope::{At, Run, Scope};
use super::load::{Loaded, PolicySet};
use super::node::Reader;
use super::suggest::did_you_mean;

/// What an expression is asked over.
#[derive(Debug)]
pub struct Question<'a> {
    /// The expression.
    pub expression: &'a str,
    /// The policy whose parameters and variables it may use; all parameters and no variables when there is none.
    pub policy: Option<&'a str>,
    /// The policies in force.
    pub policies: &'a PolicySet,
    /// The facts.
    pub facts: Facts,
    /// Where they come from.
    pub origins: &'a Origins,
    /// The time.
    pub now: DateTime<Utc>,
}

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The value as JSON.
    pub value: Value,
    /// The name of its type.
    pub kind: String,
}

/// What mistakes call an expression that was typed.
pub const TYPED: &str = "the expression";

/// Checks an expression as a policy's are checked, and evaluates it.
pub fn eval(question: Question<'_>) -> Result<Answer, PolicyErrors> {
    let text: Arc<str> = question.expression.into();
    let mistake = |span, message: String| {
        let mut reader = Reader::new(TYPED, Arc::clone(&text));
        reader.error(span, message);
        reader.errors.remove(0)
    };
    let whole = Span::new(0, text.len());
    let loaded = match context(question.policies, question.policy) {
        Ok(loaded) => loaded,
        Err((message, help)) => {
            let mut error = mistake(Span::default(), message);
            error.advise(&help);
            return Err(PolicyErrors(vec![error]));
        }
    };
    let answer = cel::with_room(|| -> Result<Answer, Vec<PolicyError>> {
        let names = check::names(Some(&loaded));
        let mistakes = match cel::parse(&text) {
            Ok(syntax) => cel::infer(&syntax, &names).1,
            Err(mistakes) => match cel::fields_behind_a_dot(&text, &names) {
                Some(mistake) => vec![mistake],
                None => mistakes,
            },
        };
        if !mistakes.is_empty() {
            let errors = mistakes.into_iter().map(|found| {
                let range = found.range;
                let mut error = mistake(Span::new(range.start, range.end), found.message);
                error.label = found.label;
                error.help = if found.names.is_empty() {
                    found.help
                } else {
                    format!("there are {}", found.names.join(", "))
                };
                error
            });
            return Err(errors.collect());
        }
        let expression = Expression {
            text: Arc::clone(&text),
            span: whole,
            style: None,
            file: File {
                path: TYPED.into(),
                text: Arc::clone(&text),
            },
        };
        let run = Run::new(
            question.policies,
            question.facts,
            question.origins,
            question.now,
        );
        let mut scope = Scope::new(&run, &loaded);
        let at = At {
            id: "expression",
            field: "expression",
        };
        if let Some(value) = scope.value(&expression, at) {
            return Ok(Answer {
                kind: value.type_name().to_owned(),
                value: value.to_json(),
            });
        }
        let errors = run.errors.take().into_iter().map(|error| {
            let part = if error.part.is_empty() {
                None
            } else {
                text.find(&error.part)
                    .map(|at| Span::new(at, at + error.part.len()))
            };
            let own = error.path == TYPED;
            let message = if own {
                error.message
            } else {
                error.to_string()
            };
            mistake(part.filter(|_| own).unwrap_or(whole), message)
        });
        Err(errors.collect())
    });
    match answer {
        Ok(answer) => answer.map_err(PolicyErrors),
        Err(error) => Err(PolicyErrors(vec![mistake(whole, error.to_string())])),
    }
}

/// The policy whose names an expression may use, or one that has the parameters of all.
fn context(set: &PolicySet, name: Option<&str>) -> Result<Loaded, (String, String)> {
    let Some(name) = name else {
        let mut policy = Policy::default();
        let mut params = std::collections::BTreeMap::new();
        for loaded in set.policies() {
            policy.params.extend(loaded.policy.params.clone());
            params.extend(loaded.params.clone());
        }
        return Ok(Loaded {
            policy,
            path: TYPED.to_owned(),
            text: Arc::from(""),
            params,
        });
    };
    let found = set
        .policies()
        .iter()
        .find(|loaded| loaded.policy.name == name);
    match found {
        Some(loaded) => Ok(Loaded {
            policy: loaded.policy.clone(),
            path: loaded.path.clone(),
            text: Arc::clone(&loaded.text),
            params: loaded.params.clone(),
        }),
        None => {
            let names: Vec<&str> = set
                .policies()
                .iter()
                .map(|loaded| loaded.policy.name.as_str())
                .collect();
            let mut help = did_you_mean(name, names.iter().copied());
            if help.is_empty() {
                help = format!("there are {}", names.join(", "));
            }
            Err((format!("there is no policy `{name}`"), help))
        }
    }
}
