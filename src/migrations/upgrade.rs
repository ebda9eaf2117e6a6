//! What a database runs: one that was just made, and one that the previous release left.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::DirectorySurvey;
use super::changes::FileChange;
use super::lowering::{LoweredFile, LoweredSection};
use super::sequence::{MigrationFile, Sequence};
use crate::syntax::migration::{Direction, OutOfOrder, Role};

/// What the previous release's database still lacks, in the order in which it runs.
#[derive(Debug, Default)]
pub struct Upgrade<'s> {
    /// What it runs.
    pub new: Vec<Upcoming<'s>>,
    /// New files that the runner never runs on it, and why.
    pub passed_over: Vec<(&'s MigrationFile, String)>,
}

/// A file that an upgrade runs, or some of its sections.
#[derive(Debug, Clone, Copy)]
pub struct Upcoming<'s> {
    /// The file.
    pub file: &'s MigrationFile,
    /// The sections that run, by their index, when the others have run; `None` when all do.
    pub sections: Option<&'s [usize]>,
}

impl<'s> Upcoming<'s> {
    /// The sections of one direction that count, with their index in the file.
    pub fn sections<'l>(
        self,
        lowered: &'l LoweredFile,
        direction: Direction,
    ) -> impl Iterator<Item = (usize, &'l LoweredSection)> + use<'l, 's> {
        lowered
            .sections
            .iter()
            .enumerate()
            .filter(move |(index, cut)| {
                cut.section.direction == direction
                    && self
                        .sections
                        .is_none_or(|sections| sections.contains(index))
            })
    }
}

/// What a new database runs: everything, or the last baseline and what comes after it.
pub fn installed(sequence: &Sequence) -> Vec<&Arc<MigrationFile>> {
    let has_versions = has_versions(sequence);
    sequence
        .files
        .iter()
        // A baseline stands for the versions that are here anyway.
        .filter(|file| {
            file.name.role.goes_up() && !(file.name.role == Role::Baseline && has_versions)
        })
        .collect()
}

fn has_versions(sequence: &Sequence) -> bool {
    sequence
        .ups()
        .any(|file| matches!(file.name.role, Role::Up | Role::Both))
}

/// What a database of the previous release has still to run.
///
/// It has run a file that the previous release holds, at this path, at the one that the file moved from, or with the same
/// content and version. A file that only has the version of another one counts as new.
pub fn upgrade(directory: &DirectorySurvey) -> Upgrade<'_> {
    let previous = &directory.previous;
    let known = Known::of(directory);
    let latest = previous.latest();
    let needs_no_baseline = previous.ups().next().is_some() || has_versions(&directory.subject);
    let runner = directory.directory.runner;
    let skips = runner.profile().out_of_order == OutOfOrder::Skips;
    let mut upgrade = Upgrade::default();
    for file in directory.subject.not_shared(previous) {
        let role = file.name.role;
        if !role.goes_up() || (role == Role::Baseline && needs_no_baseline) {
            continue;
        }
        let again = role == Role::Repeatable && !known.contents.contains(&file.oid);
        let mut sections = None;
        if !again && known.has_run(file, previous) {
            let change = known.changes.get(file.path.as_str());
            match change.and_then(|change| change.new_sections.as_deref()) {
                Some(new) if !new.is_empty() => sections = Some(new),
                _ => continue,
            }
        }
        let below = latest.filter(|latest| {
            skips
                && role != Role::Repeatable
                && sections.is_none()
                && file.name.order <= latest.name.order
        });
        if let Some(latest) = below {
            let why = format!(
                "its version is not above {}, which the previous release has run: {runner} never runs it",
                latest.name.version
            );
            upgrade.passed_over.push((file, why));
            continue;
        }
        upgrade.new.push(Upcoming { file, sections });
    }
    upgrade
}

/// What a database of the previous release has run.
struct Known<'s> {
    paths: BTreeSet<&'s str>,
    contents: BTreeSet<crate::git::ObjectId>,
    /// By the path that the file has now.
    changes: BTreeMap<&'s str, &'s FileChange>,
}

impl<'s> Known<'s> {
    fn of(directory: &'s DirectorySurvey) -> Self {
        let ups = || directory.previous.ups();
        let current =
            |change: &'s FileChange| Some((change.current.as_ref()?.path.as_str(), change));
        Self {
            paths: ups().map(|file| file.path.as_str()).collect(),
            contents: ups().map(|file| file.oid).collect(),
            changes: directory.changes.iter().filter_map(current).collect(),
        }
    }

    fn has_run(&self, file: &MigrationFile, previous: &Sequence) -> bool {
        let path = file.path.as_str();
        let has_moved = || {
            let change = self.changes.get(path);
            change.is_some_and(|change| change.previous.is_some() && !change.renumbered)
        };
        let is_known = || {
            previous
                .of_identity(&file.name.identity)
                .any(|before| before.name.role == file.name.role && before.oid == file.oid)
        };
        self.paths.contains(path) || has_moved() || is_known()
    }
}

#[cfg(test)]
mod tests;
