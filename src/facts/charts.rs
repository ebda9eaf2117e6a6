//! Helm charts as they are in the subject.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Origin;

/// One chart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ChartFact {
    /// The path of its `Chart.yaml`.
    pub path: String,
    /// The directory that holds it.
    pub directory: String,
    /// Its name.
    pub name: String,
    /// `application` or `library`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its version, as Helm reads it.
    pub version: String,
    /// Its appVersion, as Helm reads it; empty when there is none.
    pub app_version: String,
    /// The version at the previous release; empty when the chart is new.
    pub previous_version: String,
    /// The appVersion at the previous release.
    pub previous_app_version: String,
    /// The chart was not there at the previous release.
    pub added: bool,
    /// A packaged file of it differs from the previous release.
    pub changed: bool,
    /// The step of its version: `none`, `patch`, `minor`, `major`, `down`; empty when one of them is not SemVer.
    pub step: String,
    /// The images that its values name.
    pub images: Vec<ImageFact>,
    /// The image that carries the release, by configuration or by the chart's only candidate for it; empty fields if unknown.
    pub image: ImageFact,
    /// `RollingUpdate` or `Recreate` where the values say so; else empty.
    pub update_strategy: String,
    /// The place of the chart's version.
    pub origin: Origin,
    /// The place of its appVersion.
    pub app_version_origin: Origin,
}

/// An image that a chart deploys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ImageFact {
    /// The values file.
    pub path: String,
    /// The dotted key of the tag, e.g. `global.image.tag`.
    pub key: String,
    /// The repository with its registry, without tag and digest.
    pub repository: String,
    /// The tag that is deployed when nothing is overridden; empty when it cannot be told.
    pub tag: String,
    /// The digest; empty when there is none. A digest wins over the tag.
    pub digest: String,
    /// Where the tag comes from: `values`, `appVersion`, or empty.
    pub source: String,
    /// The tag could be told from the files alone.
    pub resolved: bool,
    /// The place.
    pub origin: Origin,
}
