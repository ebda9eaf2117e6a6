//! `changelog-order`

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::report::{Defect, report};
use super::{ChangelogInput, ChangelogRule, ordered};
use crate::finding::Severity;
use crate::rules::{Findings, RuleInfo};
use crate::syntax::changelog::{Section, Title, VersionTitle};
use crate::version::Version;

pub(super) const RULE: ChangelogRule = ChangelogRule {
    info: RuleInfo {
        id: "changelog-order",
        summary: "sections that do not go from the newest to the oldest",
        severity: Severity::Error,
        page: include_str!("order.md"),
    },
    check,
};

fn check(input: &ChangelogInput<'_>, findings: &mut Findings) {
    let mut above: BTreeMap<String, Neighbour<'_>> = BTreeMap::new();
    let mut versions = Vec::new();
    let mut dates = Vec::new();
    for (section, title) in input.sections() {
        let Some(version) = ordered(&title.version.text) else {
            continue;
        };
        let lower = Neighbour {
            section,
            title,
            version,
        };
        if let Some(upper) = above.get(&title.component.to_lowercase()) {
            match compare(upper, &lower) {
                Some(Wrong::Version) => versions.push(defect(input, upper, &lower, "is newer than")),
                Some(Wrong::Date) => dates.push(defect(input, upper, &lower, "is dated after")),
                None => {}
            }
        }
        above.insert(title.component.to_lowercase(), lower);
    }
    let help = "put the newest release on top";
    report(input, &RULE.info, versions, help, findings);
    report(input, &RULE.info, dates, "correct the dates, or the order of the sections", findings);
    report(input, &RULE.info, buried(input), help, findings);
}

/// A section with its version.
struct Neighbour<'a> {
    section: &'a Section,
    title: &'a VersionTitle,
    version: Version,
}

impl Neighbour<'_> {
    fn day(&self) -> Option<chrono::NaiveDate> {
        self.section.date.as_ref().and_then(|date| date.day)
    }
}

enum Wrong {
    Version,
    Date,
}

fn compare(upper: &Neighbour<'_>, lower: &Neighbour<'_>) -> Option<Wrong> {
    let days = upper.day().zip(lower.day()).map(|(upper, lower)| upper.cmp(&lower));
    match upper.version.release_order(&lower.version) {
        // The same version twice is a duplicate, and its own rule.
        Ordering::Equal => None,
        // A later patch of an older line stands where its date or where its version puts it; both are usual.
        Ordering::Less if is_backport(&upper.version, &lower.version) && days.is_some_and(Ordering::is_ge) => None,
        Ordering::Less => Some(Wrong::Version),
        Ordering::Greater if is_backport(&lower.version, &upper.version) => None,
        Ordering::Greater => days.is_some_and(Ordering::is_lt).then_some(Wrong::Date),
    }
}

/// `version` is a later release of an older line than `other`: a patch of an older minor line, or anything but the first
/// of an older major line.
fn is_backport(version: &Version, other: &Version) -> bool {
    let older_major = version.major() < other.major() && (version.minor(), version.patch()) > (0, 0);
    let older_minor = (version.major(), version.minor()) < (other.major(), other.minor());
    older_major || older_minor && version.patch() > 0
}

fn defect(input: &ChangelogInput<'_>, upper: &Neighbour<'_>, lower: &Neighbour<'_>, relation: &str) -> Defect {
    let date = |neighbour: &Neighbour<'_>| {
        let date = neighbour.section.date.as_ref();
        date.map(|date| format!(" ({})", date.written.text)).unwrap_or_default()
    };
    Defect {
        span: lower.section.heading,
        message: format!(
            "{}{} {relation} {}{}, which stands above it",
            lower.title.version.text,
            date(lower),
            upper.title.version.text,
            date(upper),
        ),
        label: String::new(),
        related: Some((upper.section.heading, "above it".to_owned())),
        current: input.is_current(upper.title) || input.is_current(lower.title),
    }
}

/// *Unreleased* below a version.
fn buried(input: &ChangelogInput<'_>) -> Vec<Defect> {
    let sections = &input.changelog.sections;
    let Some(first) = sections.iter().find(|section| matches!(section.title, Title::Version(_))) else {
        return Vec::new();
    };
    let unreleased = input.changelog.unreleased();
    let is_draft = first.date.as_ref().is_some_and(|date| date.placeholder);
    unreleased
        .filter(|unreleased| unreleased.heading > first.heading && !is_draft)
        .map(|unreleased| Defect {
            span: unreleased.heading,
            message: "Unreleased stands below a released version".to_owned(),
            label: String::new(),
            related: Some((first.heading, "above it".to_owned())),
            current: false,
        })
        .into_iter()
        .collect()
}
