//! The changelog.

mod file;

pub use file::{ChangelogFile, Memory, find, read};

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Origin, Origins};
use crate::source::{Location, SourceId, Sources, Span};
use crate::syntax::changelog::{Changelog, Section, Title, component_of_prefix, same_version};
use crate::version::Version;

/// The changelog.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ChangelogFacts {
    /// Its path; empty when there is none.
    pub path: String,
    /// It exists and could be read.
    pub exists: bool,
    /// It exists and could not be read.
    pub unreadable: bool,
    /// Its version sections in the order of the file, without *Unreleased*.
    pub sections: Vec<SectionFact>,
    /// The section of the version that is judged, or of its base version; empty fields when there is none.
    pub section: SectionFact,
    /// How `section` was found: `exact` (its heading has exactly this version), `base` (a candidate or hotfix has the
    /// section of the version it belongs to), or empty when there is none.
    pub section_match: String,
    /// The *Unreleased* section, or a version section on top that says that it is not released yet (`1.3.0 (Unreleased)`);
    /// empty fields when there is neither.
    pub unreleased: SectionFact,
    /// What the release says about itself: `section` when a version is judged and has one, else `unreleased`. Of
    /// `unreleased`, and of a `section` that is the base version's, only what the previous release's changelog did not have
    /// there: what stood there then was released then.
    pub current: SectionFact,
    /// Where `current` comes from: `section`, `unreleased`, `upcoming` (no version is judged, nothing is unreleased, and
    /// the section on top is of a version above the previous release), or empty when there is nothing.
    pub current_from: String,
}

impl ChangelogFacts {
    /// There is a heading for exactly the version that is judged, dated or not.
    pub fn has_entry(&self) -> bool {
        self.section_match == "exact"
    }
}

/// One section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct SectionFact {
    /// There is such a section.
    pub exists: bool,
    /// The changelog's path.
    pub path: String,
    /// The version as it is written, without prefix; empty for *Unreleased*.
    pub version: String,
    /// What the heading names before the version, a component or the project; else empty.
    pub component: String,
    /// The version that an *Unreleased* heading announces (`[Unreleased] - 4.0.0rc3`); else empty.
    pub planned: String,
    /// The date as it is written; empty when there is none.
    pub date: String,
    /// The date is a day in the calendar, written as `YYYY-MM-DD`.
    pub date_valid: bool,
    /// The day that the date means, as `YYYY-MM-DD`, in whatever form it is written; empty when it means none.
    pub day: String,
    /// It is marked as yanked.
    pub yanked: bool,
    /// It holds nothing but headings.
    pub empty: bool,
    /// How many entries it has.
    pub entries: u64,
    /// How many of them the previous release's changelog had in the same section; 0 without a previous release.
    pub carried_over: u64,
    /// Its categories (`Added`, `Fixed`, ...).
    pub categories: Vec<CategoryFact>,
    /// Something in it says that it breaks compatibility.
    pub breaking: bool,
    /// It declares downtime (`downtime:`).
    pub downtime: bool,
    /// The places that say that something breaks.
    pub breaking_entries: Vec<EntryFact>,
    /// The 1-based line of its heading.
    pub line: u32,
    /// The place of its heading.
    pub origin: Origin,
    /// The entries that it counts: the category that each stands under, as it is written, and its text. Policies do not
    /// see texts; they tell what a change adds.
    #[serde(skip)]
    pub texts: Vec<(String, String)>,
}

/// One category of a section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct CategoryFact {
    /// Its name as it is written.
    pub name: String,
    /// Its name in Keep a Changelog's words: `added`, `changed`, `deprecated`, `removed`, `fixed`, `security`, `breaking`, or `other`.
    pub kind: String,
    /// How many entries it has.
    pub entries: u64,
    /// The place of its heading.
    pub origin: Origin,
}

/// One entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct EntryFact {
    /// The category it stands under, as it is written.
    pub category: String,
    /// The place.
    pub origin: Origin,
    /// Its text; `None` when the category's heading speaks for whatever stands under it.
    #[serde(skip)]
    pub text: Option<String>,
}

/// What the changelog is asked about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Question<'a> {
    /// The version that is judged, without its prefix; empty when none is.
    pub version: &'a str,
    /// The prefix of the project's tags.
    pub prefix: &'a str,
    /// The version of the previous release; empty when there is none.
    pub previous_version: &'a str,
    /// The changelog as it was in the previous release.
    pub previous: Option<&'a ChangelogFile>,
}

/// The facts of a changelog; `None` is a repository without one.
pub fn collect(
    file: Option<&ChangelogFile>,
    sources: &Sources,
    question: &Question<'_>,
    origins: &mut Origins,
) -> ChangelogFacts {
    let Some(file) = file else {
        return ChangelogFacts::default();
    };
    let Some(source) = file.source else {
        return ChangelogFacts {
            path: file.path.clone(),
            unreadable: true,
            ..ChangelogFacts::default()
        };
    };
    let changelog = &file.parsed.value;
    let component = component_of_prefix(question.prefix);
    let (section, section_match) = judged_section(changelog, question.version, &component);
    let unreleased = unreleased_section(changelog, section);
    let (current, current_from) = current(
        changelog,
        question,
        &component,
        (section, section_match),
        unreleased,
    );
    let mut maker = Maker {
        path: &file.path,
        source,
        sources,
        origins,
    };
    let mut fact = |section: Option<&Section>, old: &BTreeSet<&str>, only_new: bool| {
        section
            .map(|section| maker.section(section, old, only_new))
            .unwrap_or_default()
    };
    let nothing = BTreeSet::new();
    let old_in = |section: Option<&Section>| {
        section
            .map(|section| entries_before(section, question, &component))
            .unwrap_or_default()
    };
    ChangelogFacts {
        path: file.path.clone(),
        exists: true,
        unreadable: false,
        sections: changelog
            .versions()
            .map(|(section, _)| fact(Some(section), &nothing, false))
            .collect(),
        section: fact(section, &old_in(section), false),
        section_match: section_match.to_owned(),
        unreleased: fact(unreleased, &old_in(unreleased), false),
        current: fact(
            current,
            &old_in(current),
            current_from != "section" || section_match == "base",
        ),
        current_from: current_from.to_owned(),
    }
}

/// The section of exactly this version, else of the version that a candidate or hotfix belongs to.
fn judged_section<'c>(
    changelog: &'c Changelog,
    version: &str,
    component: &str,
) -> (Option<&'c Section>, &'static str) {
    if version.is_empty() {
        return (None, "");
    }
    if let Some(section) = changelog.section(version, component) {
        return (Some(section), "exact");
    }
    let base = version.split(['-', '+']).next().unwrap_or(version);
    match changelog.section(base, component) {
        Some(section) if base != version => (Some(section), "base"),
        _ => (None, ""),
    }
}

/// *Unreleased*, else a version section on top whose date says that it is not released.
fn unreleased_section<'c>(
    changelog: &'c Changelog,
    judged: Option<&Section>,
) -> Option<&'c Section> {
    changelog.unreleased().or_else(|| {
        let (top, _) = changelog.versions().next()?;
        let is_judged = judged.is_some_and(|judged| judged.heading == top.heading);
        let is_open = top.date.as_ref().is_some_and(|date| date.placeholder);
        (is_open && !is_judged).then_some(top)
    })
}

fn current<'c>(
    changelog: &'c Changelog,
    question: &Question<'_>,
    component: &str,
    (section, section_match): (Option<&'c Section>, &str),
    unreleased: Option<&'c Section>,
) -> (Option<&'c Section>, &'static str) {
    let has_new = |section: &Section| {
        let old = entries_before(section, question, component);
        section
            .entries
            .iter()
            .any(|entry| !old.contains(entry.text.text.as_str()))
    };
    match (section, unreleased) {
        // What a hotfix says may stand in Unreleased, when the section of the release it fixes is as it was.
        (Some(section), Some(unreleased))
            if section_match == "base" && !has_new(section) && has_new(unreleased) =>
        {
            (Some(unreleased), "unreleased")
        }
        (Some(section), _) => (Some(section), "section"),
        (None, Some(unreleased)) if !question.version.is_empty() || !unreleased.empty => {
            (Some(unreleased), "unreleased")
        }
        (None, unreleased) => match upcoming(changelog, question, component) {
            Some(upcoming) => (Some(upcoming), "upcoming"),
            None => (
                unreleased,
                if unreleased.is_some() {
                    "unreleased"
                } else {
                    ""
                },
            ),
        },
    }
}

/// The section on top, when no version is judged and it is of one that is still to come.
fn upcoming<'c>(
    changelog: &'c Changelog,
    question: &Question<'_>,
    component: &str,
) -> Option<&'c Section> {
    if !question.version.is_empty() {
        return None;
    }
    let (top, title) = changelog.of_component(component).next()?;
    let version = Version::parse(&title.version.text)?;
    let previous = Version::parse(question.previous_version);
    previous
        .is_none_or(|previous| version.release_order(&previous).is_gt())
        .then_some(top)
}

/// The texts of the entries that the previous release's changelog had in the same section.
fn entries_before<'a>(
    section: &Section,
    question: &Question<'a>,
    component: &str,
) -> BTreeSet<&'a str> {
    let before = question.previous.and_then(|previous| {
        let changelog = &previous.parsed.value;
        match &section.title {
            Title::Unreleased { .. } => changelog.unreleased(),
            Title::Version(title) => changelog
                .of_component(component)
                .find(|(_, other)| same_version(&other.version.text, &title.version.text))
                .map(|(section, _)| section),
        }
    });
    before
        .map(|before| {
            before
                .entries
                .iter()
                .map(|entry| entry.text.text.as_str())
                .collect()
        })
        .unwrap_or_default()
}

/// Makes facts of the sections of one file.
struct Maker<'a> {
    path: &'a str,
    source: SourceId,
    sources: &'a Sources,
    origins: &'a mut Origins,
}

impl Maker<'_> {
    /// The fact of a section. With `only_new`, of what is not in `old`.
    fn section(&mut self, section: &Section, old: &BTreeSet<&str>, only_new: bool) -> SectionFact {
        let is_old: Vec<bool> = section
            .entries
            .iter()
            .map(|entry| old.contains(entry.text.text.as_str()))
            .collect();
        let counts = |index: usize| !only_new || !is_old.get(index).copied().unwrap_or(false);
        let mut per_category = vec![0_u64; section.categories.len()];
        let name_of = |category: Option<usize>| {
            category
                .and_then(|category| section.categories.get(category))
                .map(|category| category.name.clone())
                .unwrap_or_default()
        };
        let mut texts = Vec::new();
        let mut entries = 0;
        let counted = section
            .entries
            .iter()
            .enumerate()
            .filter(|(index, _)| counts(*index));
        for (_, entry) in counted {
            entries += 1;
            texts.push((name_of(entry.category), entry.text.text.clone()));
            if let Some(count) = entry
                .category
                .and_then(|category| per_category.get_mut(category))
            {
                *count += 1;
            }
        }
        let carried_over = is_old.iter().filter(|old| **old).count() as u64;
        let breaking_entries: Vec<EntryFact> = section
            .breaking
            .iter()
            .filter(|mark| mark.entry.is_none_or(counts))
            .map(|mark| EntryFact {
                category: name_of(mark.category),
                origin: self.origin(mark.span),
                text: mark
                    .entry
                    .and_then(|entry| section.entries.get(entry))
                    .map(|entry| entry.text.text.clone()),
            })
            .collect();
        let (version, component, planned) = match &section.title {
            Title::Version(title) => (
                title.version.text.clone(),
                title.component.clone(),
                String::new(),
            ),
            Title::Unreleased { planned } => (
                String::new(),
                String::new(),
                planned
                    .as_ref()
                    .map(|planned| planned.text.clone())
                    .unwrap_or_default(),
            ),
        };
        let date = section.date.as_ref();
        let location = Location {
            source: self.source,
            span: section.heading,
        };
        SectionFact {
            exists: true,
            path: self.path.to_owned(),
            version,
            component,
            planned,
            date: date
                .map(|date| date.written.text.clone())
                .unwrap_or_default(),
            date_valid: date.is_some_and(|date| date.iso),
            day: date
                .and_then(|date| date.day)
                .map(|day| day.to_string())
                .unwrap_or_default(),
            yanked: section.yanked,
            empty: section.empty || only_new && entries == 0,
            entries,
            carried_over: if only_new { 0 } else { carried_over },
            categories: section
                .categories
                .iter()
                .zip(&per_category)
                .filter(|(_, entries)| !only_new || **entries > 0)
                .map(|(category, entries)| CategoryFact {
                    name: category.name.clone(),
                    kind: category.kind.as_str().to_owned(),
                    entries: *entries,
                    origin: self.origin(category.span),
                })
                .collect(),
            breaking: !breaking_entries.is_empty(),
            downtime: section
                .downtime
                .is_some_and(|span| !only_new || is_new_place(section, span, &is_old)),
            breaking_entries,
            line: self.sources.positions(location).0.line,
            origin: self.origins.add(location),
            texts,
        }
    }

    fn origin(&mut self, span: Span) -> Origin {
        self.origins.add(Location {
            source: self.source,
            span,
        })
    }
}

/// Whether a place of the section is not in an entry that is old, and is not a category with nothing but old entries.
fn is_new_place(section: &Section, place: Span, is_old: &[bool]) -> bool {
    let is_category = |index: usize| {
        section
            .categories
            .get(index)
            .is_some_and(|category| category.span == place)
    };
    let mut of_category = section
        .entries
        .iter()
        .zip(is_old)
        .filter(|(entry, _)| entry.category.is_some_and(is_category))
        .peekable();
    if of_category.peek().is_some() {
        return of_category.any(|(_, old)| !old);
    }
    !section.entries.iter().zip(is_old).any(|(entry, old)| {
        *old && entry.text.span.start <= place.start && place.end <= entry.text.span.end
    })
}

#[cfg(test)]
mod tests;
