//! `schema-drift-between-fresh-and-upgraded`. The finding is made where the files are judged.

use super::{Check, SqlRule};
use crate::finding::Severity;
use crate::rules::RuleInfo;

pub(super) const RULE: SqlRule = SqlRule {
    info: RuleInfo {
        id: "schema-drift-between-fresh-and-upgraded",
        summary: "changed released migrations lead to another schema than the one that upgraded databases have",
        severity: Severity::Warning,
        page: include_str!("schema_drift_between_fresh_and_upgraded.md"),
    },
    check: Check::Drift,
    opt_in: false,
};
