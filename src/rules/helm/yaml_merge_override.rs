//! `yaml-merge-override`.

use std::collections::BTreeSet;

use super::walk::each_map;
use super::{HelmInput, HelmRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};
use crate::syntax::yaml::{Value, helm_key, is_merge_key};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "yaml-merge-override",
        summary: "a merge key overrides keys that stand before it",
        severity: Severity::Warning,
        page: include_str!("yaml_merge_override.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    for file in input.files() {
        let Some(value) = &file.value else {
            continue;
        };
        each_map(file, &mut |map, path| {
            let Some(merge) = map.entries().map(|(key, _)| key).find(|key| is_merge_key(*key)) else {
                return;
            };
            let Some(resolved) = value.at(path).and_then(Value::as_map) else {
                return;
            };
            let mut reported = BTreeSet::new();
            for (key, _) in map.entries() {
                let overriding = helm_key(key)
                    .and_then(|text| resolved.get(&text))
                    .filter(|entry| entry.merged && !is_merge_key(key));
                if let Some(entry) = overriding
                    && reported.insert(entry.key.clone())
                {
                    let message = format!("`<<` overrides `{}`, which stands before it", entry.key);
                    findings.push(
                        Finding::at(RULE.info.id, RULE.info.severity, file.at(key.span()), message)
                            .related(file.at(merge.span()), "Helm takes its value from here")
                            .help("move `<<` to the top of the map: keys behind it win"),
                    );
                }
            }
        });
    }
}
