//! `create-policy`.

use crate::effects::Compatibility;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ObjectKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "create-policy",
    Severity::Info,
    "a policy changes which rows the running version sees",
    include_str!("create_policy.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let (table, name) = match input.action() {
        Action::CreatePolicy { name, table } => (table, name.as_str()),
        Action::Drop {
            kind: ObjectKind::Policy,
            names,
            table: Some(table),
            ..
        } => (table, names.first().map_or("", |name| name.name.as_str())),
        _ => return,
    };
    if input.effect().compatibility != Compatibility::NeedsProof {
        return;
    }
    findings.push(input.report(
        &RULE.info,
        format!("`{name}` changes which rows of `{}` the role of {} sees", table.name, input.release.running()),
    ));
}
