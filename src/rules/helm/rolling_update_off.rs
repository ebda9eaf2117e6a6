//! `rolling-update-off`.

use super::{HelmInput, HelmRule};
use crate::charts::{Rendering, Strategy, YamlFile, update_strategy};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};
use crate::syntax::yaml::{KeyPath, PathPart, Value};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "rolling-update-off",
        summary: "the values turn rolling updates off",
        severity: Severity::Warning,
        page: include_str!("rolling_update_off.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    let is_rendered = matches!(input.chart.rendering, Rendering::Done { .. });
    for file in &input.chart.state.values {
        // What the values say is in what was rendered, or does nothing.
        if let (Some(value), false) = (&file.value, is_rendered) {
            look(file, value, &mut KeyPath::default(), findings);
        }
    }
    for made in input.chart.objects() {
        let Strategy::Named(strategy) = &made.strategy else {
            continue;
        };
        if matches!(strategy.as_str(), "Recreate" | "OnDelete") {
            let message = format!("this {} is {strategy}: an upgrade stops the old pods before the new ones serve", made.kind);
            findings.push(
                Finding::at(RULE.info.id, RULE.info.severity, made.strategy_location, message)
                    .help("use RollingUpdate, or declare the downtime"),
            );
        }
    }
}

fn look(file: &YamlFile, value: &Value, path: &mut KeyPath, findings: &mut Findings) {
    for entry in value.entries() {
        path.push(PathPart::Key(entry.key.to_string()));
        match update_strategy(entry) {
            Some("RollingUpdate") => {}
            Some(strategy) => {
                let message = format!("`{path}` is {strategy}: an upgrade stops the old pods before the new ones serve");
                findings.push(
                    Finding::at(RULE.info.id, RULE.info.severity, file.at(entry.key_span), message)
                        .help("use RollingUpdate, or declare the downtime"),
                );
            }
            None => look(file, &entry.value, path, findings),
        }
        path.pop();
    }
}
