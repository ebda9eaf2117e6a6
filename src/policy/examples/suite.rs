//! `PolicyTest` documents: found, read, and run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::policy::check::{self, Ids};
use crate::policy::error::{PolicyError, PolicyErrors};
use crate::policy::exceptions::mistakes;
use crate::policy::load::{Loaded, PolicySet, PolicySource, load_with_examples};
use crate::policy::node::to_json;
use crate::policy::read::{self, Opened, PolicyTest, TestCase};
use crate::source::Span;
use crate::syntax::yaml;

use super::{Difference, ExampleResult, expect, given};

/// The files that tests name, relative to the test's own.
pub trait TestFiles {
    /// The policies of a file or directory. The error is the end of a sentence that begins with its name.
    fn policies(&self, test: &str, name: &str) -> Result<Vec<PolicySource>, String>;
    /// The content of a file.
    fn text(&self, test: &str, name: &str) -> Result<String, String>;
}

/// The policies that a test was about.
#[derive(Debug)]
pub struct Tested {
    /// The set, when it is not the one in force.
    pub set: PolicySet,
}

/// What running the tests of a file left.
#[derive(Debug, Default)]
pub struct TestRun {
    /// A result for each case, in the order of the file.
    pub results: Vec<ExampleResult>,
    /// The sets that were loaded for it.
    pub tested: Vec<Tested>,
}

/// Runs the `PolicyTest` documents of a file. Without `policies` of its own, a test is about those in force.
pub fn run_tests(
    path: &str,
    text: &Arc<str>,
    in_force: &mut PolicySet,
    rules: &BTreeSet<String>,
    files: &dyn TestFiles,
) -> Result<TestRun, PolicyErrors> {
    let opened = read::open(path, text);
    let mut errors = Vec::new();
    let mut run = TestRun::default();
    for &index in &opened.tests {
        let (test, mut mistakes) = opened.test(index);
        errors.append(&mut mistakes);
        let Some(test) = test else { continue };
        let mut suite = Suite {
            opened: &opened,
            test: &test,
            files,
            looked_at: BTreeSet::new(),
            errors: Vec::new(),
        };
        if test.policies.is_empty() {
            let before: Vec<_> = in_force
                .policies()
                .iter()
                .map(|loaded| loaded.params.clone())
                .collect();
            run.results.append(&mut suite.run(in_force));
            in_force.restore_params(before);
        } else if let Some(mut set) = suite.load(rules)? {
            run.results.append(&mut suite.run(&mut set));
            run.tested.push(Tested { set });
        }
        errors.append(&mut suite.errors);
    }
    if errors.is_empty() {
        Ok(run)
    } else {
        Err(PolicyErrors(errors))
    }
}

struct Suite<'s> {
    opened: &'s Opened,
    test: &'s PolicyTest,
    files: &'s dyn TestFiles,
    /// The files of waivers whose mistakes are told.
    looked_at: BTreeSet<String>,
    errors: Vec<PolicyError>,
}

impl Suite<'_> {
    fn error(&mut self, span: Span, message: String, label: String) {
        self.errors.push(self.opened.error(span, message, label));
    }

    /// The policies that the test names.
    fn load(&mut self, rules: &BTreeSet<String>) -> Result<Option<PolicySet>, PolicyErrors> {
        let mut sources = Vec::new();
        for (name, span) in &self.test.policies {
            if let Some(pack) = name.strip_prefix("builtin:") {
                sources.push(PolicySource::Builtin(pack.to_owned()));
                continue;
            }
            match self.files.policies(self.opened.path(), name) {
                Ok(mut found) => sources.append(&mut found),
                Err(why) => self.error(*span, format!("{name} {why}"), String::new()),
            }
        }
        if !self.errors.is_empty() {
            return Ok(None);
        }
        load_with_examples(&sources, &self.test.params, Some(rules)).map(Some)
    }

    fn run(&mut self, set: &mut PolicySet) -> Vec<ExampleResult> {
        let base: Vec<BTreeMap<String, Value>> = set
            .policies()
            .iter()
            .map(|loaded| {
                let mut params = loaded.params.clone();
                give(loaded, &self.test.params, &mut params);
                params
            })
            .collect();
        let shared = self.facts(self.test.facts.as_ref());
        let mut results = Vec::new();
        for case in &self.test.cases {
            set.restore_params(base.clone());
            set.give_params(&case.example.params);
            if let Some(result) = self.case(set, case, shared.as_ref()) {
                results.push(result);
            }
        }
        results
    }

    fn case(
        &mut self,
        set: &PolicySet,
        case: &TestCase,
        shared: Option<&Value>,
    ) -> Option<ExampleResult> {
        let example = &case.example;
        let ids = Ids::of(set.policies().iter().map(|loaded| &loaded.policy));
        let roots = check::names(None).roots;
        let wrong = check::example_mistakes(example, &ids, &roots);
        let mistaken = !wrong.is_empty();
        for (span, message, label) in wrong {
            self.error(span, message, label);
        }
        let own = self.facts(case.facts.as_ref());
        let exceptions = case.exceptions.as_ref().or(self.test.exceptions.as_ref());
        let exceptions = match exceptions {
            Some((name, span)) => match self.files.text(self.opened.path(), name) {
                Ok(text) => {
                    if self.looked_at.insert(name.clone()) {
                        self.errors.append(&mut mistakes(name, &text, set));
                    }
                    Some((name.as_str(), text))
                }
                Err(why) => {
                    self.error(*span, format!("{name} {why}"), String::new());
                    None
                }
            },
            None => None,
        };
        if mistaken {
            return None;
        }
        let mut given = own
            .as_ref()
            .or(shared)
            .cloned()
            .unwrap_or_else(|| serde_json::json!({}));
        lay_over(&mut given, &example.given);
        let mut result = ExampleResult::new(
            &self.test.name,
            example,
            self.opened.path(),
            self.opened.text(),
        );
        let waivers = exceptions
            .as_ref()
            .map(|(name, text)| (*name, text.as_str()));
        let whole = own.is_some() || shared.is_some();
        match given::evaluate(set, given, waivers, whole) {
            Ok(outcome) => expect::compare(set, example, &outcome, &mut result),
            Err(why) => result.differences.push(Difference::error(why)),
        }
        Some(result)
    }

    /// The facts of a file: JSON, as `relgate facts` prints them, or YAML.
    fn facts(&mut self, file: Option<&(String, Span)>) -> Option<Value> {
        let (name, span) = file?;
        let read = self
            .files
            .text(self.opened.path(), name)
            .and_then(|text| parse(name, &text));
        match read {
            Ok(value) => Some(value),
            Err(why) => {
                self.error(*span, format!("{name} {why}"), String::new());
                None
            }
        }
    }
}

fn parse(name: &str, text: &str) -> Result<Value, String> {
    let is_json = name.rsplit('.').next() == Some("json");
    if is_json {
        return serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"));
    }
    let parsed = yaml::parse(text);
    if let Some(error) = parsed.errors.first() {
        return Err(format!("is not YAML: {}", error.message));
    }
    parsed
        .value
        .first()
        .map(|document| to_json(document.root()))
        .ok_or_else(|| "is empty".to_owned())
}

/// Maps are laid over maps, field by field; everything else takes the place of what was there.
fn lay_over(value: &mut Value, over: &Value) {
    match (value, over) {
        (Value::Object(map), Value::Object(over)) => {
            for (name, over) in over {
                lay_over(map.entry(name.as_str()).or_insert(Value::Null), over);
            }
        }
        (value, over) => value.clone_from(over),
    }
}

fn give(loaded: &Loaded, from: &BTreeMap<String, Value>, into: &mut BTreeMap<String, Value>) {
    for (name, value) in from {
        if loaded.policy.params.contains_key(name) {
            into.insert(name.clone(), value.clone());
        }
    }
}
