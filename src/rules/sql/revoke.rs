//! `revoke`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "revoke",
    Severity::Warning,
    "rights are taken away",
    include_str!("revoke.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let code = input.sqlstate("42501");
    let Action::Revoke { tables } = input.action() else {
        return;
    };
    let hot = tables.is_empty() || tables.iter().any(|table| input.is_hot(table));
    if !hot || input.release.released.clock() == 0 {
        return;
    }
    let of = tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let of = if of.is_empty() { String::new() } else { format!(" on {of}") };
    findings.push(input.report_class(
        &RULE.info,
        format!("if the role of {} needs the rights{of} that go, its statements fail{code}", input.release.running()),
    ));
}
