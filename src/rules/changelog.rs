//! Rules over one changelog.
//!
//! A defect in the section of the version that is judged is an error. Defects of older sections are history: each rule
//! reports them once for the file, as a warning that counts them.

mod report;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{Findings, RuleInfo, rule_table};
use crate::finding::{Finding, Severity};
use crate::source::{Location, SourceId, Span};
use crate::syntax::changelog::{Changelog, Section, Title, VersionTitle, same_version};
use crate::version::Version;

/// A rule over a changelog.
pub struct ChangelogRule {
    /// What everybody may know about it.
    pub info: RuleInfo,
    /// Looks at a changelog.
    pub check: fn(&ChangelogInput<'_>, &mut Findings),
}

/// What a rule over a changelog sees.
#[derive(Debug, Clone, Copy)]
pub struct ChangelogInput<'a> {
    /// The file.
    pub source: SourceId,
    /// What it says.
    pub changelog: &'a Changelog,
    /// What it said in the previous release, if there is one: what was wrong with older sections then is not news.
    pub previous: Option<&'a Changelog>,
    /// The version that is judged, without prefix.
    pub current: Option<&'a str>,
    /// The component that the tags' prefix names; empty for the project itself.
    pub component: &'a str,
    /// The day of the judgement.
    pub today: NaiveDate,
}

rule_table! { ChangelogRule:
    date_invalid,
    duplicate,
    link_wrong,
    order,
    section_empty,
}

/// Runs every rule.
pub fn check(input: &ChangelogInput<'_>, findings: &mut Findings) {
    let mut found = all(input);
    let may_be_old = |finding: &Finding| finding.severity != Severity::Error;
    if let Some(changelog) = input.previous.filter(|_| found.iter().any(may_be_old)) {
        let before = all(&ChangelogInput {
            changelog,
            ..*input
        });
        let told: BTreeSet<String> = before.iter().map(words).collect();
        found.retain(|finding| !may_be_old(finding) || !told.contains(&words(finding)));
    }
    findings.0.append(&mut found);
}

fn all(input: &ChangelogInput<'_>) -> Vec<Finding> {
    let mut found = Findings::default();
    for rule in RULES {
        (rule.check)(input, &mut found);
    }
    found.0
}

/// All that a finding says, whatever its places are.
fn words(finding: &Finding) -> String {
    let related = finding.related.iter().map(|label| label.message.as_str());
    let notes = finding.notes.iter().map(|note| note.text.as_str());
    let all: Vec<&str> = [finding.rule.as_str(), finding.message.as_str()]
        .into_iter()
        .chain(related)
        .chain(notes)
        .collect();
    all.join("\n")
}

impl<'a> ChangelogInput<'a> {
    /// The version sections that are about the judged component, in the order of the file.
    fn sections(&self) -> impl Iterator<Item = (&'a Section, &'a VersionTitle)> {
        self.changelog.of_component(self.component)
    }

    /// Whether a section is the one of the version that is judged.
    fn is_current(&self, title: &VersionTitle) -> bool {
        self.current
            .is_some_and(|current| same_version(&title.version.text, current))
    }

    /// Whether a section is still being written: it stands on top, and nobody judges its version.
    fn is_draft(&self, section: &Section) -> bool {
        let Some((top, title)) = self.sections().next() else {
            return false;
        };
        let is_open =
            self.current.is_none() || top.date.as_ref().is_some_and(|date| date.placeholder);
        top.heading == section.heading && is_open && !self.is_current(title)
    }

    fn at(&self, span: Span) -> Location {
        Location {
            source: self.source,
            span,
        }
    }
}

/// What a section is called in messages.
fn name(title: &Title) -> &str {
    match title {
        Title::Version(title) => &title.version.text,
        Title::Unreleased { .. } => "Unreleased",
    }
}

/// A version as it is written in a heading, brought into the form that can be ordered: `1.2` is `1.2.0`, `4.0.0rc3` is
/// `4.0.0-rc3`, `24.01.0` is `24.1.0`. `None` when it cannot.
fn ordered(written: &str) -> Option<Version> {
    if let Some(version) = Version::parse(written) {
        return Some(version);
    }
    let numbers_end = written
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(written.len());
    let (numbers, suffix) = written.split_at(numbers_end);
    let mut parts: Vec<&str> = numbers.split('.').filter(|part| !part.is_empty()).collect();
    parts.resize(3, "0");
    let parts: Vec<&str> = parts
        .iter()
        .map(|part| match part.trim_start_matches('0') {
            "" => "0",
            part => part,
        })
        .collect();
    let suffix: String = suffix
        .trim_start_matches(['-', '.', '_', ' '])
        .to_lowercase()
        .replace(' ', "");
    let hyphen = if suffix.is_empty() { "" } else { "-" };
    Version::parse(&format!("{}{hyphen}{suffix}", parts.join(".")))
}
