//! Types, domains, sequences, views, functions, triggers, extensions, schemas, settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::syntax::sql::operation::{Action, Name};

use super::{blank, insert, table, target, writable};
use crate::schema::{
    Birth, Catalog, Domain, Function, Key, Relation, RelationId, RelationKind, Trigger, TypeEntry,
    TypeKind,
};

/// Longer queries of views are not kept.
const MAX_QUERY: usize = 64 * 1024;

/// Makes and changes objects that are no tables.
pub(super) fn apply(catalog: &mut Catalog, action: &Action, born: Birth) {
    match action {
        Action::CreateEnum { name, values } => {
            let values = values.iter().map(|value| (value.clone(), born)).collect();
            put_type(catalog, name, TypeKind::Enum(values), born);
        }
        Action::CreateType { name } => put_type(catalog, name, TypeKind::Other, born),
        Action::CreateDomain {
            name,
            base,
            not_null,
            default,
            checks,
        } => {
            let domain = Domain {
                base: base.clone(),
                not_null: *not_null,
                default: default.clone(),
                checks: checks
                    .iter()
                    .map(|check| (check.name.clone().unwrap_or_default(), !check.not_valid))
                    .collect(),
            };
            put_type(catalog, name, TypeKind::Domain(domain), born);
        }
        Action::AddEnumValue { name, value, .. } => {
            if let Some(TypeKind::Enum(values)) = type_mut(catalog, name)
                && !values.iter().any(|(known, _)| known == value)
            {
                values.push((value.clone(), born));
            }
        }
        Action::RenameEnumValue { name, value, to } => {
            if let Some(TypeKind::Enum(values)) = type_mut(catalog, name) {
                for (known, _) in values {
                    if known == value {
                        to.clone_into(known);
                    }
                }
            }
        }
        Action::AlterDomainAddConstraint {
            name,
            constraint,
            not_valid,
            not_null,
        } => {
            if let Some(TypeKind::Domain(domain)) = type_mut(catalog, name) {
                if *not_null {
                    domain.not_null = true;
                } else {
                    domain
                        .checks
                        .push((constraint.clone().unwrap_or_default(), !not_valid));
                }
            }
        }
        Action::AlterDomainValidate { name } => {
            if let Some(TypeKind::Domain(domain)) = type_mut(catalog, name) {
                for (_, valid) in &mut domain.checks {
                    *valid = true;
                }
            }
        }
        Action::CreateSequence { name, owned_by, .. } => {
            let key = catalog.resolve_new(name);
            if catalog.is_taken(&key) {
                return;
            }
            let sequence = blank(catalog, key, RelationKind::Sequence, born);
            let id = insert(catalog, sequence);
            own(catalog, id, owned_by.as_ref(), born);
        }
        Action::AlterSequence { name, owned_by } => {
            if let (Some(id), true) = (catalog.id_of(name), owned_by.is_some()) {
                own(catalog, id, owned_by.as_ref(), born);
            }
        }
        Action::CreateView { .. } => create_view(catalog, action, born),
        Action::CreateFunction { name, function, .. } => {
            let entry = Arc::new(Function {
                name: name.clone(),
                definition: function.clone(),
                born,
            });
            let key = catalog.resolve_new(name);
            if !catalog.functions.contains_key(&key) {
                catalog.functions.insert(key.clone(), Vec::new());
            }
            let Some(all) = catalog.functions.get_mut(&key) else {
                return;
            };
            match all
                .iter_mut()
                .find(|known| known.definition.arguments == function.arguments)
            {
                Some(known) => {
                    *known = Arc::new(Function {
                        born: known.born,
                        ..(*entry).clone()
                    });
                }
                None => all.push(entry),
            }
        }
        Action::CreateTrigger {
            name,
            table,
            function,
            ..
        } => {
            if let Some(relation) = writable(catalog, table, born) {
                relation.triggers.retain(|known| known.name != *name);
                relation.triggers.push(Trigger {
                    name: name.clone(),
                    function: function.clone(),
                    enabled: true,
                    born,
                });
            }
        }
        Action::CreateExtension { name, .. } => {
            Arc::make_mut(&mut catalog.extensions)
                .entry(name.clone())
                .or_insert(born);
        }
        Action::CreateSchema { name, .. } => {
            Arc::make_mut(&mut catalog.schemas)
                .entry(name.clone())
                .or_insert(born);
        }
        Action::CreatePolicy { name, table } => {
            if let Some(relation) = writable(catalog, table, born)
                && !relation.policies.contains(name)
            {
                relation.policies.push(name.clone());
            }
        }
        Action::CreateRule { name, table, .. } => {
            if let Some(relation) = writable(catalog, table, born)
                && !relation.rules.contains(name)
            {
                relation.rules.push(name.clone());
            }
        }
        _ => {}
    }
}

fn create_view(catalog: &mut Catalog, action: &Action, born: Birth) {
    let Action::CreateView {
        name,
        materialized,
        columns,
        reads,
        query,
        ..
    } = action
    else {
        return;
    };
    let key = catalog.resolve_new(name);
    let kind = if *materialized {
        RelationKind::MaterializedView
    } else {
        RelationKind::View
    };
    let known: Vec<(Option<RelationId>, &Name)> = reads
        .iter()
        .map(|read| (catalog.id_of(read), read))
        .collect();
    let id = match catalog.id_of(name) {
        Some(id) => id,
        None if catalog.is_taken(&key) => return,
        None => {
            let view = blank(catalog, key, kind, born);
            insert(catalog, view)
        }
    };
    let old: Vec<RelationId> = catalog
        .get(id)
        .map(|view| view.reads.clone())
        .unwrap_or_default();
    for read in old {
        if let Some(read) = catalog.relation_mut(read) {
            read.read_by.remove(&id);
        }
    }
    for (read, _) in &known {
        if let Some(read) = read.and_then(|read| catalog.relation_mut(read)) {
            read.read_by.insert(id);
        }
    }
    if let Some(view) = catalog.relation_mut(id) {
        view.reads = known.iter().filter_map(|(read, _)| *read).collect();
        view.reads_unknown = known
            .iter()
            .filter(|(read, _)| read.is_none())
            .map(|(_, name)| (*name).clone())
            .collect();
        // A query of that size is taken for one that reads every column.
        if query.text.len() <= MAX_QUERY {
            view.query.clone_from(&query.text);
        } else {
            "*".clone_into(&mut view.query);
        }
        // Only the names are known: the types are those of the query.
        view.columns = columns
            .iter()
            .map(|name| crate::schema::Column {
                name: name.clone(),
                type_name: crate::syntax::sql::operation::TypeName::default(),
                not_null: false,
                default: None,
                generated: None,
                collation: None,
                born,
            })
            .collect();
        view.complete = !columns.is_empty();
    }
}

/// `OWNED BY`.
fn own(catalog: &mut Catalog, sequence: RelationId, owner: Option<&(Name, String)>, born: Birth) {
    let before = catalog
        .get(sequence)
        .and_then(|relation| relation.owned_by.clone());
    if let Some((table, _)) = before
        && let Some(table) = catalog.relation_mut(table)
    {
        table.owns.remove(&sequence);
    }
    let owner =
        owner.and_then(|(name, column)| Some((target(catalog, name, born)?, column.clone())));
    if let Some((table, _)) = &owner
        && let Some(table) = catalog.relation_mut(*table)
    {
        table.owns.insert(sequence);
    }
    if let Some(relation) = catalog.relation_mut(sequence) {
        relation.owned_by = owner;
    }
}

fn put_type(catalog: &mut Catalog, name: &Name, kind: TypeKind, born: Birth) {
    let key = catalog.resolve_new(name);
    if !catalog.types.contains_key(&key) {
        let entry = Arc::new(TypeEntry {
            key: key.clone(),
            kind,
            born,
        });
        catalog.types.insert(key, entry);
    }
}

fn type_key(catalog: &Catalog, name: &Name) -> Option<Key> {
    catalog
        .type_entry(name.schema.as_deref(), &name.name)
        .found()
        .map(|entry| entry.key.clone())
}

fn type_mut<'c>(catalog: &'c mut Catalog, name: &Name) -> Option<&'c mut TypeKind> {
    let key = type_key(catalog, name)?;
    let entry = catalog.types.get_mut(&key)?;
    Some(&mut Arc::make_mut(entry).kind)
}

/// `ALTER TYPE ... RENAME TO` and `SET SCHEMA`: columns follow.
pub(super) fn move_type(catalog: &mut Catalog, name: &Name, schema: Option<&str>, to: &str) {
    let Some(old) = type_key(catalog, name) else {
        return;
    };
    let new = Key {
        schema: schema.map_or_else(|| Arc::clone(&old.schema), Arc::from),
        name: Arc::from(to),
    };
    let types = &mut catalog.types;
    if let Some(mut entry) = types.remove(&old) {
        Arc::make_mut(&mut entry).key = new.clone();
        types.insert(new, entry);
    }
    for id in users_of_type(catalog, &old) {
        if let Some(relation) = catalog.relation_mut(id) {
            for column in &mut relation.columns {
                if is_of_type(column, &old) {
                    to.clone_into(&mut column.type_name.name);
                    if column.type_name.schema.is_some() || schema.is_some() {
                        column.type_name.schema =
                            schema.map(str::to_owned).or(column.type_name.schema.take());
                    }
                }
            }
        }
    }
}

fn is_of_type(column: &crate::schema::Column, key: &Key) -> bool {
    *column.type_name.name == *key.name
        && column
            .type_name
            .schema
            .as_deref()
            .is_none_or(|schema| *schema == *key.schema)
}

fn users_of_type(catalog: &Catalog, key: &Key) -> Vec<RelationId> {
    catalog
        .relations()
        .filter(|relation| {
            relation
                .columns
                .iter()
                .any(|column| is_of_type(column, key))
        })
        .map(|relation| relation.id)
        .collect()
}

/// `DROP TYPE`, `DROP DOMAIN`; with CASCADE the columns of that type go too.
pub(super) fn drop_type(catalog: &mut Catalog, name: &Name, cascade: bool) {
    let Some(key) = type_key(catalog, name) else {
        return;
    };
    catalog.types.remove(&key);
    if !cascade {
        return;
    }
    for id in users_of_type(catalog, &key) {
        let columns: Vec<String> = catalog
            .get(id)
            .into_iter()
            .flat_map(|relation| &relation.columns)
            .filter(|column| is_of_type(column, &key))
            .map(|column| column.name.clone())
            .collect();
        let Some(table) = catalog.get(id).map(Relation::name) else {
            continue;
        };
        for column in columns {
            let drop = Action::DropColumn {
                table: table.clone(),
                column,
                if_exists: true,
                cascade: true,
            };
            super::column::apply(catalog, &drop, Birth::default());
        }
    }
}

/// `ALTER FUNCTION ... RENAME TO` and `SET SCHEMA`.
pub(super) fn move_function(catalog: &mut Catalog, name: &Name, schema: Option<&str>, to: &str) {
    let old = catalog.resolve_new(name);
    let new = Key {
        schema: schema.map_or_else(|| Arc::clone(&old.schema), Arc::from),
        name: Arc::from(to),
    };
    let functions = &mut catalog.functions;
    if let Some(moved) = functions.remove(&old) {
        let mut all = functions.get(&new).cloned().unwrap_or_default();
        all.extend(moved);
        functions.insert(new, all);
    }
}

/// `DROP FUNCTION`: the overload of these arguments, or all when none were written; with CASCADE its triggers go too.
pub(super) fn drop_function(
    catalog: &mut Catalog,
    name: &Name,
    arguments: Option<&[String]>,
    cascade: bool,
) {
    let key = catalog.resolve_new(name);
    let functions = &mut catalog.functions;
    if let Some(overloads) = functions.get_mut(&key) {
        if let (Some(arguments), true) = (arguments, overloads.len() > 1) {
            overloads.retain(|known| known.definition.arguments != arguments);
        } else {
            overloads.clear();
        }
        if overloads.is_empty() {
            functions.remove(&key);
        }
    }
    if !cascade {
        return;
    }
    let users: Vec<RelationId> = catalog
        .relations()
        .filter(|relation| relation.triggers.iter().any(|trigger| runs(trigger, name)))
        .map(|relation| relation.id)
        .collect();
    for id in users {
        if let Some(relation) = catalog.relation_mut(id) {
            relation.triggers.retain(|trigger| !runs(trigger, name));
        }
    }
}

fn runs(trigger: &Trigger, function: &Name) -> bool {
    trigger
        .function
        .as_ref()
        .is_some_and(|known| known.name == function.name)
}

/// `DROP EXTENSION`.
pub(super) fn drop_extension(catalog: &mut Catalog, name: &str) {
    Arc::make_mut(&mut catalog.extensions).remove(name);
}

/// `DROP SCHEMA`: with what is in it (without CASCADE the server refuses unless it is empty).
pub(super) fn drop_schema(catalog: &mut Catalog, name: &str) {
    Arc::make_mut(&mut catalog.schemas).remove(name);
    let inside: Vec<RelationId> = catalog
        .relations()
        .filter(|relation| *relation.key.schema == *name)
        .map(|relation| relation.id)
        .collect();
    for id in inside {
        table::remove(catalog, id, true);
    }
    catalog.types.retain(|key| *key.schema != *name);
    catalog.functions.retain(|key| *key.schema != *name);
}

/// `ALTER SCHEMA ... RENAME TO`.
pub(super) fn rename_schema(catalog: &mut Catalog, from: &str, to: &str) {
    let schemas = Arc::make_mut(&mut catalog.schemas);
    if let Some(born) = schemas.remove(from) {
        schemas.insert(to.to_owned(), born);
    }
    let moved: Vec<(Key, super::Named)> = catalog
        .names
        .iter()
        .filter(|(known, _)| *known.schema == *from)
        .map(|(known, named)| (known.clone(), *named))
        .collect();
    let names = &mut catalog.names;
    let mut relations = Vec::new();
    for (old, named) in moved {
        names.remove(&old);
        let new = Key {
            schema: Arc::from(to),
            name: old.name,
        };
        if let super::Named::Relation(id) = named {
            relations.push((id, new.clone()));
        }
        names.insert(new, named);
    }
    for (id, new) in relations {
        if let Some(relation) = catalog.relation_mut(id) {
            relation.key = new;
        }
    }
}

/// `SET`: the search path decides where names are looked up; other settings are kept for rules. `SET LOCAL` lasts until its
/// transaction ends.
pub(super) fn set(catalog: &mut Catalog, name: &str, value: &str, local: bool) {
    let name = name.to_lowercase();
    let default = crate::schema::default_schema(catalog.dialect);
    if local {
        let now = (catalog.search_path.clone(), Arc::clone(&catalog.settings));
        catalog.before_local.get_or_insert(now);
    } else if let Some((path, settings)) = &mut catalog.before_local {
        // What the session sets in between outlives the transaction.
        set_in(path, settings, (&name, value), default);
    }
    set_in(
        &mut catalog.search_path,
        &mut catalog.settings,
        (&name, value),
        default,
    );
}

/// The transaction ends, and with it what `SET LOCAL` has set.
pub(super) fn end_of_local(catalog: &mut Catalog) {
    if let Some((path, settings)) = catalog.before_local.take() {
        catalog.search_path = path;
        catalog.settings = settings;
    }
}

fn set_in(
    search_path: &mut Vec<Arc<str>>,
    settings: &mut Arc<BTreeMap<String, String>>,
    (name, value): (&str, &str),
    default: &str,
) {
    if name == "search_path" {
        *search_path = value
            .split(',')
            .map(|schema| schema.trim().trim_matches(['"', '\'']).trim())
            .filter(|schema| !schema.is_empty() && *schema != "$user")
            .map(Arc::from)
            .collect();
        if search_path.is_empty() {
            search_path.push(Arc::from(default));
        }
        return;
    }
    let settings = Arc::make_mut(settings);
    if value.is_empty() {
        settings.remove(name);
    } else {
        settings.insert(
            name.to_owned(),
            value.trim_matches(['\'', '"']).to_lowercase(),
        );
    }
}
