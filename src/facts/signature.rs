//! What a signature in git says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The signature of a tag or a commit, after it was checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct SignatureFact {
    /// `ssh`, `gpg`, `x509`, `unknown`; empty when nothing is signed.
    pub form: String,
    /// `valid`: made by an allowed signer whose key counts now. `untrusted`: right, by a key that may not sign here.
    /// `invalid`: not one of these bytes, for another name or purpose, or by a revoked key. `not-verified`: relgate cannot
    /// tell. Empty when nothing is signed.
    pub status: String,
    /// Why it is not valid, as a code; else empty.
    pub reason: String,
    /// Why it is not valid, in words; else empty.
    pub message: String,
    /// Whose key it is; empty when that is not known.
    pub signer: String,
    /// The fingerprint of the key; empty when it is not known.
    pub key: String,
}
