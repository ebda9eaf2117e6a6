//! Which images a chart deploys when nobody overrides its values.
//!
//! Charts have no one way to name an image, but few ways in practice: a map with `repository` and `tag`, an `image` that
//! is a reference, a global tag that stands in for empty ones, and the chart's appVersion behind all of them. A fallback
//! counts only if the templates mention it; what cannot be told stays unresolved.

use crate::source::Location;
use crate::syntax::yaml::{Data, KeyPath, PathPart, Value};

use super::templates::{Fallback, GLOBAL_TAGS};
use super::{ChartState, Reference, YamlFile};

/// An image that the values name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The values file.
    pub path: String,
    /// The dotted key of the tag (of a reference in one text: of that).
    pub key: String,
    /// The dotted key of the digest; empty when the values say none.
    pub digest_key: String,
    /// Registry, path and name; empty when the templates hold it.
    pub repository: String,
    /// The tag that is deployed; empty when it cannot be told.
    pub tag: String,
    /// The digest; empty when there is none.
    pub digest: String,
    /// Where the tag comes from.
    pub source: TagSource,
    /// The image can be told from the files alone: its tag or its digest.
    pub resolved: bool,
    /// Why it cannot be told, as a phrase; empty when it can.
    pub unresolved_because: &'static str,
    /// Where the tag is told: in the values, or in `Chart.yaml`; else where the image stands.
    pub location: Location,
    /// Where the values say tag and digest, if they do.
    pub tag_location: Option<Location>,
    /// Where the values say the digest, if they do.
    pub digest_location: Option<Location>,
}

/// Where a tag comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagSource {
    /// The image's own key, or a global one.
    Values,
    /// The chart's appVersion.
    AppVersion,
    /// It cannot be told.
    Unknown,
}

impl TagSource {
    /// The word that facts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Values => "values",
            Self::AppVersion => "appVersion",
            Self::Unknown => "",
        }
    }
}

/// The keys of a map that hold a tag, in the order in which they count.
const TAG_KEYS: [&str; 2] = ["tag", "imageTag"];

/// The keys of a map that hold a digest; `sha` is one without its `sha256:`.
const DIGEST_KEYS: [&str; 2] = ["digest", "sha"];

/// Finds the images of a chart, in the order of its values.
pub(super) fn find(state: &ChartState) -> Vec<Image> {
    let mut finder = Finder {
        state,
        images: Vec::new(),
        path: KeyPath::default(),
    };
    for (index, file) in state.values.iter().enumerate() {
        if let Some(value) = &file.value {
            finder.walk(index, value);
        }
    }
    finder.images
}

/// Some image of these values has no tag of its own, so that the templates' fallbacks matter.
pub(super) fn wants_fallback(values: &[YamlFile]) -> bool {
    values
        .iter()
        .filter_map(|file| file.value.as_ref())
        .any(value_wants_fallback)
}

fn value_wants_fallback(value: &Value) -> bool {
    let here = value.get("repository").is_some() || value.get("tag").is_some();
    let has_tag = TAG_KEYS.iter().any(|key| text_of(value, key).is_some());
    (here && !has_tag)
        || value
            .entries()
            .iter()
            .any(|entry| value_wants_fallback(&entry.value))
        || value.items().iter().any(value_wants_fallback)
}

struct Finder<'s> {
    state: &'s ChartState,
    images: Vec<Image>,
    path: KeyPath,
}

impl<'s> Finder<'s> {
    fn walk(&mut self, file: usize, value: &'s Value) {
        let holds_image = self.is_image_map(value);
        if holds_image && !self.is_overlaid(file) {
            self.image_map(file, value);
        }
        for entry in value.entries() {
            self.path.push(PathPart::Key(entry.key.to_string()));
            match &entry.value.data {
                Data::String(text)
                    if !holds_image
                        && is_reference(&entry.key, text)
                        && !self.is_overlaid(file) =>
                {
                    self.reference(file, value, &entry.value, text);
                }
                _ => self.walk(file, &entry.value),
            }
            self.path.pop();
        }
        for (index, item) in value.items().iter().enumerate() {
            self.path.push(PathPart::Index(index));
            self.walk(file, item);
            self.path.pop();
        }
    }

    /// An earlier file has the same key: the image was found there, and this file's values count for it.
    fn is_overlaid(&self, file: usize) -> bool {
        self.state
            .values
            .iter()
            .take(file)
            .filter_map(|earlier| earlier.value.as_ref())
            .any(|value| value.at(&self.path).is_some())
    }

    /// The map at the current path names an image.
    fn is_image_map(&self, value: &Value) -> bool {
        if value.as_map().is_none() {
            return false;
        }
        let named_image = match self.path.parts().last() {
            Some(PathPart::Key(key)) => is_image_key(key),
            _ => false,
        };
        let in_global =
            matches!(self.path.parts().first(), Some(PathPart::Key(key)) if key == "global");
        let has_text = |key: &str| text_of(value, key).is_some();
        let has = |key: &str| value.get(key).is_some();
        let has_tag = TAG_KEYS.iter().any(|key| has(key));
        if let Some(repository) = value.get("repository") {
            let text = repository.as_str().unwrap_or("");
            let is_url = text.contains("://");
            let beside = has_tag
                || ["digest", "sha", "registry", "pullPolicy"]
                    .iter()
                    .any(|key| has(key));
            return !is_url && (named_image || beside) && !(text.is_empty() && in_global);
        }
        named_image && has_tag && (has_text("name") || !in_global)
    }

    fn image_map(&mut self, file: usize, value: &'s Value) {
        let repository = self.own("repository").or_else(|| self.own("name"));
        let reference = Reference::parse(&repository.map(|told| told.text).unwrap_or_default());
        let registry = self
            .own("registry")
            .map(|registry| self.at("global.imageRegistry").unwrap_or(registry).text);
        let tag = TAG_KEYS.iter().find_map(|key| self.own(key));
        let digest = DIGEST_KEYS
            .iter()
            .find_map(|key| Some((*key, self.own(key)?)));
        let digest_key = digest.as_ref().map_or(String::new(), |(key, _)| {
            self.path.clone().key(key).to_string()
        });
        let digest = digest.map(|(_, told)| Told {
            text: if told.text.contains(':') {
                told.text
            } else {
                format!("sha256:{}", told.text)
            },
            ..told
        });
        let repository = match registry {
            Some(registry) if !reference.repository.is_empty() => {
                format!(
                    "{}/{}",
                    registry.trim_end_matches('/'),
                    reference.repository
                )
            }
            _ => reference.repository,
        };
        let tag_key = TAG_KEYS
            .iter()
            .find(|key| value.get(key).is_some())
            .unwrap_or(&TAG_KEYS[0]);
        let stands = self.state.values[file].at(value.get(tag_key).unwrap_or(value).span);
        let draft = Draft {
            file,
            key: self.path.clone().key(tag_key).to_string(),
            repository,
            tag: tag.map(|told| (told.text, told.location)),
            digest: digest.map(|told| (told.text, told.location)),
            digest_key,
            reference_tag: reference.tag,
            stands,
        };
        self.finish(draft, true);
    }

    /// `image: repository:tag`, perhaps with the tag beside it.
    fn reference(&mut self, file: usize, map: &'s Value, value: &'s Value, text: &str) {
        let reference = Reference::parse(text);
        let stands = self.state.values[file].at(value.span);
        let beside = TAG_KEYS.iter().find_map(|key| {
            let entry = map.entry(key)?;
            let text = text_of(map, key)?;
            Some((key, text, self.state.values[file].at(entry.value.span)))
        });
        let own_key = self.path.to_string();
        let (key, tag) = match beside {
            Some((tag_key, text, location)) if reference.tag.is_empty() => {
                let mut path = self.path.clone();
                path.pop();
                (path.key(tag_key).to_string(), Some((text, location)))
            }
            _ => (
                own_key,
                (!reference.tag.is_empty()).then(|| (reference.tag.clone(), stands)),
            ),
        };
        let draft = Draft {
            file,
            key,
            repository: reference.repository,
            tag,
            digest: (!reference.digest.is_empty()).then_some((reference.digest, stands)),
            digest_key: String::new(),
            reference_tag: String::new(),
            stands,
        };
        self.finish(draft, false);
    }

    fn finish(&mut self, draft: Draft, may_fall_back: bool) {
        let tag_location = draft.tag.as_ref().map(|(_, location)| *location);
        let digest_location = draft.digest.as_ref().map(|(_, location)| *location);
        let mut image = Image {
            path: self.state.values[draft.file].path.clone(),
            key: draft.key,
            digest_key: draft.digest_key,
            repository: draft.repository,
            tag: String::new(),
            digest: draft.digest.map(|(text, _)| text).unwrap_or_default(),
            source: TagSource::Unknown,
            resolved: false,
            unresolved_because: "",
            location: draft.stands,
            tag_location,
            digest_location,
        };
        match draft.tag {
            Some((text, location)) => {
                if let Some(file) = self
                    .state
                    .values
                    .iter()
                    .find(|file| file.source == location.source)
                {
                    image.path.clone_from(&file.path);
                }
                image.tag = text;
                image.source = TagSource::Values;
                image.location = location;
            }
            None if !draft.reference_tag.is_empty() => {
                image.tag = draft.reference_tag;
                image.source = TagSource::Values;
            }
            None if may_fall_back => self.fall_back(&mut image),
            None => image.unresolved_because = "it has no tag, and the template may add one",
        }
        if is_template(&image.tag) || is_template(&image.digest) || is_template(&image.repository) {
            image.tag = String::new();
            image.source = TagSource::Unknown;
            image.unresolved_because = "it is a template";
        } else {
            image.resolved = !(image.tag.is_empty() && image.digest.is_empty());
            if image.resolved {
                image.unresolved_because = "";
            }
        }
        // A map that names nothing is a place for overrides.
        if image.resolved || !image.repository.is_empty() {
            self.images.push(image);
        }
    }

    /// An empty tag: a global one, else the appVersion, where the templates mention them.
    fn fall_back(&self, image: &mut Image) {
        for key in GLOBAL_TAGS {
            if key != image.key
                && let Some(told) = self.at(key)
                && self.state.templates.mention(key)
            {
                key.clone_into(&mut image.key);
                image.path.clone_from(&self.state.values[told.file].path);
                image.tag = told.text;
                image.source = TagSource::Values;
                image.location = told.location;
                image.tag_location = Some(told.location);
                return;
            }
        }
        if self.is_of_dependency() {
            image.unresolved_because =
                "its tag is empty, and the chart it belongs to is a dependency";
            return;
        }
        let (prefix, certain) = match self.state.templates.fallback(&image.key) {
            Fallback::AppVersion { prefix, certain } => (prefix, certain),
            Fallback::Nothing => {
                image.unresolved_because =
                    "its tag is empty, and no template falls back to the appVersion";
                return;
            }
            Fallback::Unknown => {
                image.unresolved_because = "its tag is empty, and whether a template falls back to the appVersion cannot be told";
                return;
            }
        };
        // Without a repository it is a place for overrides, unless a template says otherwise.
        if image.repository.is_empty() && !certain {
            image.unresolved_because = "it names neither a repository nor a tag";
            return;
        }
        let app_version = self.state.metadata.app_version.as_ref();
        match (
            app_version.filter(|field| !field.text.is_empty()),
            &self.state.file,
        ) {
            (Some(field), Some(file)) => {
                let prefix = if field.text.starts_with(prefix) {
                    ""
                } else {
                    prefix
                };
                image.tag = format!("{prefix}{}", field.text);
                image.source = TagSource::AppVersion;
                image.location = file.at(field.span);
            }
            _ => image.unresolved_because = "its tag is empty, and the chart has no appVersion",
        }
    }

    /// The current path stands below the values of another chart, whose templates and appVersion count there.
    fn is_of_dependency(&self) -> bool {
        let Some(PathPart::Key(first)) = self.path.parts().first() else {
            return false;
        };
        let dependencies = &self.state.metadata.dependencies;
        self.path.parts().len() > 1
            && (dependencies
                .iter()
                .any(|dependency| [&dependency.name, &dependency.alias].contains(&first))
                || self.state.templates.vendored.contains(first))
    }

    /// What counts for a key of the map at the current path, if it says something.
    fn own(&self, key: &str) -> Option<Told> {
        self.told(&self.path.clone().key(key))
    }

    fn at(&self, path: &str) -> Option<Told> {
        self.told(&KeyPath::parse(path))
    }

    /// The last file that has the path decides; an empty text says nothing.
    fn told(&self, path: &KeyPath) -> Option<Told> {
        let mut files = self.state.values.iter().enumerate().rev();
        let (index, file, value) =
            files.find_map(|(index, file)| Some((index, file, file.value.as_ref()?.at(path)?)))?;
        let text = value.rendered().filter(|text| !text.is_empty())?;
        Some(Told {
            file: index,
            text,
            location: file.at(value.span),
        })
    }
}

/// What the values say at a path.
struct Told {
    file: usize,
    text: String,
    location: Location,
}

struct Draft {
    file: usize,
    key: String,
    repository: String,
    tag: Option<(String, Location)>,
    digest: Option<(String, Location)>,
    digest_key: String,
    /// A tag that stands in the repository's text.
    reference_tag: String,
    stands: Location,
}

/// A text that is there and not empty.
fn text_of(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.rendered().filter(|text| !text.is_empty())
}

fn is_image_key(key: &str) -> bool {
    key == "image" || key.ends_with("Image") || key.ends_with("_image") || key.ends_with("-image")
}

/// A text that names an image by itself. Only under `image` is a bare name taken for one.
fn is_reference(key: &str, text: &str) -> bool {
    is_image_key(key)
        && (Reference::is_plausible(text) || is_template(text))
        && (key == "image" || text.contains(':'))
}

fn is_template(text: &str) -> bool {
    text.contains("{{")
}
