//! `syntax-error`: what the parser and the runner object to. The findings are made where the files are judged.

use super::{Check, SqlRule};
use crate::finding::Severity;
use crate::rules::RuleInfo;

pub(super) const RULE: SqlRule = SqlRule {
    info: RuleInfo {
        id: "syntax-error",
        summary: "a statement does not parse, or the runner refuses the file",
        severity: Severity::Error,
        page: include_str!("syntax_error.md"),
    },
    check: Check::Errors,
    opt_in: false,
};
