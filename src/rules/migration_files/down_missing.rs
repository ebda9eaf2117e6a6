//! `down-missing`.

use super::input::short;
use super::{SequenceInput, SequenceRule};
use crate::finding::Severity;
use crate::migrations::sequence::MigrationFile;
use crate::rules::{Findings, RuleInfo};
use crate::syntax::migration::{Direction, Down, Role};

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "down-missing",
        summary: "a new migration has no way back",
        severity: Severity::Warning,
        page: include_str!("down_missing.md"),
    },
    check,
};

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    let convention = input.profile().down;
    let wants_one = match convention {
        Down::None => return,
        Down::RequiredSection => Severity::Error,
        // Who never writes a way back has decided so; who does has forgotten one.
        _ if has_downs(input) => RULE.info.severity,
        _ => Severity::Info,
    };
    let ups = input
        .new_files()
        .filter(|file| matches!(file.name.role, Role::Up | Role::Both) && !file.name.code);
    for up in ups.filter(|up| !has_down(input, up)) {
        let what = match convention {
            Down::File => "there is no down file for it",
            Down::Rollback => "no changeset of it has a rollback",
            _ => "it has no section that goes down",
        };
        let message = format!("{} cannot be undone: {what}", short(input, &up.path));
        findings.push(
            input
                .report(&RULE.info, wants_one, &up.path, message)
                .note("rollback", "restore a backup that was taken before the upgrade")
                .help("write the way back, or say in it why there is none"),
        );
    }
}

fn has_down(input: &SequenceInput<'_>, up: &MigrationFile) -> bool {
    if up.name.role == Role::Both {
        // What cannot be read may have one.
        return input
            .lowered(up)
            .is_none_or(|lowered| lowered.opaque || lowered.sections(Direction::Down).next().is_some());
    }
    input.directory.subject.down_of(up).is_some()
}

/// Other migrations of the sequence can be undone.
fn has_downs(input: &SequenceInput<'_>) -> bool {
    let sequence = &input.directory.subject;
    sequence.downs().next().is_some()
        || sequence
            .ups()
            .filter(|up| up.name.role == Role::Both)
            .any(|up| has_down(input, up))
}
