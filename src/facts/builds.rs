//! Release build configurations.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Origin;

/// One configuration, such as `.goreleaser.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct BuildFact {
    /// Its path.
    pub path: String,
    /// The architectures that it builds, e.g. `linux/amd64`.
    pub architectures: Vec<String>,
    /// The image templates that it pushes.
    pub images: Vec<String>,
    /// It writes checksums.
    pub checksums: bool,
    /// The place.
    pub origin: Origin,
}
