//! `drop-database`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ObjectKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-database",
    Severity::Error,
    "a database is dropped",
    include_str!("drop_database.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Drop {
        kind: ObjectKind::Database,
        names,
        ..
    } = input.action()
    else {
        return;
    };
    for name in names {
        findings.push(
            input
                .report(&RULE.info, format!("database `{}` is dropped, with everything in it", name.name))
                .note("demands", input.effect().release_type.as_str())
                .help("no migration should do this: do it by hand, after a backup"),
        );
    }
}
