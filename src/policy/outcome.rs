//! What an evaluation leaves.

use crate::facts::Facts;
use crate::finding::Finding;
use crate::gate::{GateOutcome, WaiverUse};
use crate::source::Location;
use crate::version::ReleaseType;

use super::error::EvaluationError;

/// What a fired policy asks of the release's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// The policy's name.
    pub policy: String,
    /// The id of the demand in it.
    pub id: String,
    /// The type that it asks for.
    pub at_least: ReleaseType,
    /// Why, in one line, however many facts made it fire.
    pub message: String,
    /// The places of the facts that made it fire, sorted and without repetition.
    pub locations: Vec<Location>,
    /// The waiver that takes it out of the required type, if there is one.
    pub waiver: Option<WaiverUse>,
}

/// What policies say about a release.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// What fired, from the highest type to the lowest, then by policy and id.
    pub demands: Vec<Demand>,
    /// The step that the tag declares, if it declares one.
    pub declared: Option<ReleaseType>,
    /// The highest type that an unwaived demand asks for.
    pub required: ReleaseType,
    /// The higher of declared and required: gates are chosen by it.
    pub effective: ReleaseType,
    /// The findings that came in, with waivers applied, and those of validations, release types and waivers.
    pub findings: Vec<Finding>,
    /// Every gate of every policy, by stage, then in the order of the documents.
    pub gates: Vec<GateOutcome>,
    /// What could not be evaluated; one is enough for the verdict `error`.
    pub errors: Vec<EvaluationError>,
    /// The facts as the gates saw them: with required and effective type and with all findings.
    pub facts: Facts,
}
