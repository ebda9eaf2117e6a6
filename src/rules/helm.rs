//! Rules over a Helm chart: where people and Helm read different things, and what a chart deploys.
//!
//! What Helm cannot read is an error. What Helm reads otherwise than people is a warning. What a chart says about itself
//! and its images is a warning until it is deployed, then an error.

#[cfg(test)]
mod pages;
mod walk;

use super::{Findings, RuleInfo, rule_table};
use crate::charts::{Chart, YamlFile};
use crate::finding::{Finding, Severity};
use crate::source::Location;

/// A rule over a chart.
pub struct HelmRule {
    /// What everybody may know about it.
    pub info: RuleInfo,
    /// Looks at a chart.
    pub check: fn(&HelmInput<'_>, &mut Findings),
}

/// What a rule over a chart sees.
#[derive(Debug, Clone, Copy)]
pub struct HelmInput<'a> {
    /// The chart.
    pub chart: &'a Chart,
    /// The stage that is judged is the deployment or a later one.
    pub deploying: bool,
}

rule_table! { HelmRule:
    chart_api_removed,
    chart_field_invalid,
    chart_lock_stale,
    chart_maintainers_missing,
    chart_template_invalid,
    image_floating_tag,
    image_tag_ignored,
    image_unresolvable,
    rolling_update_off,
    set_key_unknown,
    values_key_undefined,
    values_schema_mismatch,
    yaml_boolean,
    yaml_duplicate_key,
    yaml_merge_override,
    yaml_multiple_documents,
    yaml_number_version,
    yaml_octal,
    yaml_syntax_error,
}

/// Runs every rule.
pub fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    for rule in RULES {
        (rule.check)(input, findings);
    }
}

impl<'a> HelmInput<'a> {
    /// `Chart.yaml` and the values files, as far as they could be read as texts.
    fn files(&self) -> impl Iterator<Item = &'a YamlFile> {
        let state = &self.chart.state;
        state.file.iter().chain(&state.values)
    }

    /// The file is `Chart.yaml`, whose fields Go reads as strings.
    fn is_chart_file(&self, file: &YamlFile) -> bool {
        self.chart
            .state
            .file
            .as_ref()
            .is_some_and(|chart| chart.source == file.source)
    }

    /// A finding that is a warning until the chart is deployed.
    fn report(&self, info: &RuleInfo, location: Location, message: impl Into<String>) -> Finding {
        let severity = if self.deploying {
            Severity::Error
        } else {
            info.severity
        };
        Finding::at(info.id, severity, location, message)
    }
}
