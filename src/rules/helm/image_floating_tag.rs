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
        let Some(why) = floating(&image.tag) else {
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

/// Why a tag moves.
fn floating(tag: &str) -> Option<&'static str> {
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
    let numbers: Vec<&str> = lower.strip_prefix('v').unwrap_or(&lower).split('.').collect();
    let is_short = numbers.len() < 3
        && numbers.iter().all(|part| (1..4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    is_short.then_some("moves with every release of that line")
}
