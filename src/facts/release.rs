//! What is being released, and what came before it.

mod collect;
mod lost;
mod owed;

pub use collect::{Contents, Naming, collect};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::signature::SignatureFact;

/// The release that is judged.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ReleaseFacts {
    /// The tag's name; empty when no tag is judged.
    pub tag: String,
    /// The tag's kind (`final`, `candidate`, `hotfix`, `prerelease`, `malformed`, `unrelated`); empty without a tag.
    pub kind: String,
    /// The version without its prefix (`1.3.0-rc1`); empty when there is none. On a release branch without a tag, the branch's version.
    pub version: String,
    /// The version without its suffix (`1.3.0`).
    pub base: String,
    /// The candidate's or hotfix's number; 0 for others.
    pub number: u64,
    /// The commit, as 40 hexadecimal digits.
    pub commit: String,
    /// When: the tag's own date if it has one, else the commit's committer date; RFC 3339 in UTC.
    pub date: String,
    /// The tag is an annotated one.
    pub annotated: bool,
    /// The signature of the tag itself; empty fields when it has none, or does not exist yet.
    pub tag_signature: SignatureFact,
    /// The tag does not exist yet.
    pub proposed: bool,
    /// No remote can have the tag yet: it does not exist, or it is what is being pushed.
    pub unpublished: bool,
    /// The stage that is judged: `change`, `candidate`, `release`, `deploy`, `post-release`, `closed`.
    pub stage: String,
    /// No final release is below this one.
    pub first: bool,
    /// The release that an upgrade starts from; empty fields when there is none.
    pub previous: ReleaseRef,
    /// The highest lower final among the ancestors: where the range of commits starts; empty fields when there is none.
    pub ancestor: ReleaseRef,
    /// `previous` and `ancestor` differ: there is a parallel line of releases.
    pub parallel: bool,
    /// The step from the previous release to the tag: `none`, `patch`, `minor`, `major`; empty when nothing is declared.
    pub declared_type: String,
    /// The highest type that a demand asks for; empty until the demands are known.
    pub required_type: String,
    /// The higher of declared and required; empty until the demands are known.
    pub effective_type: String,
    /// What is unusual about the step from the previous release; `regular` when nothing is.
    pub step: StepFact,
    /// `yes`, `no` or `unknown` (there is no such branch in this clone).
    pub on_main: String,
    /// The name of the main branch that was looked at.
    pub main_branch: String,
    /// The name that the release branch of this version has by the configuration, e.g. `release/v1.3.0`.
    pub release_branch: String,
    /// The commit is on that branch: `yes`, `no`, or `unknown` (there is no such branch in this clone: it may have been deleted).
    pub on_release_branch: String,
    /// The candidates of the same base version, in release order.
    pub candidates: Vec<CandidateFact>,
    /// About a hotfix; empty fields for other kinds.
    pub hotfix: HotfixFact,
    /// Other final or hotfix tags on the same commit.
    pub same_commit_tags: Vec<String>,
    /// Commits of the previous release that are not in this one by patch id; only when `parallel`.
    pub lost_commits: Vec<LostCommitFact>,
    /// Hotfixes whose commits this release has to hold and does not: of the previous release, and of earlier ones on its
    /// line that were made since. Hotfixes themselves owe nothing.
    pub owed_hotfixes: Vec<OwedHotfixFact>,
    /// The places that the configuration says hold the version; empty when it names none.
    pub version_references: Vec<VersionReferenceFact>,
}

/// Another release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ReleaseRef {
    /// Its tag; empty when there is no such release.
    pub tag: String,
    /// Its version without the prefix.
    pub version: String,
    /// Its commit.
    pub commit: String,
}

/// How the version grew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct StepFact {
    /// Exactly one part grew by one and those behind it are 0, or there is nothing to compare with.
    pub regular: bool,
    /// What is irregular, as a phrase; empty when regular.
    pub reason: String,
}

/// A candidate of the version that is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct CandidateFact {
    /// Its tag.
    pub tag: String,
    /// Its number.
    pub number: u64,
    /// Its commit.
    pub commit: String,
    /// It is the subject's own commit.
    pub same_commit: bool,
    /// Its commit is an ancestor of the subject's (or the same).
    pub is_ancestor: bool,
    /// It was made after the final: its commit is a descendant of the final's, and not the same.
    pub after_final: bool,
    /// Files that differ between it and the subject, sorted; filled for the last candidate only, at most 1,000.
    pub changed_paths: Vec<String>,
    /// How many files differ, those that are not named included.
    pub changed_files: u64,
}

/// About a hotfix.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct HotfixFact {
    /// The tag of the release it fixes; empty when that does not exist.
    pub base_tag: String,
    /// The number that would be next in line.
    pub expected_number: u64,
    /// The fixed release's commit is an ancestor of the hotfix: `yes` or `no`, `unknown` when there is no such release.
    pub starts_at_base: String,
    /// Files that it changes, counted.
    pub changed_files: u64,
}

/// A commit that the release before has and this one has not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct LostCommitFact {
    /// The commit.
    pub id: String,
    /// Its first line.
    pub summary: String,
    /// A commit with the same first line is in the subject: it may be there in other words.
    pub similar_present: bool,
}

/// A hotfix that this release has to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct OwedHotfixFact {
    /// Its tag.
    pub tag: String,
    /// Its commits that are not here by patch id.
    pub commits: Vec<LostCommitFact>,
}

/// A place that must hold the version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct VersionReferenceFact {
    /// The file.
    pub path: String,
    /// The configured pattern.
    pub pattern: String,
    /// The pattern was found in the file.
    pub found: bool,
    /// The version that stands there, without prefix; empty when the pattern was not found.
    pub version: String,
    /// The place; of the file when the pattern was not found.
    pub origin: super::Origin,
}
