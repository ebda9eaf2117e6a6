//! What is judged: the commit that a request means, and the release that it is or will be.

use std::collections::HashSet;

use crate::gate::Stage;
use crate::git::{Bound, GitError, History, ObjectId, Point, Repository, Start, Tag};
use crate::version::{
    BranchScheme, BranchVersion, TagKind, TagName, TagScheme, Version, name_prefixes,
    prefix_setting, split_version, version_prefixes,
};

/// How many tags an error names that are no versions.
const NAMED_TAGS: usize = 3;

/// What somebody wants judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectRequest {
    /// HEAD, as the content of the next release.
    Head,
    /// A tag that exists, or one that is proposed at a revision.
    Tag {
        /// Its name; `refs/tags/` before it does no harm.
        name: String,
        /// Where a tag that does not exist yet would be; HEAD when absent.
        at: Option<String>,
    },
    /// What a pull request changes.
    Range {
        /// The revision that it is merged into.
        base: String,
        /// The revision that is merged; HEAD when absent.
        head: Option<String>,
    },
    /// The index against HEAD.
    Staged,
}

/// Why there is nothing to judge. Every variant ends in exit status 2.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum SubjectError {
    /// A tag that neither exists nor names a version.
    #[error("there is no tag `{name}` in this clone, and the name is no version")]
    #[diagnostic(help("{help}"))]
    UnknownTag {
        /// The name.
        name: String,
        /// What mends it.
        help: String,
    },
    /// An existing tag with another place to judge it at.
    #[error("tag `{tag}` exists at {commit}, and {at} is another commit")]
    #[diagnostic(help(
        "leave out --at to judge the tag where it is; a published tag does not move, so a proposal needs the next number"
    ))]
    TagElsewhere {
        /// The tag.
        tag: String,
        /// Where it is.
        commit: String,
        /// Where it was asked for.
        at: String,
    },
    /// A release tag that leads to no commit.
    #[error("tag `{tag}` leads to no commit ({what})")]
    #[diagnostic(help("{help}"))]
    NotACommit {
        /// The tag.
        tag: String,
        /// What it leads to.
        what: &'static str,
        /// What mends it.
        help: &'static str,
    },
    /// There is no release to compare with.
    #[error("this clone has no release tag: the release before {subject} cannot be found")]
    #[diagnostic(help("{help}"))]
    NoReleaseTags {
        /// What is judged.
        subject: String,
        /// What mends it.
        help: String,
    },
    /// The two sides of a pull request have nothing in common.
    #[error("`{base}` and `{head}` have no commit in common")]
    #[diagnostic(help("--base names the branch that the change is merged into"))]
    Unrelated {
        /// One side.
        base: String,
        /// The other side.
        head: String,
    },
    /// The repository could not be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Git(#[from] GitError),
}

/// What is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// What reports call it: a tag's name, `HEAD`, an abbreviated commit, `the index`.
    pub label: String,
    /// The commit; `None` for a malformed or unrelated tag that leads to none, and for the index of a branch without commits.
    pub commit: Option<ObjectId>,
    /// The tag, existing or proposed.
    pub tag: Option<Tag>,
    /// The tag does not exist yet.
    pub proposed: bool,
    /// The version: the tag's, or the one that a release branch is for.
    pub version: Option<Version>,
    /// The stage that is judged when none is asked for.
    pub stage: Stage,
    /// The finals that are below, and which of them an upgrade starts from; `None` when that cannot be told from the name.
    pub below: Option<(Bound, Start)>,
    /// For a pull request the commit that its changes start from, for the index HEAD's; `None` for everything else.
    pub changes_since: Option<ObjectId>,
    /// The content is the index's, not the commit's.
    pub staged: bool,
}

impl Subject {
    /// The tag's kind.
    pub fn kind(&self) -> Option<TagKind> {
        self.tag.as_ref().map(Tag::kind)
    }

    /// Where it stands in the history.
    pub fn point(&self) -> Option<Point> {
        let (bound, start) = self.below.clone()?;
        Some(Point {
            commit: self.commit?,
            bound,
            start,
        })
    }

    /// An existing tag, or one that is proposed at a commit.
    pub fn of_tag(tag: Tag, proposed: bool) -> Self {
        let version = tag.version().cloned();
        let below = version.as_ref().map(|version| {
            let start = if version.is_behind_base() {
                Start::Fixed(version.base())
            } else {
                Start::Newest
            };
            (Bound::Below(version.clone()), start)
        });
        Self {
            label: tag.name.name.clone(),
            commit: tag.commit,
            stage: match tag.kind() {
                TagKind::Candidate | TagKind::Prerelease => Stage::Candidate,
                _ => Stage::Release,
            },
            tag: Some(tag),
            proposed,
            version,
            below,
            changes_since: None,
            staged: false,
        }
    }

    /// A commit that is judged as the content of the next release. On a release branch that is the branch's version, as long
    /// as it is not released; on a hotfix branch what comes next mends the branch's own past.
    fn of_commit(
        label: &str,
        commit: Option<ObjectId>,
        branch: Option<&str>,
        branches: &BranchScheme,
        tags: &[Tag],
    ) -> Self {
        let released = |version: &Version| {
            tags.iter()
                .any(|tag| tag.kind() == TagKind::Final && tag.version() == Some(version))
        };
        let mut version = None;
        let mut bound = Bound::Open;
        match branch.and_then(|branch| branches.release_version(branch)) {
            Some(BranchVersion::Version(meant)) if !released(&meant) => {
                bound = Bound::Below(meant.clone());
                version = Some(meant);
            }
            Some(BranchVersion::Version(line) | BranchVersion::Line(line)) => {
                bound = Bound::Line(line);
            }
            None => {}
        }
        let start = if branch.is_some_and(|branch| branches.is_hotfix(branch)) {
            Start::Ancestor
        } else {
            Start::Newest
        };
        Self {
            label: label.to_owned(),
            commit,
            tag: None,
            proposed: false,
            version,
            stage: Stage::Change,
            below: Some((bound, start)),
            changes_since: None,
            staged: false,
        }
    }
}

/// Finds what a request means, and loads the history around it.
pub fn load(
    repository: &Repository,
    scheme: &TagScheme,
    branches: &BranchScheme,
    request: &SubjectRequest,
) -> Result<(Subject, History), SubjectError> {
    let tags = repository.tags(scheme)?;
    let subject = resolve(repository, &tags, scheme, branches, request)?;
    let tips: Vec<ObjectId> = subject
        .commit
        .into_iter()
        .chain(subject.changes_since)
        .collect();
    let history = load_history(repository, tags, branches, &tips)?;
    finish(repository, subject, history, scheme, request)
}

/// Loads the history of a repository: its tags, its main branch and its release branches, and `tips`.
pub fn load_history(
    repository: &Repository,
    tags: Vec<Tag>,
    branches: &BranchScheme,
    tips: &[ObjectId],
) -> Result<History, GitError> {
    repository.history(
        tags,
        branches.main.as_deref(),
        |name| branches.counts(name),
        tips,
    )
}

/// Refuses a subject whose past this clone does not hold completely: every answer about it might be wrong.
pub fn require_history(
    repository: &Repository,
    history: &History,
    subject: &Subject,
) -> Result<(), GitError> {
    let Some(point) = subject.point() else {
        return Ok(());
    };
    repository.require_history(history, point.commit, &subject.label)?;
    if history.lineage(&point).previous.is_none()
        && let Some(remote) = repository.remote_without_tags()
    {
        return Err(GitError::TagsLeftOut {
            remote,
            subject: subject.label.clone(),
        });
    }
    match history.broken_release(&point) {
        Some(tag) => Err(GitError::BrokenTag {
            tag: tag.name.name.clone(),
            subject: subject.label.clone(),
        }),
        None => Ok(()),
    }
}

/// What can only be told with the history at hand.
fn finish(
    repository: &Repository,
    mut subject: Subject,
    mut history: History,
    scheme: &TagScheme,
    request: &SubjectRequest,
) -> Result<(Subject, History), SubjectError> {
    require_history(repository, &history, &subject)?;
    if let (SubjectRequest::Range { base, head }, Some(of_base), Some(of_head)) =
        (request, subject.changes_since, subject.commit)
    {
        repository.require_history(&history, of_base, base)?;
        subject.changes_since = history.graph.merge_base(of_base, of_head);
        if subject.changes_since.is_none() {
            return Err(SubjectError::Unrelated {
                base: base.clone(),
                head: head.clone().unwrap_or_else(|| "HEAD".to_owned()),
            });
        }
        // A tag on the way from the base to the head is part of the change, and must not make it a release of its own past.
        if let Some(since) = subject.changes_since {
            let within: HashSet<ObjectId> =
                history.graph.range(&[since], of_head).into_iter().collect();
            let is_before = |tag: &Tag| tag.commit.is_none_or(|commit| !within.contains(&commit));
            if !history.tags.iter().all(is_before) {
                history = history.with_tags(is_before);
                require_releases(repository, &history.tags, scheme, &subject.label)?;
            }
        }
    }
    Ok((subject, history))
}

fn resolve(
    repository: &Repository,
    tags: &[Tag],
    scheme: &TagScheme,
    branches: &BranchScheme,
    request: &SubjectRequest,
) -> Result<Subject, SubjectError> {
    let branch = repository.head_branch();
    let branch = branch.as_deref();
    match request {
        SubjectRequest::Head => {
            let commit = repository.head()?;
            require_releases(repository, tags, scheme, "HEAD")?;
            Ok(Subject::of_commit(
                "HEAD",
                Some(commit),
                branch,
                branches,
                tags,
            ))
        }
        SubjectRequest::Tag { name, at } => {
            let name = name.strip_prefix("refs/tags/").unwrap_or(name);
            match tags.iter().find(|tag| tag.name.name == name) {
                Some(tag) => existing_tag(repository, tag, at.as_deref()),
                None => proposed_tag(repository, scheme.parse(name), at.as_deref()),
            }
        }
        SubjectRequest::Range { base, head } => {
            let of_base = repository.resolve(base)?;
            let of_head = match head {
                Some(head) => repository.resolve(head)?,
                None => repository.head()?,
            };
            let label = head.as_deref().unwrap_or("HEAD");
            require_releases(repository, tags, scheme, label)?;
            // The branch that a pull request is merged into says which line its content is for.
            let target = base.strip_prefix("origin/").unwrap_or(base);
            let mut subject =
                Subject::of_commit(label, Some(of_head), Some(target), branches, tags);
            subject.changes_since = Some(of_base);
            Ok(subject)
        }
        SubjectRequest::Staged => {
            let commit = match repository.head() {
                Ok(commit) => Some(commit),
                Err(GitError::Unborn { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            let mut subject = Subject::of_commit("the index", commit, branch, branches, tags);
            subject.changes_since = commit;
            subject.staged = true;
            Ok(subject)
        }
    }
}

/// Why a tag that leads to no commit cannot be judged.
pub fn not_a_commit(tag: &Tag) -> SubjectError {
    SubjectError::NotACommit {
        tag: tag.name.name.clone(),
        what: tag.target.as_str(),
        help: match tag.target {
            crate::git::Target::Missing => {
                "git fetch --tags --force origin        brings what the tag leads to"
            }
            _ => "only a commit can be released; tag the commit under the next number",
        },
    }
}

fn existing_tag(
    repository: &Repository,
    tag: &Tag,
    at: Option<&str>,
) -> Result<Subject, SubjectError> {
    if let (Some(at), Some(commit)) = (at, tag.commit) {
        let asked = repository.resolve(at)?;
        if asked != commit {
            return Err(SubjectError::TagElsewhere {
                tag: tag.name.name.clone(),
                commit: commit.short(),
                at: format!("{at} ({})", asked.short()),
            });
        }
    }
    if tag.name.is_release() && tag.commit.is_none() {
        return Err(not_a_commit(tag));
    }
    Ok(Subject::of_tag(tag.clone(), false))
}

fn proposed_tag(
    repository: &Repository,
    name: TagName,
    at: Option<&str>,
) -> Result<Subject, SubjectError> {
    if !name.is_release() {
        let meant = match (name.suggestion.as_deref(), split_version(&name.name)) {
            (Some(meant), _) => format!("; did you mean {meant}? relgate check --tag {meant}"),
            (None, Some((prefix, _))) => format!(
                "\nits prefix is not that of the release tags: {} in relgate.yaml judges such tags",
                prefix_setting(prefix)
            ),
            (None, None) => String::new(),
        };
        return Err(SubjectError::UnknownTag {
            help: format!("git fetch --tags        brings the tags of the remote{meant}"),
            name: name.name,
        });
    }
    let commit = match at {
        Some(at) => repository.resolve(at)?,
        None => repository.head()?,
    };
    let tag = Tag {
        name,
        target: crate::git::Target::Commit,
        commit: Some(commit),
        annotated: false,
        date: None,
    };
    Ok(Subject::of_tag(tag, true))
}

/// Refuses to take a clone without tags for a project without releases.
fn require_releases(
    repository: &Repository,
    tags: &[Tag],
    scheme: &TagScheme,
    subject: &str,
) -> Result<(), SubjectError> {
    if tags.iter().any(|tag| tag.name.is_release()) {
        return Ok(());
    }
    if repository.is_shallow() {
        return Err(GitError::Shallow {
            subject: subject.to_owned(),
        }
        .into());
    }
    let first = scheme.tag(&Version::new(0, 1, 0));
    let mut help = format!(
        "git fetch --tags        brings the release tags, if there are any\n\
         relgate check --tag {first}        judges HEAD as the first release"
    );
    help.push_str(&other_tags(tags));
    Err(SubjectError::NoReleaseTags {
        subject: subject.to_owned(),
        help,
    })
}

/// What the tags are that are no releases: of other prefixes, or no versions at all.
fn other_tags(tags: &[Tag]) -> String {
    let names = || tags.iter().map(|tag| tag.name.name.as_str());
    let prefixes = name_prefixes(names());
    if !prefixes.is_empty() {
        let most = version_prefixes(names())
            .into_iter()
            .max_by_key(|(prefix, versions)| (versions.len(), std::cmp::Reverse(prefix.clone())))
            .map_or_else(String::new, |(prefix, _)| prefix_setting(&prefix));
        return format!(
            "\nthe tags have other prefixes: {prefixes}\n{most} in relgate.yaml judges the releases of one of them"
        );
    }
    let shown: Vec<String> = names()
        .take(NAMED_TAGS)
        .map(|name| format!("`{name}`"))
        .collect();
    match shown.len() {
        0 => String::new(),
        _ => format!(
            "\nno tag of the {} here is a version of three numbers (X.Y.Z): {}",
            tags.len(),
            shown.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests;
