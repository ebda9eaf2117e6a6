//! `image-floating-tag`.

use super::{HelmInput, HelmRule};
use crate::finding::Severity;
use crate::rules::{Findings, RuleInfo};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "image-floating-tag",
        summary: "an image tag names a moving target",
        severity: Severity::Warning,
        page: include_str!("image_floating_tag.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    for image in input.chart.images.iter().filter(|image| image.digest.is_empty()) {
        let Some(why) = floating(&image.tag, input.chart.state.metadata.app_version_text()) else {
            continue;
        };
        let message = format!("`{}` is the tag `{}`, which {why}", image.key, image.tag);
        findings.push(
            input
                .report(&RULE.info, image.location, message)
                .help("name a version that never moves, or add a digest"),
        );
    }
}

/// Why a tag moves. A version of fewer than three numbers is a line of releases where the appVersion shows that this line
/// has them.
fn floating(tag: &str, app_version: &str) -> Option<&'static str> {
    const BRANCHES: [&str; 9] =
        ["main", "master", "dev", "develop", "development", "trunk", "head", "staging", "production"];
    const CHANNELS: [&str; 9] =
        ["latest", "stable", "edge", "nightly", "canary", "next", "beta", "unstable", "rolling"];
    let lower = tag.to_ascii_lowercase();
    if CHANNELS.contains(&lower.as_str()) || lower.ends_with("-latest") {
        return Some("is whatever was pushed last");
    }
    if BRANCHES.contains(&lower.as_str()) {
        return Some("follows a branch");
    }
    let line = lower.strip_prefix('v').unwrap_or(&lower);
    let full = app_version.strip_prefix('v').unwrap_or(app_version);
    let is_line = full
        .strip_prefix(line)
        .is_some_and(|rest| !line.is_empty() && rest.starts_with('.'));
    is_line.then_some("moves with every release of that line")
}
