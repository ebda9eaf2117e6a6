//! GitHub Actions workflows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Origin;

/// One workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct WorkflowFact {
    /// Its path.
    pub path: String,
    /// Its name.
    pub name: String,
    /// It starts when a tag is pushed.
    pub on_tag_push: bool,
    /// The tag filters (`on.push.tags`).
    pub tags: Vec<String>,
    /// The tag filters that exclude (`on.push.tags-ignore`).
    pub tags_ignore: Vec<String>,
    /// It starts for the tag that is judged: `yes`, `no`, or `unknown` without a tag.
    pub fires: String,
    /// The place of its trigger.
    pub origin: Origin,
}
