//! GoReleaser's configuration, as far as it says what a release consists of (<https://goreleaser.com/customization/>).

use std::collections::BTreeSet;

use super::yaml::{self, Node};
use super::{Parsed, SyntaxError};
use crate::source::Span;

/// A configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoReleaser {
    /// The version of the configuration's format; 1 when it says none.
    pub version: u32,
    /// What is built: `linux/amd64`, sorted.
    pub architectures: Vec<String>,
    /// The names and tags of the images that it pushes, with their templates, in the order of the file.
    pub images: Vec<String>,
    /// It writes checksums.
    pub checksums: bool,
    /// Fields that GoReleaser has renamed or will remove, and what takes their place.
    pub deprecated: Vec<(Span, &'static str, &'static str)>,
}

/// What GoReleaser builds when nothing is said.
const DEFAULT_SYSTEMS: [&str; 3] = ["darwin", "linux", "windows"];
const DEFAULT_PROCESSORS: [&str; 3] = ["386", "amd64", "arm64"];

/// Pairs that Go does not know; GoReleaser leaves them out.
const IMPOSSIBLE: [&str; 1] = ["darwin/386"];

/// Fields of GoReleaser's page on deprecations: the section, the field, what to write.
const DEPRECATED: [(&str, &str, &str); 17] = [
    ("archives", "format", "formats"),
    ("archives", "builds", "ids"),
    ("nfpms", "builds", "ids"),
    ("snaps", "builds", "ids"),
    ("blobs", "kmskey", "kms_key"),
    ("builds", "gobinary", "tool"),
    ("kos", "repository", "repositories"),
    ("kos", "sbom", "sboms"),
    ("snapshot", "name_template", "version_template"),
    ("nightly", "name_template", "version_template"),
    ("changelog", "skip", "disable"),
    ("dockers", "use_buildx", "use: buildx"),
    ("brews", "tap", "repository"),
    ("brews", "plist", "service"),
    ("scoops", "bucket", "repository"),
    ("krews", "index", "repository"),
    ("archives", "rlcp", "nothing: it is always on"),
];

/// Sections that are deprecated as a whole.
const OLD_SECTIONS: [(&str, &str); 4] = [
    ("build", "builds"),
    ("brews", "homebrew_casks"),
    ("scoop", "scoops"),
    ("furies", "gemfury"),
];

/// Reads a configuration.
pub fn parse(text: &str) -> Parsed<GoReleaser> {
    let parsed = yaml::parse(text);
    let errors: Vec<SyntaxError> = parsed.errors;
    let Some(document) = parsed.value.first().filter(|_| errors.is_empty()) else {
        return Parsed {
            value: GoReleaser::default(),
            errors,
        };
    };
    let root = document.root();
    let value = GoReleaser {
        version: root
            .get("version")
            .and_then(Node::text)
            .and_then(|text| text.parse().ok())
            .unwrap_or(1),
        architectures: architectures(root),
        images: images(root),
        checksums: !root
            .get("checksum")
            .is_some_and(|checksum| is_true(checksum, "disable")),
        deprecated: deprecated(root),
    };
    Parsed { value, errors }
}

/// The items of a list, or the one that stands in its place.
fn items(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let single = (!node.is_list()).then_some(node);
    node.items().chain(single)
}

fn texts(node: Option<Node<'_>>) -> Vec<String> {
    node.into_iter()
        .flat_map(items)
        .filter_map(Node::text)
        .map(str::to_owned)
        .collect()
}

fn is_true(node: Node<'_>, key: &str) -> bool {
    node.get(key).and_then(Node::text) == Some("true")
}

fn architectures(root: Node<'_>) -> Vec<String> {
    let mut found = BTreeSet::new();
    let builds: Vec<Node<'_>> = root
        .get("builds")
        .into_iter()
        .flat_map(Node::items)
        .collect();
    for build in &builds {
        if !is_true(*build, "skip") {
            built(Some(*build), &mut found);
        }
    }
    if builds.is_empty() {
        built(None, &mut found);
    }
    found.into_iter().collect()
}

/// The targets of one build.
fn built(build: Option<Node<'_>>, found: &mut BTreeSet<String>) {
    let list = |key: &str, default: &[&str]| {
        let told = texts(build.and_then(|build| build.get(key)));
        if told.is_empty() {
            default.iter().map(|&text| text.to_owned()).collect()
        } else {
            told
        }
    };
    let targets = texts(build.and_then(|build| build.get("targets")));
    if !targets.is_empty() {
        // `linux_amd64_v1`, `go_first_class`.
        for target in targets {
            let mut parts = target.split('_');
            if let (Some(system), Some(processor)) = (parts.next(), parts.next()) {
                found.insert(format!("{system}/{processor}"));
            }
        }
        return;
    }
    let ignored: Vec<(String, String)> = build
        .and_then(|build| build.get("ignore"))
        .into_iter()
        .flat_map(Node::items)
        .map(|pair| {
            let part = |key: &str| pair.get(key).and_then(Node::text).unwrap_or("").to_owned();
            (part("goos"), part("goarch"))
        })
        .collect();
    for system in list("goos", &DEFAULT_SYSTEMS) {
        for processor in list("goarch", &DEFAULT_PROCESSORS) {
            let is_ignored = ignored.iter().any(|(of_system, of_processor)| {
                (of_system.is_empty() || *of_system == system)
                    && (of_processor.is_empty() || *of_processor == processor)
                    && !(of_system.is_empty() && of_processor.is_empty())
            });
            let target = format!("{system}/{processor}");
            if !is_ignored && !IMPOSSIBLE.contains(&target.as_str()) {
                found.insert(target);
            }
        }
    }
}

fn images(root: Node<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let section = |name: &str| root.get(name).into_iter().flat_map(Node::items);
    for docker in section("dockers") {
        found.extend(texts(docker.get("image_templates")));
    }
    for manifest in section("docker_manifests") {
        found.extend(texts(manifest.get("name_template")));
    }
    for docker in section("dockers_v2") {
        for image in texts(docker.get("images")) {
            let tags = texts(docker.get("tags"));
            found.extend(tags.iter().map(|tag| format!("{image}:{tag}")));
        }
    }
    for ko in section("kos") {
        let mut repositories = texts(ko.get("repositories"));
        repositories.extend(texts(ko.get("repository")));
        for repository in repositories {
            let tags = texts(ko.get("tags"));
            found.extend(tags.iter().map(|tag| format!("{repository}:{tag}")));
        }
    }
    found
}

fn deprecated(root: Node<'_>) -> Vec<(Span, &'static str, &'static str)> {
    let mut found = Vec::new();
    for (section, instead) in OLD_SECTIONS {
        if let Some((key, _)) = root.entry(section) {
            found.push((key.span(), section, instead));
        }
    }
    for (section, field, instead) in DEPRECATED {
        for item in root.get(section).into_iter().flat_map(items) {
            if let Some((key, _)) = item.entry(field) {
                found.push((key.span(), field, instead));
            }
        }
    }
    found.sort_by_key(|(span, ..)| *span);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_those_of_goreleaser() {
        for (text, expected) in [
            (
                "{}",
                "darwin/amd64 darwin/arm64 linux/386 linux/amd64 linux/arm64 windows/386 windows/amd64 windows/arm64",
            ),
            (
                "builds: [{goos: [linux], goarch: [amd64, arm64]}]",
                "linux/amd64 linux/arm64",
            ),
            (
                "builds: [{goos: linux, goarch: [amd64, arm64], ignore: [{goarch: arm64}]}]",
                "linux/amd64",
            ),
            (
                "builds: [{targets: [linux_amd64_v1, linux_arm64]}]",
                "linux/amd64 linux/arm64",
            ),
            ("builds: [{skip: true}]", ""),
        ] {
            assert_eq!(
                parse(text).value.architectures.join(" "),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn images_and_checksums() {
        let text = "dockers: [{image_templates: ['r/c:{{ .Tag }}-amd64']}]\ndocker_manifests: [{name_template: 'r/c:{{ .Tag }}'}]\n\
                    dockers_v2: [{images: [r/d], tags: [v1, latest]}]\nkos: [{repository: r/k, tags: [x]}]\nchecksum: {disable: true}\n";
        let read = parse(text).value;
        assert_eq!(
            read.images,
            [
                "r/c:{{ .Tag }}-amd64",
                "r/c:{{ .Tag }}",
                "r/d:v1",
                "r/d:latest",
                "r/k:x"
            ]
        );
        assert!(!read.checksums && parse("version: 2").value.checksums);
    }

    #[test]
    fn old_fields_are_told() {
        let text = "version: 2\narchives:\n  - format: zip\nsnapshot:\n  name_template: x\nbrews: [{tap: x}]\n";
        let told: Vec<(&str, &str)> = parse(text)
            .value
            .deprecated
            .iter()
            .map(|(span, _, instead)| (&text[span.range()], *instead))
            .collect();
        assert_eq!(
            told,
            [
                ("format", "formats"),
                ("name_template", "version_template"),
                ("brews", "homebrew_casks"),
                ("tap", "repository")
            ]
        );
    }
}
