//! Ids that neither a rule nor a policy document declares: what the evaluation itself finds.

use crate::finding::Severity;
use crate::rules::RuleInfo;

/// The ids, each with its page.
pub(super) const OWN: [RuleInfo; 7] = [
    RuleInfo {
        id: "exception-expired",
        summary: "a waiver whose time is over",
        severity: Severity::Warning,
        page: include_str!("pages/exception_expired.md"),
    },
    RuleInfo {
        id: "exception-invalid",
        summary: "a waiver without a reason, an approver or an expiry",
        severity: Severity::Error,
        page: include_str!("pages/exception_invalid.md"),
    },
    RuleInfo {
        id: "exception-not-effective",
        summary: "a waiver whose time has not come",
        severity: Severity::Info,
        page: include_str!("pages/exception_not_effective.md"),
    },
    RuleInfo {
        id: "exception-unused",
        summary: "a waiver that covers nothing",
        severity: Severity::Warning,
        page: include_str!("pages/exception_unused.md"),
    },
    RuleInfo {
        id: "policy-changed",
        summary: "a change to what decides about it: configuration, policies, waivers, signers, roles",
        severity: Severity::Warning,
        page: include_str!("pages/policy_changed.md"),
    },
    RuleInfo {
        id: "release-type-too-high",
        summary: "a tag that declares more than its content demands",
        severity: Severity::Warning,
        page: include_str!("pages/release_type_too_high.md"),
    },
    RuleInfo {
        id: "release-type-too-low",
        summary: "a tag that declares less than its content demands",
        severity: Severity::Error,
        page: include_str!("pages/release_type_too_low.md"),
    },
];
