//! `disable-row-level-security`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "disable-row-level-security",
    Severity::Warning,
    "row-level security is switched off",
    include_str!("disable_row_level_security.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::RowLevelSecurity {
        table,
        enable: false,
        ..
    } = input.action()
    else {
        return;
    };
    if input.is_hot(table) && !input.effect().created_in_release {
        findings.push(
            input
                .report(&RULE.info, format!("rows of `{}` that policies hid are visible to everybody who may read it", table.name))
                .help("have somebody review it who answers for who may see what"),
        );
    }
}
