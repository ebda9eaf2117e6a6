//! The places that hold the version, by the patterns that the configuration lists.

use super::release::VersionReferenceFact;
use super::{Origin, Origins};
use crate::discover::{Reader, Snapshot};
use crate::source::{Location, Span};

/// Where the version stands in a pattern.
const PLACEHOLDER: &str = "{version}";

/// Every place that a pattern finds in its file; one fact that says so for a pattern that finds none. A file that is not there is
/// one where nothing is found.
pub fn collect(
    references: &[(String, String)],
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    origins: &mut Origins,
) -> Vec<VersionReferenceFact> {
    let mut facts = Vec::new();
    for (path, pattern) in references {
        let nothing = VersionReferenceFact {
            path: path.clone(),
            pattern: pattern.clone(),
            ..VersionReferenceFact::default()
        };
        let Some(source) = reader.read(snapshot, path) else {
            facts.push(nothing);
            continue;
        };
        let text = reader.sources.get(source).text.clone();
        let before = facts.len();
        for span in places(&text, pattern) {
            let version = text.get(span.range()).unwrap_or("");
            facts.push(VersionReferenceFact {
                found: true,
                version: version.to_owned(),
                origin: origins.add(Location { source, span }),
                ..nothing.clone()
            });
        }
        if facts.len() == before {
            let origin: Origin = origins.add(Location {
                source,
                span: Span::default(),
            });
            facts.push(VersionReferenceFact { origin, ..nothing });
        }
    }
    facts
}

/// The places of the versions that stand where a pattern has its placeholder.
fn places(text: &str, pattern: &str) -> Vec<Span> {
    let Some((before, behind)) = pattern.split_once(PLACEHOLDER) else {
        return Vec::new();
    };
    let version = r"(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]*[0-9A-Za-z])?(?:\+[0-9A-Za-z.-]*[0-9A-Za-z])?)";
    let expression = format!(
        "{}{version}{}",
        regex::escape(before),
        regex::escape(behind)
    );
    let Ok(expression) = regex::RegexBuilder::new(&expression)
        .size_limit(1 << 20)
        .build()
    else {
        return Vec::new();
    };
    expression
        .captures_iter(text)
        .filter_map(|found| found.get(1))
        .map(|found| Span::new(found.start(), found.end()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_where_the_pattern_has_them() {
        let text = "pull cellar:v1.2.3, or cellar:v1.2.4-rc1. Not press:v9.9.9.\n";
        for (pattern, expected) in [
            ("cellar:v{version}", vec!["1.2.3", "1.2.4-rc1"]),
            ("cellar:v{version},", vec!["1.2.3"]),
            ("cask:v{version}", vec![]),
            ("cellar", vec![]),
            ("(v{version}", vec![]),
        ] {
            let found: Vec<&str> = places(text, pattern)
                .into_iter()
                .map(|span| &text[span.range()])
                .collect();
            assert_eq!(found, expected, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_finds_nothing_is_told() {
        let (mut reader, snapshot) = Reader::in_memory("", &[("README.md", "cellar:v1.2.3\n")]);
        let mut origins = Origins::default();
        let references = [
            ("README.md", "v{version}"),
            ("README.md", "x{version}"),
            ("gone.md", "v{version}"),
        ]
        .map(|(path, pattern)| (path.to_owned(), pattern.to_owned()));
        let told: Vec<(bool, String)> = collect(&references, &snapshot, &mut reader, &mut origins)
            .into_iter()
            .map(|fact| (fact.found, fact.version))
            .collect();
        assert_eq!(
            told,
            [
                (true, "1.2.3".to_owned()),
                (false, String::new()),
                (false, String::new())
            ]
        );
    }
}
