//! What a chart's templates mention, by looking for words: enough to know which fallbacks a chart has at all. Nothing is
//! expanded.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::discover::{Reader, Snapshot};

use super::join;

/// The templates of a chart as texts.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    texts: Vec<Arc<str>>,
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
                Some(source) => templates
                    .texts
                    .push(reader.sources.get(source).text.clone()),
                None => templates.incomplete = true,
            }
        }
        templates
    }

    /// A template mentions a text.
    pub(super) fn mention(&self, text: &str) -> bool {
        self.texts.iter().any(|template| template.contains(text))
    }

    /// What stands in for an empty value at `key`. Where templates name the key itself, what they do with it decides; else
    /// it is read by a helper, and what the chart does at all is taken.
    pub(super) fn fallback(&self, key: &str) -> Fallback {
        let mut is_named = false;
        for template in &self.texts {
            match beside(template, key) {
                Some(prefix @ Some(_)) => return app_version(prefix, true),
                Some(None) => is_named = true,
                None => {}
            }
        }
        if is_named || self.incomplete {
            return Fallback::Unknown;
        }
        let lines = || self.texts.iter().flat_map(|template| template.split('\n'));
        let mut mentions = lines().filter(|line| line.contains(APP_VERSION)).peekable();
        if mentions.peek().is_none() {
            // A library chart among the dependencies may do it.
            return if self.vendored.is_empty() {
                Fallback::Nothing
            } else {
                Fallback::Unknown
            };
        }
        app_version(mentions.find_map(prefix).or(Some("")), false)
    }
}

fn app_version(prefix: Option<&'static str>, certain: bool) -> Fallback {
    Fallback::AppVersion {
        prefix: prefix.unwrap_or(""),
        certain,
    }
}

/// Whether a template names a key: `None` if not; else the prefix of an appVersion near it, if there is one.
fn beside(template: &str, key: &str) -> Option<Option<&'static str>> {
    let name = format!(".Values.{key}");
    if !template.contains(&name) {
        return None;
    }
    let lines: Vec<&str> = template.split('\n').collect();
    let is_key = |line: &&str| {
        line.match_indices(&name).any(|(at, found)| {
            // `.Values.image.tag` is not `.Values.image.tagSuffix`.
            let next = line
                .get(at + found.len()..)
                .and_then(|rest| rest.chars().next());
            !next.is_some_and(|c| c.is_alphanumeric() || c == '_')
        })
    };
    let sites: Vec<usize> = (0..lines.len()).filter(|&at| is_key(&lines[at])).collect();
    if sites.is_empty() {
        return None;
    }
    let nearby = sites.iter().flat_map(|&at| {
        let end = (at + NEARBY).min(lines.len());
        lines[at.saturating_sub(NEARBY - 1)..end].iter()
    });
    let mut mentions = nearby.filter(|line| line.contains(APP_VERSION)).peekable();
    if mentions.peek().is_none() {
        return Some(None);
    }
    Some(mentions.find_map(|line| prefix(line)).or(Some("")))
}

/// The `v` that a line puts before the appVersion.
fn prefix(line: &str) -> Option<&'static str> {
    let is_prefixed = line.contains("\"v%s\"")
        || line.contains("v{{ .Chart.AppVersion")
        || line.contains("v{{.Chart.AppVersion")
        || line.contains("v{{ $.Chart.AppVersion");
    is_prefixed.then_some("v")
}
