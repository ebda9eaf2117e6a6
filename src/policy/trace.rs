//! Why policies decided as they did: every expression of a demand, validation or gate with the values of its parts, down to
//! the facts that it looked at.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::facts::{Facts, Origins};
use crate::source::{LineIndex, Sources};

use super::cel::{self, Kindred, Program, Step, Value};
use super::document::{Expression, Policy};
use super::evaluate::scope::{At, Run, Scope};
use super::load::{Loaded, PolicySet};
use super::suggest::did_you_mean;

/// A judgement to explain.
#[derive(Debug)]
pub struct Judged<'a> {
    /// The policies that decided.
    pub policies: &'a PolicySet,
    /// The facts, as the gates saw them.
    pub facts: &'a Facts,
    /// Where they come from.
    pub origins: &'a Origins,
    /// The files.
    pub sources: &'a Sources,
    /// The time.
    pub now: DateTime<Utc>,
}

/// A demand, validation or gate with the values of its expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The policy.
    pub policy: String,
    /// The id.
    pub id: String,
    /// `demand`, `validation` or `gate`.
    pub kind: &'static str,
    /// The policy's file.
    pub path: String,
    /// The line in it.
    pub line: u32,
    /// It fired: a demand that demands, a validation that finds, a gate whose expression does not hold.
    pub fired: bool,
    /// Its expressions, by the names of their fields.
    pub fields: Vec<(String, Trace)>,
}

/// A part of an expression with its value, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The part as it is written.
    pub text: String,
    /// Its value.
    pub value: String,
    /// It holds, if it is a condition.
    pub truth: Option<bool>,
    /// How the value follows from the parts.
    pub kind: Kindred,
    /// Where the fact that it is about comes from, as `path:line`, or the fact's name; empty when it is about none.
    pub about: String,
    /// Its parts.
    pub parts: Vec<Trace>,
    /// Elements that are like those shown.
    pub more: usize,
}

/// Explains what has an id, a policy, or with `None` everything that decided. The error is a suggestion.
pub fn explain(judged: &Judged<'_>, id: Option<&str>) -> Result<Vec<Explained>, String> {
    if let Some(id) = id {
        known(judged.policies, id)?;
    }
    let explained = cel::with_room(|| {
        let policies = judged.policies.policies().iter();
        policies
            .flat_map(|loaded| of_policy(judged, loaded, id))
            .collect()
    });
    explained.map_err(|error| error.to_string())
}

fn parts(policy: &Policy) -> impl Iterator<Item = &str> {
    let demands = policy.demands.iter().map(|part| part.id.as_str());
    let validations = policy.validations.iter().map(|part| part.id.as_str());
    let gates = policy.gates.iter().map(|part| part.id.as_str());
    demands.chain(validations).chain(gates)
}

fn known(set: &PolicySet, id: &str) -> Result<(), String> {
    let all = || {
        set.policies().iter().flat_map(|loaded| {
            std::iter::once(loaded.policy.name.as_str()).chain(parts(&loaded.policy))
        })
    };
    if all().any(|known| known == id) {
        return Ok(());
    }
    Err(did_you_mean(id, all()))
}

fn of_policy(judged: &Judged<'_>, loaded: &Loaded, id: Option<&str>) -> Vec<Explained> {
    let policy = &loaded.policy;
    let wanted = |part: &str| id.is_none_or(|id| id == part || id == policy.name);
    if !parts(policy).any(wanted) {
        return Vec::new();
    }
    let mut out = Vec::new();
    let tracer = |facts: Facts| {
        let run = Run::new(judged.policies, facts, judged.origins, judged.now);
        Tracer {
            judged,
            loaded,
            run,
        }
    };
    // Demands decide the release type, and so do not know it.
    let mut before = judged.facts.clone();
    before.release.required_type.clear();
    before.release.effective_type.clear();
    let demanding = tracer(before);
    let deciding = tracer(judged.facts.clone());
    for demand in policy.demands.iter().filter(|part| wanted(&part.id)) {
        let fields = demanding.fields(&[("match", Some(&demand.trigger))]);
        let fired = !judged.facts.release.first && demanding.applies() && fires(&fields);
        out.push(explained(
            loaded,
            &demand.id,
            "demand",
            &demand.trigger,
            fired,
            fields,
        ));
    }
    for validation in policy.validations.iter().filter(|part| wanted(&part.id)) {
        let (name, must_hold) = match &validation.trigger {
            super::document::Trigger::Match(_) => ("match", false),
            super::document::Trigger::MustHold(_) => ("expression", true),
        };
        let fields = deciding.fields(&[
            (name, Some(validation.trigger())),
            (
                "severityExpression",
                validation.severity_expression.as_ref(),
            ),
        ]);
        let fired = deciding.applies() && fires(&fields[..1.min(fields.len())]) != must_hold;
        let trigger = validation.trigger();
        out.push(explained(
            loaded,
            &validation.id,
            "validation",
            trigger,
            fired,
            fields,
        ));
    }
    for gate in policy.gates.iter().filter(|part| wanted(&part.id)) {
        let all = [
            ("requiredWhen", gate.required_when.as_ref()),
            ("subjectWhen", gate.subject_when.as_ref()),
            ("evaluableWhen", gate.evaluable_when.as_ref()),
            ("expression", gate.expression.as_ref()),
        ];
        let fields = deciding.fields(&all);
        let fired = fields
            .iter()
            .any(|(name, trace)| name == "expression" && trace.truth == Some(false));
        let mut it = Explained {
            policy: policy.name.clone(),
            id: gate.id.clone(),
            kind: "gate",
            path: loaded.path.clone(),
            line: LineIndex::new(&loaded.text)
                .position(&loaded.text, gate.span.start)
                .line,
            fired,
            fields,
        };
        deciding.variables(&mut it.fields);
        out.push(it);
    }
    for it in &mut out {
        match it.kind {
            "demand" => demanding.variables(&mut it.fields),
            "validation" => deciding.variables(&mut it.fields),
            _ => {}
        }
    }
    out
}

fn explained(
    loaded: &Loaded,
    id: &str,
    kind: &'static str,
    trigger: &Expression,
    fired: bool,
    fields: Vec<(String, Trace)>,
) -> Explained {
    Explained {
        policy: loaded.policy.name.clone(),
        id: id.to_owned(),
        kind,
        path: trigger.file.path.to_string(),
        line: trigger.line(),
        fired,
        fields,
    }
}

fn fires(fields: &[(String, Trace)]) -> bool {
    fields
        .first()
        .is_some_and(|(_, trace)| trace.truth.unwrap_or(trace.value != "nothing"))
}

struct Tracer<'a> {
    judged: &'a Judged<'a>,
    loaded: &'a Loaded,
    run: Run<'a>,
}

impl Tracer<'_> {
    fn applies(&self) -> bool {
        Scope::new(&self.run, self.loaded).applies() == Some(true)
    }

    fn fields(&self, all: &[(&str, Option<&Expression>)]) -> Vec<(String, Trace)> {
        let mut fields = Vec::new();
        for (name, expression) in all {
            if let Some(expression) = expression
                && let Some(trace) = self.trace(expression)
            {
                fields.push(((*name).to_owned(), trace));
            }
        }
        fields
    }

    /// The variables that fields use, after the fields.
    fn variables(&self, fields: &mut Vec<(String, Trace)>) {
        let mut used: BTreeMap<usize, Trace> = BTreeMap::new();
        let mut texts: Vec<String> = fields.iter().map(|(_, trace)| trace.text.clone()).collect();
        while let Some(text) = texts.pop() {
            for (index, variable) in self.loaded.policy.variables.iter().enumerate() {
                if used.contains_key(&index) || !super::explain::uses(&text, &variable.name) {
                    continue;
                }
                if let Some(trace) = self.trace(&variable.expression) {
                    texts.push(variable.expression.text.to_string());
                    used.insert(index, trace);
                }
            }
        }
        for (index, trace) in used {
            if let Some(variable) = self.loaded.policy.variables.get(index) {
                fields.push((format!("variables.{}", variable.name), trace));
            }
        }
    }

    fn trace(&self, expression: &Expression) -> Option<Trace> {
        let program = Program::new(cel::parse(&expression.text).ok()?);
        let mut scope = Scope::new(&self.run, self.loaded);
        // The evaluation binds what the parts need.
        scope.value(
            expression,
            At {
                id: "explain",
                field: "expression",
            },
        );
        Some(self.show(&program.trace(scope.bindings())))
    }

    fn show(&self, step: &Step) -> Trace {
        Trace {
            text: step.text.clone(),
            truth: step.value.as_ref().ok().and_then(Value::as_bool),
            value: match &step.value {
                Ok(value) => shown(value),
                Err(why) => format!("error: {why}"),
            },
            kind: step.kind,
            about: step
                .element
                .as_ref()
                .map_or_else(String::new, |element| self.about(element)),
            parts: step.parts.iter().map(|part| self.show(part)).collect(),
            more: step.more,
        }
    }

    /// Where a fact comes from, else its name.
    fn about(&self, element: &Value) -> String {
        if let Some(location) = self.run.location(element) {
            let file = self.judged.sources.get(location.source);
            let line = self.judged.sources.positions(location).0.line;
            return format!("{}:{line}", file.path);
        }
        let named = ["path", "tag", "name", "rule", "summary", "id"]
            .iter()
            .find_map(|field| element.field(field)?.as_text().map(str::to_owned))
            .filter(|name| !name.is_empty());
        named.unwrap_or_else(|| shown(element))
    }
}

/// A value in a few words.
fn shown(value: &Value) -> String {
    if let Some(elements) = value.elements() {
        let facts = elements.iter().any(Value::is_map);
        return match elements.len() {
            0 => "nothing".to_owned(),
            1 if facts => "1 fact".to_owned(),
            n if facts => format!("{n} facts"),
            _ => cut(&value.to_json().to_string()),
        };
    }
    if value.is_map() {
        return "a fact".to_owned();
    }
    cut(&value.to_json().to_string())
}

fn cut(text: &str) -> String {
    const LONGEST: usize = 72;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let kept: String = text.chars().take(LONGEST).collect();
    format!("{kept}…")
}
