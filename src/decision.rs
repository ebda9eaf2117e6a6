//! Findings, demands and gates to a decision. A fold without input or output, clock or environment: the order of what
//! goes in does not matter, and more demands never lower the release type.

use crate::finding::{Finding, Severity, Status};
use crate::gate::{GateOutcome, Stage};
use crate::version::ReleaseType;

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The release may go.
    Pass,
    /// It may not.
    Fail,
    /// It could not be judged.
    Error,
}

impl Verdict {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }

    /// The process's exit status.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Error => 2,
        }
    }
}

/// A finding that holds the release back.
pub fn blocks(finding: &Finding) -> bool {
    finding.severity == Severity::Error && finding.status == Status::Open
}

/// A gate that holds the release back at `stage`.
pub fn is_open(gate: &GateOutcome, stage: Stage) -> bool {
    stage.requires(gate.stage) && !gate.status.is_closed()
}

/// What the verdict is made of.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// All findings.
    pub findings: &'a [Finding],
    /// All gates.
    pub gates: &'a [GateOutcome],
    /// The type that the tag declares, if one is judged.
    pub declared: Option<ReleaseType>,
    /// The required type.
    pub required: ReleaseType,
    /// The stage that is judged.
    pub stage: Stage,
    /// Something could not be evaluated or read, and so the release could not be judged.
    pub errors: bool,
}

/// The verdict: see the contract's "How judgement works", number 1.
pub fn verdict(inputs: &Inputs<'_>) -> Verdict {
    if inputs.errors {
        return Verdict::Error;
    }
    let too_low = inputs
        .declared
        .is_some_and(|declared| declared < inputs.required);
    let blocked = inputs.findings.iter().any(blocks)
        || inputs.gates.iter().any(|gate| is_open(gate, inputs.stage));
    if too_low || blocked {
        Verdict::Fail
    } else {
        Verdict::Pass
    }
}
