//! `empty-migration`.

use super::input::short;
use super::{SequenceInput, SequenceRule};
use crate::finding::Severity;
use crate::migrations::changes::ChangeKind;
use crate::rules::{Findings, RuleInfo};
use crate::syntax::migration::{Direction, Runner};

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "empty-migration",
        summary: "a new migration holds no statement",
        severity: Severity::Warning,
        page: include_str!("empty_migration.md"),
    },
    check,
};

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    let added = input
        .directory
        .changes
        .iter()
        .filter(|change| change.kind == ChangeKind::Added);
    for file in added.filter_map(|change| change.current.as_ref()) {
        let is_empty = input
            .lowered(file)
            .is_some_and(|lowered| lowered.is_empty(Direction::Up));
        if !file.name.role.goes_up() || file.name.code || !is_empty {
            continue;
        }
        let name = short(input, &file.path);
        let (severity, message) = if input.directory.directory.runner == Runner::Diesel {
            (Severity::Error, format!("{name} holds no statement, and diesel refuses an empty migration"))
        } else {
            (RULE.info.severity, format!("{name} holds no statement: it takes a version and does nothing"))
        };
        findings.push(
            input
                .report(&RULE.info, severity, &file.path, message)
                .help("write the migration, or remove it before it is released"),
        );
    }
}
