//! `changelog-duplicate`

use std::collections::BTreeMap;

use super::report::{Defect, report};
use super::{ChangelogInput, ChangelogRule, name};
use crate::finding::Severity;
use crate::rules::{Findings, RuleInfo};
use crate::syntax::changelog::{Section, Title, version_key};

pub(super) const RULE: ChangelogRule = ChangelogRule {
    info: RuleInfo {
        id: "changelog-duplicate",
        summary: "two sections about one version",
        severity: Severity::Error,
        page: include_str!("duplicate.md"),
    },
    check,
};

fn check(input: &ChangelogInput<'_>, findings: &mut Findings) {
    let versions = input.sections().map(|(section, title)| {
        let key = (title.component.to_lowercase(), version_key(&title.version.text));
        (section, key, input.is_current(title))
    });
    let unreleased = input
        .changelog
        .sections
        .iter()
        .filter(|section| matches!(section.title, Title::Unreleased { .. }))
        .map(|section| (section, Default::default(), false));
    let mut seen: BTreeMap<(String, String), &Section> = BTreeMap::new();
    let mut defects = Vec::new();
    for (section, key, current) in versions.chain(unreleased) {
        if let Some(first) = seen.get(&key) {
            defects.push(Defect {
                span: section.heading,
                message: format!("{} has a second section", name(&section.title)),
                label: "again".to_owned(),
                related: Some((first.heading, "the first one".to_owned())),
                current,
            });
        } else {
            seen.insert(key, section);
        }
    }
    let help = "merge the two sections, or correct the version of one";
    report(input, &RULE.info, defects, help, findings);
}
