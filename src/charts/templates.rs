//! What a chart's templates mention, by looking for words: enough to know which fallbacks a chart has at all.

use crate::discover::{Reader, Snapshot};

use super::join;

/// What the templates of a chart mention.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    /// `.Chart.AppVersion`.
    pub app_version: Mention,
    /// Keys below `.Values.global` that could hold an image tag, of those in [`GLOBAL_TAGS`], sorted.
    pub global_tags: Vec<&'static str>,
}

/// Whether something is mentioned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mention {
    /// It is.
    Yes,
    /// It is not, and everything was read.
    No,
    /// It is not, but not everything could be read, or a dependency may do it.
    #[default]
    Unknown,
}

/// The keys at which charts keep a tag for all their images.
pub const GLOBAL_TAGS: [&str; 4] = [
    "global.image.tag",
    "global.imageTag",
    "global.image_tag",
    "global.tag",
];

impl Templates {
    /// Reads the templates of a chart.
    pub(super) fn read(snapshot: &Snapshot, directory: &str, reader: &mut Reader<'_>) -> Self {
        let mut paths: Vec<String> = snapshot
            .below(&join(directory, "templates"))
            .map(|(path, _)| path.to_owned())
            .collect();
        // Helpers first: that is where such fallbacks usually stand.
        paths.sort_by_key(|path| !path.ends_with(".tpl"));
        let vendored = snapshot.below(&join(directory, "charts")).next().is_some();
        let mut found = Self {
            app_version: if vendored {
                Mention::Unknown
            } else {
                Mention::No
            },
            global_tags: Vec::new(),
        };
        for path in paths {
            let Some(source) = reader.read(snapshot, &path) else {
                if found.app_version == Mention::No {
                    found.app_version = Mention::Unknown;
                }
                continue;
            };
            let text = &reader.sources.get(source).text;
            if text.contains("Chart.AppVersion") || text.contains("Chart.appVersion") {
                found.app_version = Mention::Yes;
            }
            for tag in GLOBAL_TAGS {
                if !found.global_tags.contains(&tag) && text.contains(tag) {
                    found.global_tags.push(tag);
                }
            }
        }
        found.global_tags.sort_unstable();
        found
    }
}
