//! What a rule over a sequence sees.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Texts;
use crate::finding::{Finding, Severity};
use crate::migrations::DirectorySurvey;
use crate::migrations::changes::{ChangeKind, FileChange};
use crate::migrations::lowering::{LoweredFile, Lowering};
use crate::migrations::sequence::{MigrationFile, Sequence};
use crate::rules::RuleInfo;
use crate::source::{Location, SourceId, Sources, Span};
use crate::syntax::migration::{Profile, Role};
use crate::syntax::sql::operation::{Action, OpaqueReason};

/// A sequence before and after, and the texts of what changed in it.
pub struct SequenceInput<'a> {
    /// The sequence before and after, and what changed.
    pub directory: &'a DirectorySurvey,
    /// What the previous release is called; empty without one.
    pub previous_label: &'a str,
    /// The sequence at other releases from which a database can come, by their tags.
    pub elsewhere: &'a [(&'a str, Arc<Sequence>)],
    /// The statements of the files.
    pub lowering: &'a Lowering,
    /// Texts.
    pub sources: &'a Sources,
    /// The texts of the files that rules point into.
    pub texts: &'a Texts,
    /// The time of the judgement.
    pub now: DateTime<Utc>,
}

impl<'a> SequenceInput<'a> {
    /// The runner's conventions.
    pub(super) fn profile(&self) -> &'static Profile {
        self.directory.directory.runner.profile()
    }

    /// What the subject has and the previous release has not, or not under this version.
    pub(super) fn new_files(&self) -> impl Iterator<Item = &'a MigrationFile> + use<'a> {
        self.directory
            .changes
            .iter()
            .filter(|change| change.kind == ChangeKind::Added || change.renumbered)
            .filter_map(|change| change.current.as_ref())
    }

    /// The new files that lead forward and run by their version.
    pub(super) fn new_ups(&self) -> impl Iterator<Item = &'a MigrationFile> + use<'a> {
        self.new_files()
            .filter(|file| file.name.role.goes_up() && file.name.order.parts() > 0)
    }

    /// What changed and is there, with the text that is new in it.
    pub(super) fn written(&self) -> impl Iterator<Item = &'a FileChange> + use<'a> {
        self.directory
            .changes
            .iter()
            .filter(|change| change.current.is_some() && change.kind != ChangeKind::Renamed)
    }

    /// The released migration that runs last: of this directory at the previous release, or of those that moved into it.
    pub(super) fn latest_released(&self) -> Option<&'a MigrationFile> {
        let new: BTreeSet<&str> = self.new_files().map(|file| file.path.as_str()).collect();
        let kept =
            self.directory.subject.ups().rfind(|file| {
                file.name.role != Role::Repeatable && !new.contains(file.path.as_str())
            });
        let was = self.directory.previous.latest();
        kept.into_iter()
            .chain(was)
            .max_by(|a, b| a.name.order.cmp(&b.name.order))
    }

    /// The text of a changed file.
    pub(super) fn text(&self, path: &str) -> Option<(SourceId, &'a str)> {
        let id = *self.texts.changed.get(path)?;
        Some((id, &self.sources.get(id).text))
    }

    /// Changed files that are no text, with the first place where they are not.
    pub(super) fn broken(&self) -> impl Iterator<Item = (&'a str, Location)> + use<'a> {
        self.texts.broken.iter().map(|(path, &(source, offset))| {
            let span = Span::new(offset, offset);
            (path.as_str(), Location { source, span })
        })
    }

    /// What a file of the subject says.
    pub(super) fn lowered(&self, file: &MigrationFile) -> Option<&'a LoweredFile> {
        self.lowering
            .get(&self.directory.directory, file)
            .map(AsRef::as_ref)
    }

    /// A finding about a file as a whole, at its first line.
    pub(super) fn report(
        &self,
        rule: &RuleInfo,
        severity: Severity,
        path: &str,
        message: impl Into<String>,
    ) -> Finding {
        let whole = self.texts.changed.get(path).copied();
        let source = whole.or_else(|| self.texts.broken.get(path).map(|&(source, _)| source));
        match source {
            Some(source) => {
                let text = &self.sources.get(source).text;
                let end = text.find(['\r', '\n']).unwrap_or(text.len());
                let span = Span::new(0, end);
                Finding::at(rule.id, severity, Location { source, span }, message)
            }
            None => Finding::about(rule.id, severity, path, message),
        }
    }

    /// The statements of the written files that are opaque for a reason, with the file and their place.
    pub(super) fn opaque(&self, reason: OpaqueReason) -> Vec<(&'a MigrationFile, Location)> {
        let mut found = Vec::new();
        for file in self.written().filter_map(|change| change.current.as_ref()) {
            let (Some(lowered), Some(&source)) =
                (self.lowered(file), self.texts.changed.get(&file.path))
            else {
                continue;
            };
            let operations = lowered
                .sections
                .iter()
                .flat_map(|section| &section.statements)
                .flat_map(|statement| &statement.operations);
            for operation in operations {
                if matches!(operation.action, Action::Opaque { reason: why, .. } if why == reason) {
                    let span = operation.span;
                    found.push((file, Location { source, span }));
                }
            }
        }
        found
    }
}

/// The last part of a path that tells a migration: the file, or, of `2024_casks/up.sql`, both.
pub(super) fn file_name(path: &str) -> &str {
    let is_common = |file: &str| matches!(file, "up.sql" | "down.sql" | "migration.sql");
    match path.rsplit_once('/') {
        Some((directory, file)) if is_common(file) => {
            let start = directory.rfind('/').map_or(0, |at| at + 1);
            path.get(start..).unwrap_or(path)
        }
        Some((_, file)) => file,
        None => path,
    }
}

/// What a migration is called where its directory is known: the file, or the directory of its version and the file.
pub(super) fn short<'p>(input: &SequenceInput<'_>, path: &'p str) -> &'p str {
    path.strip_prefix(input.directory.directory.path.as_str())
        .map_or(path, |rest| rest.trim_start_matches('/'))
}
