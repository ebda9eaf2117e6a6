//! Helm charts as they are in the subject.

mod workloads;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Origin, Origins};
use crate::charts::{Chart, ChartState, ChartSurvey, Image, Rendering, release_image};
use crate::git::without_credentials;
use crate::version::{Version, step};

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
    /// The step of its appVersion: `none`, `patch`, `minor`, `major`, `down`; empty when one of them is not SemVer.
    pub app_version_step: String,
    /// The charts that it brings along.
    pub dependencies: Vec<DependencyFact>,
    /// The images that its values name.
    pub images: Vec<ImageFact>,
    /// The image that carries the release, by configuration or by the chart's only candidate for it; empty fields if unknown.
    pub image: ImageFact,
    /// The tag of that image at the previous release; empty if unknown.
    pub previous_image_tag: String,
    /// `RollingUpdate` or `Recreate` where the values say so; else empty.
    pub update_strategy: String,
    /// What the templates make, as far as it stands in them as text; empty for a chart that did not change.
    pub workloads: Vec<WorkloadFact>,
    /// The templates make a `PodDisruptionBudget`.
    pub budget: bool,
    /// Fields that Kubernetes never lets change and whose text in the templates differs from the previous release.
    pub immutable: Vec<ImmutableFact>,
    /// What asking Helm gave (`relgate check --render`).
    pub rendering: RenderingFact,
    /// How the chart runs database migrations.
    pub migration: MigrationRunFact,
    /// The application's repository has a tag for the appVersion: `yes`, `no`; `unknown` when that repository is not given.
    pub app_version_tagged: String,
    /// The place of the chart's version.
    pub origin: Origin,
    /// The place of its appVersion.
    pub app_version_origin: Origin,
}

/// What asking Helm for a chart gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct RenderingFact {
    /// `rendered`: the facts about workloads are what Helm makes with the values; `not-checked`: Helm was asked and did not
    /// render it; empty: nobody asked, or the chart did not change, and the facts are what the templates say as text.
    pub status: String,
    /// Why it was not checked.
    pub reason: String,
    /// Helm's version.
    pub helm: String,
    /// The place in a template that Helm refuses, else the chart's version.
    pub origin: Origin,
}

/// An object that a template makes and that runs pods.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct WorkloadFact {
    /// The template.
    pub path: String,
    /// `Deployment`, `StatefulSet`, `DaemonSet`, `Job` or `CronJob`.
    pub kind: String,
    /// `RollingUpdate`, `Recreate`, `OnDelete`; `RollingUpdate` where nothing is said; `unknown` where a template computes it and
    /// nobody rendered it.
    pub strategy: String,
    /// How many pods it asks for by default; -1 when that cannot be told.
    pub replicas: i64,
    /// The phases of its Helm hook.
    pub hooks: Vec<String>,
    /// It stops trying after a time.
    pub deadline: bool,
    /// The place.
    pub origin: Origin,
}

/// A field that an upgrade cannot change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ImmutableFact {
    /// The template.
    pub path: String,
    /// The object's kind.
    pub kind: String,
    /// `selector`, `serviceName` or `volumeClaimTemplates`; `template` of a rendered Job that is no hook.
    pub field: String,
    /// Nothing changed here, but the field holds the chart's version, which changes with every release.
    pub versioned: bool,
    /// The place.
    pub origin: Origin,
}

/// The object that runs a chart's migrations: a Job whose text speaks of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct MigrationRunFact {
    /// There is one.
    pub found: bool,
    /// The template.
    pub path: String,
    /// When it runs: `pre-upgrade`, `post-upgrade`, or empty for one that is no hook.
    pub phase: String,
    /// The dotted key that turns it on; empty when there is none.
    pub key: String,
    /// It is on by default: `yes`, `no`, `unknown`.
    pub enabled: String,
    /// It stops trying after a time.
    pub deadline: bool,
    /// The place.
    pub origin: Origin,
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

/// A chart that another one brings along.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DependencyFact {
    /// Its name.
    pub name: String,
    /// The range of versions.
    pub version: String,
    /// Where it comes from, without credentials.
    pub repository: String,
    /// The name under which its values stand, if it is another one.
    pub alias: String,
    /// The place.
    pub origin: Origin,
}

/// The facts of all charts. `project` is the repository's name: an image of that name carries the release. `application` are the
/// tags of the application's repository, where that is another one.
pub fn collect(
    survey: &ChartSurvey,
    project: &str,
    application: Option<&[String]>,
    origins: &mut Origins,
) -> Vec<ChartFact> {
    survey
        .charts
        .iter()
        .map(|chart| chart_fact(chart, project, application, origins))
        .collect()
}

fn chart_fact(
    chart: &Chart,
    project: &str,
    application: Option<&[String]>,
    origins: &mut Origins,
) -> ChartFact {
    let state = &chart.state;
    let metadata = &state.metadata;
    let previous = chart.previous.as_ref().map(|previous| &previous.metadata);
    let version = metadata.version_text().to_owned();
    let app_version = metadata.app_version_text().to_owned();
    let previous_version = previous
        .map_or("", |previous| previous.version_text())
        .to_owned();
    let previous_app_version = previous
        .map_or("", |previous| previous.app_version_text())
        .to_owned();
    let carrier = release_image(chart, project);
    let mut place = |field: Option<&crate::charts::Field>| match (field, &state.file) {
        (Some(field), Some(file)) => origins.add(file.at(field.span)),
        _ => Origin::default(),
    };
    let origin = place(metadata.version.as_ref());
    let app_version_origin = place(metadata.app_version.as_ref());
    ChartFact {
        path: state.path(),
        directory: state.directory.clone(),
        name: state.name().to_owned(),
        kind: metadata.kind().to_owned(),
        step: step_word(&previous_version, &version),
        app_version_step: step_word(&previous_app_version, &app_version),
        app_version_tagged: is_tagged(&app_version, application).to_owned(),
        version,
        app_version,
        previous_version,
        previous_app_version,
        added: chart.previous.is_none(),
        changed: chart.changed,
        dependencies: dependencies(state, origins),
        images: chart
            .images
            .iter()
            .map(|image| image_fact(image, origins))
            .collect(),
        previous_image_tag: carrier
            .as_ref()
            .map(|carrier| previous_tag(chart, carrier))
            .unwrap_or_default(),
        image: carrier
            .map(|image| image_fact(&image, origins))
            .unwrap_or_default(),
        update_strategy: workloads::update_strategy(chart),
        workloads: workloads::facts(chart, origins),
        budget: chart
            .objects()
            .iter()
            .any(|made| made.kind == "PodDisruptionBudget"),
        immutable: workloads::immutable(chart, origins),
        rendering: rendering(chart, origins, origin),
        migration: workloads::migration(chart, origins),
        origin,
        app_version_origin,
    }
}

fn rendering(chart: &Chart, origins: &mut Origins, version: Origin) -> RenderingFact {
    match &chart.rendering {
        Rendering::NotAsked => RenderingFact::default(),
        Rendering::Done { helm, .. } => RenderingFact {
            status: "rendered".to_owned(),
            helm: helm.clone(),
            origin: version,
            ..RenderingFact::default()
        },
        Rendering::NotChecked { reason, location } => RenderingFact {
            status: "not-checked".to_owned(),
            reason: reason.clone(),
            origin: location.map_or(version, |location| origins.add(location)),
            ..RenderingFact::default()
        },
    }
}

/// The application's repository has a tag for a version, with `v` before it or without.
fn is_tagged(version: &str, application: Option<&[String]>) -> &'static str {
    let Some(tags) = application.filter(|_| !version.is_empty()) else {
        return "unknown";
    };
    let plain = version.strip_prefix('v').unwrap_or(version);
    let is_it = |tag: &String| tag == version || tag.strip_prefix('v').unwrap_or(tag) == plain;
    if tags.iter().any(is_it) { "yes" } else { "no" }
}

/// The tag of the same image at the previous release: of the same key, else of the same repository.
fn previous_tag(chart: &Chart, carrier: &Image) -> String {
    let images = &chart.previous_images;
    images
        .iter()
        .find(|image| image.key == carrier.key)
        .or_else(|| {
            images
                .iter()
                .find(|image| image.repository == carrier.repository)
        })
        .map(|image| image.tag.clone())
        .unwrap_or_default()
}

fn dependencies(state: &ChartState, origins: &mut Origins) -> Vec<DependencyFact> {
    let Some(file) = &state.file else {
        return Vec::new();
    };
    state
        .metadata
        .dependencies
        .iter()
        .map(|dependency| DependencyFact {
            name: dependency.name.clone(),
            version: dependency.version.clone(),
            repository: without_credentials(&dependency.repository),
            alias: dependency.alias.clone(),
            origin: origins.add(file.at(dependency.span)),
        })
        .collect()
}

fn image_fact(image: &Image, origins: &mut Origins) -> ImageFact {
    ImageFact {
        path: image.path.clone(),
        key: image.key.clone(),
        repository: without_credentials(&image.repository),
        tag: image.tag.clone(),
        digest: image.digest.clone(),
        source: image.source.as_str().to_owned(),
        resolved: image.resolved,
        origin: origins.add(image.location),
    }
}

/// The step between two versions, which may have a `v`; empty when one of them is not SemVer.
fn step_word(from: &str, to: &str) -> String {
    let parse = |text: &str| Version::parse(text.strip_prefix('v').unwrap_or(text));
    let (Some(from), Some(to)) = (parse(from), parse(to)) else {
        return String::new();
    };
    if to.release_order(&from).is_lt() {
        return "down".to_owned();
    }
    step(&from, &to).release_type.as_str().to_owned()
}
