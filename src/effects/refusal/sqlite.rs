//! What SQLite refuses: `ALTER TABLE` there does little (<https://sqlite.org/lang_altertable.html>).

use super::refuse;
use crate::effects::{Refusal, Situation};
use crate::schema::{ConstraintRule, Relation, mentions};
use crate::syntax::sql::operation::{Action, ColumnDef, ConstraintKind};

/// SQLite has one code for all of them.
const CODE: &str = "SQLITE_ERROR";

/// Why SQLite would refuse the operation, whatever the rows are.
pub(super) fn refusal(action: &Action, situation: &Situation<'_>) -> Option<Refusal> {
    match action {
        Action::AddColumn { column, .. } => added(column),
        Action::DropColumn { table, column, .. } => {
            let relation = situation.before.relation(table).found()?;
            dropped(relation, column)
        }
        _ => None,
    }
}

fn added(column: &ColumnDef) -> Option<Refusal> {
    let constraints = column.constraints.iter();
    constraints
        .filter_map(|constraint| match constraint.kind {
            ConstraintKind::Unique { .. } => Some("a UNIQUE column cannot be added"),
            ConstraintKind::PrimaryKey { .. } => Some("a PRIMARY KEY column cannot be added"),
            _ => None,
        })
        .find_map(|why| refuse(CODE, why))
}

fn dropped(relation: &Relation, column: &str) -> Option<Refusal> {
    let constraint = relation.constraints.iter().find(|constraint| {
        let names = constraint.columns().iter().any(|name| name == column);
        match &constraint.rule {
            ConstraintRule::Check { expression, .. } => mentions(expression, column),
            ConstraintRule::NotNull { .. } => false,
            _ => names,
        }
    });
    if let Some(constraint) = constraint {
        let what = match constraint.rule {
            ConstraintRule::PrimaryKey { .. } => "the primary key",
            ConstraintRule::Unique { .. } => "a UNIQUE constraint",
            ConstraintRule::ForeignKey { .. } => "a foreign key",
            _ => "a CHECK",
        };
        return refuse(CODE, format!("{what} of the table uses `{column}`"));
    }
    let index = relation
        .indexes
        .iter()
        .find(|index| index.mentions(column))?;
    refuse(CODE, format!("index `{}` uses `{column}`", index.name))
}
