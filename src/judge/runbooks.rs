//! The documents that people follow while they release, and what their commands are held against.

use std::rc::Rc;

use super::shared::References;
use super::{Frame, JudgeError};
use crate::charts::ChartSurvey;
use crate::discover::{Reader, Snapshot, is_foreign_document};
use crate::facts::runbooks::{self, Around};
use crate::facts::{Facts, Origins};
use crate::git::History;
use crate::glob;

/// The names, without extension, of documents that are meant for it wherever they lie.
const NAMES: [&str; 17] = [
    "release",
    "releases",
    "releasing",
    "release-process",
    "release-guide",
    "release-checklist",
    "how-to-release",
    "deploy",
    "deploying",
    "deployment",
    "hotfix",
    "incident-response",
    "rollback",
    "rolling-back",
    "runbook",
    "runbooks",
    "disaster-recovery",
];

/// The facts of the release documents.
pub(super) fn collect(
    frame: &Frame<'_>,
    snapshot: &Snapshot,
    charts: &ChartSurvey,
    past: &History,
    facts: &mut Facts,
    reader: &mut Reader<'_>,
    origins: &mut Origins,
) -> Result<(), JudgeError> {
    let paths = documents(snapshot, frame.project.config.runbooks.as_deref());
    if paths.is_empty() {
        return Ok(());
    }
    let references = frame.shared.references(|| {
        let branches = frame.repository.branches(|_| true)?;
        let count = branches.len();
        let branches = branches.into_iter().map(|branch| branch.name);
        let tags = past.tags.iter().map(|tag| tag.name.name.clone());
        Ok(References {
            names: Rc::new(branches.chain(tags).collect()),
            branches: count,
        })
    })?;
    let workflows: Vec<String> = facts
        .workflows
        .iter()
        .map(|workflow| workflow.name.clone())
        .collect();
    let around = Around {
        snapshot,
        charts,
        tags: &frame.scheme,
        branches: &frame.branches,
        references: &references.names,
        knows_branches: references.branches > 1,
        workflows: &workflows,
    };
    facts.runbooks = runbooks::collect(&paths, &around, reader, origins);
    reader.coverage.count("runbooks", facts.runbooks.len());
    Ok(())
}

/// The configured documents, or those whose names say what they are for. A pattern that matches nothing stays in the list: somebody
/// believes that it is looked at.
fn documents(snapshot: &Snapshot, configured: Option<&[String]>) -> Vec<String> {
    let Some(patterns) = configured else {
        return snapshot
            .entries
            .keys()
            .filter(|path| is_runbook(path))
            .cloned()
            .collect();
    };
    let mut found = Vec::new();
    for pattern in patterns {
        let pattern = pattern.trim_start_matches("./");
        let before = found.len();
        found.extend(
            snapshot
                .entries
                .keys()
                .filter(|path| glob::matches(pattern, path))
                .cloned(),
        );
        if found.len() == before {
            found.push(pattern.to_owned());
        }
    }
    found.sort();
    found.dedup();
    found
}

fn is_runbook(path: &str) -> bool {
    let ends = |end: &str| {
        let from = path.len().checked_sub(end.len());
        from.and_then(|from| path.get(from..))
            .is_some_and(|own| own.eq_ignore_ascii_case(end))
    };
    if !ends(".md") && !ends(".markdown") {
        return false;
    }
    let lower = path.to_ascii_lowercase().replace('_', "-");
    let mut parts = lower.rsplit('/');
    let Some(name) = parts.next().and_then(|file| {
        file.strip_suffix(".md")
            .or_else(|| file.strip_suffix(".markdown"))
    }) else {
        return false;
    };
    let mut directories = parts;
    !is_foreign_document(path)
        && (NAMES.contains(&name) || directories.any(|part| matches!(part, "runbook" | "runbooks")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(paths: &[&str], configured: Option<&[&str]>, expected: &[&str]) {
        let files: Vec<(&str, &str)> = paths.iter().map(|path| (*path, "")).collect();
        let (_reader, snapshot) = Reader::in_memory("HEAD", &files);
        let configured: Option<Vec<String>> =
            configured.map(|patterns| patterns.iter().map(|it| (*it).to_owned()).collect());
        assert_eq!(documents(&snapshot, configured.as_deref()), expected);
    }

    #[test]
    fn runbooks_are_found_by_their_names() {
        let paths = [
            "README.md",
            "RELEASE.md",
            "docs/RELEASE_PROCESS.md",
            "docs/release-notes.md",
            "docs/runbooks/database.md",
            "docs/runbooks/database.sql",
            "vendor/x/RELEASE.md",
            "third_party/RELEASE.md",
            "Archive/RELEASE.md",
        ];
        check(
            &paths,
            None,
            &[
                "RELEASE.md",
                "docs/RELEASE_PROCESS.md",
                "docs/runbooks/database.md",
            ],
        );
        check(
            &paths,
            Some(&["./docs/*.md", "ops/**"]),
            &["docs/RELEASE_PROCESS.md", "docs/release-notes.md", "ops/**"],
        );
        check(&paths, Some(&[]), &[]);
    }
}
