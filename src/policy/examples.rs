//! Examples and tests: facts in, and what must come of them. A policy carries examples of itself; a `PolicyTest` stands
//! beside policies, tests several of them together, and takes whole facts from files.

mod coverage;
mod expect;
mod given;
mod suite;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::source::Span;

use super::document::Example;
use super::load::{Loaded, PolicySet};

pub use coverage::{Covered, coverage};
pub use expect::{Difference, Edit, apply};
pub use suite::{TestFiles, TestRun, Tested, run_tests};

/// What became of an example or of a test case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleResult {
    /// The name of the policy that it is an example of, or of the test that it is a case of.
    pub suite: String,
    /// The example's name.
    pub name: String,
    /// The file.
    pub path: String,
    /// The file's content.
    pub text: Arc<str>,
    /// The example's place in it.
    pub span: Span,
    /// What was not as expected; empty when all was.
    pub differences: Vec<Difference>,
    /// What to write in the file so that it expects what it gets.
    pub edits: Vec<Edit>,
    /// Policy and id of the demands, validations and gates that fired: a gate fires when it is required, and counts when
    /// the example says what becomes of it.
    pub fired: BTreeSet<(String, String)>,
    /// Those that did not.
    pub silent: BTreeSet<(String, String)>,
}

impl ExampleResult {
    fn new(suite: &str, example: &Example, path: &str, text: &Arc<str>) -> Self {
        Self {
            suite: suite.to_owned(),
            name: example.name.clone(),
            path: path.to_owned(),
            text: Arc::clone(text),
            span: example.span,
            differences: Vec::new(),
            edits: Vec::new(),
            fired: BTreeSet::new(),
            silent: BTreeSet::new(),
        }
    }

    /// The 1-based line of the example.
    pub fn line(&self) -> u32 {
        crate::source::LineIndex::new(&self.text)
            .position(&self.text, self.span.start)
            .line
    }
}

/// Runs every example of every policy, each policy for itself.
pub fn run_examples(set: &PolicySet) -> Vec<ExampleResult> {
    let mut results = Vec::new();
    for loaded in set.policies() {
        let mut alone = PolicySet::of(Loaded {
            policy: loaded.policy.clone(),
            path: loaded.path.clone(),
            text: Arc::clone(&loaded.text),
            params: loaded.params.clone(),
        });
        for example in &loaded.policy.examples {
            let mut params = loaded.params.clone();
            params.extend(example.params.clone());
            alone.give_params(&params);
            let mut result =
                ExampleResult::new(&loaded.policy.name, example, &loaded.path, &loaded.text);
            match given::evaluate(&alone, example.given.clone(), None, false) {
                Ok(outcome) => expect::compare(&alone, example, &outcome, &mut result),
                Err(why) => result.differences.push(Difference::error(why)),
            }
            results.push(result);
        }
    }
    results
}
