//! `required-by-check`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::implies_not_null;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "required-by-check",
    Severity::Warning,
    "a CHECK demands a value in a column that the running version does not know",
    include_str!("required_by_check.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let code = input.sqlstate("23514");
    let (table, column) = match input.action() {
        Action::AddConstraint { table, constraint } => {
            let ConstraintKind::Check { expression, .. } = &constraint.kind else {
                return;
            };
            let column = input.relation(table).and_then(|relation| {
                relation.columns.iter().find(|column| {
                    column.born.clock >= input.release.released.clock()
                        && !column.has_value_by_itself()
                        && implies_not_null(expression, &column.name)
                })
            });
            let Some(column) = column else {
                return;
            };
            (table, column.name.as_str())
        }
        Action::AddColumn { table, column, .. } => {
            let demands = column.constraints.iter().any(|constraint| {
                matches!(&constraint.kind, ConstraintKind::Check { expression, .. } if implies_not_null(expression, &column.name))
            });
            if !demands {
                return;
            }
            (table, column.name.as_str())
        }
        _ => return,
    };
    if input.effect().release_type < ReleaseType::Major {
        return;
    }
    findings.push(
        input
            .report_class(
                &RULE.info,
                format!(
                    "{} does not write `{column}` of `{}`, so its INSERTs are refused{code}, NOT VALID or not",
                    input.release.running(),
                    table.name
                ),
            )
            .help("add the CHECK one release later, when every running version writes the column"),
    );
}
