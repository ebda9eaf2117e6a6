//! The tags of the repository.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TagFact {
    /// Its name without `refs/tags/`.
    pub name: String,
    /// `final`, `candidate`, `hotfix`, `prerelease`, `malformed` or `unrelated`.
    pub kind: String,
    /// The version without its prefix; empty for malformed and unrelated tags.
    pub version: String,
    /// The version without its suffix.
    pub base: String,
    /// The candidate's or hotfix's number; 0 for others.
    pub number: u64,
    /// The commit it leads to, peeled; empty when it leads to no commit.
    pub commit: String,
    /// What it leads to: `commit`, `tree`, `blob`, or `missing`.
    pub target: String,
    /// It is an annotated tag.
    pub annotated: bool,
    /// The tagger's date, else the commit's committer date; RFC 3339 in UTC, empty when there is neither.
    pub date: String,
    /// The date is the tag's own.
    pub has_own_date: bool,
    /// Its commit is on the main branch: `yes`, `no`, `unknown`.
    pub on_main: String,
    /// What was probably meant by a malformed tag, e.g. `v1.2.3-rc1`; else empty.
    pub suggestion: String,
}
