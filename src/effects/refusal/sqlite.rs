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
    // A constraint that is written at the column goes with it; a CHECK of other columns too is the table's.
    let others = || relation.columns.iter().filter(|other| other.name != column);
    let user = relation.constraints.iter().find_map(|constraint| {
        let is_named = constraint.columns().iter().any(|name| name == column);
        match &constraint.rule {
            ConstraintRule::PrimaryKey { .. } => is_named.then_some("the primary key"),
            ConstraintRule::Unique { .. } => is_named.then_some("a UNIQUE constraint"),
            ConstraintRule::Check { expression, .. } => (mentions(expression, column)
                && others().any(|other| mentions(expression, &other.name)))
            .then_some("a CHECK"),
            _ => None,
        }
    });
    if let Some(user) = user {
        return refuse(CODE, format!("{user} of the table uses `{column}`"));
    }
    let index = relation
        .indexes
        .iter()
        .find(|index| index.mentions(column))?;
    refuse(CODE, format!("index `{}` uses `{column}`", index.name))
}
