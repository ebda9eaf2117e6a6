//! `drop-schema`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ObjectKind};
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-schema",
    Severity::Warning,
    "a schema is dropped",
    include_str!("drop_schema.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Drop {
        kind: ObjectKind::Schema,
        names,
        ..
    } = input.action()
    else {
        return;
    };
    if input.effect().release_type < ReleaseType::Minor {
        return;
    }
    for name in names {
        findings.push(
            input
                .report_class(&RULE.info, format!("schema `{}` is dropped while {} may still use what is in it", name.name, input.release.running()))
                .help("drop it in the release after the last one that uses it, with a backup"),
        );
    }
}
