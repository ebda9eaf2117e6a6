//! The tags of the repository.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rfc3339;
use crate::git::{Answer, History, ObjectId, Tag};
use crate::version::{TagKind, TagName, TagScheme, Version, split_version, version_prefixes};

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
    /// The release tag that a malformed tag is a second name of: the well-formed one that was probably meant, at the same commit;
    /// else empty.
    pub alias_of: String,
    /// What stands before the version in the name of a tag that has another prefix than the release tags; else empty.
    pub other_prefix: String,
    /// How many tags have that prefix; 0 for tags without a version, and for those with the prefix of the release tags.
    pub other_prefix_tags: u64,
    /// The line that a floating tag follows: `1` of `v1`, `1.2` of `v1.2`; empty for others, and where the line has neither a
    /// release nor a candidate.
    pub line: String,
    /// The newest final or hotfix of that line; empty when there is none.
    pub line_release: String,
    /// The commit of that release.
    pub line_commit: String,
    /// A higher release that the tag was at before, by what the ledger knows; empty when it never went backwards, or when no
    /// ledger was asked.
    pub was_at: String,
}

/// The facts of all tags. `earlier` is what a ledger knows of them.
pub fn collect(history: &History, scheme: &TagScheme, earlier: &Earlier) -> Vec<TagFact> {
    let lines = newest_of_lines(history);
    let releases = earlier.releases(scheme);
    let names = history.tags.iter().map(|tag| tag.name.name.as_str());
    let prefixes = version_prefixes(names);
    history
        .tags
        .iter()
        .map(|tag| {
            let mut fact = tag_fact(history, tag);
            if !tag.name.is_release() {
                no_release(&mut fact, tag, history, &prefixes);
            }
            if let Some(newest) = lines.get(&tag.name.line) {
                fact.line.clone_from(&tag.name.line);
                if let Some(newest) = newest {
                    fact.line_release.clone_from(&newest.name.name);
                    fact.line_commit = commit_of(newest);
                }
            }
            if tag.kind() == TagKind::Unrelated {
                fact.was_at = earlier.higher(history, &releases, tag).unwrap_or_default();
            }
            fact
        })
        .collect()
}

/// What a tag is that is no release: a second name of one, or one of another prefix.
fn no_release(
    fact: &mut TagFact,
    tag: &Tag,
    history: &History,
    prefixes: &BTreeMap<String, Vec<Version>>,
) {
    let meant = tag.name.suggestion.as_deref();
    let release = meant.and_then(|name| history.tag(name));
    if let Some(release) = release.filter(|release| release.commit == tag.commit) {
        fact.alias_of.clone_from(&release.name.name);
    }
    if let Some((prefix, _)) = split_version(&tag.name.name) {
        prefix.clone_into(&mut fact.other_prefix);
        fact.other_prefix_tags = prefixes.get(prefix).map_or(0, |all| all.len() as u64);
    }
}

fn commit_of(tag: &Tag) -> String {
    tag.commit
        .map(|commit| commit.to_string())
        .unwrap_or_default()
}

/// The newest release of each line that has a release or a candidate.
fn newest_of_lines(history: &History) -> BTreeMap<String, Option<&Tag>> {
    let mut newest: BTreeMap<String, Option<&Tag>> = BTreeMap::new();
    // In release order: the last one wins.
    for tag in &history.tags {
        let Some(version) = tag.version() else {
            continue;
        };
        let is_release = matches!(tag.kind(), TagKind::Final | TagKind::Hotfix);
        if !is_release && tag.kind() != TagKind::Candidate {
            continue;
        }
        let (major, minor) = (version.major(), version.minor());
        for line in [format!("{major}"), format!("{major}.{minor}")] {
            let known = newest.entry(line).or_default();
            if is_release {
                *known = Some(tag);
            }
        }
    }
    newest
}

/// What a ledger knows of where tags were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// The commits that each tag was ever seen at, by its name.
    pub places: BTreeMap<String, BTreeSet<String>>,
}

impl Earlier {
    /// The highest release that was ever at a commit, of those that the ledger knows: a release that is gone counts, or
    /// deleting it would hide the way back.
    fn releases(&self, scheme: &TagScheme) -> BTreeMap<&str, TagName> {
        let mut releases: BTreeMap<&str, TagName> = BTreeMap::new();
        for (name, commits) in &self.places {
            let tag = scheme.parse(name);
            if !matches!(tag.kind, TagKind::Final | TagKind::Hotfix) {
                continue;
            }
            for commit in commits {
                let best = releases.entry(commit).or_insert_with(|| tag.clone());
                if is_below(best, &tag) {
                    best.clone_from(&tag);
                }
            }
        }
        releases
    }

    /// A release that a floating tag was at, higher than the one that it is at now.
    fn higher(
        &self,
        history: &History,
        releases: &BTreeMap<&str, TagName>,
        tag: &Tag,
    ) -> Option<String> {
        let highest = |commit: &str| {
            let present = ObjectId::parse(commit)
                .and_then(|id| history.releases_at(id).last())
                .map(|tag| &tag.name);
            let known = releases.get(commit);
            match (present, known) {
                (Some(present), Some(known)) if is_below(present, known) => Some(known),
                (present, known) => present.or(known),
            }
        };
        let mut best = highest(&commit_of(tag));
        let now = best;
        for commit in self.places.get(&tag.name.name)? {
            let then = highest(commit);
            if let Some(then) = then
                && best.is_none_or(|best| is_below(best, then))
            {
                best = Some(then);
            }
        }
        (best != now).then(|| best.map(|best| best.name.clone()))?
    }
}

fn is_below(a: &TagName, b: &TagName) -> bool {
    a.version
        .as_ref()
        .zip(b.version.as_ref())
        .is_some_and(|(a, b)| a.release_order(b).is_lt())
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
        ..TagFact::default()
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
        let facts: Vec<String> = collect(&history, &TagScheme::default(), &Earlier::default())
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

    /// The floating tags, as `name line newest was-at`.
    fn check_floating(tags: &str, seen: &[(&str, &[&str])], expected: &[&str]) {
        let history = history("a @1700000000\n b: a\n c: b", tags, "c");
        let id = |letter: &str| {
            let tag = history
                .tags
                .iter()
                .find(|tag| tag.name.name == format!("at-{letter}"));
            tag.unwrap().commit.unwrap().to_string()
        };
        let places = seen
            .iter()
            .map(|(name, at)| ((*name).to_owned(), at.iter().map(|at| id(at)).collect()))
            .collect();
        let found: Vec<String> = collect(&history, &TagScheme::default(), &Earlier { places })
            .into_iter()
            .filter(|tag| tag.kind == "unrelated" && !tag.name.starts_with("at-"))
            .map(|tag| {
                format!(
                    "{} {} {} {}",
                    tag.name, tag.line, tag.line_release, tag.was_at
                )
            })
            .collect();
        assert_eq!(found, expected, "{tags} {seen:?}");
    }

    #[test]
    fn floating_tags_know_their_line_and_where_they_were() {
        let tags = "at-a@a at-b@b at-c@c v1.9.0@a v2.0.0@b v2.1.0-rc1@c v3.0.0-rc1@c v1.9.0-hotfix1@b \
                    stable@a v1@a v1.9@a v2@b v3@c v7@a v2024@a";
        check_floating(
            tags,
            &[],
            &[
                "stable   ",
                "v1 1 v1.9.0-hotfix1 ",
                "v1.9 1.9 v1.9.0-hotfix1 ",
                "v2 2 v2.0.0 ",
                "v2024   ",
                "v3 3  ",
                "v7   ",
            ],
        );
        let tags = "at-a@a at-b@b at-c@c v1.9.0@a v2.0.0@b stable@a";
        check_floating(tags, &[("stable", &["a"])], &["stable   "]);
        check_floating(tags, &[("stable", &["a", "b"])], &["stable   v2.0.0"]);
        // Where nothing was released, it came from a candidate.
        check_floating(tags, &[("stable", &["c"])], &["stable   "]);
        // Deleting the release does not hide the way back.
        let gone = "at-a@a at-b@b at-c@c v1.9.0@a stable@a";
        check_floating(gone, &[("stable", &["b"])], &["stable   "]);
        check_floating(
            gone,
            &[("stable", &["b"]), ("v2.0.0", &["b"])],
            &["stable   v2.0.0"],
        );
    }
}
