//! The commits of the release.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct CommitFact {
    /// The commit id.
    pub id: String,
    /// The first line of its message.
    pub summary: String,
    /// It follows Conventional Commits.
    pub conventional: bool,
    /// The conventional type in lower case (`feat`, `fix`); empty when not conventional.
    #[serde(rename = "type")]
    pub kind: String,
    /// The conventional scope; empty when there is none.
    pub scope: String,
    /// It says that it breaks something: `!` or a `BREAKING CHANGE` footer.
    pub breaking: bool,
    /// Who wrote it.
    pub author: PersonFact,
    /// Who committed it.
    pub committer: PersonFact,
    /// Who helped, by `Co-authored-by`.
    pub co_authors: Vec<PersonFact>,
    /// The committer date, RFC 3339 in UTC.
    pub date: String,
    /// It has more than one parent.
    pub merge: bool,
}

/// A person as a commit names them.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct PersonFact {
    /// The name.
    pub name: String,
    /// The address, in lower case.
    pub email: String,
}
