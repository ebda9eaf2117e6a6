//! The Helm charts of a repository at the previous release and at the subject, read as Helm reads them.
//!
//! ```text
//!  discovery ──► Chart.yaml, values ──► survey ──► facts, rules
//!  (listing)     (yaml, Helm's rules)     ├─► package (what differs in what Helm would pack)
//!                                         └─► images (which image is deployed by default)
//! ```

mod commands;
mod discovery;
mod file;
mod images;
mod lock;
mod manifests;
mod metadata;
mod package;
mod reads;
mod reference;
mod release_image;
mod render;
mod schema;
mod strategy;
mod templates;

use std::collections::{BTreeMap, BTreeSet};

use crate::discover::{Reader, Snapshot, join};
use crate::source::Location;
use crate::syntax::yaml::{Data, KeyPath, PathPart, Value};
use commands::Commands;
pub use commands::SetKey;
use file::KnownFiles;
pub use file::YamlFile;
pub use images::{Image, TagSource};
pub use lock::lock_digest;
pub use manifests::{Manifest, Strategy, TemplateDefect};
pub use metadata::{Dependency, Field, Metadata, field};
pub use reads::{IsRead, Reads};
pub use reference::Reference;
pub use release_image::release_image;
pub use render::{Helm, Rendering, render};
pub use schema::{SchemaDefect, ValuesSchema, derive as derive_schema};
pub use strategy::update_strategy;
pub use templates::{Fallback, GLOBAL_TAGS, Templates};

/// What the configuration says about one chart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChartSettings {
    /// The directory that holds `Chart.yaml`, from the root of the repository; empty for the root itself.
    pub path: String,
    /// The dotted key of the image tag that carries the release, if it is said.
    pub image_tag: Option<String>,
    /// The values files in the order in which they override each other; the chart's own `values.yaml` when empty.
    pub values: Vec<String>,
}

/// The charts before and after.
#[derive(Debug, Clone, Default)]
pub struct ChartSurvey {
    /// What the state before is called; empty without a previous release.
    pub previous_label: String,
    /// The charts of the subject, sorted by directory.
    pub charts: Vec<Chart>,
    /// The charts that are gone, sorted by directory.
    pub removed: Vec<RemovedChart>,
}

/// A chart of the state before that is not one of the subject, also not at another place.
#[derive(Debug, Clone)]
pub struct RemovedChart {
    /// As it was.
    pub state: ChartState,
    /// Its values or a template, where they are still there without a `Chart.yaml`: what nothing reads any more.
    pub left_behind: Option<String>,
}

/// A chart of the subject.
#[derive(Debug, Clone)]
pub struct Chart {
    /// As it is.
    pub state: ChartState,
    /// As it was at the previous release; `None` for a new chart.
    pub previous: Option<ChartState>,
    /// A file that Helm packs differs between the two; a new chart has changed.
    pub changed: bool,
    /// The images that its values name, in the order of the values.
    pub images: Vec<Image>,
    /// The same at the previous release.
    pub previous_images: Vec<Image>,
    /// The dotted key of the image tag that carries the release, if the configuration says it.
    pub image_tag: Option<String>,
    /// Which values its templates read; unknown for a chart that did not change.
    pub reads: Reads,
    /// The same at the previous release.
    pub previous_reads: Reads,
    /// What its templates make; empty for a chart that did not change.
    pub manifests: Vec<Manifest>,
    /// The same at the previous release.
    pub previous_manifests: Vec<Manifest>,
    /// What Helm makes of it, where that was asked for.
    pub rendering: Rendering,
    /// What is wrong with its templates.
    pub template_defects: Vec<(Location, TemplateDefect)>,
    /// The keys that documents of the repository tell people to set.
    pub set_keys: Vec<SetKey>,
}

/// A chart at one revision.
#[derive(Debug, Clone)]
pub struct ChartState {
    /// Its directory; empty for the root.
    pub directory: String,
    /// `Chart.yaml`; `None` when it could not be read as a text.
    pub file: Option<YamlFile>,
    /// What `Chart.yaml` says.
    pub metadata: Metadata,
    /// The values files that could be read, in the order in which they override each other.
    pub values: Vec<YamlFile>,
    /// What its templates mention; looked at only when an image needs it.
    pub templates: Templates,
    /// `Chart.lock`.
    pub lock: Option<YamlFile>,
    /// `values.schema.json`.
    pub schema: Option<ValuesSchema>,
    /// The keys that comments of its values files show as examples (`# key: value`).
    pub commented_keys: BTreeSet<String>,
}

impl Chart {
    /// What an upgrade puts into the cluster: as Helm rendered it, else as far as it stands in the templates as text.
    pub fn objects(&self) -> &[Manifest] {
        match &self.rendering {
            Rendering::Done { objects, .. } => objects,
            _ => &self.manifests,
        }
    }

    /// The same at the previous release, read the same way; `None` when it could not be.
    pub fn previous_objects(&self) -> Option<&[Manifest]> {
        match &self.rendering {
            Rendering::Done { previous, .. } => previous.as_deref(),
            _ => Some(&self.previous_manifests),
        }
    }

    /// Somebody who sets this key reaches something: the values define it or leave it open, a template reads it, the schema
    /// or a comment describes it, or it belongs to another chart.
    pub fn knows_key(&self, key: &KeyPath) -> bool {
        let state = &self.state;
        let (Some(PathPart::Key(first)), Some(last)) = (key.parts().first(), key.parts().last())
        else {
            return true;
        };
        let is_elsewhere = first == "global"
            || state
                .metadata
                .dependencies
                .iter()
                .any(|dependency| dependency.name == *first || dependency.alias == *first);
        let is_commented =
            matches!(last, PathPart::Key(last) if state.commented_keys.contains(last));
        let broken =
            state.values.is_empty() || state.values.iter().any(|file| !file.errors.is_empty());
        is_elsewhere
            || broken
            || is_commented
            || state
                .schema
                .as_ref()
                .is_some_and(|schema| schema.describes(key))
            || state.has_key(key)
            || self.reads.of(key) != IsRead::No
    }
}

/// The values have the key, or leave open what stands around it.
fn is_settable(value: &Value, key: &KeyPath) -> bool {
    let mut at = value;
    for (index, part) in key.parts().iter().enumerate() {
        let next = match (&at.data, part) {
            (Data::Map(map), PathPart::Key(_)) if map.entries().is_empty() => return index > 0,
            (Data::Map(map), PathPart::Key(key)) => map.get(key).map(|entry| &entry.value),
            // Lists are replaced as a whole, and scalars by what is set.
            (Data::Map(_), PathPart::Index(_)) => None,
            _ => return true,
        };
        match next {
            Some(next) => at = next,
            None => return false,
        }
    }
    true
}

impl ChartState {
    /// Its name: what `Chart.yaml` says, else the directory's last part.
    pub fn name(&self) -> &str {
        let written = self
            .metadata
            .name
            .as_ref()
            .map_or("", |name| name.text.as_str());
        if written.is_empty() {
            return self.directory.rsplit('/').next().unwrap_or("");
        }
        written
    }

    /// Its values have the key, or leave open what stands around it.
    fn has_key(&self, key: &KeyPath) -> bool {
        let mut values = self.values.iter().filter_map(|file| file.value.as_ref());
        values.any(|value| is_settable(value, key))
    }

    /// The path of its `Chart.yaml`.
    pub fn path(&self) -> String {
        join(&self.directory, discovery::CHART_FILE)
    }
}

/// Finds the charts of both states, reads them, and pairs them: by directory, and those that moved by name.
/// What cannot be read is noted in the reader's coverage.
pub fn survey(
    previous: Option<&Snapshot>,
    subject: &Snapshot,
    settings: &[ChartSettings],
    reader: &mut Reader<'_>,
) -> ChartSurvey {
    let nothing = Snapshot::default();
    let before = previous.unwrap_or(&nothing);
    let settings_now = discovery::find(subject, settings, Some(reader));
    let settings_before = discovery::find(before, settings, None);

    let mut known = KnownFiles::new();
    let old: Vec<ChartState> = settings_before
        .iter()
        .map(|settings| read(before, settings, reader, &mut known))
        .collect();
    let new: Vec<ChartState> = settings_now
        .iter()
        .map(|settings| read(subject, settings, reader, &mut known))
        .collect();
    drop(known);

    let directories: BTreeSet<String> = new.iter().map(|state| state.directory.clone()).collect();
    let mut commands = Commands::default();
    if !new.is_empty() {
        for source in commands::documents(subject, reader) {
            commands.add(&reader.sources.get(source).text, source);
        }
    }
    let mut old = Old::new(old);
    let mut charts = Vec::with_capacity(new.len());
    for (state, settings) in new.into_iter().zip(&settings_now) {
        let previous_state = old.take(&state, &directories);
        let changed = previous_state.as_ref().is_none_or(|old_state| {
            package::differs(
                before,
                &old_state.directory,
                subject,
                &state.directory,
                reader,
            )
        });
        if changed {
            for file in previous_state.iter().flat_map(|state| &state.values) {
                if file.damaged {
                    let reason = format!("at {} it is no YAML: not compared with it", before.label);
                    reader.coverage.skip(file.path.as_str(), reason);
                }
            }
        }
        let images = images::find(&state);
        let previous_images = previous_state
            .as_ref()
            .map(images::find)
            .unwrap_or_default();
        let mut set_keys = commands.keys_of(state.name());
        for set_key in &mut set_keys {
            set_key.was_known = previous_state
                .iter()
                .any(|state| state.has_key(&set_key.key));
        }
        let of_templates = if changed || !set_keys.is_empty() {
            reads::read(subject, &state, reader)
        } else {
            reads::OfTemplates::unknown()
        };
        let of_previous = match &previous_state {
            Some(old_state) if changed => reads::read(before, old_state, reader),
            _ => reads::OfTemplates::unknown(),
        };
        charts.push(Chart {
            state,
            previous: previous_state,
            changed,
            images,
            previous_images,
            image_tag: settings.image_tag.clone(),
            reads: of_templates.reads,
            previous_reads: of_previous.reads,
            manifests: of_templates.manifests,
            rendering: Rendering::NotAsked,
            previous_manifests: of_previous.manifests,
            template_defects: of_templates.defects,
            set_keys,
        });
    }
    ChartSurvey {
        previous_label: before.label.clone(),
        charts,
        removed: old
            .rest()
            .into_iter()
            .map(|state| RemovedChart {
                left_behind: left_behind(subject, &state),
                state,
            })
            .collect(),
    }
}

/// What is still there of a chart whose `Chart.yaml` is gone: its values, else a template.
fn left_behind(subject: &Snapshot, state: &ChartState) -> Option<String> {
    if subject.get(&state.path()).is_some() {
        return None;
    }
    let values = join(&state.directory, "values.yaml");
    if subject.get(&values).is_some() {
        return Some(values);
    }
    let templates = join(&state.directory, "templates");
    let mut below = subject.below(&templates);
    below.next().map(|(path, _)| path.to_owned())
}

/// The charts of the state before that have not been paired.
struct Old {
    states: Vec<Option<ChartState>>,
    by_directory: BTreeMap<String, usize>,
    by_name: BTreeMap<String, Vec<usize>>,
}

impl Old {
    fn new(states: Vec<ChartState>) -> Self {
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, state) in states.iter().enumerate() {
            by_name
                .entry(state.name().to_owned())
                .or_default()
                .push(index);
        }
        let directories = states.iter().enumerate();
        Self {
            by_directory: directories
                .map(|(index, state)| (state.directory.clone(), index))
                .collect(),
            by_name,
            states: states.into_iter().map(Some).collect(),
        }
    }

    /// The state before of a chart: the one in its directory, else the only one of its name whose directory is gone.
    fn take(&mut self, state: &ChartState, directories: &BTreeSet<String>) -> Option<ChartState> {
        let index = match self.by_directory.get(&state.directory) {
            Some(&index) => index,
            None => {
                let is_gone = |index: &&usize| {
                    let old = self.states.get(**index).and_then(Option::as_ref);
                    old.is_some_and(|old| !directories.contains(&old.directory))
                };
                let mut moved = self.by_name.get(state.name())?.iter().filter(is_gone);
                let (Some(&index), None) = (moved.next(), moved.next()) else {
                    return None;
                };
                index
            }
        };
        self.states.get_mut(index)?.take()
    }

    fn rest(self) -> Vec<ChartState> {
        self.states.into_iter().flatten().collect()
    }
}

fn read(
    snapshot: &Snapshot,
    settings: &ChartSettings,
    reader: &mut Reader<'_>,
    known: &mut KnownFiles,
) -> ChartState {
    let mut file = |path: &str| YamlFile::read(snapshot, path, reader, known);
    let lock = file(&join(&settings.path, "Chart.lock"));
    let chart = file(&join(&settings.path, discovery::CHART_FILE));
    let metadata = chart.as_ref().map(Metadata::read).unwrap_or_default();
    let own_values = join(&settings.path, "values.yaml");
    let paths = if settings.values.is_empty() {
        std::slice::from_ref(&own_values)
    } else {
        &settings.values
    };
    let values: Vec<YamlFile> = paths.iter().filter_map(|path| file(path)).collect();
    let commented_keys = values
        .iter()
        .flat_map(|file| commented_keys(&reader.sources.get(file.source).text))
        .collect();
    let templates = if images::wants_fallback(&values) {
        Templates::read(snapshot, &settings.path, reader)
    } else {
        Templates::default()
    };
    ChartState {
        directory: settings.path.clone(),
        file: chart,
        metadata,
        values,
        templates,
        lock,
        schema: ValuesSchema::read(snapshot, &settings.path, reader),
        commented_keys,
    }
}

/// The keys of lines such as `# storageClass: "-"` and `## @param image.tag …`.
fn commented_keys(text: &str) -> BTreeSet<String> {
    text.split('\n')
        .filter_map(|line| line.trim_start().strip_prefix('#'))
        .flat_map(|comment| {
            let comment = comment.trim_start_matches(['#', ' ', '-', '\t']);
            let parameter = comment
                .strip_prefix("@param ")
                .and_then(|rest| rest.split_whitespace().next());
            let key = comment.split_once(':').map(|(key, _)| key.trim_end());
            [parameter.and_then(|key| key.rsplit('.').next()), key]
        })
        .flatten()
        .filter(|key| !key.is_empty() && !key.contains(char::is_whitespace))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests;
