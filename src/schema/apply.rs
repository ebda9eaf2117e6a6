//! What an operation does to the catalog. An operation that the server would refuse, or that names something unknown,
//! changes what can be said about it and nothing else.

mod column;
mod constraint;
mod index;
mod object;
mod table;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::syntax::sql::operation::{
    Action, Name, ObjectKind, Operation, Persistence, Transaction,
};

use super::{Birth, Catalog, Key, Named, Relation, RelationId, RelationKind};

/// How deep calls of functions by functions are followed.
const MAX_CALL_DEPTH: usize = 4;

/// How many operations one call may turn into.
const MAX_CALLED_OPERATIONS: usize = 10_000;

/// Applies an operation of file number `file` to the catalog. Bodies of called functions are the caller's to apply,
/// with [`called_operations`].
pub fn apply(catalog: &mut Catalog, operation: &Operation, file: u32) {
    let born = Birth {
        clock: catalog.clock,
        file,
        span: operation.span,
    };
    catalog.clock = catalog.clock.saturating_add(1);
    let action = &operation.action;
    match action {
        Action::CreateTable { .. } => table::create(catalog, action, born),
        Action::RenameTable { table, to } => table::rename(catalog, table, None, to),
        Action::SetSchema { kind, name, schema } => match kind {
            ObjectKind::Table
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Sequence => table::rename(catalog, name, Some(schema), &name.name),
            ObjectKind::Type | ObjectKind::Domain => {
                object::move_type(catalog, name, Some(schema), &name.name);
            }
            ObjectKind::Function => object::move_function(catalog, name, Some(schema), &name.name),
            _ => {}
        },
        Action::Rename { kind, name, to } => rename(catalog, *kind, name, to),
        Action::AttachPartition {
            table,
            partition,
            default,
            ..
        } => table::attach(catalog, table, partition, *default),
        Action::DetachPartition {
            table, partition, ..
        } => table::detach(catalog, table, partition),
        Action::Inherit { table, parent } => table::inherit(catalog, table, parent),
        Action::NoInherit { table, parent } => table::no_inherit(catalog, table, parent),
        Action::SetLogged { table, logged } => table::set_logged(catalog, table, *logged, born),
        Action::RowLevelSecurity {
            table,
            enable,
            force,
        } => {
            if let Some(relation) = writable(catalog, table, born) {
                if *force {
                    relation.row_security_forced = *enable;
                } else {
                    relation.row_security = *enable;
                }
            }
        }
        Action::EnableTrigger {
            table,
            trigger,
            enable,
        } => {
            if let Some(relation) = writable(catalog, table, born) {
                for known in &mut relation.triggers {
                    if known.name == *trigger
                        || matches!(trigger.as_str(), "all" | "user" | "ALL" | "USER")
                    {
                        known.enabled = *enable;
                    }
                }
            }
        }
        Action::AddColumn { .. }
        | Action::DropColumn { .. }
        | Action::RenameColumn { .. }
        | Action::AlterColumnType { .. }
        | Action::ReplaceColumn { .. }
        | Action::SetNotNull { .. }
        | Action::DropNotNull { .. }
        | Action::SetDefault { .. }
        | Action::DropDefault { .. }
        | Action::AddIdentity { .. }
        | Action::DropIdentity { .. }
        | Action::DropExpression { .. } => column::apply(catalog, action, born),
        Action::AddConstraint { table, constraint } => {
            if let Some(id) = target(catalog, table, born) {
                constraint::add(catalog, id, constraint, None, born);
            }
        }
        Action::ValidateConstraint { table, constraint } => {
            if let Some(relation) = writable(catalog, table, born) {
                constraint::validate(relation, constraint);
            }
        }
        Action::DropConstraint {
            table,
            constraint,
            cascade,
            ..
        } => {
            if let Some(id) = catalog.id_of(table) {
                constraint::drop(catalog, id, constraint, *cascade);
            }
        }
        Action::RenameConstraint {
            table,
            constraint,
            to,
        } => {
            if let Some(id) = catalog.id_of(table) {
                constraint::rename(catalog, id, constraint, to);
            }
        }
        Action::CreateIndex { .. } => index::create(catalog, action, born),
        Action::AttachIndexPartition { index, partition } => {
            index::attach(catalog, index, partition);
        }
        Action::Reindex { .. } => {}
        Action::Drop {
            kind,
            names,
            table,
            arguments,
            cascade,
            ..
        } => drop_objects(catalog, *kind, (names, arguments), table.as_ref(), *cascade),
        Action::CreateEnum { .. }
        | Action::AddEnumValue { .. }
        | Action::RenameEnumValue { .. }
        | Action::CreateType { .. }
        | Action::CreateDomain { .. }
        | Action::AlterDomainAddConstraint { .. }
        | Action::AlterDomainValidate { .. }
        | Action::CreateSequence { .. }
        | Action::AlterSequence { .. }
        | Action::CreateView { .. }
        | Action::CreateFunction { .. }
        | Action::CreateTrigger { .. }
        | Action::CreateExtension { .. }
        | Action::CreateSchema { .. }
        | Action::CreatePolicy { .. }
        | Action::CreateRule { .. } => object::apply(catalog, action, born),
        Action::Set { name, value, local } => object::set(catalog, name, value, *local),
        Action::Transaction(control) => transaction(catalog, *control),
        Action::Do { dynamic: true } => catalog.tainted = true,
        Action::Opaque { detail, .. } => taint(catalog, detail),
        _ => {}
    }
}

/// The operations of the functions that the operation calls, as nested ones at its place.
pub fn called_operations(catalog: &Catalog, operation: &Operation) -> Vec<Operation> {
    let mut found = Vec::new();
    follow_calls(catalog, operation, operation, 0, &mut found);
    found
}

fn follow_calls(
    catalog: &Catalog,
    operation: &Operation,
    caller: &Operation,
    depth: usize,
    found: &mut Vec<Operation>,
) {
    let calls = match &operation.action {
        Action::Select { calls, .. } => calls.as_slice(),
        Action::Call { name } => std::slice::from_ref(name),
        _ => return,
    };
    for name in calls {
        for function in catalog.functions(name) {
            if function.definition.dynamic && depth == 0 {
                found.push(Operation {
                    span: caller.span,
                    action: Action::Do { dynamic: true },
                    nested: true,
                });
            }
            for inner in &function.definition.body {
                if found.len() >= MAX_CALLED_OPERATIONS {
                    return;
                }
                found.push(Operation {
                    span: caller.span,
                    action: inner.action.clone(),
                    nested: true,
                });
                if depth < MAX_CALL_DEPTH {
                    follow_calls(catalog, inner, caller, depth + 1, found);
                }
            }
        }
    }
}

fn rename(catalog: &mut Catalog, kind: ObjectKind, name: &Name, to: &str) {
    match kind {
        ObjectKind::Table
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::Sequence
        | ObjectKind::Index => table::rename(catalog, name, None, to),
        ObjectKind::Type | ObjectKind::Domain => object::move_type(catalog, name, None, to),
        ObjectKind::Function => object::move_function(catalog, name, None, to),
        ObjectKind::Schema => object::rename_schema(catalog, &name.name, to),
        _ => {}
    }
}

fn drop_objects(
    catalog: &mut Catalog,
    kind: ObjectKind,
    (names, arguments): (&[Name], &[Option<Vec<String>>]),
    table: Option<&Name>,
    cascade: bool,
) {
    for (index, name) in names.iter().enumerate() {
        match kind {
            ObjectKind::Table
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Sequence => table::drop(catalog, name, cascade),
            ObjectKind::Index => index::drop(catalog, name, table),
            ObjectKind::Type | ObjectKind::Domain => object::drop_type(catalog, name, cascade),
            ObjectKind::Function => {
                let arguments = arguments.get(index).and_then(Option::as_deref);
                object::drop_function(catalog, name, arguments, cascade);
            }
            ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule => {
                if let Some(id) = table.and_then(|table| catalog.id_of(table))
                    && let Some(relation) = catalog.relation_mut(id)
                {
                    match kind {
                        ObjectKind::Trigger => {
                            relation.triggers.retain(|known| known.name != name.name);
                        }
                        ObjectKind::Policy => relation.policies.retain(|known| *known != name.name),
                        _ => relation.rules.retain(|known| *known != name.name),
                    }
                }
            }
            ObjectKind::Extension => object::drop_extension(catalog, &name.name),
            ObjectKind::Schema => object::drop_schema(catalog, &name.name),
            _ => {}
        }
    }
}

/// Best effort: a rolled-back transaction leaves what it found.
fn transaction(catalog: &mut Catalog, control: Transaction) {
    match control {
        Transaction::Begin => {
            let mut saved = catalog.clone();
            saved.savepoints.clear();
            catalog.savepoints.clear();
            catalog.savepoints.push(Arc::new(saved));
        }
        Transaction::Commit => catalog.savepoints.clear(),
        Transaction::Rollback => {
            let clock = catalog.clock;
            if let Some(saved) = catalog.savepoints.first().cloned() {
                *catalog = (*saved).clone();
                catalog.clock = clock;
            }
            catalog.savepoints.clear();
        }
        Transaction::Savepoint => {
            let mut saved = catalog.clone();
            saved.savepoints.clear();
            catalog.savepoints.push(Arc::new(saved));
        }
        Transaction::Release => {
            catalog.savepoints.pop();
        }
        Transaction::RollbackTo => {
            let (clock, savepoints) = (catalog.clock, catalog.savepoints.clone());
            if let Some(saved) = savepoints.last() {
                *catalog = (**saved).clone();
                catalog.clock = clock;
                catalog.savepoints = savepoints;
            }
        }
    }
}

/// A statement that could not be read may have done anything to what it names.
fn taint(catalog: &mut Catalog, detail: &str) {
    catalog.tainted = true;
    let named: Vec<RelationId> = super::identifiers(detail)
        .into_iter()
        .filter_map(|name| catalog.id_of(&Name::plain(name)))
        .collect();
    for id in named {
        if let Some(relation) = catalog.relation_mut(id) {
            relation.complete = false;
        }
    }
}

/// The relation's id; a table that nobody created is assumed to exist since long, with unknown columns.
fn target(catalog: &mut Catalog, table: &Name, born: Birth) -> Option<RelationId> {
    match catalog.find(table) {
        Some(Named::Relation(id)) => Some(id),
        Some(Named::Index(_)) => None,
        None => {
            let key = catalog.resolve_new(table);
            let mut relation = blank(catalog, key, RelationKind::Table, born);
            relation.complete = false;
            relation.born = None;
            Some(insert(catalog, relation))
        }
    }
}

/// The relation, to be written to; made up as by [`target`] when nobody created it.
fn writable<'c>(catalog: &'c mut Catalog, table: &Name, born: Birth) -> Option<&'c mut Relation> {
    let id = target(catalog, table, born)?;
    catalog.relation_mut(id)
}

/// A relation without anything in it.
fn blank(catalog: &Catalog, key: Key, kind: RelationKind, born: Birth) -> Relation {
    let next = catalog
        .relations
        .last_key()
        .map_or(0, |id| id.0.saturating_add(1));
    Relation {
        // The clock keeps ids apart from those of relations that are gone.
        id: RelationId(next.max(born.clock)),
        key,
        kind,
        persistence: Persistence::Permanent,
        columns: Vec::new(),
        complete: true,
        constraints: Vec::new(),
        indexes: Vec::new(),
        triggers: Vec::new(),
        policies: Vec::new(),
        rules: Vec::new(),
        row_security: false,
        row_security_forced: false,
        partition_of: None,
        partition_key: Vec::new(),
        default_partition: false,
        children: BTreeSet::new(),
        inherits: Vec::new(),
        referenced_by: BTreeSet::new(),
        read_by: BTreeSet::new(),
        reads: Vec::new(),
        reads_unknown: Vec::new(),
        query: String::new(),
        owns: BTreeSet::new(),
        owned_by: None,
        born: Some(born),
    }
}

fn insert(catalog: &mut Catalog, relation: Relation) -> RelationId {
    let id = relation.id;
    catalog
        .names
        .insert(relation.key.clone(), Named::Relation(id));
    catalog.relations.insert(id, Arc::new(relation));
    id
}
