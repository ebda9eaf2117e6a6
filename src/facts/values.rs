//! What changed in the charts' values since the previous release. Keys and types, never scalar values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Origin;

/// Differences of the values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ValuesFacts {
    /// Keys that are new.
    pub added: Vec<ValueFact>,
    /// Keys that are gone; the topmost key of a subtree that is gone stands for it.
    pub removed: Vec<ValueFact>,
    /// Keys that moved.
    pub renamed: Vec<ValueFact>,
    /// Keys whose type changed.
    pub retyped: Vec<ValueFact>,
    /// Keys whose default changed and whose type did not.
    pub changed: Vec<ValueFact>,
}

/// One key of a chart's values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ValueFact {
    /// The chart's name.
    pub chart: String,
    /// The values file.
    pub path: String,
    /// The dotted key; a part that holds a dot stands in quotes.
    pub key: String,
    /// The key before it moved; else empty.
    pub previous_key: String,
    /// `string`, `number`, `bool`, `null`, `map`, `list`; empty for a removed key.
    #[serde(rename = "type")]
    pub kind: String,
    /// The type at the previous release; empty for an added key.
    pub previous_type: String,
    /// One side is free-form (`{}`, `[]`, `""` or null), so that the change may be one of an example.
    pub free_form: bool,
    /// The chart is below 1.0.0.
    pub chart_below_one: bool,
    /// The place (of a removed key: in the previous release).
    pub origin: Origin,
}
