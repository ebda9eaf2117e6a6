//! A suppression that does not say why.

use crate::finding::Severity;
use crate::rules::RuleInfo;

pub(super) static RULE: RuleInfo = RuleInfo {
    id: "suppression-without-reason",
    summary: "a suppression does not say why, and so suppresses nothing",
    severity: Severity::Warning,
    page: include_str!("suppression_without_reason.md"),
};
