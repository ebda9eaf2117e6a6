//! `enable-row-level-security`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "enable-row-level-security",
    Severity::Warning,
    "row-level security is switched on",
    include_str!("enable_row_level_security.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::RowLevelSecurity {
        table,
        enable: true,
        ..
    } = input.action()
    else {
        return;
    };
    if input.effect().release_type < ReleaseType::Minor {
        return;
    }
    findings.push(
        input
            .report_class(&RULE.info, format!("{}: `{}`", input.effect().reason, table.name))
            .help("create the policies for the application's role in the same transaction; the owner is not bound unless FORCE is on"),
    );
}
