//! A suppression of what is not found.

use crate::finding::Severity;
use crate::rules::RuleInfo;

pub(super) static RULE: RuleInfo = RuleInfo {
    id: "unused-suppression",
    summary: "a suppression of what is not found, which would hide the next finding",
    severity: Severity::Warning,
    page: include_str!("unused_suppression.md"),
};
