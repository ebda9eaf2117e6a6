//! Constraints.

use super::Locks;
use super::alter::not_null_work;
use crate::effects::LockMode::{
    AccessExclusive, RowShare, ShareRowExclusive, ShareUpdateExclusive,
};
use crate::effects::Work;
use crate::schema::{ConstraintRule, Relation};
use crate::syntax::sql::operation::{Action, ConstraintDef, ConstraintKind, Name};

pub(super) fn touches(locks: &mut Locks<'_, '_>, action: &Action) {
    match action {
        Action::AddConstraint { table, constraint } => add(locks, table, constraint),
        Action::ValidateConstraint { table, constraint } => validate(locks, table, constraint),
        Action::DropConstraint {
            table,
            constraint,
            cascade,
            ..
        } => drop(locks, table, constraint, *cascade),
        _ => {}
    }
}

/// The other side of a new foreign key.
pub(super) fn referenced(locks: &mut Locks<'_, '_>, target: &Name, work: Work) {
    locks.on(target, ShareRowExclusive, work);
}

fn add(locks: &mut Locks<'_, '_>, table: &Name, constraint: &ConstraintDef) {
    let checked = !constraint.not_valid && !constraint.not_enforced;
    let scan = if checked { Work::Scan } else { Work::Brief };
    match &constraint.kind {
        ConstraintKind::Check { .. } => locks.family(table, AccessExclusive, scan),
        ConstraintKind::NotNull { column } => {
            let work = if checked {
                not_null_work(locks, locks.find(table), column)
            } else {
                Work::Brief
            };
            locks.family(table, AccessExclusive, work);
        }
        ConstraintKind::Unique { using_index, .. } => {
            let work = if using_index.is_some() {
                Work::Brief
            } else {
                Work::Scan
            };
            locks.family(table, AccessExclusive, work);
        }
        ConstraintKind::PrimaryKey {
            using_index: Some(index),
            ..
        } => {
            let work = primary_key_work(locks, locks.find(table), index);
            locks.family(table, AccessExclusive, work);
        }
        ConstraintKind::PrimaryKey { .. } | ConstraintKind::Exclude { .. } => {
            locks.family(table, AccessExclusive, Work::Scan);
        }
        ConstraintKind::ForeignKey { target, .. } => {
            locks.family(table, ShareRowExclusive, scan);
            referenced(locks, target, scan);
        }
    }
}

/// `PRIMARY KEY USING INDEX` looks at the rows unless its columns are NOT NULL already.
fn primary_key_work(locks: &Locks<'_, '_>, relation: Option<&Relation>, index: &str) -> Work {
    let columns = relation
        .and_then(|relation| relation.index(index))
        .and_then(|index| index.columns());
    match columns {
        Some(columns) => columns
            .into_iter()
            .map(|column| not_null_work(locks, relation, column))
            .max()
            .unwrap_or(Work::Scan),
        None => Work::Scan,
    }
}

fn validate(locks: &mut Locks<'_, '_>, table: &Name, name: &str) {
    let known = locks
        .find(table)
        .and_then(|relation| relation.constraint(name));
    let work = if known.is_some_and(|constraint| constraint.valid) {
        Work::Brief
    } else {
        Work::Scan
    };
    locks.family(table, ShareUpdateExclusive, work);
    if let Some(ConstraintRule::ForeignKey { target, .. }) =
        known.map(|constraint| &constraint.rule)
    {
        locks.on_id(*target, RowShare, work);
    }
}

fn drop(locks: &mut Locks<'_, '_>, table: &Name, name: &str, cascade: bool) {
    locks.family(table, AccessExclusive, Work::Brief);
    let Some(relation) = locks.find(table) else {
        return;
    };
    let Some(constraint) = relation.constraint(name) else {
        return;
    };
    if let ConstraintRule::ForeignKey { target, .. } = &constraint.rule {
        locks.on_id(*target, AccessExclusive, Work::Brief);
    }
    if cascade && constraint.has_index() {
        for other in &relation.referenced_by {
            if let Some(other) = locks.before().get(*other)
                && depends_on_key(other, relation, constraint.columns())
            {
                locks.on_relation(other, AccessExclusive, Work::Brief);
            }
        }
    }
}

/// A foreign key of `other` points at exactly these columns.
pub(in crate::effects) fn depends_on_key(
    other: &Relation,
    relation: &Relation,
    columns: &[String],
) -> bool {
    other.constraints.iter().any(|constraint| {
        matches!(
            &constraint.rule,
            ConstraintRule::ForeignKey { target, target_columns, .. }
                if *target == relation.id && target_columns == columns
        )
    })
}
