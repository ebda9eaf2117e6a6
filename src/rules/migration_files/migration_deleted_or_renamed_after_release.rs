//! `migration-deleted-or-renamed-after-release`.

use super::input::{file_name, short};
use super::{SequenceInput, SequenceRule};
use crate::finding::{Finding, Severity};
use crate::migrations::changes::{ChangeKind, FileChange};
use crate::rules::{Findings, RuleInfo};

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "migration-deleted-or-renamed-after-release",
        summary: "a released migration is gone, or has another version",
        severity: Severity::Error,
        page: include_str!("migration_deleted_or_renamed_after_release.md"),
    },
    check,
};

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    let sequence = input.directory;
    if sequence.subject.files.is_empty() {
        findings.0.extend(whole_directory(input));
        return;
    }
    for change in &sequence.changes {
        if let Some(finding) = deleted(input, change).or_else(|| renumbered(input, change)) {
            findings.push(finding);
        }
    }
}

/// One finding for a sequence that is gone as a whole.
fn whole_directory(input: &SequenceInput<'_>) -> Option<Finding> {
    let gone = input
        .directory
        .changes
        .iter()
        .filter(|change| change.kind == ChangeKind::Deleted && change.up_changed);
    let count = gone.clone().count();
    let first = gone.into_iter().next()?;
    let message = format!(
        "all migrations of {} are gone: {count} of them were released in {}",
        input.directory.directory.path, input.previous_label
    );
    let finding = input.report(&RULE.info, RULE.info.severity, first.path(), message);
    Some(finding.help("if the database is no longer supported, say so in a waiver"))
}

fn deleted(input: &SequenceInput<'_>, change: &FileChange) -> Option<Finding> {
    if change.kind != ChangeKind::Deleted {
        return None;
    }
    let name = short(input, change.path());
    let label = input.previous_label;
    let (severity, message, effect) = if change.up_changed {
        (
            RULE.info.severity,
            format!("{name} was released in {label} and is gone"),
            "a new database never gets what it did, and one that stands at its version finds no file for it",
        )
    } else {
        (
            Severity::Warning,
            format!("the way back {name} was released in {label} and is gone"),
            "a rollback past its version must restore a backup",
        )
    };
    let finding = input.report(&RULE.info, severity, change.path(), message);
    Some(finding.note("effect", effect).help("restore the file; take back what it did in a new migration"))
}

fn renumbered(input: &SequenceInput<'_>, change: &FileChange) -> Option<Finding> {
    let (previous, current) = (change.previous.as_ref()?, change.current.as_ref()?);
    if !change.renumbered || !current.name.role.goes_up() {
        return None;
    }
    let message = format!(
        "{} was released in {} as {}, and to {} it is another migration now",
        short(input, &current.path),
        input.previous_label,
        file_name(&previous.path),
        input.directory.directory.runner
    );
    let finding = input.report(&RULE.info, RULE.info.severity, &current.path, message);
    Some(
        finding
            .note("effect", "databases that ran it under the old version run it again, or never")
            .help("give it its old name back"),
    )
}
