//! `duplicate-version`.

use super::input::short;
use super::{SequenceInput, SequenceRule};
use crate::finding::Severity;
use crate::rules::{Findings, RuleInfo};
use crate::syntax::migration::Runner;

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "duplicate-version",
        summary: "two migrations have one version",
        severity: Severity::Error,
        page: include_str!("duplicate_version.md"),
    },
    check,
};

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    let runner = input.directory.directory.runner;
    // Whether an unknown runner minds is not known either.
    let severity = if runner == Runner::Plain { Severity::Warning } else { RULE.info.severity };
    for file in input.new_files() {
        let same = input.directory.subject.of_identity(&file.name.identity);
        let Some(other) = same
            .filter(|other| other.name.role == file.name.role)
            .find(|other| other.path != file.path)
        else {
            continue;
        };
        let message = format!(
            "version {} is taken by {}: {runner} {}",
            file.name.version,
            short(input, &other.path),
            input.profile().on_duplicate
        );
        findings.push(
            input
                .report(&RULE.info, severity, &file.path, message)
                .help("give the newer one, with its way back, a version above all others"),
        );
    }
}
