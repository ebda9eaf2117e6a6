//! `set-key-unknown`.

use super::{HelmInput, HelmRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "set-key-unknown",
        summary: "a document tells people to `--set` a key that the chart does not have",
        severity: Severity::Warning,
        page: include_str!("set_key_unknown.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    for documented in &input.chart.set_keys {
        if input.chart.knows_key(&documented.key) {
            continue;
        }
        let message = format!("{} has no value `{}`", input.chart.state.name(), documented.key);
        findings.push(
            Finding::at(RULE.info.id, RULE.info.severity, documented.location, message)
                .help("Helm takes it without a word, and nothing happens; correct the key"),
        );
    }
}
