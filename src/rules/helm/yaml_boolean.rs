//! `yaml-boolean`.

use super::walk::each_key;
use super::{HelmInput, HelmRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};
use crate::syntax::yaml::{Data, Node, Style, helm_scalar};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "yaml-boolean",
        summary: "an unquoted word is a boolean to Helm and a text to others",
        severity: Severity::Warning,
        page: include_str!("yaml_boolean.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    for file in input.files() {
        each_key(file, &mut |site| {
            if let Some(read) = boolean(site.key) {
                let written = site.key.text().unwrap_or_default();
                let message = format!("key `{written}` is a boolean to Helm: its name becomes `{read}`");
                findings.push(
                    Finding::at(RULE.info.id, RULE.info.severity, file.at(site.key.span()), message)
                        .help(format!("write \"{written}\"")),
                );
            }
            if let Some(read) = boolean(site.value)
                && !site.value.is_alias()
            {
                let written = site.value.text().unwrap_or_default();
                let message = format!("`{written}` is a boolean to Helm: `{}` is {read}", site.path);
                findings.push(
                    Finding::at(RULE.info.id, RULE.info.severity, file.at(site.value.span()), message)
                        .help(format!("write {read}, or \"{written}\" for the text")),
                );
            }
        });
    }
}

/// What a word other than `true` and `false` is read as.
fn boolean(node: Node<'_>) -> Option<bool> {
    let (text, style) = node.scalar()?;
    let is_known_word = matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE");
    if style != Style::Plain || node.tag().is_some() || is_known_word {
        return None;
    }
    match helm_scalar(node) {
        Some(Ok(Data::Bool(read))) => Some(read),
        _ => None,
    }
}
