//! `drop-type`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ObjectKind};
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-type",
    Severity::Warning,
    "a type is dropped while the running version may still use it",
    include_str!("drop_type.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Drop {
        kind: ObjectKind::Type | ObjectKind::Domain,
        names,
        ..
    } = input.action()
    else {
        return;
    };
    if input.effect().release_type < ReleaseType::Minor || input.effect().created_in_release {
        return;
    }
    for name in names {
        let finding = input
                .report_class(
                    &RULE.info,
                    format!("type `{}` is dropped while {} may still use it", name.name, input.release.running()),
                )
                .note("instead", "stop using it in this release, and drop it in the release after");
        findings.push(input.used(finding, name, None));
    }
}
