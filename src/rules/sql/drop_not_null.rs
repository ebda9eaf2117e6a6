//! `drop-not-null`.

use crate::effects::Compatibility;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-not-null",
    Severity::Info,
    "the running version may meet NULL where it never was",
    include_str!("drop_not_null.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::DropNotNull { table, column } = input.action() else {
        return;
    };
    if input.effect().compatibility != Compatibility::NeedsProof {
        return;
    }
    findings.push(
        input
            .report(&RULE.info, format!("once a NULL is written, {} may fail to read `{column}` of `{}`", input.release.running(), table.name))
            .help("write NULL one release later, when every running version can read it"),
    );
}
