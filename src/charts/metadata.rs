//! `Chart.yaml` as Helm's decoder fills its `Metadata` (`pkg/chart/v2/metadata.go`).

use crate::source::Span;
use crate::syntax::yaml::{Data, Entry, Value};

use super::YamlFile;

/// What `Chart.yaml` says. A field that is not there, or that is a container, is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    /// `apiVersion`.
    pub api_version: Option<Field>,
    /// `name`.
    pub name: Option<Field>,
    /// `version`.
    pub version: Option<Field>,
    /// `appVersion`.
    pub app_version: Option<Field>,
    /// `type`.
    pub kind: Option<Field>,
    /// `dependencies`.
    pub dependencies: Vec<Dependency>,
}

/// A field of text.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// What Helm reads: a number or a boolean has become the text that Go writes for it.
    pub text: String,
    /// It is written as a string: what is read is what is written.
    pub is_string: bool,
    /// Where the value stands.
    pub span: Span,
    /// Where the key stands.
    pub key_span: Span,
}

/// A chart that this one brings along.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// The range of versions.
    pub version: String,
    /// Where it comes from.
    pub repository: String,
    /// The name under which its values stand, if it is another one.
    pub alias: String,
    /// The key that turns it on or off.
    pub condition: String,
    /// Where it stands.
    pub span: Span,
}

impl Metadata {
    /// Reads the file's first document.
    pub fn read(file: &YamlFile) -> Self {
        let Some(value) = &file.value else {
            return Self::default();
        };
        let field = |name: &str| field(value, name).and_then(to_field);
        let dependencies =
            self::field(value, "dependencies").map_or(&[][..], |entry| entry.value.items());
        Self {
            api_version: field("apiVersion"),
            name: field("name"),
            version: field("version"),
            app_version: field("appVersion"),
            kind: field("type"),
            dependencies: dependencies.iter().map(dependency).collect(),
        }
    }

    /// `application` or `library`, where Helm takes application when nothing is said.
    pub fn kind(&self) -> &str {
        self.kind
            .as_ref()
            .map(|kind| kind.text.as_str())
            .filter(|kind| !kind.is_empty())
            .unwrap_or("application")
    }

    /// The version as Helm reads it.
    pub fn version_text(&self) -> &str {
        self.version
            .as_ref()
            .map_or("", |version| version.text.as_str())
    }

    /// The appVersion as Helm reads it.
    pub fn app_version_text(&self) -> &str {
        self.app_version
            .as_ref()
            .map_or("", |version| version.text.as_str())
    }
}

/// The entry that fills a field. Go's JSON does not mind the case of keys, and takes them in the order of their bytes,
/// so that the last one counts.
pub fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Entry> {
    value
        .as_map()?
        .sorted()
        .filter(|entry| entry.key.eq_ignore_ascii_case(name))
        .last()
}

fn to_field(entry: &Entry) -> Option<Field> {
    Some(Field {
        text: entry.value.field_text()?,
        is_string: matches!(entry.value.data, Data::String(_)),
        span: entry.value.span,
        key_span: entry.key_span,
    })
}

fn dependency(value: &Value) -> Dependency {
    let text = |name: &str| {
        field(value, name)
            .and_then(|entry| entry.value.field_text())
            .unwrap_or_default()
    };
    Dependency {
        name: text("name"),
        version: text("version"),
        repository: text("repository"),
        alias: text("alias"),
        condition: text("condition"),
        span: value.span,
    }
}
