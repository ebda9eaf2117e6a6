//! `changelog-section-empty`

use super::report::{Defect, report};
use super::{ChangelogInput, ChangelogRule};
use crate::finding::Severity;
use crate::rules::{Findings, RuleInfo};

pub(super) const RULE: ChangelogRule = ChangelogRule {
    info: RuleInfo {
        id: "changelog-section-empty",
        summary: "a version's section that says nothing",
        severity: Severity::Error,
        page: include_str!("section_empty.md"),
    },
    check,
};

fn check(input: &ChangelogInput<'_>, findings: &mut Findings) {
    let defects = input
        .sections()
        .filter(|(section, _)| section.empty && !section.yanked && !input.is_draft(section))
        .map(|(section, title)| {
            let headings = if section.categories.is_empty() { "" } else { " but headings" };
            Defect {
                span: section.heading,
                message: format!("the section of {} has nothing{headings} in it", title.version.text),
                label: "nothing below it".to_owned(),
                related: None,
                current: input.is_current(title),
            }
        })
        .collect();
    let help = "say what changed for those who upgrade, if only that nothing did";
    report(input, &RULE.info, defects, help, findings);
}
