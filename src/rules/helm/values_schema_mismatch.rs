//! `values-schema-mismatch`.

use super::{HelmInput, HelmRule};
use crate::charts::SchemaDefect;
use crate::rules::{Findings, RuleInfo};
use crate::finding::Severity;

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "values-schema-mismatch",
        summary: "the chart's values do not fit its own values.schema.json",
        severity: Severity::Warning,
        page: include_str!("values_schema_mismatch.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    let state = &input.chart.state;
    let Some(schema) = &state.schema else {
        return;
    };
    for defect in schema.defects(&state.values) {
        let finding = match defect {
            SchemaDefect::Unreadable(message) => input
                .report(&RULE.info, schema.place(), format!("{} is no JSON Schema: {message}", schema.path))
                .help("Helm refuses the chart"),
            SchemaDefect::Mismatch { location, key, message } => {
                let name = if key.is_empty() { "the values".to_owned() } else { format!("`{key}`") };
                input
                    .report(&RULE.info, location, format!("{name}: {message}"))
                    .help(format!("Helm refuses to install the chart with its defaults: {} says so", schema.path))
            }
        };
        findings.push(finding);
    }
}
