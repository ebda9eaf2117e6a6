//! `session-replication-role`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "session-replication-role",
    Severity::Warning,
    "triggers and foreign keys are switched off for the session",
    include_str!("session_replication_role.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Set { name, value, .. } = input.action() else {
        return;
    };
    if name.eq_ignore_ascii_case("session_replication_role") && value.trim_matches(['\'', '"']).eq_ignore_ascii_case("replica") {
        findings.push(
            input
                .report(&RULE.info, "no trigger fires and no foreign key is enforced for what follows")
                .help("drop or disable what is in the way by its name, in the same transaction"),
        );
    }
}
