//! `changelog-link-wrong`

use super::report::{Defect, report};
use super::{ChangelogInput, ChangelogRule, ordered};
use crate::finding::Severity;
use crate::rules::{Findings, RuleInfo};
use crate::syntax::changelog::{Compare, Link, Section, Title, VersionTitle, same_version, version_in_ref};
use crate::version::Version;

pub(super) const RULE: ChangelogRule = ChangelogRule {
    info: RuleInfo {
        id: "changelog-link-wrong",
        summary: "a comparison link of a section that compares other versions",
        severity: Severity::Error,
        page: include_str!("link_wrong.md"),
    },
    check,
};

/// How many sections below are looked at: what a version came after does not stand further down.
const FAR_BELOW: usize = 200;

fn check(input: &ChangelogInput<'_>, findings: &mut Findings) {
    let sections: Vec<_> = input.sections().collect();
    let mut defects: Vec<Defect> = sections
        .iter()
        .enumerate()
        .filter_map(|(index, (section, title))| {
            let link = section.link.as_ref()?;
            let below = sections.get(index + 1..).unwrap_or_default();
            let problem = problem(link, title, below.get(..FAR_BELOW).unwrap_or(below))?;
            Some(Defect {
                span: link.url.span,
                message: format!("the link of {} {problem}", title.version.text),
                label: String::new(),
                related: Some((section.heading, "the section".to_owned())),
                current: input.is_current(title),
            })
        })
        .collect();
    defects.extend(unreleased(input, &sections));
    let help = "compare the version below with the section's own";
    report(input, &RULE.info, defects, help, findings);
}

/// What is wrong with the link of a version's section, above `below`.
fn problem(link: &Link, title: &VersionTitle, below: &[(&Section, &VersionTitle)]) -> Option<String> {
    let own = &title.version.text;
    let Some(Compare { base, head }) = &link.compare else {
        let tag = link.tag.as_deref().and_then(version_in_ref)?;
        return (!same_version(tag, own)).then(|| format!("leads to {tag}"));
    };
    match version_in_ref(head) {
        Some(version) if !same_version(version, own) => {
            return Some(format!("compares {version}, not {own}, with what came before"));
        }
        None if is_moving(head) => return Some(format!("compares with `{head}`, which moves on")),
        _ => {}
    }
    let base = version_in_ref(base)?;
    let versions: Vec<&str> = below.iter().map(|(_, title)| title.version.text.as_str()).collect();
    let (base_version, own_version) = (ordered(base)?, ordered(own)?);
    if base_version.release_order(&own_version).is_ge() {
        return Some(format!("starts at {base}, which is not before {own}"));
    }
    let first = versions.first()?;
    if is_predecessor(base, &own_version, &versions) {
        return None;
    }
    let is_known = versions.iter().any(|version| same_version(version, base));
    let skips = ordered(first).is_some_and(|first| base_version.release_order(&first).is_lt());
    (is_known || skips).then(|| format!("starts at {base}, though {first} comes before {own}"))
}

/// Whether `base` is a release that may come before `own`: the one below, the next final below, the highest lower one of
/// all, or of the same minor line. They differ where lines are maintained side by side.
fn is_predecessor(base: &str, own: &Version, below: &[&str]) -> bool {
    let lower = || {
        below.iter().filter_map(|written| Some((*written, ordered(written)?))).filter(|(_, version)| version.release_order(own).is_lt())
    };
    let highest = |of_line: bool, final_only: bool| {
        lower()
            .filter(|(_, version)| !of_line || (version.major(), version.minor()) == (own.major(), own.minor()))
            .filter(|(_, version)| !final_only || version.is_plain())
            .max_by(|(_, a), (_, b)| a.release_order(b))
            .map(|(written, _)| written)
    };
    let candidates = [
        below.first().copied(),
        lower().find(|(_, version)| version.is_plain()).map(|(written, _)| written),
        highest(false, false),
        highest(false, true),
        highest(true, false),
        highest(true, true),
    ];
    candidates.into_iter().flatten().any(|candidate| same_version(candidate, base))
}

/// A name that means another commit tomorrow.
fn is_moving(name: &str) -> bool {
    ["HEAD", "main", "master", "develop", "trunk", "dev"].contains(&name)
}

/// The link of *Unreleased* starts at the newest release.
fn unreleased(input: &ChangelogInput<'_>, sections: &[(&Section, &VersionTitle)]) -> Option<Defect> {
    let unreleased = input.changelog.unreleased()?;
    let Title::Unreleased { .. } = unreleased.title else {
        return None;
    };
    let link = unreleased.link.as_ref()?;
    let base = version_in_ref(&link.compare.as_ref()?.base)?;
    // A section that says "to be done" in place of its date is not out.
    let is_out = |section: &Section| !section.date.as_ref().is_some_and(|date| date.placeholder);
    let versions: Vec<&str> = sections
        .iter()
        .filter(|(section, _)| is_out(section))
        .map(|(_, title)| title.version.text.as_str())
        .collect();
    let newest = versions.first()?;
    let fits = same_version(base, newest)
        || is_highest(base, &versions)
        || ordered(base)?.release_order(&ordered(newest)?).is_gt();
    (!fits).then(|| Defect {
        span: link.url.span,
        message: format!("the link of Unreleased starts at {base}, though {newest} is out"),
        label: String::new(),
        related: None,
        current: false,
    })
}

/// Whether no final is above `base`: maintained older lines and candidates may stand on top.
fn is_highest(base: &str, versions: &[&str]) -> bool {
    let Some(base) = ordered(base) else { return false };
    versions
        .iter()
        .filter_map(|written| ordered(written))
        .filter(Version::is_plain)
        .all(|version| version.release_order(&base).is_le())
}
