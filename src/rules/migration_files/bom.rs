//! `bom`.

use super::{SequenceInput, SequenceRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};
use crate::source::{Location, Span};

const MARK: &str = "\u{feff}";

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "bom",
        summary: "a migration begins with a byte-order mark",
        severity: Severity::Warning,
        page: include_str!("bom.md"),
    },
    check,
};

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    for change in input.written() {
        if let Some((source, text)) = input.text(change.path())
            && text.starts_with(MARK)
        {
            let span = Span::new(0, MARK.len());
            let finding = Finding::at(
                RULE.info.id,
                RULE.info.severity,
                Location { source, span },
                "the file begins with a byte-order mark, which PostgreSQL takes for a part of the first word",
            );
            findings.push(finding.help("save it as UTF-8 without a byte-order mark"));
        }
    }
}
