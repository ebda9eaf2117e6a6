//! `crlf`.

use super::{SequenceInput, SequenceRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};
use crate::source::{Location, Span};

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "crlf",
        summary: "a migration has Windows line endings",
        severity: Severity::Warning,
        page: include_str!("crlf.md"),
    },
    check,
};

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    for change in input.written() {
        let Some((source, text)) = input.text(change.path()) else {
            continue;
        };
        let Some(first) = text.find("\r\n") else {
            continue;
        };
        let span = Span::new(first, first + 2);
        let message = if input.profile().checksum {
            format!(
                "lines end with CR LF: a check-out that writes LF has another checksum, and {} refuses the file",
                input.directory.directory.runner
            )
        } else {
            "lines end with CR LF: the carriage returns become part of literals and function bodies".to_owned()
        };
        findings.push(
            Finding::at(RULE.info.id, RULE.info.severity, Location { source, span }, message)
                .help("save it with LF, and keep it so: `*.sql text eol=lf` in .gitattributes"),
        );
    }
}
