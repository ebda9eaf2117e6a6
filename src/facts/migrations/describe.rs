//! What an operation is called in facts, and what it works on.

use crate::syntax::sql::operation::{Action, ConstraintDef, Name, ObjectKind, Transaction};

/// Table, column and other object, by their names without schema; empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) table: String,
    pub(super) column: String,
    pub(super) object: String,
}

impl Target {
    fn table(table: &Name) -> Self {
        Self {
            table: table.name.clone(),
            ..Self::default()
        }
    }

    fn object(object: impl Into<String>) -> Self {
        Self {
            object: object.into(),
            ..Self::default()
        }
    }

    fn column(table: &Name, column: &str) -> Self {
        Self {
            column: column.to_owned(),
            ..Self::table(table)
        }
    }

    fn part(table: &Name, object: impl Into<String>) -> Self {
        Self {
            object: object.into(),
            ..Self::table(table)
        }
    }

    fn of_kind(kind: ObjectKind, name: &Name) -> Self {
        if kind == ObjectKind::Table {
            Self::table(name)
        } else {
            Self::object(name.name.as_str())
        }
    }

    fn constraint(table: &Name, constraint: &ConstraintDef) -> Self {
        Self::part(table, constraint.name.clone().unwrap_or_default())
    }
}

/// What an action is called: a verb and what it works on, as SQL words with underscores.
pub(super) fn kind(action: &Action) -> String {
    let word = match action {
        Action::CreateTable { .. } => "create_table",
        Action::RenameTable { .. } => "rename_table",
        Action::SetSchema { .. } => "set_schema",
        Action::AddColumn { .. } => "add_column",
        Action::DropColumn { .. } => "drop_column",
        Action::RenameColumn { .. } => "rename_column",
        Action::AlterColumnType { .. } => "alter_column_type",
        Action::ReplaceColumn { .. } => "replace_column",
        Action::SetNotNull { .. } => "set_not_null",
        Action::DropNotNull { .. } => "drop_not_null",
        Action::SetDefault { .. } => "set_default",
        Action::DropDefault { .. } => "drop_default",
        Action::AddIdentity { .. } => "add_identity",
        Action::SetIdentity { .. } => "set_identity",
        Action::DropIdentity { .. } => "drop_identity",
        Action::SetExpression { .. } => "set_expression",
        Action::DropExpression { .. } => "drop_expression",
        Action::SetStorage { .. } => "set_storage",
        Action::SetCompression { .. } => "set_compression",
        Action::SetStatistics { .. } => "set_statistics",
        Action::SetColumnOptions { .. } => "set_column_options",
        Action::AddConstraint { .. } => "add_constraint",
        Action::ValidateConstraint { .. } => "validate_constraint",
        Action::DropConstraint { .. } => "drop_constraint",
        Action::RenameConstraint { .. } => "rename_constraint",
        Action::AlterConstraint { .. } => "alter_constraint",
        Action::AttachPartition { .. } => "attach_partition",
        Action::DetachPartition { .. } => "detach_partition",
        Action::Inherit { .. } => "inherit",
        Action::NoInherit { .. } => "no_inherit",
        Action::SetLogged { logged: true, .. } => "set_logged",
        Action::SetLogged { logged: false, .. } => "set_unlogged",
        Action::SetAccessMethod { .. } => "set_access_method",
        Action::SetTablespace { .. } => "set_tablespace",
        Action::SetReloptions { .. } => "set_reloptions",
        Action::ReplicaIdentity { .. } => "replica_identity",
        Action::ClusterOn { .. } => "cluster_on",
        Action::RowLevelSecurity { enable: true, .. } => "enable_row_level_security",
        Action::RowLevelSecurity { enable: false, .. } => "disable_row_level_security",
        Action::EnableTrigger { enable: true, .. } => "enable_trigger",
        Action::EnableTrigger { enable: false, .. } => "disable_trigger",
        Action::EnableRule { enable: true, .. } => "enable_rule",
        Action::EnableRule { enable: false, .. } => "disable_rule",
        Action::Owner { .. } => "set_owner",
        Action::AlterOther { kind, .. } => return with_kind("alter", *kind),
        Action::CreateIndex { .. } => "create_index",
        Action::AttachIndexPartition { .. } => "attach_index_partition",
        Action::Reindex { .. } => "reindex",
        Action::Drop { kind, .. } => return with_kind("drop", *kind),
        Action::Rename { kind, .. } => return with_kind("rename", *kind),
        Action::CreateEnum { .. } => "create_enum",
        Action::AddEnumValue { .. } => "add_enum_value",
        Action::RenameEnumValue { .. } => "rename_enum_value",
        Action::CreateType { .. } => "create_type",
        Action::CreateDomain { .. } => "create_domain",
        Action::AlterDomainAddConstraint { .. } => "alter_domain_add_constraint",
        Action::AlterDomainValidate { .. } => "alter_domain_validate",
        Action::CreateSequence { .. } => "create_sequence",
        Action::AlterSequence { .. } => "alter_sequence",
        Action::CreateView {
            materialized: true, ..
        } => "create_materialized_view",
        Action::CreateView { .. } => "create_view",
        Action::RefreshMaterializedView { .. } => "refresh_materialized_view",
        Action::CreateFunction { .. } => "create_function",
        Action::CreateTrigger { .. } => "create_trigger",
        Action::CreateExtension { .. } => "create_extension",
        Action::CreateSchema { .. } => "create_schema",
        Action::CreatePolicy { .. } => "create_policy",
        Action::CreateRule { .. } => "create_rule",
        Action::CreateOther { kind, .. } => return with_kind("create", *kind),
        Action::Truncate { .. } => "truncate",
        Action::Insert { .. } => "insert",
        Action::Update { .. } => "update",
        Action::Delete { .. } => "delete",
        Action::Copy { .. } => "copy",
        Action::Select { .. } => "select",
        Action::Call { .. } => "call",
        Action::LockTable { .. } => "lock_table",
        Action::Set { .. } => "set",
        Action::Transaction(Transaction::Begin) => "begin",
        Action::Transaction(Transaction::Commit) => "commit",
        Action::Transaction(Transaction::Rollback) => "rollback",
        Action::Transaction(_) => "savepoint",
        Action::Comment { .. } => "comment",
        Action::Grant { .. } => "grant",
        Action::Revoke { .. } => "revoke",
        Action::Cluster { .. } => "cluster",
        Action::Vacuum { full: true, .. } => "vacuum_full",
        Action::Vacuum { .. } => "vacuum",
        Action::Analyze { .. } => "analyze",
        Action::Do { .. } => "do",
        Action::Other { .. } => "other",
        Action::Opaque { .. } => "opaque",
    };
    word.to_owned()
}

fn with_kind(verb: &str, kind: ObjectKind) -> String {
    format!("{verb}_{}", kind.as_str())
}

/// What an action works on; several when it names several, one without names when it names none.
pub(super) fn targets(action: &Action) -> Vec<Target> {
    match action {
        Action::Drop {
            kind, names, table, ..
        } => {
            let owner = table.as_ref().map_or("", |table| &table.name);
            let each = names.iter().map(|name| match kind {
                ObjectKind::Table => Target::table(name),
                _ => Target {
                    table: owner.to_owned(),
                    ..Target::object(name.name.as_str())
                },
            });
            or_nothing(each.collect())
        }
        Action::Truncate { tables, .. }
        | Action::LockTable { tables, .. }
        | Action::Grant { tables }
        | Action::Revoke { tables }
        | Action::Vacuum { tables, .. }
        | Action::Analyze { tables } => or_nothing(tables.iter().map(Target::table).collect()),
        _ => vec![target(action)],
    }
}

fn or_nothing(targets: Vec<Target>) -> Vec<Target> {
    if targets.is_empty() {
        vec![Target::default()]
    } else {
        targets
    }
}

fn target(action: &Action) -> Target {
    match action {
        Action::CreateTable { table, .. }
        | Action::RenameTable { table, .. }
        | Action::SetLogged { table, .. }
        | Action::ReplicaIdentity { table, .. }
        | Action::ClusterOn { table }
        | Action::RowLevelSecurity { table, .. }
        | Action::Insert { table, .. }
        | Action::Update { table, .. }
        | Action::Delete { table, .. }
        | Action::Copy { table, .. } => Target::table(table),
        Action::SetAccessMethod { table, method } => Target::part(table, method.as_str()),
        Action::AddColumn { table, column, .. } => Target::column(table, &column.name),
        Action::DropColumn { table, column, .. }
        | Action::RenameColumn { table, column, .. }
        | Action::AlterColumnType { table, column, .. }
        | Action::ReplaceColumn { table, column, .. }
        | Action::SetNotNull { table, column }
        | Action::DropNotNull { table, column }
        | Action::SetDefault { table, column, .. }
        | Action::DropDefault { table, column }
        | Action::AddIdentity { table, column, .. }
        | Action::SetIdentity { table, column }
        | Action::DropIdentity { table, column, .. }
        | Action::SetExpression { table, column }
        | Action::DropExpression { table, column }
        | Action::SetStorage { table, column }
        | Action::SetCompression { table, column }
        | Action::SetStatistics { table, column }
        | Action::SetColumnOptions { table, column } => Target::column(table, column),
        Action::AddConstraint { table, constraint } => Target::constraint(table, constraint),
        Action::ValidateConstraint { table, constraint }
        | Action::DropConstraint {
            table, constraint, ..
        }
        | Action::RenameConstraint {
            table, constraint, ..
        }
        | Action::AlterConstraint { table, constraint } => Target::part(table, constraint.as_str()),
        Action::AttachPartition {
            table, partition, ..
        }
        | Action::DetachPartition {
            table, partition, ..
        } => Target::part(table, partition.name.as_str()),
        Action::Inherit { table, parent } | Action::NoInherit { table, parent } => {
            Target::part(table, parent.name.as_str())
        }
        Action::EnableTrigger {
            table,
            trigger: object,
            ..
        }
        | Action::EnableRule {
            table,
            rule: object,
            ..
        }
        | Action::CreateTrigger {
            table,
            name: object,
            ..
        }
        | Action::CreatePolicy {
            table,
            name: object,
        }
        | Action::CreateRule {
            table,
            name: object,
            ..
        } => Target::part(table, object.as_str()),
        Action::CreateIndex { name, table, .. } => {
            Target::part(table, name.clone().unwrap_or_default())
        }
        Action::AttachIndexPartition { index: name, .. }
        | Action::CreateEnum { name, .. }
        | Action::AddEnumValue { name, .. }
        | Action::RenameEnumValue { name, .. }
        | Action::CreateType { name }
        | Action::CreateDomain { name, .. }
        | Action::AlterDomainAddConstraint { name, .. }
        | Action::AlterDomainValidate { name }
        | Action::CreateSequence { name, .. }
        | Action::AlterSequence { name, .. }
        | Action::CreateView { name, .. }
        | Action::RefreshMaterializedView { name, .. }
        | Action::CreateFunction { name, .. }
        | Action::Call { name } => Target::object(name.name.as_str()),
        Action::SetSchema { kind, name, .. }
        | Action::SetTablespace { kind, name, .. }
        | Action::SetReloptions { kind, name }
        | Action::Owner { kind, name }
        | Action::AlterOther { kind, name, .. }
        | Action::Reindex { kind, name, .. }
        | Action::Rename { kind, name, .. }
        | Action::CreateOther { kind, name, .. }
        | Action::Comment { kind, name } => Target::of_kind(*kind, name),
        Action::CreateExtension { name, .. } | Action::CreateSchema { name, .. } => {
            Target::object(name.as_str())
        }
        Action::Cluster { table } => table.as_ref().map(Target::table).unwrap_or_default(),
        Action::Set { name, .. } => Target::object(name.as_str()),
        Action::Other { keyword } => Target::object(keyword.as_str()),
        Action::Drop { .. }
        | Action::Truncate { .. }
        | Action::LockTable { .. }
        | Action::Grant { .. }
        | Action::Revoke { .. }
        | Action::Vacuum { .. }
        | Action::Analyze { .. }
        | Action::Select { .. }
        | Action::Transaction(_)
        | Action::Do { .. }
        | Action::Opaque { .. } => Target::default(),
    }
}

/// The action changes neither schema nor data.
pub(super) fn does_nothing(action: &Action) -> bool {
    match action {
        Action::Select {
            calls, locks_rows, ..
        } => calls.is_empty() && !locks_rows,
        Action::Set { .. } | Action::Transaction(_) => true,
        Action::Do { dynamic } => !dynamic,
        _ => false,
    }
}
