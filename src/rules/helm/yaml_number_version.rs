//! `yaml-number-version`.

use super::walk::each_key;
use super::{HelmInput, HelmRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};
use crate::syntax::yaml::{Data, Node, Style, Value, helm_scalar};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "yaml-number-version",
        summary: "a version that is not quoted is a number to Helm",
        severity: Severity::Warning,
        page: include_str!("yaml_number_version.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    for file in input.files() {
        let is_chart_file = input.is_chart_file(file);
        each_key(file, &mut |site| {
            let name = site.key.text().unwrap_or_default();
            let Some((written, read)) = number(site.value, is_chart_file) else {
                return;
            };
            // `helm lint` wants strings for these two, whatever they are read as.
            let must_be_string =
                is_chart_file && site.path.parts().len() == 1 && matches!(name, "version" | "appVersion");
            let is_altered = is_version_key(name) && read != written && !is_octal_looking(written);
            if !(must_be_string || is_altered) {
                return;
            }
            let becomes = if read == written { String::new() } else { format!(": Helm reads {read}") };
            let message = format!("`{}` is the number {written}, not a text{becomes}", site.path);
            findings.push(
                Finding::at(RULE.info.id, RULE.info.severity, file.at(site.value.span()), message)
                    .help(format!("write \"{written}\"")),
            );
        });
    }
}

/// What is written and what Helm makes of it, for a plain number.
fn number(node: Node<'_>, is_field: bool) -> Option<(&str, String)> {
    let (text, style) = node.scalar()?;
    if style != Style::Plain || node.tag().is_some() {
        return None;
    }
    let data = helm_scalar(node)?.ok()?;
    let Data::Number(_) = data else {
        return None;
    };
    let value = Value { data, ..Value::empty_map() };
    let read = if is_field { value.field_text() } else { value.rendered() };
    Some((text, read?))
}

/// A leading zero is another rule's concern.
fn is_octal_looking(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit())
}

/// Keys whose values are versions, tags and hashes: texts that may look like numbers.
fn is_version_key(key: &str) -> bool {
    const WORDS: [&str; 9] =
        ["version", "tag", "revision", "release", "commit", "digest", "sha", "hash", "build"];
    let key = key.to_ascii_lowercase();
    WORDS.iter().any(|word| key.ends_with(word))
}
