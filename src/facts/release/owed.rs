//! Hotfixes that the next ordinary release has to hold.
//!
//! A hotfix is made beside the line of releases, on the tag that it mends. Whoever upgrades to the next release would lose
//! the fix if that release was made without it.

use super::collect::Contents;
use super::{OwedHotfixFact, lost};
use crate::discover::Coverage;
use crate::git::{Answer, GitError, History, ObjectId, Tag};
use crate::version::TagKind;

/// The hotfixes that this release owes, with what of them is not here: those of the release before, and those of earlier
/// releases on this line that were made since the release before. A hotfix that is younger than this release is the next one's.
pub(super) fn collect(
    history: &History,
    previous: &Tag,
    commit: ObjectId,
    contents: &impl Contents,
    coverage: &mut Coverage,
) -> Result<Vec<OwedHotfixFact>, GitError> {
    let (Some(previous_version), Some(previous_commit)) = (previous.version(), previous.commit)
    else {
        return Ok(Vec::new());
    };
    let graph = &history.graph;
    let own_time = graph.time(commit);
    let since = graph.time(previous_commit);
    let mut owed = Vec::new();
    for tag in history.hotfixes(previous_version, since, own_time) {
        let (Some(at), Some(version)) = (tag.commit, tag.version()) else {
            continue;
        };
        let base = history.same_base(version, TagKind::Final).next();
        let Some(base) = base.and_then(|base| base.commit) else {
            continue;
        };
        let time = graph.time(at);
        if time > own_time {
            continue;
        }
        let due = version.base() == previous_version.base()
            || (time > since && base != commit && graph.is_ancestor(base, commit) == Answer::Yes);
        if !due || graph.is_ancestor(at, commit) == Answer::Yes {
            continue;
        }
        let commits = lost::collect(history, at, commit, contents, coverage)?;
        if !commits.is_empty() {
            owed.push(OwedHotfixFact {
                tag: tag.name.name.clone(),
                commits,
            });
        }
    }
    Ok(owed)
}
