//! `rename-enum-value`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "rename-enum-value",
    Severity::Warning,
    "a value of an enum gets another name while the running version writes and reads the old one",
    include_str!("rename_enum_value.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::RenameEnumValue { name, value, to } = input.action() else {
        return;
    };
    if input.effect().release_type < ReleaseType::Major {
        return;
    }
    findings.push(
        input
            .report_class(
                &RULE.info,
                format!("'{value}' of `{}` becomes '{to}': {} writes the old one and is refused, and reads one that it does not know", name.name, input.release.running()),
            )
            .note("instead", "add the new value, write it, and leave the old one unused"),
    );
}
