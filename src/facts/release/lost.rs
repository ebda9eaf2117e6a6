//! Commits that the release before has and this one has not.
//!
//! A commit is not lost when the subject has one that makes the same change, as `git cherry` tells it. Where the same first
//! line is there with another change, the commit may have been taken over by hand.

use std::collections::HashSet;

use super::LostCommitFact;
use super::collect::Contents;
use crate::discover::Coverage;
use crate::git::{Commit, GitError, History, ObjectId, PatchId};
use crate::syntax::commit::parse_message;

/// How many commits of either side are compared. Lines that are further apart than this have been two projects for long.
const MAX_COMPARED: usize = 2_000;
/// Commits that touch more files than this are compared without first comparing the files' names.
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
    let our_titles: HashSet<String> = ours.iter().map(title).collect();
    let our_patches = our_patches(&ours, &theirs, contents)?;
    let mut lost = Vec::new();
    for commit in &theirs {
        let patch = contents.patch_id(commit.id)?;
        if patch.is_some_and(|patch| our_patches.contains(&patch)) {
            continue;
        }
        lost.push(LostCommitFact {
            id: commit.id.to_string(),
            summary: parse_message(&commit.message).summary,
            similar_present: our_titles.contains(&title(commit)),
        });
    }
    Ok(lost)
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

/// The patch ids of our commits, as far as they can equal one of theirs: only a commit that touches the same files can, and
/// comparing names is far cheaper than comparing lines.
fn our_patches(
    ours: &[Commit],
    theirs: &[Commit],
    contents: &impl Contents,
) -> Result<HashSet<PatchId>, GitError> {
    let mut touched = HashSet::new();
    for commit in theirs {
        touched.insert(paths(commit, contents)?);
    }
    let mut patches = HashSet::new();
    for commit in ours {
        if touched.contains(&paths(commit, contents)?) {
            patches.extend(contents.patch_id(commit.id)?);
        }
    }
    Ok(patches)
}

fn paths(commit: &Commit, contents: &impl Contents) -> Result<Vec<String>, GitError> {
    match commit.parents.first() {
        Some(&parent) => contents.changed_paths(parent, commit.id, MAX_PATHS),
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
