//! What a heading's text says: a version, with what stands before and behind it, or *Unreleased*.

use std::ops::Range;

use super::date::{self, Found};
use super::version_text;

/// What a heading may be about. Whether it is a section depends on the other headings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// A version.
    Version(VersionReading),
    /// What no release holds yet, and the version that the heading announces.
    Unreleased(Option<Range<usize>>),
    /// Neither.
    Other,
}

/// A version in a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VersionReading {
    /// The version, without `v`.
    pub version: Range<usize>,
    /// What names a component or the project before it.
    pub component: Option<Range<usize>>,
    /// How many numbers the version has.
    pub parts: usize,
    /// The date.
    pub date: Option<Found>,
    /// It is marked as yanked.
    pub yanked: bool,
    /// Nothing else stands in the heading.
    pub clean: bool,
    /// What stands behind the version is set off from it: `(NODATE)`, `: The Grape Release`.
    pub set_off: bool,
}

/// Words before a version that say nothing but that one comes.
const VERSION_WORDS: [&str; 12] = [
    "version", "versions", "ver", "ver.", "release", "released", "rel", "tag", "v", "v.", "build",
    "vers.",
];

/// Phrases before a version that make the heading one about it.
const PHRASES: [&str; 14] = [
    "release notes for",
    "release notes",
    "release of",
    "changelog for",
    "change log for",
    "changelog",
    "changes in",
    "changes for",
    "changes",
    "what's new in",
    "what\u{2019}s new in",
    "whats new in",
    "new in",
    "notes for",
];

/// Words that no component's name has: with them the heading speaks of a version and is not about it.
const PROSE: [&str; 43] = [
    "from",
    "to",
    "since",
    "until",
    "upgrade",
    "upgrading",
    "migrate",
    "migrating",
    "migration",
    "update",
    "updating",
    "updated",
    "bump",
    "bumped",
    "bumps",
    "support",
    "supports",
    "supported",
    "require",
    "requires",
    "required",
    "drop",
    "dropped",
    "drops",
    "add",
    "added",
    "adds",
    "fix",
    "fixed",
    "fixes",
    "before",
    "after",
    "with",
    "and",
    "or",
    "than",
    "on",
    "use",
    "using",
    "in",
    "for",
    "remove",
    "removed",
];

/// Titles of sections that hold what is not released.
const UPCOMING: [&str; 21] = [
    "next",
    "next release",
    "next version",
    "vnext",
    "upcoming",
    "upcoming release",
    "upcoming changes",
    "head",
    "main",
    "master",
    "trunk",
    "develop",
    "pending",
    "in progress",
    "work in progress",
    "in development",
    "wip",
    "coming soon",
    "not released",
    "not yet released",
    "to be released",
];

/// Reads a heading's text. `linked` are the ranges that are links.
pub(super) fn read(text: &str, linked: &[Range<usize>]) -> Reading {
    if let Some(rest) = starts_unreleased(text) {
        let planned = find_version(text, rest).map(|(_, version)| version);
        return Reading::Unreleased(planned);
    }
    let Some((before, version)) = find_version(text, 0) else {
        let words: Vec<&str> = text.split_whitespace().collect();
        let names = words
            .iter()
            .any(|word| trimmed(word).eq_ignore_ascii_case("unreleased"));
        return if names && words.len() <= 4 {
            Reading::Unreleased(None)
        } else {
            Reading::Other
        };
    };
    let Some(component) = component(text, before) else {
        return Reading::Other;
    };
    read_version(text, linked, version, component)
}

/// Whether a line of plain text begins with a version as a heading would.
pub(super) fn starts_with_version(line: &str) -> bool {
    match read(line.trim_end(), &[]) {
        Reading::Version(reading) => {
            let begins_line = !line.starts_with([' ', '\t', '-', '*']);
            // A name before it, as in Debian's `cellar (1.2.3)`, needs more than the version to make a heading.
            let is_named = reading.component.is_some();
            let is_marked = reading.date.is_some() || is_named && line.contains('(');
            begins_line
                && if is_named {
                    reading.clean && is_marked
                } else {
                    reading.clean || is_marked
                }
        }
        Reading::Unreleased(_) | Reading::Other => false,
    }
}

/// The version that the name of a tag or branch ends with: `1.2.3` of `v1.2.3` and `cellar-v1.2.3`. The name of a
/// branch for a line of versions (`release/1.2`) has none.
pub fn version_in_ref(name: &str) -> Option<&str> {
    let (start, version) = find_version(name, 0)?;
    let whole = version.end == name.len();
    let text = name.get(version)?;
    (whole && (version_text::parts(text) > 2 || start == 0)).then_some(text)
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphanumeric())
}

/// The offset behind the words that say that it is not released, when the text begins with them.
fn starts_unreleased(text: &str) -> Option<usize> {
    let lead = lead(text);
    let body = text.get(lead..)?;
    let lower = body.to_ascii_lowercase();
    let ends = |length: usize| {
        !lower
            .get(length..)
            .unwrap_or("")
            .starts_with(|c: char| c.is_alphanumeric() || c == '_')
    };
    if lower.starts_with("unreleased") && ends("unreleased".len()) {
        return Some(lead + "unreleased".len());
    }
    let title = lower
        .replace("unreleased", " ")
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    UPCOMING.contains(&title.as_str()).then_some(text.len())
}

/// The length of the decoration that the text begins with: white space, brackets, emoji and their short codes.
fn lead(text: &str) -> usize {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '@' | ':'));
        let Some(code) = rest.strip_prefix(':') else {
            break;
        };
        match code.split_once(':') {
            Some((name, behind))
                if !name.is_empty()
                    && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') =>
            {
                rest = behind;
            }
            _ => rest = code,
        }
    }
    text.len() - rest.len()
}

/// The first version at or behind `from`: the offset where it begins with its `v`, and its range without. A day that
/// looks like one (`31.01.2026`) is taken when there is no other.
fn find_version(text: &str, from: usize) -> Option<(usize, Range<usize>)> {
    let bytes = text.as_bytes();
    let mut at = from;
    let mut day = None;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = version_start(text, at);
        let end = start.and_then(|_| version_text::end(text, at));
        match (start, end) {
            (Some(start), Some(end)) => {
                if !is_date(text.get(at..end).unwrap_or("")) {
                    return Some((start, at..end));
                }
                day = day.or(Some((start, at..end)));
                at = end;
            }
            _ => {
                at += bytes[at..]
                    .iter()
                    .take_while(|b| b.is_ascii_digit())
                    .count();
            }
        }
    }
    day
}

/// Where a version with digits at `at` begins; `None` when the digits continue something else.
fn version_start(text: &str, at: usize) -> Option<usize> {
    let before = text.get(..at)?;
    let joins = |text: &str| {
        text.ends_with(|c: char| {
            c.is_alphanumeric() || matches!(c, '.' | '%' | '$' | '<' | '>' | '=' | '~' | '^')
        }) && !text.ends_with("==")
    };
    if let Some(bare) = before.strip_suffix(['v', 'V'])
        && !joins(bare)
    {
        return Some(bare.len());
    }
    if let Some(bare) = before
        .strip_suffix("v.")
        .or_else(|| before.strip_suffix("V."))
        && !joins(bare)
    {
        return Some(bare.len());
    }
    (!joins(before)).then_some(at)
}

/// A day that has the form of a version: `31.01.2026`.
fn is_date(version: &str) -> bool {
    let parts: Vec<&str> = version.split('.').collect();
    matches!(parts.as_slice(), [day, month, year] if day.len() <= 2 && month.len() <= 2 && year.len() == 4)
        && date::find(version).is_some()
}

/// What stands before a version: nothing that matters (`Some(None)`), the name of a component, or prose (`None`).
fn component(text: &str, end: usize) -> Option<Option<Range<usize>>> {
    let start = lead(text).min(end);
    let before = text.get(start..end)?;
    // A date may stand first: `2026-01-31 - v1.2.3`.
    let start = match date::find(before) {
        Some(found) => start + found.range.end,
        None => start,
    };
    let before = text.get(start..end)?;
    let mut start = end
        - before
            .trim_start_matches(|c: char| !c.is_alphanumeric() && c != '@')
            .len();
    let lower = text.get(start..end)?.to_ascii_lowercase();
    if let Some(phrase) = PHRASES.iter().find(|phrase| {
        lower
            .strip_prefix(**phrase)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ':', '[', '-']))
    }) {
        start += phrase.len();
    }
    let joiners = [
        ' ', '-', '/', '_', '@', ':', '=', '[', '(', '`', '#', '"', '\'', '\u{2013}', '\u{2014}',
        ',', '.',
    ];
    let mut name = text.get(start..end)?.trim_end_matches(joiners);
    loop {
        let shorter = VERSION_WORDS
            .iter()
            .find_map(|word| strip_last_word(name, word))
            .map(|name| name.trim_end_matches(joiners));
        match shorter {
            Some(shorter) => name = shorter,
            None => break,
        }
    }
    let offset = start
        + (name.len()
            - name
                .trim_start_matches(|c: char| !c.is_alphanumeric() && c != '@')
                .len());
    let name = text.get(offset..start + name.len()).unwrap_or("");
    if name.is_empty() {
        return Some(None);
    }
    let words: Vec<&str> = name.split(' ').collect();
    let is_name = words.len() <= 3
        && words.iter().all(|word| {
            !PROSE.contains(&word.to_ascii_lowercase().as_str())
                && word.chars().all(|c| {
                    c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '@' | '+' | '&')
                })
                && word.starts_with(|c: char| c.is_alphanumeric() || c == '@')
        })
        && !name.contains("//");
    is_name.then_some(Some(offset..offset + name.len()))
}

/// `name` without `word` at its end, ASCII case aside.
fn strip_last_word<'t>(name: &'t str, word: &str) -> Option<&'t str> {
    let at = name.len().checked_sub(word.len())?;
    let (rest, last) = (name.get(..at)?, name.get(at..)?);
    let stands_alone = !rest.ends_with(|c: char| c.is_alphanumeric());
    (last.eq_ignore_ascii_case(word) && stands_alone).then_some(rest)
}

fn read_version(
    text: &str,
    linked: &[Range<usize>],
    found: Range<usize>,
    component: Option<Range<usize>>,
) -> Reading {
    let mut version = found;
    let mut rest = text.get(version.end..).unwrap_or("");
    // `1.2.2 → 1.2.3` is about the second.
    if let Some(target) = range_target(text, version.end) {
        version = target;
        rest = text.get(version.end..).unwrap_or("");
    }
    let spoken = version_text::spoken_suffix(rest);
    version.end += spoken;
    rest = text.get(version.end..).unwrap_or("");
    if speaks_of_migration(rest) {
        return Reading::Other;
    }
    let behind = date::find(rest).map(|found| Found {
        range: found.range.start + version.end..found.range.end + version.end,
        ..found
    });
    let before =
        || date::find(text.get(..version.start).unwrap_or("")).filter(|found| !found.placeholder);
    let date = behind.or_else(before);
    let lower = rest.to_ascii_lowercase();
    let yanked = contains_word(&lower, "yanked");
    let clean = is_clean(text, version.end, date.as_ref(), linked);
    let parts = version_text::parts(text.get(version.clone()).unwrap_or(""));
    if !clean
        && parts < 3
        && rest.trim_start().starts_with(|c: char| c.is_lowercase())
        && date.is_none()
    {
        return Reading::Other;
    }
    Reading::Version(VersionReading {
        version,
        component,
        parts,
        date,
        yanked,
        clean,
        set_off: !rest.trim_start().starts_with(char::is_alphanumeric),
    })
}

/// The second version of `1.2.2 → 1.2.3`, `1.2.2 to 1.2.3` or `v1.2.2...v1.2.3`, where `end` is the end of the first.
fn range_target(text: &str, end: usize) -> Option<Range<usize>> {
    let rest = text.get(end..)?;
    let body = rest.trim_start_matches([' ', ']', '`']);
    let arrow = ["...", "..", "\u{2192}", "->", "=>", "to "]
        .iter()
        .find(|arrow| body.starts_with(**arrow))?;
    let from = text.len() - body.len() + arrow.len();
    let lead = text
        .get(from..)?
        .trim_start_matches([' ', '[', '`', 'v', 'V']);
    let start = text.len() - lead.len();
    Some(start..version_text::end(text, start)?)
}

fn speaks_of_migration(rest: &str) -> bool {
    let lower = rest.to_ascii_lowercase();
    [
        "migration",
        "migrating",
        "upgrade",
        "upgrading",
        "roadmap",
        "compatibility",
    ]
    .iter()
    .any(|word| contains_word(&lower, word))
}

fn contains_word(lower: &str, word: &str) -> bool {
    lower
        .split(|c: char| !c.is_alphanumeric())
        .any(|candidate| candidate == word)
}

/// Whether nothing stands behind a version but a date, a link, and words that belong to them.
fn is_clean(text: &str, from: usize, date: Option<&Found>, linked: &[Range<usize>]) -> bool {
    const NEUTRAL: [&str; 18] = [
        "yanked",
        "release",
        "released",
        "on",
        "unreleased",
        "latest",
        "lts",
        "stable",
        "current",
        "prerelease",
        "pre-release",
        "hotfix",
        "compare",
        "changes",
        "diff",
        "notes",
        "the",
        "z",
    ];
    let mut at = from;
    let rest = text.get(from..).unwrap_or("");
    rest.split_inclusive(|c: char| !c.is_alphanumeric())
        .all(|piece| {
            let start = at;
            at += piece.len();
            let word = trimmed(piece);
            let inside = |range: &Range<usize>| range.start <= start && start < range.end;
            // Links do not overlap and stand in order.
            let link = linked.partition_point(|range| range.end <= start);
            word.is_empty()
                || date.is_some_and(|date| inside(&date.range))
                || linked.get(link).is_some_and(inside)
                || NEUTRAL.contains(&word.to_ascii_lowercase().as_str())
        })
}

#[cfg(test)]
mod tests;
