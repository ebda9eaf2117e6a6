//! Changelogs: version sections with their dates, categories, entries and links, at exact places.
//!
//! [Keep a Changelog](https://keepachangelog.com) and the forms that release-please, conventional-changelog, changesets,
//! towncrier and people write are read alike. A Markdown parser decides what a heading is, so that one in a code block, a
//! comment, a quotation or a list does not count. What is not Markdown is recognised and left alone.

mod breaking;
mod category;
mod date;
mod format;
mod heading;
mod link;
mod markdown;
mod outline;
mod section;
mod version_text;

use std::collections::BTreeSet;

use chrono::NaiveDate;

pub use category::CategoryKind;
pub use format::Format;
pub use heading::version_in_ref;
pub use link::Compare;
pub use version_text::{same_version, version_key};

use crate::source::Span;
use crate::syntax::{Parsed, SyntaxError};

/// A changelog.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changelog {
    /// How it is written. Only [`Format::Markdown`] is read; the others have no sections here.
    pub format: Format,
    /// Its sections in the order of the file, with *Unreleased*.
    pub sections: Vec<Section>,
    /// The headings name several components, which take turns in the file.
    components_take_turns: bool,
}

impl Changelog {
    /// The sections that are about a version, in the order of the file.
    pub fn versions(&self) -> impl Iterator<Item = (&Section, &VersionTitle)> {
        self.sections
            .iter()
            .filter_map(|section| match &section.title {
                Title::Version(title) => Some((section, title)),
                Title::Unreleased { .. } => None,
            })
    }

    /// The section about exactly this version, given without prefix, of the named component (empty: of the project).
    pub fn section(&self, version: &str, component: &str) -> Option<&Section> {
        self.of_component(component)
            .find(|(_, title)| same_version(&title.version.text, version))
            .map(|(section, _)| section)
    }

    /// The *Unreleased* section.
    pub fn unreleased(&self) -> Option<&Section> {
        self.sections
            .iter()
            .find(|section| matches!(section.title, Title::Unreleased { .. }))
    }

    /// The version sections that are about the named component (empty: about the project).
    ///
    /// A heading without a component is about any. The project itself has a name, which headings may carry, so for an
    /// empty `component` all count, unless several components take turns in the file.
    pub fn of_component(&self, component: &str) -> impl Iterator<Item = (&Section, &VersionTitle)> {
        let component = component.to_lowercase();
        let shared = component.is_empty() && !self.components_take_turns;
        self.versions().filter(move |(_, title)| {
            shared || title.component.is_empty() || is_same_component(&title.component, &component)
        })
    }
}

/// Whether the headings name components that come back after another one: a name that a project took on later is not one
/// of several components.
fn components_take_turns(sections: &[Section]) -> bool {
    let mut left_behind = BTreeSet::new();
    let mut last = "";
    for section in sections {
        let Title::Version(title) = &section.title else {
            continue;
        };
        let name = title.component.as_str();
        if name.is_empty() || name == last {
            continue;
        }
        if left_behind.contains(name) {
            return true;
        }
        left_behind.insert(last);
        last = name;
    }
    false
}

/// The component that a tag prefix names, in lower case: `cellar` for `cellar-v` and `cellar/v`, none for `v`.
pub fn component_of_prefix(prefix: &str) -> String {
    let joiners = ['-', '/', '_', '@', '='];
    let name = prefix.trim_end_matches(joiners);
    let name = match name.strip_suffix(['v', 'V']) {
        Some(rest) if rest.is_empty() || rest.ends_with(joiners) => rest.trim_end_matches(joiners),
        _ => name,
    };
    match name.to_lowercase().as_str() {
        "release" | "releases" | "version" | "ver" | "rel" => String::new(),
        component => component.to_owned(),
    }
}

fn is_same_component(written: &str, wanted: &str) -> bool {
    let written = written.to_lowercase();
    let last = |name: &str| name.rsplit('/').next().map(str::to_owned);
    match (written.contains('/'), wanted.contains('/')) {
        (true, false) => last(&written).as_deref() == Some(wanted),
        (false, true) => last(wanted).as_deref() == Some(&written),
        _ => written == wanted,
    }
}

/// A piece of text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned {
    /// The text.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// One section: a heading and what stands below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub title: Title,
    /// The heading, with its markers, without its line ending.
    pub heading: Span,
    /// The heading and everything up to the next section.
    pub span: Span,
    /// The heading's level, 1 to 6.
    pub level: u8,
    /// The date in the heading.
    pub date: Option<Date>,
    /// It is marked as yanked: the release was taken back.
    pub yanked: bool,
    /// Where the heading links to.
    pub link: Option<Link>,
    /// Its categories, in order.
    pub categories: Vec<Category>,
    /// Its entries, in order.
    pub entries: Vec<Entry>,
    /// The places that say that something breaks, in order.
    pub breaking: Vec<Mark>,
    /// The place that declares downtime.
    pub downtime: Option<Span>,
    /// It holds nothing but headings and place holders.
    pub empty: bool,
}

/// What a section is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Title {
    /// A version.
    Version(VersionTitle),
    /// What no release holds yet.
    Unreleased {
        /// The version that the heading announces (`## [Unreleased] - 4.0.0rc3`).
        planned: Option<Spanned>,
    },
}

/// The version in a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionTitle {
    /// The version as it is written, without a `v`.
    pub version: Spanned,
    /// What the heading names before the version: a component or the project itself; else empty.
    pub component: String,
}

/// A date in a heading, or what stands in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Date {
    /// As it is written.
    pub written: Spanned,
    /// The day it means; `None` when there is no such day, when it could be two, or when it is a place holder.
    pub day: Option<NaiveDate>,
    /// It is written as ISO 8601 wants it: `YYYY-MM-DD`.
    pub iso: bool,
    /// It only says that the day is not known yet (`TBD`, `Unreleased`).
    pub placeholder: bool,
}

/// Where a heading links to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The address, and the place where it is written: in the heading, or in a link definition.
    pub url: Spanned,
    /// The two revisions, when it is a comparison.
    pub compare: Option<Compare>,
    /// The tag or branch, when it shows one.
    pub tag: Option<String>,
}

/// One category of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Its name as it is written, without decoration at its ends.
    pub name: String,
    /// What it means.
    pub kind: CategoryKind,
    /// The place of its name.
    pub span: Span,
}

/// One entry: an item of a list, or a paragraph where there is no list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its text with single spaces and without markup, and its place with everything nested in it.
    pub text: Spanned,
    /// The index of the category it stands under.
    pub category: Option<usize>,
}

/// A place that says that something breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The marker, or the whole entry when the category says it.
    pub span: Span,
    /// The index of the entry it is in; `None` when the heading says it.
    pub entry: Option<usize>,
    /// The index of the category it stands under.
    pub category: Option<usize>,
}

/// Reads a changelog. Every text is one; what could not be read, or hides other parts, is among the errors.
pub fn parse(text: &str) -> Parsed<Changelog> {
    let format = format::of_text(text);
    if format != Format::Markdown {
        return not_markdown(format);
    }
    let document = markdown::read(text);
    let outline = outline::find(&document);
    // Lists swallow the lines below them, so that plain text may show some of its sections only.
    let is_plain = !document.has_headings() && !outline.bold;
    if is_plain && format::version_lines(text) > outline.starts.len() {
        return not_markdown(Format::Other);
    }
    let sections = section::build(text, &document, &outline);
    Parsed {
        value: Changelog {
            format,
            components_take_turns: components_take_turns(&sections),
            sections,
        },
        errors: document.errors,
    }
}

fn not_markdown(format: Format) -> Parsed<Changelog> {
    Parsed {
        value: Changelog {
            format,
            ..Changelog::default()
        },
        errors: vec![SyntaxError {
            span: Span::new(0, 0),
            message: format!("it is {}, not Markdown", format.as_str()),
        }],
    }
}

#[cfg(test)]
mod tests;
