//! The commits of the release.

use std::collections::HashSet;
use std::hash::BuildHasher;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rfc3339;
use super::signature::SignatureFact;
use crate::git::{Commit, GitError, ObjectId, Repository, Signed};
use crate::syntax::commit::parse_message;

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
    /// Its signature.
    pub signature: SignatureFact,
    /// The previous release holds it already: that release stands on a parallel line, and both lines hold this commit. It is
    /// nothing new to whoever upgrades, so it demands no release type; its authors stay authors of the range.
    pub in_previous: bool,
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

/// The facts of commits, in the order in which they are named. `new` holds those that the previous release does not have;
/// `signature` checks what signs one.
pub fn collect(
    repository: &Repository,
    commits: &[ObjectId],
    new: &HashSet<ObjectId, impl BuildHasher>,
    signature: impl Fn(&Signed) -> SignatureFact,
) -> Result<Vec<CommitFact>, GitError> {
    commits
        .iter()
        .map(|&id| {
            let commit = repository.commit(id)?;
            let mut fact = commit_fact(&commit);
            fact.in_previous = !new.contains(&id);
            if let Some(signed) = &commit.signed {
                fact.signature = signature(signed);
            }
            Ok(fact)
        })
        .collect()
}

/// How many commits are new to whoever upgrades from the previous release.
pub fn count_new(commits: &[CommitFact]) -> usize {
    commits.iter().filter(|commit| !commit.in_previous).count()
}

/// What a commit says.
pub fn commit_fact(commit: &Commit) -> CommitFact {
    let message = parse_message(&commit.message);
    let person = |name: &str, email: &str| PersonFact {
        name: name.to_owned(),
        email: email.to_lowercase(),
    };
    let (kind, scope) = message
        .header
        .as_ref()
        .map(|header| (header.kind.clone(), header.scope.clone()))
        .unwrap_or_default();
    CommitFact {
        id: commit.id.to_string(),
        conventional: message.is_conventional(),
        kind,
        scope,
        breaking: message.breaking,
        author: person(&commit.author.name, &commit.author.email),
        committer: person(&commit.committer.name, &commit.committer.email),
        co_authors: message
            .co_authors
            .iter()
            .map(|helper| person(&helper.name, &helper.email))
            .collect(),
        date: rfc3339(commit.time),
        merge: commit.parents.len() > 1,
        signature: SignatureFact::default(),
        in_previous: false,
        summary: message.summary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Person;

    #[test]
    fn a_commit_as_policies_see_it() {
        let commit = Commit {
            id: ObjectId::of_content(b"x"),
            parents: vec![ObjectId::of_content(b"a"), ObjectId::of_content(b"b")],
            author: Person {
                name: "Ada".to_owned(),
                email: "Ada@Example.org".to_owned(),
            },
            committer: Person::default(),
            time: 1_700_000_000,
            message: "feat(casks)!: drop the label\n\nCo-authored-by: Grace <Grace@Example.org>\n"
                .to_owned(),
            signed: None,
        };
        let fact = commit_fact(&commit);
        assert_eq!(fact.summary, "feat(casks)!: drop the label");
        assert_eq!((fact.kind.as_str(), fact.scope.as_str()), ("feat", "casks"));
        assert!(fact.conventional && fact.breaking && fact.merge);
        assert_eq!(fact.author.email, "ada@example.org");
        assert_eq!(fact.co_authors[0].email, "grace@example.org");
        assert_eq!(fact.date, "2023-11-14T22:13:20Z");
    }

    #[test]
    fn a_plain_message_says_nothing_more() {
        let commit = Commit {
            id: ObjectId::of_content(b"x"),
            parents: Vec::new(),
            author: Person::default(),
            committer: Person::default(),
            time: i64::MAX,
            message: "Fix the cask".to_owned(),
            signed: None,
        };
        let fact = commit_fact(&commit);
        assert!(!fact.conventional && !fact.breaking && !fact.merge);
        assert_eq!((fact.kind.as_str(), fact.date.as_str()), ("", ""));
    }
}
