//! `chart-lock-stale`.

use super::{HelmInput, HelmRule};
use crate::charts::lock_digest;
use crate::finding::Severity;
use crate::rules::{Findings, RuleInfo};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "chart-lock-stale",
        summary: "Chart.lock was made for other dependencies than Chart.yaml names",
        severity: Severity::Warning,
        page: include_str!("chart_lock_stale.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    let state = &input.chart.state;
    let (Some(lock), Some(chart)) = (&state.lock, &state.file) else {
        return;
    };
    if !(lock.errors.is_empty() && chart.errors.is_empty()) {
        return;
    }
    let (Some(lock_value), Some(chart_value)) = (&lock.value, &chart.value) else {
        return;
    };
    let Some(written) = lock_value.entry("digest") else {
        return;
    };
    let expected = lock_digest(chart_value, lock_value);
    if written.value.as_str() == Some(expected.as_str()) {
        return;
    }
    let message = format!("{} was made for other dependencies than Chart.yaml names now", lock.path);
    findings.push(
        input
            .report(&RULE.info, lock.at(written.value.span), message)
            .help("helm dependency update brings both together; helm dependency build refuses them as they are"),
    );
}
