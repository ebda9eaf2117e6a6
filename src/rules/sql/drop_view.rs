//! `drop-view`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ObjectKind};
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-view",
    Severity::Warning,
    "a view is dropped while the running version may still use it",
    include_str!("drop_view.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Drop {
        kind: ObjectKind::View,
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
                    format!("view `{}` is dropped while {} may still use it", name.name, input.release.running()),
                )
                .note("instead", "stop using it in this release, and drop it in the release after");
        findings.push(input.used(finding, name, None));
    }
}
