//! `replica-identity-full`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "replica-identity-full",
    Severity::Info,
    "REPLICA IDENTITY FULL makes every update write whole rows to the log",
    include_str!("replica_identity_full.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::ReplicaIdentity { table, full: true } = input.action() else {
        return;
    };
    if input.is_hot(table) {
        findings.push(
            input
                .report(&RULE.info, format!("every UPDATE and DELETE of `{}` writes the whole old row to the log", table.name))
                .help("REPLICA IDENTITY USING INDEX of a unique index on NOT NULL columns"),
        );
    }
}
