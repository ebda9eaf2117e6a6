//! `drop-constraint`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::ConstraintRule;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-constraint",
    Severity::Info,
    "a CHECK or EXCLUDE constraint is dropped",
    include_str!("drop_constraint.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::DropConstraint {
        table, constraint, ..
    } = input.action()
    else {
        return;
    };
    let known = input.relation(table).and_then(|relation| relation.constraint(constraint));
    let Some(known) = known else {
        return;
    };
    let of_rows = matches!(
        known.rule,
        ConstraintRule::Check { .. } | ConstraintRule::Exclude { .. }
    );
    if !of_rows || input.effect().created_in_release || !input.is_hot(table) {
        return;
    }
    // One that is put in its place in this release, or that a NOT NULL takes the place of, is not missed.
    let replaced = input
        .relation(table)
        .and_then(|relation| input.release.last.get(relation.id))
        .is_some_and(|last| {
            let not_null = |name: &String| last.column(name).is_some_and(|column| column.not_null);
            last.constraint(constraint).is_some() || known.columns().iter().all(not_null)
        });
    if replaced {
        return;
    }
    findings.push(input.report(
        &RULE.info,
        format!("rows that `{constraint}` refused may come, and a down can bring it back only NOT VALID"),
    ));
}
