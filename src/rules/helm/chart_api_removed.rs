//! `chart-api-removed`.

use super::{HelmInput, HelmRule};
use crate::charts::TemplateDefect;
use crate::finding::Severity;
use crate::rules::{Findings, RuleInfo};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "chart-api-removed",
        summary: "a template makes an object of an API that Kubernetes has removed",
        severity: Severity::Warning,
        page: include_str!("chart_api_removed.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    for (location, defect) in &input.chart.template_defects {
        if let TemplateDefect::RemovedApi { api, kind, since, instead } = defect {
            let message = format!("Kubernetes {since} has no {kind} in {api} any more");
            let help = format!("use {instead}, or ask `.Capabilities.APIVersions` first");
            findings.push(input.report(&RULE.info, *location, message).help(help));
        }
    }
}
