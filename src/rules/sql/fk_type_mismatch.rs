//! `fk-type-mismatch`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::ConstraintRule;
use crate::syntax::sql::operation::{Action, TypeName};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "fk-type-mismatch",
    Severity::Warning,
    "the two sides of a foreign key have different types",
    include_str!("fk_type_mismatch.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let table = match input.action() {
        Action::CreateTable { table, .. }
        | Action::AddColumn { table, .. }
        | Action::AddConstraint { table, .. } => table,
        _ => return,
    };
    let Some(relation) = input.release.last.relation(table).found() else {
        return;
    };
    let existing: Vec<&str> = input
        .relation(table)
        .map(|relation| relation.constraints.iter().map(|constraint| constraint.name.as_str()).collect())
        .unwrap_or_default();
    if matches!(input.action(), Action::CreateTable { .. }) && input.relation(table).is_some() {
        return;
    }
    for constraint in &relation.constraints {
        let ConstraintRule::ForeignKey {
            columns,
            target,
            target_columns,
            ..
        } = &constraint.rule
        else {
            continue;
        };
        let is_of_this = constraint.born.span == input.step.operation.span && !existing.contains(&constraint.name.as_str());
        let Some(target) = input.release.last.get(*target).filter(|_| is_of_this) else {
            continue;
        };
        for (own, other) in columns.iter().zip(target_columns) {
            let types = (relation.column(own), target.column(other));
            let (Some(a), Some(b)) = types else {
                continue;
            };
            if a.type_name.name != b.type_name.name && !a.type_name.name.is_empty() && !b.type_name.name.is_empty() && !is_same_family(&a.type_name, &b.type_name) {
                findings.push(input.report(
                    &RULE.info,
                    format!(
                        "`{own}` is {} and `{}.{other}` is {}",
                        a.type_name.name,
                        input.release.last.display_name(target),
                        b.type_name.name
                    ),
                ));
            }
        }
    }
}

/// text and varchar compare without a conversion.
fn is_same_family(a: &TypeName, b: &TypeName) -> bool {
    let text = |name: &str| matches!(name, "text" | "character varying");
    text(&a.name) && text(&b.name)
}
