//! `yaml-multiple-documents`.

use super::{HelmInput, HelmRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};
use crate::source::Span;

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "yaml-multiple-documents",
        summary: "a file of a chart holds several YAML documents",
        severity: Severity::Warning,
        page: include_str!("yaml_multiple_documents.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    for file in input.files() {
        let mut documents = file.documents.iter().filter(|document| !document.is_empty());
        let (Some(_), Some(second)) = (documents.next(), documents.next()) else {
            continue;
        };
        let what = if input.is_chart_file(file) {
            "Helm reads the first one only"
        } else {
            "Helm 3 and `helm lint` read the first one only, Helm 4 merges all of them"
        };
        let start = second.span().start as usize;
        let message = format!("{} holds several documents: {what}", file.path);
        findings.push(
            Finding::at(RULE.info.id, RULE.info.severity, file.at(Span::new(start, start)), message)
                .label("the second one starts here")
                .help("join them, or keep them in files of their own"),
        );
    }
}
