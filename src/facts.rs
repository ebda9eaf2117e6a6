//! Facts: normalised statements about a release. They are all that a policy sees, and a public contract with its
//! authors (`relgate schema facts`). A fact carries no file contents, no byte offsets and no syntax trees.
//!
//! Every field is always there: what does not apply is an empty string, an empty list, `false` or 0. Where yes and no
//! are not the only answers, the field is a string with one of `yes`, `no`, `unknown`.

pub mod builds;
pub mod changelog;
pub mod charts;
pub mod evidence;
pub mod history;
pub mod migrations;
pub mod references;
pub mod release;
pub mod runbooks;
pub mod signature;
pub mod tags;
pub mod values;
pub mod workflows;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Location;

/// Names a place in [`Origins`]; 0 is "no place". A finding that a policy makes from a fact points at its origin.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Deserialize,
    Serialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Origin(pub u32);

/// The places that facts came from: a side table, so that policies never see paths or offsets through an origin.
#[derive(Debug, Default)]
pub struct Origins(Vec<Location>);

impl Origins {
    /// Keeps a place and names it.
    pub fn add(&mut self, location: Location) -> Origin {
        self.0.push(location);
        Origin(u32::try_from(self.0.len()).unwrap_or(u32::MAX))
    }

    /// How many places are kept: the number of the last one.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The place behind an origin.
    pub fn get(&self, origin: Origin) -> Option<Location> {
        self.0.get((origin.0 as usize).checked_sub(1)?).copied()
    }
}

/// A clock in seconds since 1970 as RFC 3339 in UTC; empty for what no calendar holds.
pub fn rfc3339(seconds: i64) -> String {
    chrono::DateTime::from_timestamp(seconds, 0)
        .filter(|time| (0..=9999).contains(&chrono::Datelike::year(time)))
        .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        .unwrap_or_default()
}

/// Everything that policies see, beside `params`, `variables` and `now`.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Facts {
    /// What is being released, and what came before it.
    pub release: release::ReleaseFacts,
    /// What changed in the migrations since the previous release.
    pub migrations: migrations::MigrationsFacts,
    /// The charts as they are in the subject.
    pub charts: Vec<charts::ChartFact>,
    /// What changed in the charts' values since the previous release.
    pub values: values::ValuesFacts,
    /// The changelog.
    pub changelog: changelog::ChangelogFacts,
    /// The commits from the ancestor release to the subject, newest first.
    pub commits: Vec<history::CommitFact>,
    /// Every tag of the repository, sorted by release order, unrelated ones last.
    pub tags: Arc<Vec<tags::TagFact>>,
    /// GitHub Actions workflows.
    pub workflows: Vec<workflows::WorkflowFact>,
    /// Release build configurations, such as GoReleaser's.
    pub builds: Vec<builds::BuildFact>,
    /// The documents that people follow while they release, deploy or roll back, and what their commands name that is not there.
    pub runbooks: Vec<runbooks::RunbookFact>,
    /// What rules and validations found so far.
    pub findings: Vec<FindingFact>,
    /// What people and machines left to close gates.
    pub evidence: Vec<evidence::EvidenceFact>,
}

/// A finding, as a policy sees it.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct FindingFact {
    /// The rule's or the validation's id.
    pub rule: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// What it says.
    pub message: String,
    /// The file it is in, or empty.
    pub path: String,
    /// `open`, `waived` or `suppressed`.
    pub status: String,
    /// The place.
    pub origin: Origin,
}
