//! The tags of the repository.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rfc3339;
use crate::git::{Answer, History, Tag};

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

/// The facts of all tags.
pub fn collect(history: &History) -> Vec<TagFact> {
    history
        .tags
        .iter()
        .map(|tag| tag_fact(history, tag))
        .collect()
}

/// What a tag is.
pub fn tag_fact(history: &History, tag: &Tag) -> TagFact {
    let committed = tag.commit.and_then(|commit| history.graph.time(commit));
    let text = |version: Option<String>| version.unwrap_or_default();
    TagFact {
        name: tag.name.name.clone(),
        kind: tag.kind().as_str().to_owned(),
        version: text(tag.version().map(ToString::to_string)),
        base: text(tag.version().map(|version| version.base().to_string())),
        number: tag.name.number,
        commit: text(tag.commit.map(|commit| commit.to_string())),
        target: tag.target.as_str().to_owned(),
        annotated: tag.annotated,
        date: text(tag.date.or(committed).map(rfc3339)),
        has_own_date: tag.date.is_some(),
        on_main: tag
            .commit
            .map_or(Answer::Unknown, |commit| history.on_main(commit))
            .as_str()
            .to_owned(),
        suggestion: text(tag.name.suggestion.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::lineage_tests::history;

    #[test]
    fn every_tag_is_there() {
        let mut history = history(
            "a @1700000000\n b: a\n x: a",
            "v1.0.0@a v1.1.0-rc10@x v.1.1.0@b stable@b v1.1.0@-",
            "b",
        );
        for tag in &mut history.tags {
            if tag.name.name == "v1.0.0" {
                tag.annotated = true;
                tag.date = Some(1_800_000_000);
            }
        }
        let facts: Vec<String> = collect(&history)
            .into_iter()
            .map(|tag| {
                let TagFact {
                    name,
                    kind,
                    base,
                    number,
                    target,
                    on_main,
                    date,
                    suggestion,
                    ..
                } = tag;
                format!("{name} {kind} {base} {number} {target} {on_main} {date} {suggestion}")
            })
            .collect();
        assert_eq!(
            facts,
            [
                "v1.0.0 final 1.0.0 0 commit yes 2027-01-15T08:00:00Z ",
                "v1.1.0-rc10 candidate 1.1.0 10 commit no 2023-11-14T22:13:22Z ",
                "v1.1.0 final 1.1.0 0 missing unknown  ",
                "stable unrelated  0 commit yes 2023-11-14T22:13:21Z ",
                "v.1.1.0 malformed  0 commit yes 2023-11-14T22:13:21Z v1.1.0",
            ]
        );
    }
}
