//! `template-placeholder`.

use super::{SequenceInput, SequenceRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};
use crate::syntax::migration::Runner;
use crate::syntax::sql::operation::OpaqueReason;

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "template-placeholder",
        summary: "a migration holds a placeholder that its runner does not fill in",
        severity: Severity::Warning,
        page: include_str!("template_placeholder.md"),
    },
    check,
};

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    let runner = input.directory.directory.runner;
    for (_, location) in input.opaque(OpaqueReason::Template) {
        let text = input.sources.text(location);
        if fills_in(runner, text) {
            continue;
        }
        let finding = Finding::at(
            RULE.info.id,
            RULE.info.severity,
            location,
            format!("the statement holds a placeholder, which {runner} sends to the server as it is"),
        );
        findings.push(finding.help("write what it stands for, or read the setting in the statement: current_setting('…')"));
    }
}

/// Flyway and Liquibase know `${name}`, goose too where it is told to; pop renders Go templates, tern as well.
fn fills_in(runner: Runner, statement: &str) -> bool {
    let (braces, dollar) = (statement.contains("{{"), statement.contains("${"));
    match runner {
        Runner::Popx | Runner::Tern => braces,
        Runner::Flyway | Runner::Liquibase | Runner::Goose => dollar && !braces,
        Runner::Plain => true,
        _ => false,
    }
}
