//! What people and machines left to close gates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Origin;

/// One statement, after it was checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct EvidenceFact {
    /// Its path.
    pub path: String,
    /// The gate it is for.
    pub gate: String,
    /// The tag it is about.
    pub tag: String,
    /// The commit it is about.
    pub commit: String,
    /// `approve` or `reject`.
    pub decision: String,
    /// Who vouches.
    pub approver: String,
    /// One name for whoever vouches, however many addresses they have; empty unless the statement got that far.
    pub person: String,
    /// In which role.
    pub role: String,
    /// The type of release that it was made for.
    pub release_type: String,
    /// How it is signed: `unsigned`, `ssh`, `dsse`.
    pub signature: String,
    /// It counts.
    pub valid: bool,
    /// Why it does not, as a code; else empty.
    pub reason: String,
    /// Why it does not, in words; else empty.
    pub message: String,
    /// It is about the last candidate of this release.
    pub of_candidate: bool,
    /// When it was issued, RFC 3339 in UTC.
    pub issued_at: String,
    /// Its number that is used once.
    pub nonce: String,
    /// What the approver wrote.
    pub comment: String,
    /// What tests left; zeros when it holds none.
    pub tests: TestsFact,
    /// What a security scan left; zeros when it holds none.
    pub scan: ScanFact,
    /// What was measured.
    pub metrics: Vec<MetricFact>,
    /// For how long it was measured; empty when it does not say.
    pub window: WindowFact,
    /// The documents that it names (`migration-guide`, `plan`, `runbook`) and that are not in the repository.
    pub missing_files: Vec<String>,
    /// The migrations that it says ran on a database, and baselines that no upgrade needs; empty when it names none.
    pub rehearsed: Vec<String>,
    /// Everything else that it holds, as texts, by name.
    pub data: Vec<DataFact>,
    /// The place.
    pub origin: Origin,
}

/// What tests left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TestsFact {
    /// How many there were.
    pub total: u64,
    /// How many passed.
    pub passed: u64,
    /// How many failed, errors included.
    pub failed: u64,
    /// How many did not run.
    pub skipped: u64,
    /// The names of the first that failed.
    pub failures: Vec<String>,
}

/// What a security scan left: open findings by severity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ScanFact {
    /// The scanner; empty when there is no scan.
    pub tool: String,
    /// Critical findings.
    pub critical: u64,
    /// High ones.
    pub high: u64,
    /// Medium ones.
    pub medium: u64,
    /// Low ones.
    pub low: u64,
    /// Those whose severity the scanner does not tell.
    pub unknown: u64,
    /// The first of the worst, by id.
    pub worst: Vec<String>,
}

/// Something that was measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct MetricFact {
    /// Its name.
    pub name: String,
    /// Its baseline is known.
    pub has_baseline: bool,
    /// Its limit is known.
    pub has_limit: bool,
    /// It keeps its limit, in the direction that is better.
    pub within: bool,
    /// Value, baseline and limit, as a phrase.
    pub text: String,
}

/// The time in which something was watched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct WindowFact {
    /// Its begin, RFC 3339 in UTC; empty when nothing was watched.
    pub from: String,
    /// Its end.
    pub to: String,
    /// How long it is, in seconds.
    pub seconds: u64,
    /// How many samples are missing in it.
    pub missing: u64,
}

/// Something else that a statement holds.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DataFact {
    /// Its name.
    pub name: String,
    /// Its value as a text; of a list or an object, its JSON.
    pub value: String,
}
