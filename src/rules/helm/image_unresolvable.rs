//! `image-unresolvable`.

use super::{HelmInput, HelmRule};
use crate::finding::Severity;
use crate::rules::{Findings, RuleInfo};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "image-unresolvable",
        summary: "which image is deployed cannot be told from the chart",
        severity: Severity::Warning,
        page: include_str!("image_unresolvable.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    for image in input.chart.images.iter().filter(|image| !image.resolved) {
        let name = if image.repository.is_empty() {
            String::new()
        } else {
            format!(" of {}", image.repository)
        };
        let message = format!("which image `{}`{name} deploys cannot be told: {}", image.key, image.unresolved_because);
        findings.push(
            input
                .report(&RULE.info, image.location, message)
                .help("name a tag or a digest here, or let the template fall back to `.Chart.AppVersion`"),
        );
    }
}
