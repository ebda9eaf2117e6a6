//! `add-required-column`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "add-required-column",
    Severity::Warning,
    "a column without a default must not be NULL, and the running version does not write it",
    include_str!("add_required_column.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let code = input.sqlstate("23502");
    let (table, column) = match input.action() {
        Action::AddColumn { table, column, .. } => {
            let has_value = column.default.is_some() || column.generated.is_some() || column.type_name.serial;
            let key = column
                .constraints
                .iter()
                .any(|constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }));
            if has_value || !(column.not_null || key) {
                return;
            }
            (table, column.name.as_str())
        }
        // The same in two steps: a column of this release that becomes NOT NULL, or loses its default.
        Action::SetNotNull { table, column } | Action::DropDefault { table, column } => {
            let fresh = input
                .relation(table)
                .and_then(|relation| relation.column(column))
                .is_some_and(|known| known.born.clock >= input.release.released.clock());
            if !fresh {
                return;
            }
            (table, column.as_str())
        }
        _ => return,
    };
    if input.effect().release_type < ReleaseType::Major {
        return;
    }
    let mut finding = input
        .report_class(
            &RULE.info,
            format!("{} does not write `{column}` of `{}`, so its INSERTs are refused{code}", input.release.running(), table.name),
        )
        .note("instead", "a DEFAULT, which costs nothing since PostgreSQL 11; or NULL now and NOT NULL one release later");
    if input.effect().refusal.as_ref().is_some_and(|refusal| refusal.depends_on_data) {
        finding = finding.note("also", "the statement itself fails when the table has rows");
    }
    findings.push(finding);
}
