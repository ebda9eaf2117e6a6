//! The changelog.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Origin;

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
    /// The section of the version that is judged; empty fields when there is none.
    pub section: SectionFact,
    /// The *Unreleased* section; empty fields when there is none.
    pub unreleased: SectionFact,
    /// What the release says about itself: `section` when a version is judged and has one, else `unreleased`.
    pub current: SectionFact,
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
    /// The date as it is written; empty when there is none.
    pub date: String,
    /// The date is a day in the calendar, written as `YYYY-MM-DD`.
    pub date_valid: bool,
    /// It is marked as yanked.
    pub yanked: bool,
    /// It holds nothing but headings.
    pub empty: bool,
    /// How many entries it has.
    pub entries: u64,
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
}
