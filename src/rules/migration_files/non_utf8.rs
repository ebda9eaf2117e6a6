//! `non-utf8`.

use super::input::short;
use super::{SequenceInput, SequenceRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "non-utf8",
        summary: "a migration is not UTF-8 text",
        severity: Severity::Error,
        page: include_str!("non_utf8.md"),
    },
    check,
};

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    for (path, location) in input.broken() {
        let message = format!("{} is not UTF-8 text: what it does was not judged", short(input, path));
        findings.push(
            Finding::at(RULE.info.id, RULE.info.severity, location, message)
                .help("save it as UTF-8; write bytes that are no text as a hexadecimal literal"),
        );
    }
}
