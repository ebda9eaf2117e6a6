//! `drop-default`.

use crate::effects::Compatibility;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-default",
    Severity::Warning,
    "a default is dropped that the running version may rely on",
    include_str!("drop_default.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let code = input.sqlstate("23502");
    let (Action::DropDefault { table, column } | Action::DropIdentity { table, column, .. }) = input.action()
    else {
        return;
    };
    let fresh = input
        .relation(table)
        .and_then(|relation| relation.column(column))
        .is_some_and(|known| known.born.clock >= input.release.released.clock());
    if fresh || input.effect().compatibility < Compatibility::NeedsProof {
        return;
    }
    let result = if input.effect().compatibility == Compatibility::Breaking {
        format!("is refused{code}")
    } else {
        "gets NULL".to_owned()
    };
    findings.push(
        input
            .report_class(&RULE.info, format!("an INSERT of {} that leaves `{column}` of `{}` out {result}", input.release.running(), table.name))
            .help("drop it in the release after the first one that always writes the column"),
    );
}
