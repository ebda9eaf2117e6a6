//! What `relgate fix` writes for findings that policies make: the release's version where an older one stands.
//!
//! Every edit is spliced into the bytes of one value. A YAML file is read again with the edit in it, and the edit is dropped
//! unless exactly one value differs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::facts::charts::ChartFact;
use crate::facts::{Facts, Origins};
use crate::finding::Finding;
use crate::fix::{Edit, Fix};
use crate::source::{Location, SourceId, Sources, Span};
use crate::syntax::yaml::{Data, Value, parse_helm, resolve_helm};
use crate::version::{ReleaseType, Version, next};

/// The finding that a changelog has no section for the release.
const SECTION_MISSING: &str = "changelog-section-missing";
/// More edits of one file are not looked at one by one.
const MOST_SINGLE: usize = 50;

/// Gives findings their fixes.
pub(super) fn attach(
    findings: &mut [Finding],
    facts: &Facts,
    origins: &Origins,
    sources: &Sources,
    today: NaiveDate,
) {
    let wanted: Vec<Option<Edit>> = findings
        .iter()
        .map(|finding| {
            let open = Some(finding).filter(|finding| finding.fix.is_none());
            version_edit(open?, facts, origins, sources)
        })
        .collect();
    let safe = safe(wanted.iter().flatten(), sources);
    for (finding, edit) in findings.iter_mut().zip(&wanted) {
        let fix = match edit {
            Some(edit) if safe.contains(edit) => {
                Some(Fix::replace(edit.location, edit.text.as_str()))
            }
            None if finding.fix.is_none() && finding.rule.as_str() == SECTION_MISSING => finding
                .location
                .filter(|_| facts.changelog.unreleased.exists)
                .and_then(|place| promote(place, facts, sources, today)),
            _ => None,
        };
        if let Some(fix) = fix {
            *finding = finding.clone().fix(Some(fix));
        }
    }
}

/// The version that a finding wants written, before anybody looked at what else that would change.
fn version_edit(
    finding: &Finding,
    facts: &Facts,
    origins: &Origins,
    sources: &Sources,
) -> Option<Edit> {
    let place = finding.location?;
    let path = sources.get(place.source).path.as_str();
    let chart = || facts.charts.iter().find(|chart| chart.path == path);
    let release = &facts.release;
    match finding.rule.as_str() {
        "image-not-the-release" | "version-reference-stale" | "image-label-version-stale" => {
            write_version(place, &release.version, sources)
        }
        "appversion-not-a-tag" if is_release(facts) => {
            let place = origins.get(chart()?.app_version_origin)?;
            write_version(place, &release.version, sources)
        }
        "chart-version-not-increased" | "chart-bump-too-small" => {
            let chart = chart()?;
            let place = origins.get(chart.origin)?;
            write_version(place, &grown(chart, facts)?, sources)
        }
        _ => None,
    }
}

fn is_release(facts: &Facts) -> bool {
    matches!(facts.release.kind.as_str(), "final" | "hotfix")
}

/// Puts a version where one stands: with the prefix, the quotes and everything else that is there.
fn write_version(place: Location, version: &str, sources: &Sources) -> Option<Edit> {
    let written = sources.text(place);
    let range = version_in(written)?;
    let at = place.span.start as usize;
    let span = Span::new(at + range.start, at + range.end);
    let location = Location { span, ..place };
    if sources.text(location) == version {
        return None;
    }
    Some(Edit {
        location,
        text: version.to_owned(),
    })
}

/// The edits that change one value of their file and nothing else. All edits of a file are looked at together, and one by one
/// where they change something else together: many would take as many readings of the file.
fn safe<'e>(edits: impl Iterator<Item = &'e Edit>, sources: &Sources) -> BTreeSet<&'e Edit> {
    let mut by_file: BTreeMap<SourceId, BTreeSet<&Edit>> = BTreeMap::new();
    for edit in edits {
        let of_file = by_file.entry(edit.location.source).or_default();
        of_file.insert(edit);
    }
    let mut safe = BTreeSet::new();
    for (source, edits) in by_file {
        let file = sources.get(source);
        let is_yaml = file.path.ends_with(".yaml") || file.path.ends_with(".yml");
        let edits: Vec<&Edit> = edits.into_iter().collect();
        if !is_yaml || are_safe(&file.text, &edits) {
            safe.extend(edits);
        } else if edits.len() > 1 {
            let single = edits.into_iter().take(MOST_SINGLE);
            safe.extend(single.filter(|edit| are_safe(&file.text, &[edit])));
        }
    }
    safe
}

/// Each edit changes the value that it stands in, and no other value changes. The edits are sorted.
fn are_safe(text: &str, edits: &[&Edit]) -> bool {
    let apart = edits
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if a.location.span.end <= b.location.span.start));
    if !apart {
        return false;
    }
    let mut after = text.to_owned();
    for edit in edits.iter().rev() {
        after.replace_range(edit.location.span.range(), &edit.text);
    }
    let Some(mut changed) = differences(text, &after) else {
        return false;
    };
    changed.sort();
    changed.len() == edits.len()
        && (changed.iter().zip(edits)).all(|(value, edit)| {
            let edit = edit.location.span;
            value.start <= edit.start && edit.end <= value.end
        })
}

/// The last `X.Y.Z` of a text with what belongs to it, without a `v` before it.
fn version_in(text: &str) -> Option<std::ops::Range<usize>> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    let mut found = None;
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if is_part(c) {
            start.get_or_insert(at);
            continue;
        }
        let Some(from) = start.take() else {
            continue;
        };
        let word = text.get(from..at).unwrap_or("");
        // In `cellar-v1.2.3` the version begins behind the name.
        let begin = word
            .char_indices()
            .find(|&(index, c)| {
                c.is_ascii_digit() && Version::parse(word.get(index..).unwrap_or("")).is_some()
            })
            .map(|(index, _)| from + index);
        found = begin.map(|begin| begin..at).or(found);
    }
    found
}

/// The places of the values that differ between two texts of a YAML file; `None` when one cannot be read.
fn differences(before: &str, after: &str) -> Option<Vec<Span>> {
    let (before, after) = (parse_helm(before), parse_helm(after));
    if !(before.errors.is_empty() && after.errors.is_empty())
        || before.value.len() != after.value.len()
    {
        return None;
    }
    let mut found = Vec::new();
    for (before, after) in before.value.iter().zip(&after.value) {
        compare(
            &resolve_helm(before).value,
            &resolve_helm(after).value,
            &mut found,
        );
    }
    Some(found)
}

fn compare(before: &Value, after: &Value, found: &mut Vec<Span>) {
    match (&before.data, &after.data) {
        (Data::Map(a), Data::Map(b)) if a.entries().len() == b.entries().len() => {
            for (a, b) in a.sorted().zip(b.sorted()) {
                if a.key != b.key {
                    found.extend([a.key_span, b.key_span]);
                }
                compare(&a.value, &b.value, found);
            }
        }
        (Data::List(a), Data::List(b)) if a.len() == b.len() => {
            for (a, b) in a.iter().zip(b.iter()) {
                compare(a, b, found);
            }
        }
        _ if before.same(after) => {}
        _ => found.push(before.span),
    }
}

/// The chart's version, grown by what its changes are worth: as the policy `chart-version` weighs them.
fn grown(chart: &ChartFact, facts: &Facts) -> Option<String> {
    let prefix = if chart.previous_version.starts_with('v') {
        "v"
    } else {
        ""
    };
    let previous = Version::parse(
        chart
            .previous_version
            .strip_prefix('v')
            .unwrap_or(&chart.previous_version),
    )?;
    let below_one = previous.major() == 0;
    let values = &facts.values;
    let here = |directory: &str| directory == chart.directory;
    let is_broken = values.removed.iter().chain(&values.renamed).any(|key| {
        here(&key.directory) && !key.free_form && key.was_read != "no" && key.is_read != "yes"
    }) || values
        .retyped
        .iter()
        .any(|key| here(&key.directory) && !key.free_form && key.was_read != "no");
    let has_grown = values.added.iter().any(|key| {
        here(&key.directory) && !key.free_form && key.was_read != "yes" && !key.of_dependency
    }) || matches!(chart.app_version_step.as_str(), "minor" | "major");
    let step = match (is_broken, has_grown) {
        (true, _) if below_one => ReleaseType::Minor,
        (true, _) => ReleaseType::Major,
        (false, true) if !below_one || chart.app_version_step == "major" => ReleaseType::Minor,
        _ => ReleaseType::Patch,
    };
    let version = next(&previous, step)?.to_string();
    Some(format!("{prefix}{version}"))
}

/// Gives the entries under Unreleased a heading of their own, in the form that the newest version's heading has, and keeps an
/// empty Unreleased above them.
fn promote(place: Location, facts: &Facts, sources: &Sources, today: NaiveDate) -> Option<Fix> {
    let unreleased = &facts.changelog.unreleased;
    let file = sources.get(place.source);
    let text: &str = &file.text;
    if unreleased.path != file.path || unreleased.entries == 0 {
        return None;
    }
    let line = |number: u32| file.lines().line_text(text, number);
    let heading = line(unreleased.line);
    if !heading.starts_with('#') || !heading.to_ascii_lowercase().contains("unreleased") {
        return None;
    }
    let version = &facts.release.version;
    let date = today.format("%Y-%m-%d").to_string();
    let model = facts
        .changelog
        .sections
        .iter()
        .find(|section| section.line > unreleased.line && !section.version.is_empty());
    let new = match model {
        Some(section) => {
            let heading = line(section.line).replacen(&section.version, version, 1);
            if section.date.is_empty() {
                heading
            } else {
                heading.replacen(&section.date, &date, 1)
            }
        }
        None => {
            let level = heading.len() - heading.trim_start_matches('#').len();
            format!("{} [{version}] - {date}", "#".repeat(level))
        }
    };
    // A heading that is a link of its own would lead to the older version.
    if new.contains("](") {
        return None;
    }
    let at =
        text.match_indices(heading).map(|(at, _)| at).find(|&at| {
            file.lines().position(text, Span::new(at, at).start).line == unreleased.line
        })? + heading.len();
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let location = Location {
        source: place.source,
        span: Span::new(at, at),
    };
    let fix = Fix::replace(location, format!("{end}{end}{new}"));
    Some(with_links(fix, place, facts, sources))
}

/// The same fix with the link definitions at the end of a changelog moved on: what Unreleased compares with is the new tag.
fn with_links(fix: Fix, place: Location, facts: &Facts, sources: &Sources) -> Fix {
    let text = &sources.get(place.source).text;
    let (tag, version) = (&facts.release.tag, &facts.release.version);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let code = line.trim_end();
        let is_definition = code.to_ascii_lowercase().starts_with("[unreleased]:");
        let Some((head, range)) = code.rsplit_once("/compare/").filter(|_| is_definition) else {
            continue;
        };
        let Some((from, to)) = range.split_once("...") else {
            continue;
        };
        let address = head
            .split_once(':')
            .map_or("", |(_, address)| address.trim());
        let end = line.get(code.len()..).unwrap_or("\n");
        let new = format!(
            "{head}/compare/{tag}...{to}{end}[{version}]: {address}/compare/{from}...{tag}"
        );
        let location = Location {
            source: place.source,
            span: Span::new(start, start + code.len()),
        };
        return fix.and_replace(location, new);
    }
    fix
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::yaml::KeyPath;

    #[test]
    fn the_last_version_of_a_text_is_found() {
        for (text, expected) in [
            ("v1.2.3", Some("1.2.3")),
            ("\"1.2.3\"", Some("1.2.3")),
            (
                "registry:5000/cellar:v1.2.3-rc1@sha256:ab",
                Some("1.2.3-rc1"),
            ),
            ("cellar-1.2.3", Some("1.2.3")),
            ("1.2.3 and 4.5.6", Some("4.5.6")),
            ("latest", None),
            ("1.2", None),
            ("", None),
        ] {
            assert_eq!(
                version_in(text).map(|range| &text[range]),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn an_edit_changes_one_value_or_nothing() {
        for (before, after, expected) in [
            ("a: 1.0.0\nb: 2", "a: 1.0.1\nb: 2", Some(1)),
            ("a: &x 1.0.0\nb: *x", "a: &x 1.0.1\nb: *x", Some(2)),
            ("a: 1", "a: [", None),
            ("a: 1", "b: 1", Some(2)),
        ] {
            let found = differences(before, after).map(|found| found.len());
            assert_eq!(found, expected, "{before}");
        }
    }

    /// The text after the value at a key has got a version; `None` where it stays.
    fn written(text: &str, key: &str, version: &str) -> Option<String> {
        let mut sources = Sources::default();
        let source = sources.add("Chart.yaml", "", text);
        let value = resolve_helm(&parse_helm(text).value[0]).value;
        let span = value.at(&KeyPath::parse(key)).unwrap().span;
        let edit = write_version(Location { source, span }, version, &sources)?;
        if !safe([&edit].into_iter(), &sources).contains(&edit) {
            return None;
        }
        let mut after = text.to_owned();
        after.replace_range(edit.location.span.range(), &edit.text);
        Some(after)
    }

    /// Outside of the value every byte stays, one leaf differs, and a second time nothing is left to do.
    #[test]
    fn one_value_is_written_and_nothing_else() {
        for (before, key, after) in [
            (
                "appVersion: \"1.2.0\" # c\n",
                "appVersion",
                Some("appVersion: \"1.3.0\" # c\n"),
            ),
            (
                "appVersion:   'v1.2.0'\r\nx: y\r\n",
                "appVersion",
                Some("appVersion:   'v1.3.0'\r\nx: y\r\n"),
            ),
            (
                "x: 1.2.0\nappVersion: 1.2.0",
                "appVersion",
                Some("x: 1.2.0\nappVersion: 1.3.0"),
            ),
            (
                "{appVersion: 1.2.0, x: 1.2.0}",
                "appVersion",
                Some("{appVersion: 1.3.0, x: 1.2.0}"),
            ),
            (
                "appVersion: |\n  1.2.0\nx: 1\n",
                "appVersion",
                Some("appVersion: |\n  1.3.0\nx: 1\n"),
            ),
            (
                "appVersion: !!str 1.2.0\n",
                "appVersion",
                Some("appVersion: !!str 1.3.0\n"),
            ),
            // Of two, the last one counts.
            (
                "appVersion: 1.1.0\nappVersion: 1.2.0\n",
                "appVersion",
                Some("appVersion: 1.1.0\nappVersion: 1.3.0\n"),
            ),
            // An anchor stays; what others share is not written, and neither is an alias.
            (
                "appVersion: &v 1.2.0\nx: 1\n",
                "appVersion",
                Some("appVersion: &v 1.3.0\nx: 1\n"),
            ),
            ("appVersion: &v 1.2.0\nx: *v\n", "appVersion", None),
            ("x: &v 1.2.0\nappVersion: *v\n", "appVersion", None),
            (
                "base: &b {tag: 1.2.0}\nimage: {<<: *b}\n",
                "image.tag",
                None,
            ),
            (
                "base: &b {tag: 1.2.0}\nimage: {<<: *b, tag: 1.2.0}\n",
                "image.tag",
                Some("base: &b {tag: 1.2.0}\nimage: {<<: *b, tag: 1.3.0}\n"),
            ),
            (
                "images: [{tag: r/cellar:1.2.0}, {tag: 1.2.0}]\n",
                "images[0].tag",
                Some("images: [{tag: r/cellar:1.3.0}, {tag: 1.2.0}]\n"),
            ),
            // No version, or the right one.
            ("appVersion: 1.20\n", "appVersion", None),
            ("appVersion: latest\n", "appVersion", None),
            ("appVersion: 1.3.0\n", "appVersion", None),
        ] {
            let written_once = written(before, key, "1.3.0");
            assert_eq!(written_once.as_deref(), after, "{before}");
            if let Some(once) = written_once {
                let found = differences(before, &once).map(|found| found.len());
                assert_eq!(found, Some(1), "{before}");
                assert_eq!(written(&once, key, "1.3.0"), None, "{before}");
            }
        }
    }

    /// Edits that are safe together take one reading; one that changes more than its value does not take the others with it.
    #[test]
    fn edits_of_a_file_are_looked_at_together() {
        let check = |text: &str, expected: usize| {
            let mut sources = Sources::default();
            let source = sources.add("values.yaml", "", text);
            let edits: Vec<Edit> = text
                .match_indices("1.2.0")
                .map(|(at, version)| Edit {
                    location: Location {
                        source,
                        span: Span::new(at, at + version.len()),
                    },
                    text: "1.3.0".to_owned(),
                })
                .collect();
            assert_eq!(safe(edits.iter(), &sources).len(), expected, "{text}");
        };
        check("a: 1.2.0\nb: [1.2.0, r/c:1.2.0]\n", 3);
        check("a: &v 1.2.0\nb: *v\nc: 1.2.0\n", 1);
        check("a: &v 1.2.0\nb: *v\nc: 2 # 1.2.0\n", 0);
        check(&"- 1.2.0\n".repeat(20_000), 20_000);
    }
}
