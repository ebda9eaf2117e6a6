//! `missing-up`.

use super::input::short;
use super::{SequenceInput, SequenceRule};
use crate::finding::Severity;
use crate::rules::{Findings, RuleInfo};
use crate::syntax::migration::Role;

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "missing-up",
        summary: "a way back has no way forward",
        severity: Severity::Warning,
        page: include_str!("missing_up.md"),
    },
    check,
};

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    let sequence = &input.directory.subject;
    for down in input.new_files().filter(|file| file.name.role == Role::Down) {
        let has_up = sequence
            .of_identity(&down.name.identity)
            .any(|file| file.name.role != Role::Down);
        if !has_up {
            let message = format!(
                "{} has no up file of version {}: it never runs, or undoes what nobody did",
                short(input, &down.path),
                down.name.version
            );
            findings.push(
                input
                    .report(&RULE.info, RULE.info.severity, &down.path, message)
                    .help("add the up file, or correct the version in the name"),
            );
        }
    }
}
