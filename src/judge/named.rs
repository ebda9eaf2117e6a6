//! What the configuration names has to be there: a path that is misspelled would otherwise take its gates with it.
//!
//! A path may be absent at a revision, which was made before the file was. So it is an error only where the revision and the
//! place of the configuration both lack it, or where the release itself takes it away.

use super::{Frame, JudgeError, States};
use crate::discover::Snapshot;
use crate::git::History;
use crate::project::{Named, named};
use crate::subject::Subject;

/// Refuses what neither the subject nor the place of the configuration has, and a baseline that is no tag.
pub(super) fn require(
    frame: &Frame<'_>,
    subject: &Subject,
    history: &History,
    current: &Snapshot,
) -> Result<(), JudgeError> {
    let file = || {
        let file = frame.project.config_file.as_ref();
        file.map_or_else(|| "the configuration".to_owned(), |(path, _)| path.clone())
    };
    let absent = frame.project.absent.iter();
    if let Some(missing) = absent.into_iter().find(|one| !is_there(current, one)) {
        return Err(JudgeError::Configured {
            file: file(),
            key: missing.key,
            path: missing.path.clone(),
        });
    }
    match &frame.project.config.baseline {
        // Staged changes are judged in clones without tags too.
        // The tags that a pull request itself brings are in no history.
        Some(tag)
            if !subject.staged
                && history.tag(tag).is_none()
                && !frame.repository.tag_names()?.contains(tag) =>
        {
            Err(JudgeError::Baseline {
                file: file(),
                tag: tag.clone(),
            })
        }
        _ => Ok(()),
    }
}

/// The files that the configuration names and that were there before what is judged: what it takes away is not judged any
/// more. Migrations that are gone have findings of their own.
pub(super) fn taken_away(frame: &Frame<'_>, states: &States) -> Vec<Named> {
    let before = [&states.previous, &states.base];
    let was_there =
        |one: &Named| (before.iter().copied().flatten()).any(|state| is_there(state, one));
    named(&frame.project.config)
        .into_iter()
        .filter(|one| one.key != "migrations: path")
        .filter(|one| !is_there(&states.subject, one) && was_there(one))
        .collect()
}

/// A changelog may have changed the case of its name.
fn is_there(state: &Snapshot, one: &Named) -> bool {
    state.holds(&one.path)
        || (one.key == "changelog"
            && state
                .entries
                .keys()
                .any(|path| path.eq_ignore_ascii_case(&one.path)))
}
