//! What an operation does to the catalog. An operation that the server would refuse, or that names something unknown,
//! changes what can be said about it and nothing else.

mod column;
mod constraint;
mod index;
mod object;
mod table;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::source::Span;
use crate::syntax::sql::operation::{
    Action, Name, ObjectKind, OpaqueReason, Operation, Persistence, Transaction,
};

use super::{Birth, Catalog, Key, Lookup, Named, Relation, RelationId, RelationKind};

/// How deep calls of functions by functions are followed.
const MAX_CALL_DEPTH: usize = 4;

/// How many states one session keeps to go back to.
const MAX_SAVEPOINTS: usize = 256;

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
    let born = Birth {
        clock: may_exist_since(catalog, action).unwrap_or(born.clock),
        ..born
    };
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
        Action::Transaction(control) => transaction(catalog, control),
        Action::Do { dynamic: true } => catalog.taint(),
        Action::Opaque { detail, .. } => taint(catalog, detail),
        _ => {}
    }
}

/// Since when that may exist which the action only makes when it is not there: since the first statement that could not
/// be read, or, of a column, since its table is there. `None` when it is certainly not there before.
fn may_exist_since(catalog: &Catalog, action: &Action) -> Option<u32> {
    match action {
        Action::AddColumn {
            table,
            if_not_exists: true,
            ..
        } => match catalog.relation(table) {
            Lookup::Found(relation) if relation.complete => None,
            Lookup::Found(relation) => Some(relation.born.map_or(0, |born| born.clock)),
            Lookup::Missing | Lookup::Unknown => Some(0),
        },
        Action::CreateTable {
            if_not_exists: true,
            ..
        }
        | Action::CreateIndex {
            if_not_exists: true,
            ..
        }
        | Action::CreateSequence {
            if_not_exists: true,
            ..
        }
        | Action::CreateExtension {
            if_not_exists: true,
            ..
        }
        | Action::CreateSchema {
            if_not_exists: true,
            ..
        }
        | Action::CreateView {
            or_replace: true, ..
        }
        | Action::CreateFunction {
            or_replace: true, ..
        } => catalog.tainted,
        _ => None,
    }
}

/// How many operations the calls of one unit may turn into.
#[derive(Debug, Clone)]
pub struct CallBudget(usize);

impl Default for CallBudget {
    fn default() -> Self {
        Self(10_000)
    }
}

/// The operations of the functions that the operation calls, as nested ones at its place. What is not followed, because it
/// is too deep or too much, is an opaque one.
pub fn called_operations(
    catalog: &Catalog,
    operation: &Operation,
    budget: &mut CallBudget,
) -> Vec<Operation> {
    let mut found = Vec::new();
    let mut calls = Calls {
        catalog,
        span: operation.span,
        budget,
        found: &mut found,
    };
    if !calls.follow(operation, 0) {
        calls.push(Action::Opaque {
            reason: OpaqueReason::TooComplex,
            detail: "the functions that it calls do more than relgate follows".to_owned(),
        });
    }
    found
}

/// Calls that are being followed.
struct Calls<'c> {
    catalog: &'c Catalog,
    /// The place of the first call.
    span: Span,
    budget: &'c mut CallBudget,
    found: &'c mut Vec<Operation>,
}

impl Calls<'_> {
    fn push(&mut self, action: Action) {
        self.found.push(Operation {
            span: self.span,
            action,
            nested: true,
        });
    }

    fn pay(&mut self) -> bool {
        let left = self.budget.0.checked_sub(1);
        self.budget.0 = left.unwrap_or_default();
        left.is_some()
    }

    /// False when something was not followed.
    fn follow(&mut self, operation: &Operation, depth: usize) -> bool {
        let mut complete = true;
        for name in operation.action.calls() {
            for function in self.catalog.functions(name) {
                if depth > MAX_CALL_DEPTH || !self.pay() {
                    return false;
                }
                if function.definition.dynamic {
                    self.push(Action::Do { dynamic: true });
                }
                for inner in &function.definition.body {
                    if !self.pay() {
                        return false;
                    }
                    self.push(inner.action.clone());
                    complete &= self.follow(inner, depth + 1);
                }
            }
        }
        complete
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

/// A rolled-back transaction leaves what it found. Where the state to go back to is not known, nothing is from then on.
fn transaction(catalog: &mut Catalog, control: &Transaction) {
    match control {
        Transaction::Begin => {
            catalog.savepoints.clear();
            save(catalog, None);
        }
        Transaction::Commit => {
            catalog.savepoints.clear();
            object::end_of_local(catalog);
        }
        Transaction::Rollback => {
            if matches!(catalog.savepoints.first(), Some((None, _))) {
                catalog.savepoints.truncate(1);
                restore(catalog);
            } else if !catalog.savepoints.is_empty() || catalog.saved > MAX_SAVEPOINTS {
                catalog.taint();
            }
            catalog.savepoints.clear();
            object::end_of_local(catalog);
        }
        Transaction::Savepoint(name) => save(catalog, Some(name)),
        Transaction::Release(name) => {
            if let Some(position) = position_of(catalog, name) {
                catalog.savepoints.truncate(position);
            }
        }
        Transaction::RollbackTo(name) => match position_of(catalog, name) {
            Some(position) => {
                catalog.savepoints.truncate(position + 1);
                restore(catalog);
            }
            None => catalog.taint(),
        },
    }
}

/// Keeps the state under the name of a savepoint; without one it is that of the transaction's start.
fn save(catalog: &mut Catalog, name: Option<&str>) {
    catalog.saved = catalog.saved.saturating_add(1);
    if catalog.saved > MAX_SAVEPOINTS {
        // Without the states, whatever is rolled back from here on is unknown.
        catalog.savepoints.clear();
        return;
    }
    let mut state = catalog.clone();
    state.savepoints.clear();
    catalog
        .savepoints
        .push((name.map(str::to_owned), Arc::new(state)));
}

/// The last savepoint of a name hides earlier ones.
fn position_of(catalog: &Catalog, name: &str) -> Option<usize> {
    catalog
        .savepoints
        .iter()
        .rposition(|(known, _)| known.as_deref() == Some(name))
}

/// Goes back to the last state that was saved, which stays.
fn restore(catalog: &mut Catalog) {
    let Some((_, state)) = catalog.savepoints.last().cloned() else {
        return;
    };
    let (clock, saved) = (catalog.clock, catalog.saved);
    let savepoints = std::mem::take(&mut catalog.savepoints);
    *catalog = (*state).clone();
    catalog.clock = clock;
    catalog.saved = saved;
    catalog.savepoints = savepoints;
}

/// A statement that could not be read may have done anything to what it names.
fn taint(catalog: &mut Catalog, detail: &str) {
    catalog.taint();
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
        id: RelationId(next.max(catalog.clock)),
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
