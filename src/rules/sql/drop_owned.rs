//! `drop-owned`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ObjectKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-owned",
    Severity::Error,
    "everything that a role owns is dropped",
    include_str!("drop_owned.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Drop {
        kind: ObjectKind::Owned,
        names,
        ..
    } = input.action()
    else {
        return;
    };
    for name in names {
        findings.push(
            input
                .report(&RULE.info, format!("everything that `{}` owns is dropped", name.name))
                .note("demands", input.effect().release_type.as_str())
                .help("name what is to go, and drop that; REASSIGN OWNED BY gives the rest to another role"),
        );
    }
}
