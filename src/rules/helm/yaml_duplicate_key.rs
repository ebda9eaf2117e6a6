//! `yaml-duplicate-key`.

use std::collections::BTreeMap;

use super::walk::each_map;
use super::{HelmInput, HelmRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};
use crate::syntax::yaml::{Node, helm_key, is_merge_key};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "yaml-duplicate-key",
        summary: "a key stands twice in one map, and Helm takes the last one",
        severity: Severity::Warning,
        page: include_str!("yaml_duplicate_key.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    for file in input.files() {
        each_map(file, &mut |map, path| {
            let mut first: BTreeMap<String, Node<'_>> = BTreeMap::new();
            for (key, _) in map.entries().filter(|(key, _)| !is_merge_key(*key)) {
                let Some(text) = helm_key(key) else {
                    continue;
                };
                let Some(earlier) = first.get(&text) else {
                    first.insert(text, key);
                    continue;
                };
                let written = key.text().unwrap_or_default();
                let as_read = if written == text { String::new() } else { format!(", which Helm reads as `{text}`,") };
                let place = if path.parts().is_empty() { String::new() } else { format!(" of `{path}`") };
                let message = format!("key `{written}`{as_read} stands twice{place}: Helm takes the last one");
                findings.push(
                    Finding::at(RULE.info.id, RULE.info.severity, file.at(key.span()), message)
                        .related(file.at(earlier.span()), "overridden without a word")
                        .help("remove one of them"),
                );
            }
        });
    }
}
