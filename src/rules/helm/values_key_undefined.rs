//! `values-key-undefined`.

use super::{HelmInput, HelmRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};
use crate::syntax::yaml::Value;

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "values-key-undefined",
        summary: "a template prints a value that the values do not define",
        severity: Severity::Warning,
        page: include_str!("values_key_undefined.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    let state = &input.chart.state;
    // Further values files override the chart's own; what is there in none of them is not defined.
    let is_broken = state.values.iter().any(|file| !file.errors.is_empty());
    let [file] = state.values.as_slice() else {
        return;
    };
    let empty = Value::empty_map();
    let values = file.value.as_ref().filter(|value| value.as_map().is_some()).unwrap_or(&empty);
    if is_broken {
        return;
    }
    let documented = |keys: &[&str]| keys.last().is_some_and(|key| state.commented_keys.contains(*key));
    for (key, location) in input.chart.reads.undefined(values, &documented) {
        let message = format!("`.Values.{key}` is read here, and {} does not define it", file.path);
        findings.push(
            Finding::at(RULE.info.id, RULE.info.severity, location, message)
                .help("define it in the values, even as an empty one, or give it a `default`"),
        );
    }
}
