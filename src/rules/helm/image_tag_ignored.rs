//! `image-tag-ignored`.

use super::{HelmInput, HelmRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "image-tag-ignored",
        summary: "an image has a tag and a digest, and the digest wins",
        severity: Severity::Warning,
        page: include_str!("image_tag_ignored.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    for image in &input.chart.images {
        let (Some(tag), Some(digest)) = (image.tag_location, image.digest_location) else {
            continue;
        };
        // A reference in one text shows both side by side.
        if tag == digest {
            continue;
        }
        let message = format!("`{}` has no effect: the digest beside it decides what is deployed", image.key);
        findings.push(
            Finding::at(RULE.info.id, RULE.info.severity, tag, message)
                .related(digest, "this image is pulled, whatever the tag says")
                .help("change both together, or remove one of them"),
        );
    }
}
