//! `session-setting-leak`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "session-setting-leak",
    Severity::Warning,
    "a session setting outlives the migration",
    include_str!("session_setting_leak.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Set {
        name,
        value,
        local: false,
    } = input.action()
    else {
        return;
    };
    let name = name.to_lowercase();
    let leaks = matches!(
        name.as_str(),
        "search_path" | "role" | "session authorization" | "session_authorization" | "session_replication_role"
    );
    if !leaks || value.is_empty() || input.step.operation.nested || !input.is_postgresql() {
        return;
    }
    let resets = &input.step.summary.resets;
    let reset = [name.as_str(), "all"]
        .iter()
        .filter_map(|name| resets.get(*name))
        .any(|at| *at > input.step.statement);
    if reset {
        return;
    }
    findings.push(
        input
            .report(&RULE.info, format!("`{name}` stays set for the runner's own statements and for the next file on the connection"))
            .help(format!("SET LOCAL {name}, inside a transaction; or RESET {name} at the end")),
    );
}
