//! `short-primary-key`.

use crate::finding::{Finding, Severity};
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "short-primary-key",
    Severity::Info,
    "a primary key of type integer or smallint (opt-in)",
    include_str!("short_primary_key.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateTable {
        constraints, ..
    } = input.action()
    else {
        return;
    };
    let in_key = |name: &String| {
        constraints.iter().any(|constraint| matches!(&constraint.kind, ConstraintKind::PrimaryKey { columns, .. } if columns.contains(name)))
    };
    for column in input.new_columns() {
        let own = column
            .constraints
            .iter()
            .any(|constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }));
        if (own || in_key(&column.name)) && matches!(column.type_name.name.as_str(), "integer" | "smallint") {
            let at = input.location(column.span);
            findings.push(Finding::at(
                RULE.info.id,
                RULE.info.severity,
                at,
                format!("`{}`: keys run out, and every table that refers to it must change with it", column.name),
            ));
        }
    }
}
