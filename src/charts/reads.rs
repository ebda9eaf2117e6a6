//! Which keys of the values a chart's templates read, without rendering anything.
//!
//! The templates are followed with places instead of values: `.Values.a.b` is the place `a.b`, `with`, `range`, variables
//! and the arguments of `include` carry places along, and what a function does with a place decides whether the key is
//! printed, or only asked for. What cannot be followed makes the answer unknown, never no.

mod abstraction;
mod functions;
mod interpreter;
mod trie;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::discover::{Reader, Snapshot, join};
use crate::source::{Location, SourceId};
use crate::syntax::SyntaxError;
use crate::syntax::template::{self, Template};
use crate::syntax::yaml::{Data, KeyPath, Value};

use super::manifests::{self, Manifest, TemplateDefect};
use super::{ChartState, YamlFile};
pub(super) use abstraction::Part;
use interpreter::Interpreter;
use trie::Trie;

/// What the templates of a chart do with its values.
#[derive(Debug, Clone, Default)]
pub struct Reads {
    /// The keys that are read.
    read: Trie,
    /// The keys that a template fails for when they are set.
    refused: BTreeSet<Vec<Part>>,
    /// The keys that are asked for before they are used: they may be absent.
    tested: BTreeSet<Vec<Part>>,
    /// The keys that a template sets itself.
    assigned: BTreeSet<Vec<Part>>,
    /// The keys that are printed, and the first place that does.
    printed: BTreeMap<Vec<Part>, Location>,
    /// The keys at which the values of other charts stand, whose templates are not here.
    foreign: BTreeSet<String>,
    /// Something could not be followed, so that a key that was not seen may be read all the same.
    pub incomplete: bool,
}

/// Whether a key is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IsRead {
    /// A template reads it, or a part of it.
    Yes,
    /// No template does.
    No,
    /// A template fails when it is set.
    Refused,
    /// It cannot be told.
    Unknown,
}

impl IsRead {
    /// The word that facts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// What is learnt from a chart's templates.
#[derive(Debug, Default)]
pub(super) struct OfTemplates {
    pub(super) reads: Reads,
    pub(super) manifests: Vec<Manifest>,
    pub(super) defects: Vec<(Location, TemplateDefect)>,
}

impl OfTemplates {
    /// Nothing was looked at.
    pub(super) fn unknown() -> Self {
        let reads = Reads {
            incomplete: true,
            ..Reads::default()
        };
        Self {
            reads,
            ..Self::default()
        }
    }
}

impl Reads {
    /// Whether the templates read the value at a path, or a part of it.
    pub fn of(&self, path: &KeyPath) -> IsRead {
        let parts: Vec<Part> = path.parts().iter().map(Part::from).collect();
        if self.read.reads(&parts) {
            return IsRead::Yes;
        }
        if self.refused.contains(&parts) {
            return IsRead::Refused;
        }
        let is_foreign = match parts.first() {
            Some(Part::Key(first)) => {
                self.foreign.contains(&**first)
                    || (&**first == "global" && !self.foreign.is_empty())
            }
            _ => false,
        };
        if self.incomplete || is_foreign {
            IsRead::Unknown
        } else {
            IsRead::No
        }
    }

    /// The keys that templates read below a path; `None` where that is not all that may stand there.
    pub(super) fn keys_below(&self, path: &[Part]) -> Option<BTreeSet<Arc<str>>> {
        (!self.incomplete).then(|| self.read.keys_below(path))?
    }

    /// The keys that templates print and that the values never define, with the place of the first reading. Keys that are
    /// asked for somewhere are options that need no default, and what stands below `{}`, `[]`, `""` and null is open.
    pub fn undefined(
        &self,
        values: &Value,
        documented: &dyn Fn(&[&str]) -> bool,
    ) -> Vec<(String, Location)> {
        let mut found = BTreeMap::new();
        for (path, location) in &self.printed {
            let Some(missing) = missing_prefix(path, values) else {
                continue;
            };
            let prefix = path.get(..missing).unwrap_or(path);
            let keys: Vec<&str> = prefix.iter().filter_map(Part::key).collect();
            let is_option = (missing..=path.len()).any(|end| {
                path.get(..end)
                    .is_some_and(|part| self.tested.contains(part))
            });
            let is_set = (0..=path.len()).any(|end| {
                let mut set: Vec<Part> = path.get(..end).unwrap_or(path).to_vec();
                let here = self.assigned.contains(&set);
                set.push(Part::Any);
                here || self.assigned.contains(&set)
            });
            let is_elsewhere = keys
                .first()
                .is_some_and(|first| *first == "global" || self.foreign.contains(*first));
            if is_option || is_set || is_elsewhere || keys.len() < prefix.len() || documented(&keys)
            {
                continue;
            }
            let name = keys
                .iter()
                .fold(KeyPath::default(), |path, key| path.key(key))
                .to_string();
            found.entry(name).or_insert(*location);
        }
        found.into_iter().collect()
    }
}

/// How long the shortest prefix of a path is that the values do not define; `None` when they do, or leave it open.
fn missing_prefix(path: &[Part], values: &Value) -> Option<usize> {
    let mut at = values;
    for (index, part) in path.iter().enumerate() {
        let Part::Key(key) = part else {
            return None;
        };
        let Data::Map(map) = &at.data else {
            return None;
        };
        if map.entries().is_empty() && index > 0 {
            return None;
        }
        match map.get(key) {
            Some(entry) => at = &entry.value,
            None => return Some(index + 1),
        }
    }
    None
}

/// Follows all templates of a chart, and those of the charts in its `charts/`; of its own, what they make is kept too.
pub(super) fn read(
    snapshot: &Snapshot,
    state: &ChartState,
    reader: &mut Reader<'_>,
) -> OfTemplates {
    let mut files = Files {
        values: state.values.first().and_then(|file| file.value.clone()),
        ..Files::default()
    };
    files.add(snapshot, &state.directory, &[], reader);
    let vendored = add_vendored(snapshot, state, reader, &mut files);
    let expanded = if files.expands_files {
        expanded(snapshot, &state.directory, reader)
    } else {
        Vec::new()
    };
    let in_values = in_values(&state.values);
    let mut interpreter = Interpreter::new(files.incomplete);
    for file in &files.files {
        interpreter.define(file.source, &file.template);
    }
    for file in &files.files {
        interpreter.file(
            file.source,
            &file.template,
            &file.prefix,
            file.prefix.is_empty(),
        );
    }
    for (source, template) in in_values.iter().chain(&expanded) {
        interpreter.file(*source, template, &[], false);
    }
    let mut reads = interpreter.finish();
    // Helm itself reads what turns dependencies on and off.
    for dependency in &state.metadata.dependencies {
        for condition in dependency.condition.split(',') {
            let path: Vec<Part> = KeyPath::parse(condition.trim())
                .parts()
                .iter()
                .map(Part::from)
                .collect();
            reads.read.add(&path, false);
        }
        reads.read.add(&[Part::from("tags")], true);
        let name = if dependency.alias.is_empty() {
            &dependency.name
        } else {
            &dependency.alias
        };
        if !vendored.contains(&dependency.name) {
            reads.foreign.insert(name.clone());
        }
    }
    OfTemplates {
        reads,
        manifests: files.manifests,
        defects: files.defects,
    }
}

/// A template, and at which key the values of its chart stand.
struct File {
    source: SourceId,
    template: Template,
    prefix: Vec<Part>,
}

#[derive(Default)]
#[allow(
    clippy::struct_field_names,
    reason = "the files of a chart are its files"
)]
struct Files {
    files: Vec<File>,
    incomplete: bool,
    /// A template expands other files of the chart (`tpl (.Files.Get …) .`).
    expands_files: bool,
    /// The chart's values, for what templates take from them by name.
    values: Option<Value>,
    manifests: Vec<Manifest>,
    defects: Vec<(Location, TemplateDefect)>,
}

impl Files {
    fn add(
        &mut self,
        snapshot: &Snapshot,
        directory: &str,
        prefix: &[Part],
        reader: &mut Reader<'_>,
    ) {
        let paths: Vec<String> = snapshot
            .below(&join(directory, "templates"))
            .map(|(path, _)| path.to_owned())
            .collect();
        for path in paths {
            let Some(source) = reader.read(snapshot, &path) else {
                self.incomplete = true;
                continue;
            };
            let text = reader.sources.get(source).text.clone();
            let parsed = template::parse(&text);
            if prefix.is_empty() {
                self.expands_files |= text.contains("tpl ") && text.contains(".Files.");
                self.own(&path, &text, source, &parsed.errors);
            }
            self.incomplete |= !parsed.errors.is_empty();
            self.files.push(File {
                source,
                template: parsed.value,
                prefix: prefix.to_vec(),
            });
        }
    }

    /// What a template of the chart itself makes, and what is wrong with it.
    fn own(&mut self, path: &str, text: &str, source: SourceId, errors: &[SyntaxError]) {
        let empty = Value::empty_map();
        let found = manifests::read(path, text, source, self.values.as_ref().unwrap_or(&empty));
        self.defects.extend(errors.iter().map(|error| {
            let location = Location {
                source,
                span: error.span,
            };
            (location, TemplateDefect::Syntax(error.message.clone()))
        }));
        self.defects
            .extend(manifests::defects(path, text, source, &found));
        self.manifests.extend(found);
    }
}

/// Adds the templates of the charts that stand in `charts/`, for each name under which the values of one stand; the names of
/// those charts.
fn add_vendored(
    snapshot: &Snapshot,
    state: &ChartState,
    reader: &mut Reader<'_>,
    files: &mut Files,
) -> BTreeSet<String> {
    let charts = join(&state.directory, "charts");
    let names: BTreeSet<String> = snapshot
        .below(&charts)
        .filter_map(|(path, _)| {
            path.strip_prefix(&charts)?
                .trim_start_matches('/')
                .split_once('/')
        })
        .filter(|(_, rest)| *rest == "Chart.yaml")
        .map(|(name, _)| name.to_owned())
        .collect();
    for name in &names {
        let mut aliases: Vec<&str> = state
            .metadata
            .dependencies
            .iter()
            .filter(|dependency| dependency.name == *name && !dependency.alias.is_empty())
            .map(|dependency| dependency.alias.as_str())
            .collect();
        let is_named = state
            .metadata
            .dependencies
            .iter()
            .any(|dependency| dependency.name == *name && dependency.alias.is_empty());
        if is_named || aliases.is_empty() {
            aliases.push(name);
        }
        for alias in aliases {
            files.add(
                snapshot,
                &format!("{charts}/{name}"),
                &[Part::from(alias)],
                reader,
            );
        }
    }
    names
}

/// The chart's other files that are templates: which of them `tpl` gets may be computed, so that all count.
fn expanded(
    snapshot: &Snapshot,
    directory: &str,
    reader: &mut Reader<'_>,
) -> Vec<(SourceId, Template)> {
    let is_candidate = |path: &&str| {
        let inside = path.strip_prefix(directory).unwrap_or(path);
        let inside = inside.trim_start_matches('/');
        let is_elsewhere = ["templates/", "charts/", "ci/", "crds/", "tests/"]
            .iter()
            .any(|place| inside.starts_with(place));
        let is_known = ["Chart.yaml", "values.yaml", "values.schema.json"].contains(&inside);
        !is_elsewhere && !is_known && !inside.ends_with(".md") && !inside.ends_with(".gotmpl")
    };
    let paths: Vec<&str> = snapshot
        .below(directory)
        .map(|(path, _)| path)
        .filter(is_candidate)
        .collect();
    let mut found = Vec::new();
    for path in paths {
        let is_template = |text: Arc<str>| text.contains("{{") && text.contains(".Values");
        if reader.peek(snapshot, path).is_ok_and(is_template)
            && let Some(source) = reader.read(snapshot, path)
        {
            found.push((
                source,
                template::parse(&reader.sources.get(source).text).value,
            ));
        }
    }
    found
}

/// Values may hold templates, which `tpl` expands.
fn in_values(values: &[YamlFile]) -> Vec<(SourceId, Template)> {
    let mut found = Vec::new();
    for file in values {
        if let Some(value) = &file.value {
            templates_below(value, file.source, &mut found);
        }
    }
    found
}

fn templates_below(value: &Value, source: SourceId, found: &mut Vec<(SourceId, Template)>) {
    match &value.data {
        Data::String(text) if text.contains("{{") && text.contains(".Values") => {
            found.push((source, template::parse(text).value));
        }
        Data::Map(map) => map
            .entries()
            .iter()
            .for_each(|entry| templates_below(&entry.value, source, found)),
        Data::List(items) => items
            .iter()
            .for_each(|item| templates_below(item, source, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
