//! MySQL's types and InnoDB's online DDL ("Online DDL Operations" in MySQL's manual).
//!
//! InnoDB does a change in one of three ways. INSTANT changes the dictionary. INPLACE works on the table, perhaps on a new
//! copy of it, while others go on reading and writing. COPY makes a new table while writers wait. The lock that is told
//! here is SHARE for COPY, as MySQL's own LOCK=SHARED, and none for the others.

use crate::schema::{Relation, Truth};
use crate::syntax::sql::operation::{Action, ColumnDef, ConstraintKind, Generated, Name, TypeName};

use super::{LockMode, Retype, Situation, Storage, Touch, Work};

/// How InnoDB does a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// The dictionary only.
    Instant,
    /// The rows stay, an index is built.
    InPlace,
    /// The table is rebuilt, others go on.
    Rebuild,
    /// Nobody can tell.
    Unknown,
    /// The table is rebuilt, or read, while writers wait.
    Shared,
}

/// What an operation does to its table.
pub(super) fn touches(action: &Action, situation: &Situation<'_>) -> Vec<Touch> {
    if let Action::LockTable { tables, mode } = action {
        // READ lets others read, WRITE nobody.
        let lock = match mode.as_str() {
            "read" => LockMode::Share,
            _ => LockMode::AccessExclusive,
        };
        let touch = |table| touch(table, situation, Some(lock), Work::Brief);
        return tables.iter().map(touch).collect();
    }
    let Some((table, way)) = way(action, situation) else {
        return Vec::new();
    };
    let (lock, work) = match way {
        Way::Instant => (None, Work::Brief),
        Way::InPlace => (None, Work::Scan),
        Way::Rebuild => (None, Work::Rewrite),
        Way::Unknown => (None, Work::Unknown),
        Way::Shared => (Some(LockMode::Share), Work::Rewrite),
    };
    vec![touch(table, situation, lock, work)]
}

fn touch(table: &Name, situation: &Situation<'_>, lock: Option<LockMode>, work: Work) -> Touch {
    let relation = situation.before.relation(table).found();
    Touch {
        relation: relation.map_or_else(|| table.clone(), |relation| situation.display(relation)),
        is_table: true,
        is_view: false,
        lock,
        work,
        hot: relation.map_or(situation.released > 0, |relation| {
            situation.is_hot(relation)
        }),
    }
}

fn way<'o>(action: &'o Action, situation: &Situation<'_>) -> Option<(&'o Name, Way)> {
    let modern = situation.server_version >= 8;
    let since_8 = |older: Way| if modern { Way::Instant } else { older };
    Some(match action {
        Action::AddColumn { table, column, .. } => (table, add_column(column, modern)),
        Action::DropColumn { table, .. } => (table, since_8(Way::Rebuild)),
        Action::RenameColumn { table, .. }
        | Action::SetDefault { table, .. }
        | Action::DropDefault { table, .. }
        | Action::RenameTable { table, .. }
        | Action::RenameConstraint { table, .. } => (table, Way::Instant),
        Action::SetNotNull { table, .. } | Action::DropNotNull { table, .. } => {
            (table, Way::Rebuild)
        }
        Action::AlterColumnType {
            table,
            column,
            type_name,
            ..
        } => {
            let old = old_type(situation, table, column);
            (table, retyped(old, type_name))
        }
        Action::ReplaceColumn {
            table,
            column,
            definition,
        } => (table, replaced(situation, table, column, definition)),
        Action::CreateIndex { table, method, .. } => {
            let way = match method.as_str() {
                "fulltext" | "spatial" => Way::Shared,
                _ => Way::InPlace,
            };
            (table, way)
        }
        Action::AddConstraint { table, constraint } => {
            let way = match &constraint.kind {
                ConstraintKind::Unique { .. } => Way::InPlace,
                ConstraintKind::PrimaryKey { .. } => Way::Rebuild,
                // INPLACE only with foreign_key_checks off, which nobody should have.
                ConstraintKind::ForeignKey { .. } | ConstraintKind::Check { .. } => {
                    if constraint.not_enforced {
                        Way::Instant
                    } else {
                        Way::Shared
                    }
                }
                ConstraintKind::NotNull { .. } => Way::Rebuild,
                ConstraintKind::Exclude { .. } => Way::Unknown,
            };
            (table, way)
        }
        Action::DropConstraint {
            table, constraint, ..
        } => {
            let is_key = constraint.eq_ignore_ascii_case("primary")
                || situation
                    .before
                    .relation(table)
                    .found()
                    .and_then(Relation::primary_key)
                    .is_some_and(|key| key.name == *constraint);
            (table, if is_key { Way::Shared } else { Way::Instant })
        }
        Action::AlterOther { name, .. } => (name, Way::Unknown),
        _ => return None,
    })
}

fn add_column(column: &ColumnDef, modern: bool) -> Way {
    match column.generated {
        Some(Generated::Stored) => Way::Shared,
        Some(Generated::IdentityAlways | Generated::IdentityByDefault) => Way::Shared,
        Some(Generated::Virtual) => Way::Instant,
        None if modern => Way::Instant,
        None => Way::Rebuild,
    }
}

fn old_type(situation: &Situation<'_>, table: &Name, column: &str) -> Option<TypeName> {
    situation
        .before
        .relation(table)
        .found()
        .and_then(|relation| relation.column(column))
        .map(|column| column.type_name.clone())
}

fn retyped(old: Option<TypeName>, new: &TypeName) -> Way {
    match old.map(|old| retype(&old, new).storage) {
        Some(Storage::Same) => Way::Instant,
        Some(Storage::Rewrite | Storage::IndexesOnly) => Way::Shared,
        Some(Storage::Unknown) | None => Way::Unknown,
    }
}

fn replaced(situation: &Situation<'_>, table: &Name, column: &str, definition: &ColumnDef) -> Way {
    let known = situation
        .before
        .relation(table)
        .found()
        .and_then(|relation| relation.column(column));
    let Some(known) = known else {
        return Way::Unknown;
    };
    let by_type = retyped(Some(known.type_name.clone()), &definition.type_name);
    let by_null = if known.not_null == definition.not_null {
        Way::Instant
    } else {
        Way::Rebuild
    };
    by_type.max(by_null)
}

/// What `MODIFY` of a type means: every change of type but a longer `varchar` within the same length bytes copies the
/// table ("Online DDL Operations" in MySQL's manual).
pub(super) fn retype(old: &TypeName, new: &TypeName) -> Retype {
    if old.name.is_empty() || new.name.is_empty() {
        return Retype {
            storage: Storage::Unknown,
            narrows: Truth::Unknown,
            wire_changes: Truth::Unknown,
        };
    }
    let length = |kind: &TypeName| {
        kind.modifiers
            .first()
            .and_then(|text| text.trim().parse::<u64>().ok())
    };
    if is_varchar(&old.name)
        && is_varchar(&new.name)
        && let (Some(before), Some(after)) = (length(old), length(new))
    {
        // The length takes one byte up to 255 bytes, and two beyond; four bytes a character are assumed.
        let same_bytes = (before.saturating_mul(4) < 256) == (after.saturating_mul(4) < 256);
        return Retype {
            storage: if after >= before && same_bytes {
                Storage::Same
            } else {
                Storage::Rewrite
            },
            narrows: Truth::from(after < before),
            wire_changes: Truth::No,
        };
    }
    if old.name == new.name && old.modifiers == new.modifiers {
        return Retype {
            storage: Storage::Same,
            narrows: Truth::No,
            wire_changes: Truth::No,
        };
    }
    if old.name == new.name {
        return Retype {
            storage: Storage::Unknown,
            narrows: Truth::Unknown,
            wire_changes: Truth::No,
        };
    }
    let narrows = match (integer_size(&old.name), integer_size(&new.name)) {
        (Some(before), Some(after)) => Truth::from(after < before),
        _ => Truth::Unknown,
    };
    Retype {
        storage: Storage::Rewrite,
        narrows,
        wire_changes: Truth::Yes,
    }
}

fn is_varchar(name: &str) -> bool {
    matches!(name, "varchar" | "character varying")
}

fn integer_size(name: &str) -> Option<u8> {
    Some(match name {
        "tinyint" => 1,
        "smallint" => 2,
        "mediumint" => 3,
        "int" | "integer" => 4,
        "bigint" => 8,
        _ => return None,
    })
}
