//! `yaml-syntax-error`.

use super::{HelmInput, HelmRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "yaml-syntax-error",
        summary: "Helm cannot read a chart's YAML",
        severity: Severity::Error,
        page: include_str!("yaml_syntax_error.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    for file in input.files() {
        for error in &file.errors {
            let message = format!("{} is not YAML that Helm reads: {}", file.path, error.message);
            findings.push(Finding::at(RULE.info.id, RULE.info.severity, file.at(error.span), message));
        }
    }
}
