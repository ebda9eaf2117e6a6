//! Columns.

use super::{Locks, constraint};
use crate::effects::LockMode::AccessExclusive;
use crate::effects::retype::{Retype, Storage};
use crate::effects::{Work, retype};
use crate::schema::{
    ConstraintRule, Lookup, Relation, TypeKind, expression_volatility, implies_not_null,
};
use crate::syntax::sql::operation::{
    Action, ColumnDef, ConstraintKind, Generated, Name, TypeName, Volatility,
};

pub(super) fn touches(locks: &mut Locks<'_, '_>, action: &Action) {
    match action {
        Action::AddColumn {
            table,
            column,
            if_not_exists,
            ..
        } => add(locks, table, column, *if_not_exists),
        Action::DropColumn {
            table,
            column,
            cascade,
            ..
        } => drop(locks, table, column, *cascade),
        Action::AlterColumnType {
            table,
            column,
            type_name,
            using,
            collation,
        } => {
            let wanted = Wanted {
                type_name,
                using: using.as_deref(),
                collation: collation.as_deref(),
            };
            change_type(locks, table, column, &wanted);
        }
        Action::SetNotNull { table, column } => {
            let relation = locks.find(table);
            locks.on(
                table,
                AccessExclusive,
                not_null_work(locks, relation, column),
            );
            if let Some(relation) = relation {
                for child in locks.descendants(relation) {
                    let child = locks.before().get(child);
                    if let Some(known) = child {
                        locks.on_relation(
                            known,
                            AccessExclusive,
                            not_null_work(locks, child, column),
                        );
                    }
                }
            }
        }
        Action::SetExpression { table, .. } => locks.family(table, AccessExclusive, Work::Rewrite),
        _ => {}
    }
}

/// Whether `SET NOT NULL` has to look at the rows.
pub(super) fn not_null_work(
    locks: &Locks<'_, '_>,
    relation: Option<&Relation>,
    column: &str,
) -> Work {
    let Some(relation) = relation else {
        return Work::Scan;
    };
    if relation.column(column).is_some_and(|known| known.not_null) {
        return Work::Brief;
    }
    let proven = locks.version() >= 12
        && relation.constraints.iter().any(|constraint| {
            constraint.valid
                && match &constraint.rule {
                    ConstraintRule::Check { expression, .. } => {
                        implies_not_null(expression, column)
                    }
                    ConstraintRule::NotNull { column: known } => known == column,
                    _ => false,
                }
        });
    if proven { Work::Brief } else { Work::Scan }
}

fn add(locks: &mut Locks<'_, '_>, table: &Name, column: &ColumnDef, if_not_exists: bool) {
    let exists = locks
        .find(table)
        .is_some_and(|relation| relation.column(&column.name).is_some());
    if exists && if_not_exists {
        // It does nothing, but only after it has the lock.
        locks.family(table, AccessExclusive, Work::Brief);
        return;
    }
    let mut work = column_work(locks, column);
    for inner in &column.constraints {
        match &inner.kind {
            ConstraintKind::Check { .. } if !inner.not_valid && !inner.not_enforced => {
                work = work.max(Work::Scan);
            }
            ConstraintKind::Unique { .. }
            | ConstraintKind::PrimaryKey { .. }
            | ConstraintKind::Exclude { .. } => {
                work = work.max(Work::Scan);
            }
            ConstraintKind::ForeignKey { target, .. } => {
                // NULL in every row refers to nothing.
                let scan = column.default.is_some() && !inner.not_enforced;
                let check = if scan { Work::Scan } else { Work::Brief };
                work = work.max(check);
                if target != table {
                    constraint::referenced(locks, target, check);
                }
            }
            _ => {}
        }
    }
    locks.family(table, AccessExclusive, work);
}

/// What filling the new column in takes.
fn column_work(locks: &Locks<'_, '_>, column: &ColumnDef) -> Work {
    match column.generated {
        Some(Generated::Stored | Generated::IdentityAlways | Generated::IdentityByDefault) => {
            return Work::Rewrite;
        }
        Some(Generated::Virtual) => return Work::Brief,
        None => {}
    }
    if column.type_name.serial {
        return Work::Rewrite;
    }
    let of_type = type_work(locks, &column.type_name);
    if of_type == Work::Rewrite {
        return Work::Rewrite;
    }
    let of_default = match &column.default {
        None => Work::Brief,
        Some(_) if locks.version() < 11 => Work::Rewrite,
        Some(default) => match expression_volatility(default, locks.before()) {
            Some(Volatility::Volatile) => Work::Rewrite,
            Some(_) => Work::Brief,
            None => Work::Unknown,
        },
    };
    of_default.max(of_type)
}

/// A domain with constraints is checked for every row, NULL or not.
fn type_work(locks: &Locks<'_, '_>, type_name: &TypeName) -> Work {
    match locks
        .before()
        .type_entry(type_name.schema.as_deref(), &type_name.name)
    {
        Lookup::Found(entry) => match &entry.kind {
            TypeKind::Domain(domain) if domain.is_constrained() => Work::Rewrite,
            TypeKind::Domain(domain) if domain.default.is_some() => Work::Unknown,
            _ => Work::Brief,
        },
        Lookup::Unknown if !retype::is_built_in(&type_name.name) => Work::Unknown,
        Lookup::Unknown | Lookup::Missing => Work::Brief,
    }
}

fn drop(locks: &mut Locks<'_, '_>, table: &Name, column: &str, cascade: bool) {
    locks.family(table, AccessExclusive, Work::Brief);
    let Some(relation) = locks.find(table) else {
        return;
    };
    for constraint in &relation.constraints {
        if let ConstraintRule::ForeignKey {
            columns, target, ..
        } = &constraint.rule
            && columns.iter().any(|name| name == column)
        {
            locks.on_id(*target, AccessExclusive, Work::Brief);
        }
    }
    if !cascade {
        return;
    }
    for view in readers(locks, relation, column) {
        locks.on_relation(view, AccessExclusive, Work::Brief);
    }
    for other in &relation.referenced_by {
        let Some(other) = locks.before().get(*other) else {
            continue;
        };
        if refers_to_column(other, relation, column) {
            locks.on_relation(other, AccessExclusive, Work::Brief);
        }
    }
}

/// Views whose query reads the column, as far as its text tells.
pub(in crate::effects) fn readers<'a>(
    locks: &Locks<'_, 'a>,
    relation: &Relation,
    column: &str,
) -> Vec<&'a Relation> {
    views_of_column(locks.before(), relation, column)
}

/// Views whose query reads the column, as far as its text tells; `*` reads all of them.
pub(in crate::effects) fn views_of_column<'a>(
    catalog: &'a crate::schema::Catalog,
    relation: &Relation,
    column: &str,
) -> Vec<&'a Relation> {
    relation
        .read_by
        .iter()
        .filter_map(|view| catalog.get(*view))
        .filter(|view| crate::schema::mentions(&view.query, column) || view.query.contains('*'))
        .collect()
}

fn refers_to_column(other: &Relation, relation: &Relation, column: &str) -> bool {
    other.constraints.iter().any(|constraint| {
        matches!(
            &constraint.rule,
            ConstraintRule::ForeignKey { target, target_columns, .. }
                if *target == relation.id && target_columns.iter().any(|name| name == column)
        )
    })
}

/// What `ALTER COLUMN TYPE` asks for.
struct Wanted<'o> {
    type_name: &'o TypeName,
    using: Option<&'o str>,
    collation: Option<&'o str>,
}

fn change_type(locks: &mut Locks<'_, '_>, table: &Name, column: &str, wanted: &Wanted<'_>) {
    let Some(relation) = locks.find(table) else {
        locks.on(table, AccessExclusive, Work::Unknown);
        return;
    };
    let change = Retype::of(
        locks.situation,
        relation.column(column),
        wanted.type_name,
        wanted.using,
        wanted.collation,
    );
    let indexed = relation.indexes.iter().any(|index| index.mentions(column));
    let work = match change.storage {
        Storage::Rewrite => Work::Rewrite,
        Storage::Unknown => Work::Unknown,
        Storage::IndexesOnly if indexed => Work::Scan,
        Storage::IndexesOnly | Storage::Same => Work::Brief,
    };
    locks.family(table, AccessExclusive, work);
    // Foreign keys on either side are dropped and made again.
    let partner_work = match work {
        Work::Rewrite => Work::Scan,
        other => other,
    };
    for constraint in &relation.constraints {
        if let ConstraintRule::ForeignKey {
            columns, target, ..
        } = &constraint.rule
            && columns.iter().any(|name| name == column)
        {
            locks.on_id(*target, AccessExclusive, partner_work);
        }
    }
    for other in &relation.referenced_by {
        if let Some(other) = locks.before().get(*other)
            && refers_to_column(other, relation, column)
        {
            locks.on_relation(other, AccessExclusive, partner_work);
        }
    }
}
