//! What a chart's templates mention, by looking for words: enough to know which fallbacks a chart has at all. Nothing is
//! expanded.

use std::collections::{BTreeMap, BTreeSet};

use crate::discover::{Reader, Snapshot, join};

/// What the templates of a chart mention, gathered in one pass over them.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    /// Those of [`GLOBAL_TAGS`] that stand somewhere.
    global_tags: BTreeSet<&'static str>,
    /// Every key that follows `.Values.`, and the first template's prefix of an appVersion near it, if one has such.
    named: BTreeMap<String, Option<&'static str>>,
    /// The appVersion is mentioned somewhere; with the first prefix that it gets.
    app_version: Option<Option<&'static str>>,
    /// The charts that stand in its `charts/`, by directory.
    pub(super) vendored: BTreeSet<String>,
    /// Some of them could not be read.
    incomplete: bool,
}

/// What stands in for an empty tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// The appVersion, with this before it.
    AppVersion {
        /// `v` where the template adds one, else empty.
        prefix: &'static str,
        /// A template names this very key beside the appVersion.
        certain: bool,
    },
    /// Nothing that the templates mention.
    Nothing,
    /// It cannot be told.
    Unknown,
}

/// The keys at which charts keep a tag for all their images.
pub const GLOBAL_TAGS: [&str; 4] = [
    "global.image.tag",
    "global.imageTag",
    "global.image_tag",
    "global.tag",
];

const APP_VERSION: &str = "Chart.AppVersion";
const VALUES: &str = ".Values.";
/// Longer keys are not looked at.
const MAX_KEY: usize = 256;

/// How many lines around a key belong to the expression that uses it.
const NEARBY: usize = 5;

impl Templates {
    /// Reads the templates of a chart.
    pub(super) fn read(snapshot: &Snapshot, directory: &str, reader: &mut Reader<'_>) -> Self {
        let charts = join(directory, "charts/");
        let vendored = snapshot
            .below(charts.trim_end_matches('/'))
            .filter_map(|(path, _)| path.strip_prefix(charts.as_str())?.split_once('/'))
            .map(|(name, _)| name.to_owned())
            .collect();
        let mut templates = Self {
            vendored,
            ..Self::default()
        };
        let paths: Vec<String> = snapshot
            .below(&join(directory, "templates"))
            .map(|(path, _)| path.to_owned())
            .collect();
        for path in paths {
            match reader.read(snapshot, &path) {
                Some(source) => templates.add(&reader.sources.get(source).text),
                None => templates.incomplete = true,
            }
        }
        templates
    }

    fn add(&mut self, text: &str) {
        let mentioned = GLOBAL_TAGS.iter().filter(|key| text.contains(**key));
        self.global_tags.extend(mentioned);
        let lines: Vec<&str> = text.split('\n').collect();
        let told: Vec<Option<Option<&'static str>>> = lines
            .iter()
            .map(|line| line.contains(APP_VERSION).then(|| prefix(line)))
            .collect();
        let first = |told: &[Option<Option<&'static str>>]| {
            let mut mentions = told.iter().flatten().peekable();
            mentions.peek()?;
            Some(mentions.find_map(|prefix| *prefix))
        };
        if let Some(prefix) = first(&told)
            && self.app_version.flatten().is_none()
        {
            self.app_version = Some(prefix);
        }
        let mut here: BTreeMap<&str, Option<Option<&'static str>>> = BTreeMap::new();
        for (at, line) in lines.iter().enumerate() {
            let end = (at + NEARBY).min(lines.len());
            let nearby = told.get(at.saturating_sub(NEARBY - 1)..end).unwrap_or(&[]);
            for key in keys(line) {
                let known = here.entry(key).or_default();
                if known.flatten().is_none() {
                    *known = first(nearby).or(*known);
                }
            }
        }
        for (key, beside) in here {
            let known = self.named.entry(key.to_owned()).or_default();
            if known.is_none() {
                *known = beside.map(|prefix| prefix.unwrap_or(""));
            }
        }
    }

    /// A template mentions one of [`GLOBAL_TAGS`].
    pub(super) fn mention(&self, key: &str) -> bool {
        self.global_tags.contains(key)
    }

    /// What stands in for an empty value at `key`. Where templates name the key itself, what they do with it decides; else
    /// it is read by a helper, and what the chart does at all is taken.
    pub(super) fn fallback(&self, key: &str) -> Fallback {
        match (self.named.get(key), self.app_version) {
            (Some(&Some(prefix)), _) => Fallback::AppVersion {
                prefix,
                certain: true,
            },
            (Some(None), _) => Fallback::Unknown,
            _ if self.incomplete => Fallback::Unknown,
            (None, Some(prefix)) => Fallback::AppVersion {
                prefix: prefix.unwrap_or(""),
                certain: false,
            },
            // A library chart among the dependencies may do it.
            (None, None) if self.vendored.is_empty() => Fallback::Nothing,
            (None, None) => Fallback::Unknown,
        }
    }
}

/// The keys that a line names: `.Values.image.tag` is `image` and `image.tag`, and no `image.t`.
fn keys(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices(VALUES).flat_map(move |(at, found)| {
        let rest = line.get(at + found.len()..).unwrap_or("");
        // What is longer is no key of an image, and would make a line of one key quadratic.
        let rest = rest.get(..rest.floor_char_boundary(MAX_KEY)).unwrap_or("");
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let name = rest.split(|c: char| !is_word(c) && c != '.' && c != '-');
        let name = name.into_iter().next().unwrap_or("");
        // What is longer is no key of an image, and would make a line of one key quadratic.
        let name = Some(name)
            .filter(|name| name.len() <= MAX_KEY)
            .unwrap_or("");
        let ends = name.match_indices(['.', '-']).map(|(at, _)| at);
        ends.chain([name.len()])
            .filter_map(move |end| name.get(..end).filter(|key| !key.is_empty()))
    })
}

/// The `v` that a line puts before the appVersion.
fn prefix(line: &str) -> Option<&'static str> {
    let is_prefixed = line.contains("\"v%s\"")
        || line.contains("v{{ .Chart.AppVersion")
        || line.contains("v{{.Chart.AppVersion")
        || line.contains("v{{ $.Chart.AppVersion");
    is_prefixed.then_some("v")
}
