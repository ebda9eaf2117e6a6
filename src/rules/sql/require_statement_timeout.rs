//! `require-statement-timeout`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "require-statement-timeout",
    Severity::Info,
    "long work without a statement_timeout (opt-in)",
    include_str!("require_statement_timeout.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if !input.is_postgresql() || input.file.directory.directory.assume_statement_timeout {
        return;
    }
    let long = input.effect().hot_work().is_some_and(|work| work >= Work::Scan);
    if long && input.transaction().setting("statement_timeout").is_none() {
        findings.push(
            input
                .report(&RULE.info, "nothing limits how long this may take")
                .help("SET statement_timeout to the longest time that the service can bear; to 0 for CONCURRENTLY"),
        );
    }
}
