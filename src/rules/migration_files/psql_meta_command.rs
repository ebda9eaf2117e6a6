//! `psql-meta-command`.

use super::{SequenceInput, SequenceRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};
use crate::syntax::migration::Runner;
use crate::syntax::sql::operation::OpaqueReason;

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "psql-meta-command",
        summary: "a migration holds a command of psql",
        severity: Severity::Error,
        page: include_str!("psql_meta_command.md"),
    },
    check,
};

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    let runner = input.directory.directory.runner;
    // Who runs numbered files may run them with psql.
    let (severity, who) = if runner == Runner::Plain {
        (Severity::Warning, "no program but psql".to_owned())
    } else {
        (RULE.info.severity, format!("neither the server nor {runner}"))
    };
    for (_, location) in input.opaque(OpaqueReason::ClientCommand) {
        let finding = Finding::at(
            RULE.info.id,
            severity,
            location,
            format!("{who} knows this: it is for psql"),
        );
        findings.push(finding.help("write it as SQL: the text of the included file, INSERT instead of COPY FROM stdin"));
    }
}
