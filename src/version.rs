//! Versions, tags and release types: the vocabulary of releases.

mod branch;
mod number;
mod prefix;
mod step;
mod tag;

pub use branch::{BranchScheme, BranchVersion};
pub use number::Version;
pub use prefix::{detect_prefix, name_prefixes, prefix_setting, split_version, version_prefixes};
pub use step::{Step, next, next_free, step};
pub use tag::{TagName, TagScheme};

use serde::{Deserialize, Serialize};

/// What a release is called, from smallest to largest. There is one enum for declared, required and effective types.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ReleaseType {
    /// Nothing demands a release.
    #[default]
    None,
    /// `v1.2.3` to `v1.2.4`.
    Patch,
    /// `v1.2.3` to `v1.3.0`.
    Minor,
    /// `v1.2.3` to `v2.0.0`.
    Major,
}

impl ReleaseType {
    /// All types, the smallest first.
    pub const ALL: [Self; 4] = [Self::None, Self::Patch, Self::Minor, Self::Major];

    /// The type of that word; `None` for any other, such as the empty one.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::None, Self::Patch, Self::Minor, Self::Major]
            .into_iter()
            .find(|one| one.as_str() == word)
    }

    /// The word that reports and policies use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

impl std::fmt::Display for ReleaseType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a tag's name says about it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum TagKind {
    /// `vX.Y.Z`.
    Final,
    /// `vX.Y.Z-rcN` or `-rc.N`.
    Candidate,
    /// `vX.Y.Z-hotfixN`.
    Hotfix,
    /// Well-formed with any other suffix or with build metadata.
    Prerelease,
    /// Meant as a release, but not well-formed.
    Malformed,
    /// Not a release tag: `stable`, `nightly`, a floating `v1`, another prefix.
    Unrelated,
}

impl TagKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Final,
        Self::Candidate,
        Self::Hotfix,
        Self::Prerelease,
        Self::Malformed,
        Self::Unrelated,
    ];

    /// The word that reports and policies use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Candidate => "candidate",
            Self::Hotfix => "hotfix",
            Self::Prerelease => "prerelease",
            Self::Malformed => "malformed",
            Self::Unrelated => "unrelated",
        }
    }
}
