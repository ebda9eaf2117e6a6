//! What `helm template` makes of a chart, where somebody asks for it: deploy safety by the real thing instead of by reading
//! the templates' text. Nothing that Helm writes is kept but what [`Manifest`] has, so that no value of it reaches a report.

mod objects;
mod program;

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::discover::{Reader, Snapshot, join};
use crate::source::{Location, Span};

use super::{Chart, ChartState, ChartSurvey, Manifest};
pub use program::Helm;

/// More bytes of one chart are not handed to Helm.
const MAX_CHART_BYTES: u64 = 64 * 1024 * 1024;
/// More files of one chart are not handed to Helm.
const MAX_CHART_FILES: usize = 10_000;
/// The file that Helm validates values by. relgate validates them itself, and references in it would go to the network.
const SCHEMA: &str = "values.schema.json";

/// What rendering a chart gave.
#[derive(Debug, Clone, Default)]
pub enum Rendering {
    /// Nobody asked, or the chart did not change.
    #[default]
    NotAsked,
    /// Helm rendered it with the values that are configured for it, else its own.
    Done {
        /// What it makes, with the charts that it brings along.
        objects: Vec<Manifest>,
        /// The same at the previous release; `None` where that could not be rendered, or is not there.
        previous: Option<Vec<Manifest>>,
        /// Helm's version.
        helm: String,
    },
    /// It could not be rendered: what depends on it is not checked.
    NotChecked {
        /// Why, as a phrase.
        reason: String,
        /// Where, if Helm says it.
        location: Option<Location>,
    },
}

/// Why Helm rendered nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refusal {
    reason: String,
    location: Option<Location>,
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self {
            reason,
            location: None,
        }
    }
}

/// Renders the charts that changed, at both states. What Helm makes of a chart is the same whenever it is asked, but for what
/// templates draw by lot (`randAlphaNum`).
pub fn render(
    survey: &mut ChartSurvey,
    previous: Option<&Snapshot>,
    subject: &Snapshot,
    helm: &Helm,
    reader: &mut Reader<'_>,
) {
    for chart in &mut survey.charts {
        if !chart.changed || chart.state.metadata.kind() == "library" {
            continue;
        }
        chart.rendering = match one(&chart.state, subject, helm, reader) {
            Ok(objects) => Rendering::Done {
                objects,
                previous: before(chart, previous, helm, reader),
                helm: helm.version().to_owned(),
            },
            Err(refusal) => {
                let directory = chart.state.path();
                reader
                    .coverage
                    .skip(directory, format!("not rendered: {}", refusal.reason));
                Rendering::NotChecked {
                    reason: refusal.reason,
                    location: refusal.location,
                }
            }
        };
    }
}

/// What the chart made at the previous release.
fn before(
    chart: &Chart,
    previous: Option<&Snapshot>,
    helm: &Helm,
    reader: &mut Reader<'_>,
) -> Option<Vec<Manifest>> {
    let (state, snapshot) = (chart.previous.as_ref()?, previous?);
    match one(state, snapshot, helm, reader) {
        Ok(objects) => Some(objects),
        Err(refusal) => {
            let reason = format!("not rendered at {}: {}", snapshot.label, refusal.reason);
            reader.coverage.skip(state.path(), reason);
            None
        }
    }
}

fn one(
    state: &ChartState,
    snapshot: &Snapshot,
    helm: &Helm,
    reader: &mut Reader<'_>,
) -> Result<Vec<Manifest>, Refusal> {
    let Some(file) = &state.file else {
        return Err("Chart.yaml cannot be read".to_owned().into());
    };
    let private = tempfile::Builder::new()
        .prefix("relgate-helm-")
        .tempdir()
        .map_err(|error| format!("no private directory for Helm can be made: {error}"))?;
    let values = export(state, snapshot, private.path(), reader)?;
    let place = |path: &str, reader: &mut Reader<'_>| {
        // What a packed dependency makes has no file here: it came with the chart.
        let path = path.split_once('/').map_or(path, |(_, inside)| inside);
        let source = reader.read(snapshot, &join(&state.directory, path));
        Location {
            source: source.unwrap_or(file.source),
            span: Span::default(),
        }
    };
    match helm.template(private.path(), &values)? {
        Ok(text) => {
            let made = objects::read(&text, |path| {
                let location = place(path, reader);
                (reader.sources.get(location.source).path.clone(), location)
            })?;
            if made.is_empty() && has_templates(state, snapshot) {
                let reason = "Helm makes nothing of the templates with these values; name values under `charts` in \
                              relgate.yaml with which it does";
                return Err(reason.to_owned().into());
            }
            Ok(made)
        }
        Err(said) => {
            let known = program::refusal(&said);
            let location = known.place.map(|(path, line)| {
                let mut location = place(&path, reader);
                let file = reader.sources.get(location.source);
                location.span = line_span(&file.text, line);
                location
            });
            Err(Refusal {
                reason: known.reason,
                location,
            })
        }
    }
}

/// The bytes of a 1-based line without the white space around them.
fn line_span(text: &str, line: usize) -> Span {
    let mut start = 0;
    for (index, one) in text.split('\n').enumerate() {
        if index + 1 == line {
            let indent = one.len() - one.trim_start().len();
            return Span::new(start + indent, start + indent + one.trim().len());
        }
        start += one.len() + 1;
    }
    Span::default()
}

/// Writes the chart below `directory`, and the values files that are not its own `values.yaml`; their paths, in the order in
/// which they override each other.
fn export(
    state: &ChartState,
    snapshot: &Snapshot,
    directory: &Path,
    reader: &mut Reader<'_>,
) -> Result<Vec<PathBuf>, Refusal> {
    let chart = directory.join("chart");
    let mut files = 0;
    let mut bytes = 0;
    let prefix = join(&state.directory, "");
    if let Some(unlisted) =
        (snapshot.not_listed.iter()).find(|unlisted| unlisted.path.starts_with(&prefix))
    {
        let reason = format!(
            "{} cannot be handed to Helm: {}",
            unlisted.path, unlisted.reason
        );
        return Err(reason.into());
    }
    let failed = |error: std::io::Error| format!("the chart cannot be written for Helm: {error}");
    let paths: Vec<String> = snapshot
        .below(&state.directory)
        .map(|(path, _)| path.to_owned())
        .collect();
    for path in paths {
        let inside = path
            .strip_prefix(&state.directory)
            .unwrap_or(&path)
            .trim_start_matches('/');
        if inside.rsplit('/').next() == Some(SCHEMA) || !is_inside(inside) {
            continue;
        }
        // Helm follows links, and makes something else of a chart that lacks a file.
        let content = reader
            .bytes(snapshot, &path)
            .map_err(|why| format!("{path} cannot be handed to Helm: {why}"))?;
        files += 1;
        bytes += content.len() as u64;
        if files > MAX_CHART_FILES || bytes > MAX_CHART_BYTES {
            let reason = format!(
                "the chart has more than {MAX_CHART_FILES} files, or {MAX_CHART_BYTES} bytes"
            );
            return Err(reason.into());
        }
        let target = chart.join(inside);
        let parent = target.parent().unwrap_or(&chart);
        fs::create_dir_all(parent).map_err(failed)?;
        fs::write(&target, content).map_err(failed)?;
    }
    let own = join(&state.directory, "values.yaml");
    let mut values = Vec::new();
    for (index, file) in state.values.iter().enumerate() {
        if state.values.len() == 1 && file.path == own {
            continue;
        }
        let target = directory.join(format!("values-{index}.yaml"));
        let text = reader.sources.get(file.source).text.clone();
        fs::write(&target, text.as_bytes()).map_err(failed)?;
        values.push(target);
    }
    Ok(values)
}

/// The chart, or one that it brings along, has something that Helm could make an object of.
fn has_templates(state: &ChartState, snapshot: &Snapshot) -> bool {
    snapshot.below(&state.directory).any(|(path, _)| {
        let inside = path.strip_prefix(&state.directory).unwrap_or(path);
        let inside = inside.trim_start_matches('/');
        let mut parts = inside.rsplit('/');
        let name = parts.next().unwrap_or("");
        let is_template = parts.any(|part| part == "templates")
            && !inside.contains("templates/tests/")
            && !name.starts_with('_')
            && name != "NOTES.txt";
        is_template || (inside.starts_with("charts/") && name.ends_with(".tgz"))
    })
}

/// A path that stays below the directory that it is joined to.
fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests;
