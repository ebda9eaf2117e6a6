//! What expressions see while a phase is evaluated: facts, parameters and variables, each made a value when it is first
//! asked for.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::facts::{Facts, Origin, Origins};
use crate::policy::cel::{self, Bindings};
use crate::policy::document::Expression;
use crate::policy::error::EvaluationError;
use crate::policy::load::{Loaded, PolicySet};
use crate::source::{LineIndex, Location};

/// What the variables of all policies together may keep, in the engine's steps: about 64 MB.
const KEPT_STEPS: u64 = 1_000_000;

type MakeFact = fn(&Facts) -> Result<cel::Value, String>;

/// The top-level facts, by the names that policies give them.
pub(in crate::policy) const FACTS: &[(&str, MakeFact)] = &[
    ("release", |facts| cel::Value::of(&facts.release)),
    ("migrations", |facts| cel::Value::of(&facts.migrations)),
    ("charts", |facts| cel::Value::of(&facts.charts)),
    ("values", |facts| cel::Value::of(&facts.values)),
    ("changelog", |facts| cel::Value::of(&facts.changelog)),
    ("commits", |facts| cel::Value::of(&facts.commits)),
    ("tags", |facts| cel::Value::of(&*facts.tags)),
    ("workflows", |facts| cel::Value::of(&facts.workflows)),
    ("builds", |facts| cel::Value::of(&facts.builds)),
    ("runbooks", |facts| cel::Value::of(&facts.runbooks)),
    ("findings", |facts| cel::Value::of(&facts.findings)),
    ("evidence", |facts| cel::Value::of(&facts.evidence)),
];

/// The state of an evaluation that all policies share.
pub(in crate::policy) struct Run<'a> {
    pub(in crate::policy) set: &'a PolicySet,
    pub facts: Facts,
    pub origins: &'a Origins,
    /// Places that findings brought, which the facts' own table does not have; their numbers follow those of the table.
    pub places: Vec<Location>,
    pub now: DateTime<Utc>,
    values: RefCell<BTreeMap<&'static str, cel::Value>>,
    kept: Cell<u64>,
    pub errors: RefCell<Vec<EvaluationError>>,
}

impl<'a> Run<'a> {
    pub(in crate::policy) fn new(
        set: &'a PolicySet,
        facts: Facts,
        origins: &'a Origins,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            set,
            facts,
            origins,
            places: Vec::new(),
            now,
            values: RefCell::default(),
            kept: Cell::new(KEPT_STEPS),
            errors: RefCell::default(),
        }
    }

    /// Forgets the value of a top-level fact that was changed.
    pub(in crate::policy) fn changed(&mut self, name: &str) {
        self.values.borrow_mut().remove(name);
    }

    /// The place that a fact came from.
    pub(in crate::policy) fn location(&self, fact: &cel::Value) -> Option<Location> {
        let number = u32::try_from(fact.field("origin")?.as_int()?).ok()?;
        self.origins.get(Origin(number)).or_else(|| {
            let index = (number as usize).checked_sub(self.origins.len() + 1)?;
            self.places.get(index).copied()
        })
    }

    fn fact(&self, name: &str) -> Option<Result<cel::Value, String>> {
        let (name, make) = FACTS.iter().find(|(candidate, _)| *candidate == name)?;
        if let Some(known) = self.values.borrow().get(name) {
            return Some(Ok(known.clone()));
        }
        let of_tags = |name: &str| name == "tags";
        if of_tags(name)
            && let Some((value, _)) = self.set.lasting(&self.facts.tags, "", name)
        {
            self.values.borrow_mut().insert(name, value.clone());
            return Some(Ok(value));
        }
        let value = make(&self.facts);
        if let Ok(value) = &value {
            if of_tags(name) {
                let kept = (value.clone(), 0);
                self.set.keep_lasting(&self.facts.tags, "", name, kept);
            }
            self.values.borrow_mut().insert(name, value.clone());
        }
        Some(value)
    }
}

/// Where an expression stands in its policy.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct At<'p> {
    /// The id of what it belongs to.
    pub id: &'p str,
    /// The field.
    pub field: &'static str,
}

/// One policy in one phase.
pub(in crate::policy) struct Scope<'r, 'a> {
    run: &'r Run<'a>,
    pub loaded: &'a Loaded,
    bindings: Bindings,
    bound: BTreeSet<String>,
    /// Variables that failed: told once, however many expressions use them.
    failed: BTreeSet<String>,
    /// The variables that are the same for every release, once one was asked for.
    lasting: OnceCell<BTreeSet<&'a str>>,
}

impl<'r, 'a> Scope<'r, 'a> {
    pub(in crate::policy) fn new(run: &'r Run<'a>, loaded: &'a Loaded) -> Self {
        Self {
            run,
            loaded,
            bindings: Bindings::default(),
            bound: BTreeSet::new(),
            failed: BTreeSet::new(),
            lasting: OnceCell::new(),
        }
    }

    /// The facts as they are in this phase.
    pub(in crate::policy) fn facts(&self) -> &'r Facts {
        &self.run.facts
    }

    /// The time of the judgement.
    pub(in crate::policy) fn now(&self) -> DateTime<Utc> {
        self.run.now
    }

    /// What is bound so far.
    pub(in crate::policy) fn bindings(&self) -> &Bindings {
        &self.bindings
    }

    /// Whether the policy's conditions hold. `None` when one of them failed.
    pub(in crate::policy) fn applies(&mut self) -> Option<bool> {
        for condition in &self.loaded.policy.match_conditions {
            let at = At {
                id: &condition.name,
                field: "matchConditions",
            };
            if !self.bool(&condition.expression, at)? {
                return Some(false);
            }
        }
        Some(true)
    }

    /// Binds what the expressions of one demand or finding see: the fact, and all facts that fired with it.
    pub(in crate::policy) fn bind(&mut self, name: &str, value: cel::Value) {
        self.bindings.set(name, value);
        self.bound.insert(name.to_owned());
    }

    pub(in crate::policy) fn bool(&mut self, expression: &Expression, at: At<'_>) -> Option<bool> {
        let value = self.value(expression, at)?;
        let answer = value.as_bool();
        if answer.is_none() {
            self.error(
                expression,
                at,
                format!("this is of type {}, not bool", value.type_name()),
            );
        }
        answer
    }

    pub(in crate::policy) fn text(
        &mut self,
        expression: &Expression,
        at: At<'_>,
    ) -> Option<String> {
        let value = self.value(expression, at)?;
        let text = value.as_text().map(str::to_owned);
        if text.is_none() {
            self.error(
                expression,
                at,
                format!("this is of type {}, not string", value.type_name()),
            );
        }
        text
    }

    /// The value of an expression. `None` when it has none, which is then among the errors.
    pub(in crate::policy) fn value(
        &mut self,
        expression: &Expression,
        at: At<'_>,
    ) -> Option<cel::Value> {
        let program = match self.run.set.program(expression) {
            Ok(program) => program,
            Err(mistake) => {
                self.error(expression, at, mistake.message);
                return None;
            }
        };
        for name in program.names() {
            if self.bound.contains(name) {
                continue;
            }
            if let Some(variable) = name.strip_prefix("variables.") {
                if self.failed.contains(variable) {
                    return None;
                }
                let known = self
                    .loaded
                    .policy
                    .variables
                    .iter()
                    .find(|known| known.name == variable);
                if let Some(known) = known {
                    self.variable(&known.name, &known.expression)?;
                }
            } else if let Some(value) = self.known(name) {
                match value {
                    Ok(value) => self.bind(name, value),
                    Err(why) => {
                        self.error(expression, at, why);
                        return None;
                    }
                }
            }
        }
        match program.evaluate(&self.bindings) {
            Ok(value) => Some(value),
            Err(failure) => {
                let place = expression.place(failure.range.clone());
                let part = if failure.part == expression.text.trim() {
                    String::new()
                } else {
                    failure.part
                };
                self.push(expression, at, failure.message, part, place.start);
                None
            }
        }
    }

    /// Evaluates a variable and binds it. It may use those before it only, which the check of names has seen to; a
    /// variable that asks for itself is unknown while it is evaluated.
    fn variable(&mut self, name: &str, expression: &Expression) -> Option<()> {
        let full = format!("variables.{name}");
        self.bound.insert(full.clone());
        let lasting = self.lasting.get_or_init(|| self.lasting());
        let lasting = lasting.contains(name);
        // Two files may name their policies alike.
        let policy = format!("{} {}", expression.file.path, self.loaded.policy.name);
        if lasting
            && let Some((value, steps)) = self.run.set.lasting(&self.run.facts.tags, &policy, name)
            && let Some(left) = self.run.kept.get().checked_sub(steps)
        {
            self.run.kept.set(left);
            self.bindings.set(&full, value);
            return Some(());
        }
        let at = At {
            id: name,
            field: "variables",
        };
        let value = self.value(expression, at);
        let steps = value.as_ref().map_or(0, cel::Value::copy_steps);
        if let Some(value) = value.as_ref().filter(|_| lasting)
            && let Some(shared) = value.shared()
        {
            let tags = &self.run.facts.tags;
            self.run
                .set
                .keep_lasting(tags, &policy, name, (shared, steps));
        }
        let value = match (value, self.run.kept.get().checked_sub(steps)) {
            (Some(value), Some(left)) => {
                self.run.kept.set(left);
                value
            }
            (value, _) => {
                self.failed.insert(name.to_owned());
                self.bound.remove(&full);
                if value.is_some() {
                    self.error(
                        expression,
                        at,
                        "the variables of all policies together hold too much".to_owned(),
                    );
                }
                return None;
            }
        };
        self.bindings.set(&full, value);
        Some(())
    }

    /// The variables whose values follow from the tags and the parameters alone: they are the same for every release of a
    /// repository. Variables use those before them only, so one look at each of them is enough.
    fn lasting(&self) -> BTreeSet<&'a str> {
        let mut lasting = BTreeSet::new();
        for variable in &self.loaded.policy.variables {
            let Ok(program) = self.run.set.program(&variable.expression) else {
                continue;
            };
            let mut names = program.names().iter();
            if names.all(|name| match name.strip_prefix("variables.") {
                Some(variable) => lasting.contains(variable),
                None => match name.as_str() {
                    "tags" | "params" => true,
                    // An inner loop binds it, or it is a fact or the time.
                    other => other != "now" && !FACTS.iter().any(|(fact, _)| *fact == other),
                },
            }) {
                lasting.insert(variable.name.as_str());
            }
        }
        lasting
    }

    fn known(&self, name: &str) -> Option<Result<cel::Value, String>> {
        match name {
            "params" => Some(cel::Value::of(&self.loaded.params)),
            "now" => Some(Ok(cel::Value::time(self.run.now))),
            _ => self.run.fact(name),
        }
    }

    pub(in crate::policy) fn error(&self, expression: &Expression, at: At<'_>, message: String) {
        self.push(
            expression,
            at,
            message,
            String::new(),
            expression.span.start,
        );
    }

    fn push(
        &self,
        expression: &Expression,
        at: At<'_>,
        message: String,
        part: String,
        offset: u32,
    ) {
        let position =
            LineIndex::new(&expression.file.text).position(&expression.file.text, offset);
        self.run.errors.borrow_mut().push(EvaluationError {
            policy: self.loaded.policy.name.clone(),
            id: at.id.to_owned(),
            field: at.field,
            expression: expression.text.to_string(),
            part,
            message,
            path: expression.file.path.to_string(),
            line: position.line,
            column: position.column,
        });
    }
}
