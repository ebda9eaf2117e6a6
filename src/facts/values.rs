//! What changed in the charts' values since the previous release. Keys and types, never scalar values.

mod compare;
mod renames;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Origin, Origins};
use crate::charts::{Chart, ChartState, ChartSurvey, IsRead, YamlFile};
use crate::source::Location;
use crate::syntax::yaml::{Data, KeyPath, PathPart, Value};
use crate::version::Version;
use compare::{Change, Difference};

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
    /// Values files of charts that changed whose keys at the previous release are not known: they were no YAML.
    pub not_compared: Vec<NotComparedFact>,
    /// Charts that are gone since the previous release, with all of their values; one that moved is not.
    pub removed_charts: Vec<RemovedChartFact>,
}

/// A chart of the previous release that is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct RemovedChartFact {
    /// The chart's name.
    pub chart: String,
    /// The directory that held it.
    pub directory: String,
    /// The path of its `Chart.yaml`.
    pub path: String,
    /// Its version at the previous release, as Helm read it.
    pub version: String,
    /// Its values or a template, where they are still there without `Chart.yaml`; else empty.
    pub left_behind: String,
    /// The chart was below 1.0.0 at the previous release.
    pub chart_below_one: bool,
    /// The place of its version in the previous release.
    pub origin: Origin,
}

/// A values file that was not compared with the previous release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct NotComparedFact {
    /// The chart's name.
    pub chart: String,
    /// The chart's directory.
    pub directory: String,
    /// The values file.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
    /// The place in the previous release.
    pub origin: Origin,
}

/// One key of a chart's values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ValueFact {
    /// The chart's name.
    pub chart: String,
    /// The chart's directory.
    pub directory: String,
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
    /// One side is free-form (`{}`, `[]`, `""` or null; of an added or removed key, the map around it), so that the
    /// change may be one of an example.
    pub free_form: bool,
    /// The templates of the previous release read the key (of a moved one, where it was), or a part of it: `yes`, `no`,
    /// `refused` (they fail when it is set), `unknown`.
    pub was_read: String,
    /// The templates read it still, at the key of the previous release: `yes`, `no`, `refused`, `unknown`.
    pub is_read: String,
    /// It stands below the name of a chart that this one brought along before, or is `global` for such: the option was there.
    pub of_dependency: bool,
    /// It is the tag or the digest of an image, whose default is expected to change.
    pub image: bool,
    /// The chart was below 1.0.0 at the previous release.
    pub chart_below_one: bool,
    /// The place (of a removed key: in the previous release).
    pub origin: Origin,
}

/// The differences of all charts that were there before, sorted by chart, file and key. A new chart has nothing that could
/// break, and of one that is gone no single key is told.
pub fn collect(survey: &ChartSurvey, origins: &mut Origins) -> ValuesFacts {
    let mut facts = ValuesFacts {
        removed_charts: removed_charts(survey, origins),
        ..ValuesFacts::default()
    };
    for chart in &survey.charts {
        let Some(previous) = &chart.previous else {
            continue;
        };
        let of_chart = OfChart {
            chart,
            below_one: is_below_one(previous),
            image_keys: image_keys(chart),
        };
        for (old, new) in paired_files(previous, &chart.state) {
            if let Some((file, error)) = old
                .filter(|file| file.damaged && chart.changed)
                .and_then(|file| file.errors.first().map(|error| (file, error)))
            {
                facts.not_compared.push(NotComparedFact {
                    chart: chart.state.name().to_owned(),
                    directory: chart.state.directory.clone(),
                    path: file.path.clone(),
                    message: error.message.clone(),
                    origin: origins.add(file.at(error.span)),
                });
            }
            for difference in differences(old, new) {
                let fact = fact(&of_chart, old, new, &difference, origins);
                match difference.change {
                    Change::Added => facts.added.push(fact),
                    Change::Removed => facts.removed.push(fact),
                    Change::Renamed => facts.renamed.push(fact),
                    Change::Retyped => facts.retyped.push(fact),
                    Change::Changed => facts.changed.push(fact),
                }
            }
        }
    }
    facts
}

fn removed_charts(survey: &ChartSurvey, origins: &mut Origins) -> Vec<RemovedChartFact> {
    let removed = survey.removed.iter().map(|removed| {
        let state = &removed.state;
        let origin = state.file.as_ref().map(|file| {
            let version = state.metadata.version.as_ref();
            origins.add(file.at(version.map(|field| field.span).unwrap_or_default()))
        });
        RemovedChartFact {
            chart: state.name().to_owned(),
            directory: state.directory.clone(),
            path: state.path(),
            version: state.metadata.version_text().to_owned(),
            left_behind: removed.left_behind.clone().unwrap_or_default(),
            chart_below_one: is_below_one(state),
            origin: origin.unwrap_or_default(),
        }
    });
    removed.collect()
}

/// Files of the two states that are the same one: by their place in the chart, or by their path outside of it.
fn paired_files<'c>(
    previous: &'c ChartState,
    now: &'c ChartState,
) -> Vec<(Option<&'c YamlFile>, Option<&'c YamlFile>)> {
    let place = |state: &ChartState, file: &YamlFile| {
        let inside = file.path.strip_prefix(&state.directory);
        inside.map_or_else(
            || format!("/{}", file.path),
            |rest| rest.trim_start_matches('/').to_owned(),
        )
    };
    let mut pairs: Vec<(String, Option<&YamlFile>, Option<&YamlFile>)> = now
        .values
        .iter()
        .map(|file| (place(now, file), None, Some(file)))
        .collect();
    for file in &previous.values {
        let place = place(previous, file);
        match pairs.iter_mut().find(|(known, ..)| *known == place) {
            Some((_, old, _)) => *old = Some(file),
            None => pairs.push((place, Some(file), None)),
        }
    }
    pairs.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    pairs.into_iter().map(|(_, old, new)| (old, new)).collect()
}

/// A file that is not there, or that Helm refuses, is told by findings; comparing with it would tell of every key. An old one
/// that is YAML, and that Helm refuses for something in it, has its keys all the same.
fn differences(old: Option<&YamlFile>, new: Option<&YamlFile>) -> Vec<Difference> {
    if old.is_some_and(|file| file.damaged) || new.is_some_and(|file| !file.errors.is_empty()) {
        return Vec::new();
    }
    let nothing = Value::empty_map();
    let value = |file: Option<&YamlFile>| {
        file.and_then(|file| file.value.clone())
            .filter(|value| value.as_map().is_some())
            .unwrap_or_else(|| nothing.clone())
    };
    compare::compare(&value(old), &value(new))
}

/// A chart, and what is known of it for all its keys.
struct OfChart<'c> {
    chart: &'c Chart,
    below_one: bool,
    /// The keys of tags and digests of images.
    image_keys: BTreeSet<&'c str>,
}

fn fact(
    of_chart: &OfChart<'_>,
    old: Option<&YamlFile>,
    new: Option<&YamlFile>,
    difference: &Difference,
    origins: &mut Origins,
) -> ValueFact {
    let chart = of_chart.chart;
    let file = if difference.change == Change::Removed {
        old
    } else {
        new
    };
    let location: Option<Location> = file.map(|file| file.at(difference.span));
    let key_before = difference
        .previous_path
        .as_ref()
        .unwrap_or(&difference.path);
    let key = difference.path.to_string();
    let kind = |data: &Option<Data>| data.as_ref().map_or("", Data::kind).to_owned();
    ValueFact {
        chart: chart.state.name().to_owned(),
        directory: chart.state.directory.clone(),
        path: new
            .or(old)
            .map(|file| file.path.clone())
            .unwrap_or_default(),
        of_dependency: is_of_dependency(chart, &difference.path),
        image: of_chart.image_keys.contains(key.as_str()),
        key,
        previous_key: difference
            .previous_path
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        kind: kind(&difference.new),
        previous_type: kind(&difference.old),
        free_form: difference.free_form,
        was_read: chart.previous_reads.of(key_before).as_str().to_owned(),
        is_read: chart.reads.of(key_before).as_str().to_owned(),
        chart_below_one: of_chart.below_one,
        origin: location
            .map(|location| origins.add(location))
            .unwrap_or_default(),
    }
}

fn is_of_dependency(chart: &Chart, path: &KeyPath) -> bool {
    let Some(PathPart::Key(first)) = path.parts().first() else {
        return false;
    };
    let Some(previous) = &chart.previous else {
        return false;
    };
    let mut dependencies = previous.metadata.dependencies.iter();
    if first == "global" {
        return dependencies.next().is_some() && chart.reads.of(path) != IsRead::Yes;
    }
    dependencies.any(|dependency| {
        let name = match dependency.alias.as_str() {
            "" => &dependency.name,
            alias => alias,
        };
        name == first
    })
}

fn image_keys(chart: &Chart) -> BTreeSet<&str> {
    let images = chart.images.iter().chain(&chart.previous_images);
    images
        .flat_map(|image| [image.key.as_str(), image.digest_key.as_str()])
        .chain(chart.image_tag.as_deref())
        .chain(crate::charts::GLOBAL_TAGS)
        .collect()
}

/// Values of a chart below 1.0.0 may break in a minor release; what counts is what people upgrade from.
fn is_below_one(previous: &ChartState) -> bool {
    let version = previous.metadata.version_text();
    Version::parse(version.strip_prefix('v').unwrap_or(version))
        .is_some_and(|version| version.major() == 0)
}

#[cfg(test)]
mod tests;
