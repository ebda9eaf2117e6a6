//! Gates: what must be closed before a stage, and what became of it.

mod duration;

pub use duration::parse_duration;

/// The steps of a release's life, in order. A gate belongs to the stage by which it must be closed.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// A commit or a pull request.
    #[default]
    Change,
    /// A release candidate.
    Candidate,
    /// The final tag.
    Release,
    /// The roll-out to production.
    Deploy,
    /// Right after the roll-out.
    PostRelease,
    /// 24 hours later.
    Closed,
    /// The side road on which a release is taken back; no ordinary stage includes it.
    Rollback,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 7] = [
        Self::Change,
        Self::Candidate,
        Self::Release,
        Self::Deploy,
        Self::PostRelease,
        Self::Closed,
        Self::Rollback,
    ];

    /// The word that reports and policies use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Candidate => "candidate",
            Self::Release => "release",
            Self::Deploy => "deploy",
            Self::PostRelease => "post-release",
            Self::Closed => "closed",
            Self::Rollback => "rollback",
        }
    }

    /// A gate of `gate` must be closed when this stage is judged.
    pub fn requires(self, gate: Self) -> bool {
        if gate == Self::Rollback || self == Self::Rollback {
            gate == self
        } else {
            gate <= self
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What became of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GateStatus {
    /// Closed.
    Pass,
    /// Looked at, and open.
    Fail,
    /// Open, and a waiver covers it.
    Waived,
    /// Nobody looked, or what is needed to look is missing.
    NotEvaluated,
    /// This release does not need it.
    NotRequired,
}

impl GateStatus {
    /// The word that reports and policies use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Waived => "waived",
            Self::NotEvaluated => "not-evaluated",
            Self::NotRequired => "not-required",
        }
    }

    /// A gate with this status does not hold a release back.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Pass | Self::Waived | Self::NotRequired)
    }
}

/// A gate and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateOutcome {
    /// The gate's id.
    pub id: String,
    /// When it must be closed.
    pub stage: Stage,
    /// What became of it.
    pub status: GateStatus,
    /// The fact that closed it or keeps it open, as a phrase.
    pub message: String,
    /// The evidence that was used, as paths.
    pub evidence: Vec<String>,
    /// The waiver that covers it, if its status says so.
    pub waiver: Option<WaiverUse>,
    /// The controls of audit frameworks that it serves.
    pub controls: Vec<Control>,
    /// People close it, or it looks at what git forgets, as branches are: that nobody can look any more says nothing about a
    /// release of the past.
    pub is_forgotten: bool,
}

/// A control of an audit framework that somebody says a gate serves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Control {
    /// `soc2`, `iso27001`, `nist-800-53`, `ssdf`, ...
    pub framework: String,
    /// The control's id in it.
    pub id: String,
    /// Somebody who answers for compliance has confirmed that the gate serves it.
    pub confirmed: bool,
}

/// What stands behind controls of which one was not confirmed.
pub const UNCONFIRMED: &str = " (an unconfirmed mapping)";

/// Controls as people read them, with a word where nobody has confirmed them.
pub fn controls_text(controls: &[Control]) -> String {
    let names: Vec<String> = controls
        .iter()
        .map(|control| format!("{} {}", control.framework, control.id))
        .collect();
    let mark = if controls.iter().all(|control| control.confirmed) {
        ""
    } else {
        UNCONFIRMED
    };
    format!("{}{mark}", names.join(", "))
}

/// A waiver as it was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaiverUse {
    /// The waiver's name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approved_by: String,
    /// Until when, as it is written.
    pub expires_at: String,
}
