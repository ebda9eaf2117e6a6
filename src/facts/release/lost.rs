//! Commits that the release before has and this one has not.
//!
//! A commit is not lost when the subject has one that makes the same change, as `git cherry` tells it. Where the same first
//! line is there with another change, the commit may have been taken over by hand.

use std::collections::{HashMap, HashSet};

use super::LostCommitFact;
use super::collect::Contents;
use crate::discover::Coverage;
use crate::git::{Commit, GitError, History, ObjectId};
use crate::syntax::commit::parse_message;

/// How many commits of either side are compared. Lines that are further apart than this have been two projects for long.
const MAX_COMPARED: usize = 2_000;
/// How many of the files that a commit touches are looked at before its lines are.
const MAX_PATHS: usize = 10_000;

/// The commits that `previous` reaches, `subject` does not, and that no commit of the subject repeats; newest first.
pub(super) fn collect(
    history: &History,
    previous: ObjectId,
    subject: ObjectId,
    contents: &impl Contents,
    coverage: &mut Coverage,
) -> Result<Vec<LostCommitFact>, GitError> {
    let theirs = changes(
        history.graph.range(&[subject], previous),
        contents,
        coverage,
    )?;
    if theirs.is_empty() {
        return Ok(Vec::new());
    }
    let ours = changes(
        history.graph.range(&[previous], subject),
        contents,
        coverage,
    )?;
    let mut titles = HashSet::new();
    let mut by_paths: HashMap<Vec<String>, Vec<ObjectId>> = HashMap::new();
    for commit in &ours {
        titles.insert(title(commit));
        if let Some(paths) = present(paths(commit, contents), commit, coverage)? {
            by_paths.entry(paths).or_default().push(commit.id);
        }
    }
    let mut lost = Vec::new();
    for commit in &theirs {
        let repeated = is_repeated(commit, &by_paths, contents);
        if present(repeated, commit, coverage)? == Some(false) {
            lost.push(LostCommitFact {
                id: commit.id.to_string(),
                summary: parse_message(&commit.message).summary,
                similar_present: titles.contains(&title(commit)),
            });
        }
    }
    Ok(lost)
}

/// One of our commits makes the same change. Only one that touches the same files can, and comparing names is far cheaper
/// than comparing lines.
fn is_repeated(
    commit: &Commit,
    ours: &HashMap<Vec<String>, Vec<ObjectId>>,
    contents: &impl Contents,
) -> Result<bool, GitError> {
    let Some(alike) = ours.get(&paths(commit, contents)?) else {
        return Ok(false);
    };
    let Some(patch) = contents.patch_id(commit.id)? else {
        return Ok(false);
    };
    for &other in alike {
        if contents.patch_id(other)? == Some(patch) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Passes over what the clone lacks: a clone without old file contents can judge everything else.
fn present<T>(
    result: Result<T, GitError>,
    commit: &Commit,
    coverage: &mut Coverage,
) -> Result<Option<T>, GitError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(GitError::MissingObject { .. }) => {
            coverage.skip(
                "(commits)",
                format!(
                    "commit {} could not be compared by patch id: its content is not in this clone",
                    commit.id.short()
                ),
            );
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The commits that make a change of their own: merges do not.
fn changes(
    ids: Vec<ObjectId>,
    contents: &impl Contents,
    coverage: &mut Coverage,
) -> Result<Vec<Commit>, GitError> {
    let mut commits = Vec::new();
    let total = ids.len();
    for (seen, id) in ids.into_iter().enumerate() {
        if commits.len() == MAX_COMPARED {
            coverage.skip(
                "(commits)",
                format!(
                    "{} older commits of a parallel line were not compared by patch id",
                    total - seen
                ),
            );
            break;
        }
        let commit = contents.commit(id)?;
        if commit.parents.len() < 2 {
            commits.push(commit);
        }
    }
    Ok(commits)
}

fn paths(commit: &Commit, contents: &impl Contents) -> Result<Vec<String>, GitError> {
    match commit.parents.first() {
        Some(&parent) => contents.changed_paths(parent, commit.id, MAX_PATHS),
        // Nothing is cherry-picked from a first commit.
        None => Ok(Vec::new()),
    }
}

/// The first line without the number of the pull request that squashing puts behind it.
fn title(commit: &Commit) -> String {
    let summary = parse_message(&commit.message).summary;
    let trimmed = summary
        .strip_suffix(')')
        .and_then(|open| open.rsplit_once(" (#"))
        .filter(|(_, number)| number.bytes().all(|b| b.is_ascii_digit()))
        .map(|(title, _)| title.trim_end().to_owned());
    trimmed.unwrap_or(summary)
}
