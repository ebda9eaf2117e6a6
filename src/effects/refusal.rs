//! What the server would refuse: by its version, by the transaction, by what depends on what.

mod sqlite;

use super::locks::{depends_on_key, views_of_column};
use super::{Refusal, Situation};
use crate::schema::{Lookup, Relation, RelationKind, identifiers};
use crate::syntax::sql::operation::{
    Action, ConstraintDef, ConstraintKind, Dialect, Generated, Name, ObjectKind, Operation,
};

/// Why the server would refuse the operation, if the files tell.
pub(super) fn refusal(operation: &Operation, situation: &Situation<'_>) -> Option<Refusal> {
    match situation.before.dialect() {
        Dialect::Postgresql => {}
        Dialect::Sqlite => return sqlite::refusal(&operation.action, situation),
        Dialect::Mysql | Dialect::Generic => return None,
    }
    by_version(&operation.action, situation)
        .or_else(|| by_transaction(&operation.action, situation))
        .or_else(|| by_schema(&operation.action, situation))
}

fn refuse(code: &'static str, message: impl Into<String>) -> Option<Refusal> {
    Some(Refusal {
        code,
        message: message.into(),
        depends_on_data: false,
    })
}

/// Syntax and functions that the server does not have yet.
fn by_version(action: &Action, situation: &Situation<'_>) -> Option<Refusal> {
    let version = situation.server_version;
    let since = |needed: u32, what: &str| {
        if version < needed {
            refuse(
                "42601",
                format!("PostgreSQL {version} does not know {what}; it came with {needed}"),
            )
        } else {
            None
        }
    };
    match action {
        Action::AddColumn { column, .. } => column_since(column, situation),
        Action::CreateTable {
            columns,
            default_partition,
            constraints,
            ..
        } => columns
            .iter()
            .find_map(|column| column_since(column, situation))
            .or_else(|| {
                constraints
                    .iter()
                    .find_map(|constraint| constraint_since(constraint, version))
            })
            .or_else(|| {
                if *default_partition {
                    since(11, "default partitions")
                } else {
                    None
                }
            }),
        Action::AddConstraint { constraint, .. } => constraint_since(constraint, version),
        Action::SetCompression { .. } => since(14, "SET COMPRESSION"),
        Action::SetAccessMethod { .. } => since(15, "SET ACCESS METHOD"),
        Action::SetExpression { .. } => since(17, "SET EXPRESSION"),
        Action::DropExpression { .. } => since(13, "DROP EXPRESSION"),
        Action::CreateTrigger {
            or_replace: true, ..
        } => since(14, "CREATE OR REPLACE TRIGGER"),
        Action::CreateIndex { only: true, .. } => since(11, "CREATE INDEX ON ONLY"),
        Action::CreateIndex {
            nulls_not_distinct: true,
            ..
        } => since(15, "NULLS NOT DISTINCT"),
        Action::Reindex {
            concurrently: true, ..
        } => since(12, "REINDEX CONCURRENTLY"),
        Action::DetachPartition {
            concurrently: true, ..
        } => since(14, "DETACH PARTITION CONCURRENTLY"),
        _ => None,
    }
}

fn column_since(
    column: &crate::syntax::sql::operation::ColumnDef,
    situation: &Situation<'_>,
) -> Option<Refusal> {
    let version = situation.server_version;
    let needed = match column.generated {
        Some(Generated::Stored) => 12,
        Some(Generated::Virtual) => 18,
        _ => 0,
    };
    if version < needed {
        return refuse(
            "42601",
            format!(
                "PostgreSQL {version} does not know this kind of generated column; it came with {needed}"
            ),
        );
    }
    let called = column
        .default
        .as_deref()
        .map(identifiers)
        .unwrap_or_default();
    for (function, needed) in [("gen_random_uuid", 13), ("uuidv7", 18), ("uuidv4", 18)] {
        let provided = situation
            .before
            .function_volatility(&Name::plain(function))
            .is_some()
            || (function == "gen_random_uuid" && situation.before.has_extension("pgcrypto"));
        if version < needed && called.contains(function) && !provided {
            return refuse(
                "42883",
                format!("PostgreSQL {version} has no {function}(); it came with {needed}"),
            );
        }
    }
    column
        .constraints
        .iter()
        .find_map(|constraint| constraint_since(constraint, version))
}

fn constraint_since(constraint: &ConstraintDef, version: u32) -> Option<Refusal> {
    let is_named_not_null =
        matches!(constraint.kind, ConstraintKind::NotNull { .. }) && constraint.not_valid;
    if version < 18 && (constraint.not_enforced || is_named_not_null) {
        return refuse(
            "42601",
            format!(
                "PostgreSQL {version} does not know NOT ENFORCED and NOT NULL ... NOT VALID; they came with 18"
            ),
        );
    }
    None
}

/// What cannot run inside a transaction block.
fn by_transaction(action: &Action, situation: &Situation<'_>) -> Option<Refusal> {
    if !situation.in_transaction {
        return None;
    }
    let what = autocommit_only(action, situation.server_version)?;
    refuse(
        "25001",
        format!("{what} cannot run inside a transaction block"),
    )
}

/// The name of a statement that cannot run inside a transaction block.
pub fn autocommit_only(action: &Action, server_version: u32) -> Option<&'static str> {
    Some(match action {
        Action::CreateIndex {
            concurrently: true, ..
        } => "CREATE INDEX CONCURRENTLY",
        Action::Drop {
            kind: ObjectKind::Index,
            concurrently: true,
            ..
        } => "DROP INDEX CONCURRENTLY",
        Action::Reindex {
            concurrently: true, ..
        } => "REINDEX CONCURRENTLY",
        Action::Reindex {
            kind: ObjectKind::Schema | ObjectKind::Database,
            ..
        } => "REINDEX of a schema or database",
        Action::DetachPartition {
            concurrently: true, ..
        } => "ALTER TABLE ... DETACH CONCURRENTLY",
        Action::Vacuum { .. } => "VACUUM",
        Action::CreateOther {
            kind: ObjectKind::Database,
            ..
        } => "CREATE DATABASE",
        Action::Drop {
            kind: ObjectKind::Database,
            ..
        } => "DROP DATABASE",
        Action::AddEnumValue { .. } if server_version < 12 => "ALTER TYPE ... ADD VALUE",
        Action::AlterOther {
            kind: ObjectKind::Other,
            name,
            ..
        } if name.name == "system" => "ALTER SYSTEM",
        Action::Cluster { table: None } => "CLUSTER of all tables",
        _ => return None,
    })
}

/// What the schema does not allow.
fn by_schema(action: &Action, situation: &Situation<'_>) -> Option<Refusal> {
    let before = situation.before;
    match action {
        Action::AddColumn {
            table,
            column,
            only,
            if_not_exists,
        } => {
            let relation = before.relation(table).found();
            if relation.is_some_and(|relation| relation.column(&column.name).is_some())
                && !if_not_exists
            {
                return refuse("42701", format!("column {} exists already", column.name));
            }
            if *only
                && relation.is_some_and(|relation| relation.kind == RelationKind::PartitionedTable)
            {
                return refuse("42P16", "a column must be added to the partitions too");
            }
            let second_key = column
                .constraints
                .iter()
                .any(|constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }));
            if second_key && relation.is_some_and(|relation| relation.primary_key().is_some()) {
                return refuse("42P16", "the table has a primary key already");
            }
            let has_value =
                column.default.is_some() || column.generated.is_some() || column.type_name.serial;
            let is_required = column.not_null && !has_value;
            let is_empty =
                relation.is_some_and(|relation| relation.is_younger_than(situation.released));
            if is_required && !is_empty {
                return Some(Refusal {
                    code: "23502",
                    message: "it fails when the table has rows: they have no value for it"
                        .to_owned(),
                    depends_on_data: true,
                });
            }
            None
        }
        Action::DropColumn {
            table,
            column,
            cascade: false,
            ..
        } => {
            let relation = before.relation(table).found()?;
            let view = views_of_column(before, relation, column)
                .into_iter()
                .find(|view| certainly_reads(view, relation, column))?;
            refuse(
                "2BP01",
                format!("the view {} reads the column", before.display_name(view)),
            )
        }
        Action::AlterColumnType { table, column, .. } => {
            let relation = before.relation(table).found()?;
            let view = views_of_column(before, relation, column)
                .into_iter()
                .find(|view| certainly_reads(view, relation, column))?;
            refuse(
                "0A000",
                format!(
                    "the type of a column that a view reads cannot change, and {} reads it",
                    before.display_name(view)
                ),
            )
        }
        Action::AddConstraint { table, constraint } => add_constraint(table, constraint, situation),
        Action::DropConstraint {
            table,
            constraint,
            cascade: false,
            ..
        } => {
            let relation = before.relation(table).found()?;
            let known = relation.constraint(constraint)?;
            let other = relation
                .referenced_by
                .iter()
                .filter_map(|id| before.get(*id))
                .find(|other| {
                    known.has_index() && depends_on_key(other, relation, known.columns())
                })?;
            refuse(
                "2BP01",
                format!(
                    "a foreign key of {} depends on it",
                    before.display_name(other)
                ),
            )
        }
        Action::Drop {
            kind,
            names,
            cascade: false,
            ..
        } => names
            .iter()
            .find_map(|name| drop(*kind, name, names, situation)),
        Action::CreateIndex {
            table,
            concurrently,
            only,
            ..
        } => {
            let relation = before.relation(table).found()?;
            if relation.kind != RelationKind::PartitionedTable || *only {
                return None;
            }
            if situation.server_version < 11 {
                return refuse("42809", "PostgreSQL 10 cannot index a partitioned table");
            }
            if *concurrently {
                return refuse(
                    "0A000",
                    "an index on a partitioned table cannot be created concurrently",
                );
            }
            None
        }
        Action::CreateView {
            name,
            or_replace: true,
            columns,
            ..
        } => {
            let view = before.relation(name).found()?;
            let kept = view
                .columns
                .iter()
                .zip(columns.iter().map(Some).chain(std::iter::repeat(None)))
                .all(|(old, new)| new.is_some_and(|new| *new == old.name));
            if columns.is_empty() || view.columns.is_empty() || kept {
                None
            } else {
                refuse("42P16", "CREATE OR REPLACE VIEW can only append columns")
            }
        }
        _ => None,
    }
}

/// The view reads this column and not one of the same name from elsewhere: it reads nothing but this relation.
fn certainly_reads(view: &Relation, relation: &Relation, column: &str) -> bool {
    let reads_one = view.reads_unknown.is_empty() && view.reads.iter().all(|id| *id == relation.id);
    let reads_all = || {
        let query = view.query.trim_start().as_bytes();
        let is_select = query
            .get(..6)
            .is_some_and(|word| word.eq_ignore_ascii_case(b"select"));
        is_select
            && query
                .get(6..)
                .is_some_and(|rest| rest.trim_ascii_start().first() == Some(&b'*'))
            && view.column(column).is_some()
    };
    reads_one && (crate::schema::mentions(&view.query, column) || reads_all())
}

fn add_constraint(
    table: &Name,
    constraint: &ConstraintDef,
    situation: &Situation<'_>,
) -> Option<Refusal> {
    let relation = situation.before.relation(table).found()?;
    match &constraint.kind {
        ConstraintKind::ForeignKey { .. } if relation.kind == RelationKind::PartitionedTable => {
            if situation.server_version < 11 {
                refuse(
                    "0A000",
                    "PostgreSQL 10 has no foreign keys on partitioned tables",
                )
            } else if constraint.not_valid && situation.server_version < 18 {
                refuse(
                    "42809",
                    "before PostgreSQL 18 a foreign key on a partitioned table cannot be NOT VALID",
                )
            } else {
                None
            }
        }
        ConstraintKind::PrimaryKey { .. } if relation.primary_key().is_some() => {
            refuse("42P16", "the table has a primary key already")
        }
        _ => None,
    }
}

/// What depends on an object that is dropped without CASCADE, and is not dropped with it.
fn drop(
    kind: ObjectKind,
    name: &Name,
    with: &[Name],
    situation: &Situation<'_>,
) -> Option<Refusal> {
    let before = situation.before;
    let goes_too = |relation: &Relation| {
        with.iter().any(|name| {
            before
                .relation(name)
                .found()
                .is_some_and(|other| other.id == relation.id)
        })
    };
    match kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView => {
            let relation = before.relation(name).found()?;
            let dependent = relation
                .referenced_by
                .iter()
                .chain(&relation.read_by)
                .filter_map(|id| before.get(*id))
                .find(|other| !goes_too(other) && other.id != relation.id)?;
            refuse(
                "2BP01",
                format!(
                    "the {} {} depends on it",
                    dependent.kind.as_str(),
                    before.display_name(dependent)
                ),
            )
        }
        ObjectKind::Index => match before.index(name) {
            Lookup::Found((relation, index)) if index.constraint => refuse(
                "2BP01",
                format!(
                    "a constraint of {} requires it; drop the constraint",
                    before.display_name(relation)
                ),
            ),
            _ => None,
        },
        ObjectKind::Sequence => {
            let sequence = before.relation(name).found()?;
            let (owner, column) = sequence.owned_by.as_ref()?;
            let owner = before.get(*owner)?;
            let used = owner.column(column).is_some_and(|column| {
                column.type_name.serial
                    || column.generated.is_some()
                    || column
                        .default
                        .as_deref()
                        .is_some_and(|text| text.contains("nextval"))
            });
            if used && !goes_too(owner) {
                refuse(
                    "2BP01",
                    format!(
                        "the default of {}.{column} depends on it",
                        before.display_name(owner)
                    ),
                )
            } else {
                None
            }
        }
        ObjectKind::Type | ObjectKind::Domain => {
            let user = super::locks::tables_with_type(before, name)
                .into_iter()
                .next()?;
            refuse(
                "2BP01",
                format!("a column of {} has this type", before.display_name(user)),
            )
        }
        _ => None,
    }
}
