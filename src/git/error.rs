//! Why a repository could not be read, and what mends it.

use std::path::PathBuf;

use super::ObjectId;

/// Why a repository could not be read. Every variant ends in exit status 2: nothing was judged.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum GitError {
    /// There is no repository at or above the directory.
    #[error("{} is not inside a git repository", .0.display())]
    #[diagnostic(help("run relgate inside a clone, or name one with --repo DIR"))]
    NotARepository(PathBuf),
    /// There is one, and it cannot be opened.
    #[error("the git repository at {} cannot be opened: {why}", path.display())]
    #[diagnostic(help("git -C {} fsck    shows what is broken", path.display()))]
    Open {
        /// Its directory.
        path: PathBuf,
        /// libgit2's words.
        why: String,
    },
    /// Object ids are SHA-256.
    #[error("this repository names its objects by SHA-256, which relgate cannot read")]
    #[diagnostic(help("relgate reads repositories whose object format is sha1"))]
    Sha256,
    /// The repository's format has something that is not known.
    #[error("this repository uses the git extension `{name}`, which relgate cannot read")]
    #[diagnostic(help("{help}"))]
    Extension {
        /// Its name.
        name: String,
        /// What mends it.
        help: String,
    },
    /// HEAD's branch has no commit.
    #[error("branch `{branch}` has no commit yet: there is nothing to judge")]
    #[diagnostic(help(
        "make a first commit, or name another revision: relgate check --tag TAG --at REV"
    ))]
    Unborn {
        /// The branch.
        branch: String,
    },
    /// A revision that the user named does not exist here.
    #[error("there is no revision `{revision}` in this clone")]
    #[diagnostic(help("{help}"))]
    NoSuchRevision {
        /// What the user named.
        revision: String,
        /// What may bring it.
        help: String,
    },
    /// A revision leads to something else than a commit.
    #[error("`{revision}` leads to a {what}, not to a commit")]
    #[diagnostic(help("only a commit can be judged as a release"))]
    NotACommit {
        /// What the user named.
        revision: String,
        /// `tree`, `blob`, or a phrase.
        what: String,
    },
    /// The history ends before what is needed.
    #[error("this clone is shallow: the release before {subject} cannot be found")]
    #[diagnostic(help(
        "git fetch --unshallow --tags        (GitHub Actions: actions/checkout with fetch-depth: 0)"
    ))]
    Shallow {
        /// What is judged.
        subject: String,
    },
    /// The clone was told to leave out tags, so that a first release cannot be told from one whose tags were left out.
    #[error(
        "this clone leaves out tags (remote.{remote}.tagOpt): whether {subject} is the first release cannot be told"
    )]
    #[diagnostic(help(
        "git config --unset remote.{remote}.tagOpt && git fetch --tags {remote}        brings the tags"
    ))]
    TagsLeftOut {
        /// The remote.
        remote: String,
        /// What is judged.
        subject: String,
    },
    /// A release tag that may be the previous release leads to nothing.
    #[error(
        "tag `{tag}` leads to nothing that is in this clone, so the release before {subject} cannot be told"
    )]
    #[diagnostic(help(
        "git fetch --tags --force origin        brings what the tags lead to\n\
         git tag --delete {tag}        removes a tag that is broken"
    ))]
    BrokenTag {
        /// The tag.
        tag: String,
        /// What is judged.
        subject: String,
    },
    /// An object that is needed is not in the clone.
    #[error("{what} {id} is not in this clone")]
    #[diagnostic(help("{help}"))]
    MissingObject {
        /// `commit`, `tree`, ...
        what: &'static str,
        /// Its id.
        id: ObjectId,
        /// What brings it.
        help: String,
    },
    /// Something is there and cannot be read.
    #[error("git cannot read {what}: {why}")]
    #[diagnostic(help("git fsck    shows what is broken"))]
    Unreadable {
        /// What.
        what: String,
        /// libgit2's words.
        why: String,
    },
    /// The index cannot be read.
    #[error("the git index cannot be read: {why}")]
    #[diagnostic(help("{help}"))]
    Index {
        /// libgit2's words.
        why: String,
        /// What mends it.
        help: &'static str,
    },
    /// A tree with more files than can be meant.
    #[error("commit {commit} lists more than {limit} files")]
    #[diagnostic(help(
        "a tree like this is made to exhaust whoever reads it; judge another commit"
    ))]
    TooManyFiles {
        /// The commit.
        commit: ObjectId,
        /// How many are read.
        limit: usize,
    },
}
