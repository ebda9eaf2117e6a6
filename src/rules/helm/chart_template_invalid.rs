//! `chart-template-invalid`.

use super::{HelmInput, HelmRule};
use crate::charts::TemplateDefect;
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "chart-template-invalid",
        summary: "a file among the templates that Helm refuses",
        severity: Severity::Error,
        page: include_str!("chart_template_invalid.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    for (location, defect) in &input.chart.template_defects {
        let (message, help) = match defect {
            TemplateDefect::Syntax(message) => {
                (format!("this is no template that Helm reads: {message}"), "Helm refuses the chart")
            }
            TemplateDefect::Extension => (
                "Helm takes .yaml, .yml, .tpl and .txt for templates".to_owned(),
                "move it out of `templates`, and read it by `.Files.Get`",
            ),
            TemplateDefect::RemovedApi { .. } => continue,
        };
        findings.push(Finding::at(RULE.info.id, RULE.info.severity, *location, message).help(help));
    }
}
