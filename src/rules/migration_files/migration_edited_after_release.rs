//! `migration-edited-after-release`.

use super::input::short;
use super::{SequenceInput, SequenceRule};
use crate::finding::Severity;
use crate::migrations::changes::ChangeKind;
use crate::rules::{Findings, RuleInfo};
use crate::syntax::migration::{Direction, Role};

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "migration-edited-after-release",
        summary: "the SQL of a released migration differs",
        severity: Severity::Error,
        page: include_str!("migration_edited_after_release.md"),
    },
    check,
};

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    let edited = input
        .directory
        .changes
        .iter()
        .filter(|change| change.kind == ChangeKind::Modified && change.edited);
    for change in edited {
        let Some(file) = change.current.as_ref().filter(|file| file.name.role != Role::Repeatable) else {
            continue;
        };
        let emptied = input
            .lowered(file)
            .is_some_and(|lowered| lowered.is_empty(Direction::Up));
        let what = if emptied { "nothing is left of it" } else { "the SQL differs" };
        let message = format!(
            "{} was released in {}, and {what}",
            short(input, &file.path),
            input.previous_label
        );
        let consequence = if input.profile().checksum {
            format!("{} stops at the checksum of a migration that has run", input.directory.directory.runner)
        } else {
            "databases that have run it keep the old schema, new ones get another".to_owned()
        };
        findings.push(
            input
                .report(&RULE.info, RULE.info.severity, &file.path, message)
                .note("effect", consequence)
                .help("restore the file, and put the change into a new migration"),
        );
    }
}
