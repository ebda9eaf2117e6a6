//! What an example expects against what it got, and how to write down what it got.

use std::fmt;

use crate::finding::Finding;
use crate::policy::document::Example;
use crate::policy::load::PolicySet;
use crate::source::Span;

use super::ExampleResult;
use super::given::Outcome;

/// Something that was not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What: `releaseType`, `findings`, `gate <id>`, `severity of <rule>`; empty for what could not be evaluated.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What there is.
    pub got: String,
    /// Why, if the evaluation says.
    pub why: String,
}

impl Difference {
    pub(super) fn error(why: String) -> Self {
        Self {
            what: String::new(),
            expected: String::new(),
            got: String::new(),
            why,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.what.is_empty() {
            return f.write_str(&self.why);
        }
        write!(
            f,
            "{}: expected {}, got {}",
            self.what, self.expected, self.got
        )?;
        if !self.why.is_empty() {
            write!(f, " ({})", self.why)?;
        }
        Ok(())
    }
}

/// A text to write over a place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The place.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// The text of a file after edits of disjoint places.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.span.start);
    edits.dedup();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        let range = edit.span.range();
        // Of places that overlap, the first one wins.
        let Some(between) = text.get(at..range.start) else {
            continue;
        };
        out.push_str(between);
        out.push_str(&edit.text);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

/// Compares what an example expects with what there is.
pub(super) fn compare(
    set: &PolicySet,
    example: &Example,
    outcome: &Outcome,
    result: &mut ExampleResult,
) {
    let evaluation = &outcome.evaluation;
    let errors = evaluation.errors.iter().map(ToString::to_string);
    result.differences.extend(errors.map(Difference::error));
    let found = found(set, outcome);
    let ids: Vec<&str> = found
        .iter()
        .map(|(_, finding)| finding.rule.as_str())
        .collect();
    if example.expect.is_empty() {
        expects_nothing(set, example, outcome, &ids, result);
    }
    release_type(example, outcome, result);
    findings(example, &found, result);
    gates(example, outcome, result);
    severities(example, outcome, result);
    fire(set, example, outcome, &found, result);
}

/// Policy and finding of everything that the evaluation found itself, in the order of the ids. The findings of several
/// policies hold what the evaluation says about the release type and about waivers, too.
fn found<'e>(set: &'e PolicySet, outcome: &'e Outcome) -> Vec<(&'e str, &'e Finding)> {
    let policies = set.policies();
    let own = outcome
        .evaluation
        .findings
        .iter()
        .skip(outcome.given_findings);
    let mut found: Vec<(&str, &Finding)> = own
        .filter_map(|finding| {
            let of = policies.iter().find(|loaded| {
                let mut validations = loaded.policy.validations.iter();
                validations.any(|validation| validation.id == finding.rule)
            });
            match of {
                Some(loaded) => Some((loaded.policy.name.as_str(), finding)),
                None => (policies.len() > 1).then_some(("", finding)),
            }
        })
        .collect();
    found.sort_by(|a, b| a.1.rule.cmp(&b.1.rule));
    found
}

fn list(ids: &[&str]) -> String {
    format!("[{}]", ids.join(", "))
}

/// A test that expects nothing cannot fail, and so it does.
fn expects_nothing(
    set: &PolicySet,
    example: &Example,
    outcome: &Outcome,
    found: &[&str],
    result: &mut ExampleResult,
) {
    let mut difference = Difference::error(
        "it expects nothing: name a release type, findings, gates or severities, or let --update write what there is"
            .to_owned(),
    );
    let has = |is: fn(&crate::policy::Policy) -> bool| {
        set.policies().iter().any(|loaded| is(&loaded.policy))
    };
    let mut parts = Vec::new();
    if has(|policy| !policy.demands.is_empty()) {
        parts.push(format!("releaseType: {}", outcome.evaluation.required));
    }
    if has(|policy| !policy.validations.is_empty()) {
        parts.push(format!("findings: {}", list(found)));
    }
    if has(|policy| !policy.gates.is_empty()) {
        let gates = outcome.evaluation.gates.iter();
        let gates: Vec<String> = gates
            .map(|gate| format!("{}: {}", gate.id, gate.status.as_str()))
            .collect();
        parts.push(format!("gates: {{ {} }}", gates.join(", ")));
    }
    if parts.is_empty() {
        "the policy decides nothing".clone_into(&mut difference.why);
    } else {
        result.edits.push(Edit {
            span: example.expect.span,
            text: format!("{{ {} }}", parts.join(", ")),
        });
    }
    result.differences.push(difference);
}

fn differ(
    example: &Example,
    place: &str,
    difference: Difference,
    text: String,
    result: &mut ExampleResult,
) {
    result.differences.push(difference);
    if let Some(&span) = example.expect.places.get(place) {
        let span = without_end(&result.text, span);
        result.edits.push(Edit { span, text });
    }
}

/// A place without the white space at its end, which belongs to what follows.
fn without_end(text: &str, span: Span) -> Span {
    let covered = text.get(span.range()).unwrap_or("");
    let start = span.range().start;
    Span::new(start, start.saturating_add(covered.trim_end().len()))
}

fn release_type(example: &Example, outcome: &Outcome, result: &mut ExampleResult) {
    let evaluation = &outcome.evaluation;
    let Some(expected) = example.expect.release_type else {
        return;
    };
    if expected == evaluation.required {
        return;
    }
    let demands: Vec<String> = evaluation
        .demands
        .iter()
        .filter(|demand| demand.waiver.is_none())
        .map(|demand| format!("{}/{}", demand.policy, demand.id))
        .collect();
    let difference = Difference {
        what: "releaseType".to_owned(),
        expected: expected.to_string(),
        got: evaluation.required.to_string(),
        why: if demands.is_empty() {
            "nothing demands more".to_owned()
        } else {
            format!("demanded by {}", demands.join(", "))
        },
    };
    let text = evaluation.required.to_string();
    differ(example, "releaseType", difference, text, result);
}

fn findings(example: &Example, found: &[(&str, &Finding)], result: &mut ExampleResult) {
    let Some(expected) = &example.expect.findings else {
        return;
    };
    let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    expected.sort_unstable();
    let ids: Vec<&str> = found
        .iter()
        .map(|(_, finding)| finding.rule.as_str())
        .collect();
    if expected == ids {
        return;
    }
    let surprises = found
        .iter()
        .filter(|(_, finding)| !expected.contains(&finding.rule.as_str()))
        .map(|(_, finding)| format!("{}: {}", finding.rule, finding.message));
    let difference = Difference {
        what: "findings".to_owned(),
        expected: list(&expected),
        got: list(&ids),
        why: surprises.collect::<Vec<_>>().join("; "),
    };
    differ(example, "findings", difference, list(&ids), result);
}

fn gates(example: &Example, outcome: &Outcome, result: &mut ExampleResult) {
    for (id, expected) in &example.expect.gates {
        let gate = outcome.evaluation.gates.iter().find(|gate| gate.id == *id);
        let (got, why) = match gate {
            Some(gate) if gate.status.as_str() == expected => continue,
            Some(gate) => (gate.status.as_str(), gate.message.clone()),
            None => ("nothing", "there is no such gate".to_owned()),
        };
        let difference = Difference {
            what: format!("gate {id}"),
            expected: expected.clone(),
            got: got.to_owned(),
            why,
        };
        differ(
            example,
            &format!("gates.{id}"),
            difference,
            got.to_owned(),
            result,
        );
    }
}

fn severities(example: &Example, outcome: &Outcome, result: &mut ExampleResult) {
    for (rule, expected) in &example.expect.severities {
        let mut given = outcome
            .evaluation
            .findings
            .iter()
            .take(outcome.given_findings);
        let (got, why) = match given.find(|finding| finding.rule == *rule) {
            Some(finding) if finding.severity.as_str() == expected => continue,
            Some(finding) => (finding.severity.as_str(), String::new()),
            None => ("nothing", "no finding of it is given".to_owned()),
        };
        let difference = Difference {
            what: format!("severity of {rule}"),
            expected: expected.clone(),
            got: got.to_owned(),
            why,
        };
        differ(
            example,
            &format!("severities.{rule}"),
            difference,
            got.to_owned(),
            result,
        );
    }
}

/// What fired and what did not, for the coverage.
fn fire(
    set: &PolicySet,
    example: &Example,
    outcome: &Outcome,
    found: &[(&str, &Finding)],
    result: &mut ExampleResult,
) {
    let demands = outcome.evaluation.demands.iter();
    let demands = demands.map(|demand| (demand.policy.clone(), demand.id.clone()));
    let found = found
        .iter()
        .map(|(policy, finding)| ((*policy).to_owned(), finding.rule.clone()));
    result.fired = demands.chain(found).collect();
    for loaded in set.policies() {
        let policy = &loaded.policy;
        let id = |id: &str| (policy.name.clone(), id.to_owned());
        for gate in &policy.gates {
            match example.expect.gates.get(&gate.id).map(String::as_str) {
                Some("not-required") => result.silent.insert(id(&gate.id)),
                Some(_) => result.fired.insert(id(&gate.id)),
                None => continue,
            };
        }
        let demands = policy.demands.iter().map(|demand| &demand.id);
        let validations = policy.validations.iter().map(|validation| &validation.id);
        for part in demands.chain(validations) {
            if !result.fired.contains(&id(part)) {
                result.silent.insert(id(part));
            }
        }
    }
}
