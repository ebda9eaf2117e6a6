//! `primary-key-missing`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, Persistence};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "primary-key-missing",
    Severity::Info,
    "a table is created without a primary key",
    include_str!("primary_key_missing.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateTable {
        table,
        persistence,
        partition_of,
        inherits,
        from_query,
        ..
    } = input.action()
    else {
        return;
    };
    if *persistence == Persistence::Temporary || partition_of.is_some() || !inherits.is_empty() || *from_query {
        return;
    }
    if input.relation(table).is_some() {
        return;
    }
    let last = input.release.last.relation(table).found();
    if let Some(last) = last
        && last.primary_key().is_none()
        && last.partition_of.is_none()
        && last.complete
    {
        findings.push(
            input
                .report(&RULE.info, format!("`{}` has no primary key at the end of the release", table.name))
                .help("logical replication and many tools need one"),
        );
    }
}
