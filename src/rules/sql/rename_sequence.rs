//! `rename-sequence`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ObjectKind};
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "rename-sequence",
    Severity::Warning,
    "a sequence gets another name while the running version knows the old one",
    include_str!("rename_sequence.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let (name, to) = match input.action() {
        Action::Rename {
            kind: ObjectKind::Sequence,
            name,
            to,
        } => (name, to.clone()),
        Action::SetSchema {
            kind: ObjectKind::Sequence,
            name,
            schema,
        } => (name, format!("{schema}.{}", name.name)),
        _ => return,
    };
    if input.effect().release_type < ReleaseType::Major {
        return;
    }
    let finding = input
            .report_class(
                &RULE.info,
                format!("sequence `{}` becomes `{to}`; statements of {} that name it fail", name.name, input.release.running()),
            )
            .note("instead", "make a new one beside it, and drop the old one in the release after");
    findings.push(input.used(finding, name, None));
}
