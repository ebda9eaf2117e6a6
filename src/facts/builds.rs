//! Release build configurations: GoReleaser's files, and the labels of Dockerfiles.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Origin, Origins};
use crate::discover::{Reader, Snapshot};
use crate::source::{Location, SourceId, Span};
use crate::syntax::{dockerfile, goreleaser};
use crate::version::Version;

/// One configuration, such as `.goreleaser.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct BuildFact {
    /// Its path.
    pub path: String,
    /// `goreleaser` or `dockerfile`.
    pub kind: String,
    /// The architectures that it builds, e.g. `linux/amd64`.
    pub architectures: Vec<String>,
    /// The image templates that it pushes.
    pub images: Vec<String>,
    /// It writes checksums.
    pub checksums: bool,
    /// Fields that the tool has renamed or will remove.
    pub deprecated: Vec<DeprecatedFact>,
    /// The names of the labels that it puts on the image.
    pub labels: Vec<String>,
    /// The version that it puts on the image as text.
    pub version_label: VersionLabelFact,
    /// The place.
    pub origin: Origin,
}

/// The label `org.opencontainers.image.version`, where it holds a version as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct VersionLabelFact {
    /// The file.
    pub path: String,
    /// The version; empty when it is computed or not there.
    pub version: String,
    /// The place.
    pub origin: Origin,
}

/// A field that is deprecated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DeprecatedFact {
    /// The file.
    pub path: String,
    /// The field.
    pub field: String,
    /// What to write.
    pub instead: String,
    /// The place.
    pub origin: Origin,
}

/// The names under which GoReleaser looks for its configuration.
const GORELEASER: [&str; 6] = [
    ".goreleaser.yaml",
    ".goreleaser.yml",
    "goreleaser.yaml",
    "goreleaser.yml",
    ".config/goreleaser.yaml",
    ".config/goreleaser.yml",
];

/// The label that carries the version (OCI image annotations).
const VERSION_LABEL: &str = "org.opencontainers.image.version";

/// The configurations of a state, by path. What cannot be read is noted in the coverage.
pub fn collect(
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    origins: &mut Origins,
) -> Vec<BuildFact> {
    let kind = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        // Nearly every file is told by its first letter.
        let may_be = matches!(name.as_bytes().first(), Some(b'.' | b'g' | b'D'));
        if !may_be && !name.ends_with(".Dockerfile") {
            return None;
        }
        let is_goreleaser = GORELEASER.contains(&path)
            || ((name.starts_with(".goreleaser") || name.starts_with("goreleaser"))
                && (name.ends_with(".yaml") || name.ends_with(".yml"))
                && !path.contains('/'));
        if is_goreleaser {
            return Some("goreleaser");
        }
        let is_dockerfile = name == "Dockerfile"
            || name.starts_with("Dockerfile.")
            || name.ends_with(".Dockerfile");
        (is_dockerfile && path.split('/').count() <= 3).then_some("dockerfile")
    };
    let paths: Vec<(String, &str)> = snapshot
        .entries
        .keys()
        .filter_map(|path| Some((path.clone(), kind(path)?)))
        .collect();
    let mut found = Vec::new();
    for (path, kind) in paths {
        let Some(source) = reader.read(snapshot, &path) else {
            continue;
        };
        let text = reader.sources.get(source).text.clone();
        let fact = match kind {
            "goreleaser" => {
                let parsed = goreleaser::parse(&text);
                if let Some(error) = parsed.errors.first() {
                    reader.coverage.skip(&path, error.message.clone());
                    continue;
                }
                of_goreleaser(&path, source, parsed.value, origins)
            }
            _ => of_dockerfile(&path, source, &text, origins),
        };
        found.push(fact);
    }
    found
}

fn of_goreleaser(
    path: &str,
    source: SourceId,
    read: goreleaser::GoReleaser,
    origins: &mut Origins,
) -> BuildFact {
    let mut place = |span: Span| origins.add(Location { source, span });
    BuildFact {
        path: path.to_owned(),
        kind: "goreleaser".to_owned(),
        architectures: read.architectures,
        images: read.images,
        checksums: read.checksums,
        deprecated: read
            .deprecated
            .into_iter()
            .map(|(span, field, instead)| DeprecatedFact {
                path: path.to_owned(),
                field: field.to_owned(),
                instead: instead.to_owned(),
                origin: place(span),
            })
            .collect(),
        origin: place(Span::default()),
        ..BuildFact::default()
    }
}

fn of_dockerfile(path: &str, source: SourceId, text: &str, origins: &mut Origins) -> BuildFact {
    let labels = dockerfile::labels(text);
    let mut place = |span: Span| origins.add(Location { source, span });
    let version = labels
        .iter()
        .rev()
        .find(|label| label.name == VERSION_LABEL)
        .filter(|label| {
            let text = label.value.strip_prefix('v').unwrap_or(&label.value);
            Version::parse(text).is_some()
        });
    BuildFact {
        path: path.to_owned(),
        kind: "dockerfile".to_owned(),
        version_label: version.map_or_else(VersionLabelFact::default, |label| VersionLabelFact {
            path: path.to_owned(),
            version: label.value.clone(),
            origin: place(label.span),
        }),
        labels: labels.into_iter().map(|label| label.name).collect(),
        origin: place(Span::default()),
        ..BuildFact::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_are_found_and_read() {
        let files = [
            (
                ".goreleaser.yaml",
                "builds: [{goos: [linux], goarch: [amd64]}]\narchives: [{format: zip}]\n",
            ),
            (
                "Dockerfile",
                "FROM x\nLABEL org.opencontainers.image.version=v1.2.3\n",
            ),
            (
                "web/Dockerfile.dev",
                "LABEL org.opencontainers.image.version=$V\n",
            ),
            ("a/b/c/Dockerfile", "FROM x\n"),
            ("docs/goreleaser.yml", "{}"),
            ("goreleaser.yml", "a: [\n"),
        ];
        let (mut reader, snapshot) = Reader::in_memory("", &files);
        let mut origins = Origins::default();
        let found = collect(&snapshot, &mut reader, &mut origins);
        let told: Vec<String> = found
            .iter()
            .map(|fact| {
                let deprecated: Vec<&str> = fact
                    .deprecated
                    .iter()
                    .map(|old| old.instead.as_str())
                    .collect();
                format!(
                    "{} {} [{}] [{}] {}",
                    fact.path,
                    fact.kind,
                    fact.architectures.join(" "),
                    deprecated.join(" "),
                    fact.version_label.version
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ".goreleaser.yaml goreleaser [linux/amd64] [formats] ",
                "Dockerfile dockerfile [] [] v1.2.3",
                "web/Dockerfile.dev dockerfile [] [] ",
            ]
        );
        let place = origins.get(found[1].version_label.origin).unwrap();
        assert_eq!(reader.sources.text(place), "v1.2.3");
        assert_eq!(reader.coverage.not_examined[0].path, "goreleaser.yml");
    }
}
