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
    /// `approve` or `reject`.
    pub decision: String,
    /// Who vouches.
    pub approver: String,
    /// In which role.
    pub role: String,
    /// How it is signed: `unsigned`, `ssh`, `dsse`.
    pub signature: String,
    /// It counts.
    pub valid: bool,
    /// Why it does not; else empty.
    pub reason: String,
    /// When it was issued, RFC 3339 in UTC.
    pub issued_at: String,
    /// The place.
    pub origin: Origin,
}
