//! A file that was to be judged and could not be read.

use crate::finding::Severity;
use crate::rules::RuleInfo;

pub(super) static RULE: RuleInfo = RuleInfo {
    id: "input-unreadable",
    summary: "a changed file that decides about the release cannot be read",
    severity: Severity::Error,
    page: include_str!("input_unreadable.md"),
};
