//! `change-default`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "change-default",
    Severity::Info,
    "another default for rows that the running version adds",
    include_str!("change_default.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::SetDefault {
        table,
        column,
        default,
    } = input.action()
    else {
        return;
    };
    let known = input.relation(table).and_then(|relation| relation.column(column));
    let Some(before) = known.and_then(|known| known.default.as_ref()) else {
        return;
    };
    if input.effect().release_type < ReleaseType::Minor || before == default {
        return;
    }
    findings.push(input.report(
        &RULE.info,
        format!("rows that {} adds to `{}` get {default} instead of {before}", input.release.running(), table.name),
    ));
}
