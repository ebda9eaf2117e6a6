//! `yaml-octal`.

use super::walk::each_key;
use super::{HelmInput, HelmRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};
use crate::syntax::yaml::{Data, Node, Number, Style, helm_scalar};

pub(super) const RULE: HelmRule = HelmRule {
    info: RuleInfo {
        id: "yaml-octal",
        summary: "a number with a leading zero is read as octal",
        severity: Severity::Warning,
        page: include_str!("yaml_octal.md"),
    },
    check,
};

fn check(input: &HelmInput<'_>, findings: &mut Findings) {
    for file in input.files() {
        each_key(file, &mut |site| {
            let name = site.key.text().unwrap_or_default();
            if !is_mode(name)
                && let Some(read) = octal(site.value)
            {
                let written = site.value.text().unwrap_or_default();
                let message = format!("`{written}` is octal to Helm: `{}` is {read}", site.path);
                findings.push(
                    Finding::at(RULE.info.id, RULE.info.severity, file.at(site.value.span()), message)
                        .help(format!("write \"{written}\" for the text, or {read} for the number")),
                );
            }
        });
    }
}

/// What a plain number with a leading zero is read as, when its digits say something else.
fn octal(node: Node<'_>) -> Option<i64> {
    let (text, style) = node.scalar()?;
    let digits = text.trim_start_matches(['-', '+']).replace('_', "");
    let is_decimal_looking =
        digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    if style != Style::Plain || node.tag().is_some() || !is_decimal_looking {
        return None;
    }
    let Some(Ok(Data::Number(Number::Int(read)))) = helm_scalar(node) else {
        return None;
    };
    (digits.parse() != Ok(read.unsigned_abs())).then_some(read)
}

/// File modes are written in octal on purpose.
fn is_mode(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.ends_with("mode") || key.ends_with("umask") || key.ends_with("permissions")
}
