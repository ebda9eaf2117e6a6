//! `create-unique-index-may-fail`.

use crate::effects::Compatibility;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "create-unique-index-may-fail",
    Severity::Info,
    "a unique index over rows that may not be unique",
    include_str!("create_unique_index_may_fail.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let code = input.sqlstate("23505");
    let Action::CreateIndex {
        table,
        unique: true,
        keys,
        concurrently,
        ..
    } = input.action()
    else {
        return;
    };
    if input.effect().compatibility != Compatibility::NeedsProof || !input.is_hot(table) {
        return;
    }
    let keys = keys.iter().map(|key| key.text.as_str()).collect::<Vec<_>>().join(", ");
    let left = if *concurrently { ", and leaves an invalid index behind" } else { "" };
    findings.push(
        input
            .report(&RULE.info, format!("it fails on equal values{code}{left}"))
            .help(format!("look before: SELECT {keys} FROM {} GROUP BY {keys} HAVING count(*) > 1", table.name)),
    );
}
