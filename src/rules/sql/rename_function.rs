//! `rename-function`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ObjectKind};
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "rename-function",
    Severity::Warning,
    "a function gets another name while the running version knows the old one",
    include_str!("rename_function.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let (name, to) = match input.action() {
        Action::Rename {
            kind: ObjectKind::Function,
            name,
            to,
        } => (name, to.clone()),
        Action::SetSchema {
            kind: ObjectKind::Function,
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
                format!("function `{}` becomes `{to}`; statements of {} that name it fail", name.name, input.release.running()),
            )
            .note("instead", "make a new one beside it, and drop the old one in the release after");
    findings.push(input.used(finding, name, None));
}
