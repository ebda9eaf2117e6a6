//! `chart-maintainers-missing`.

use super::{HelmInput, HelmRule};
use crate::charts::field;
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "chart-maintainers-missing",
        summary: "a chart names nobody who maintains it, or a deprecated one does",
        severity: Severity::Info,
        page: include_str!("chart_maintainers_missing.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    let state = &input.chart.state;
    let Some((file, value)) = state.file.as_ref().and_then(|file| Some((file, file.value.as_ref()?))) else {
        return;
    };
    if !file.errors.is_empty() || value.as_map().is_none() {
        return;
    }
    let maintainers = field(value, "maintainers");
    let has_some = maintainers.is_some_and(|entry| !entry.value.items().is_empty());
    let is_deprecated = field(value, "deprecated").is_some_and(|entry| entry.value.as_bool() == Some(true));
    let message = match (is_deprecated, has_some) {
        (false, false) => "nobody maintains this chart",
        (true, true) => "a deprecated chart has no maintainers any more",
        _ => return,
    };
    let span = maintainers.map_or_else(
        || state.metadata.name.as_ref().map_or(value.span, |name| name.span),
        |entry| entry.key_span,
    );
    findings.push(
        Finding::at(RULE.info.id, RULE.info.severity, file.at(span), message)
            .help("chart-testing refuses it while `validate-maintainers` is on"),
    );
}
