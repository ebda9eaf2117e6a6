//! Indexes.

use std::sync::Arc;

use crate::syntax::sql::operation::{Action, Dialect, IndexKey, Name};

use super::constraint::register;
use super::{table, target};
use crate::schema::names::index_part;
use crate::schema::relation::MAX_PARTS;
use crate::schema::{
    Birth, Catalog, ConstraintRule, Index, IndexState, Key, Named, RelationId, index_column_name,
};

/// `CREATE INDEX`.
pub(super) fn create(catalog: &mut Catalog, action: &Action, born: Birth) {
    let Action::CreateIndex {
        name,
        table,
        unique,
        concurrently,
        only,
        method,
        keys,
        include,
        predicate,
        nulls_not_distinct,
        ..
    } = action
    else {
        return;
    };
    let Some(id) = target(catalog, table, born) else {
        return;
    };
    let index = Index {
        name: name.clone().unwrap_or_default(),
        automatic: name.is_none(),
        unique: *unique,
        method: if method.is_empty() {
            "btree".to_owned()
        } else {
            method.clone()
        },
        keys: keys.clone(),
        include: include.clone(),
        predicate: predicate.as_ref().map(|predicate| predicate.text.clone()),
        nulls_not_distinct: *nulls_not_distinct,
        state: match (only, concurrently) {
            (true, _) => IndexState::Invalid,
            (false, true) => IndexState::AssumedValid,
            (false, false) => IndexState::Valid,
        },
        constraint: false,
        born,
    };
    put(catalog, id, index, *only);
}

/// Puts an index on a table and, unless it is for that one `ONLY`, on its partitions, each under a name of its own.
fn put(catalog: &mut Catalog, id: RelationId, index: Index, only: bool) {
    let mut partitions = table::partitions(catalog, id);
    partitions.truncate(if only { 1 } else { partitions.len() });
    for (position, id) in partitions.into_iter().enumerate() {
        let copy = Index {
            automatic: index.automatic || position > 0,
            ..index.clone()
        };
        if !put_on_one(catalog, id, copy) && position == 0 {
            return;
        }
    }
}

/// Says whether the index was made: its name may be taken.
fn put_on_one(catalog: &mut Catalog, id: RelationId, mut index: Index) -> bool {
    let Some(relation) = catalog.get(id) else {
        return false;
    };
    if relation.indexes.len() >= MAX_PARTS {
        if let Some(relation) = catalog.relation_mut(id) {
            relation.complete = false;
        }
        return false;
    }
    if index.automatic {
        let mut names: Vec<String> = index.keys.iter().map(index_column_name).collect();
        names.extend(index.include.iter().cloned());
        index.name = table::free_name(catalog, &relation.key, &index_part(&names), "idx");
    }
    let key = Key {
        schema: Arc::clone(&relation.key.schema),
        name: Arc::from(index.name.as_str()),
    };
    let taken = if catalog.dialect() == Dialect::Mysql {
        relation.index(&index.name).is_some()
    } else {
        catalog.is_taken(&key)
    };
    if taken {
        return false;
    }
    register(catalog, id, &index.name);
    if let Some(relation) = catalog.relation_mut(id) {
        relation.indexes.push(index);
    }
    true
}

/// The index of a partitioned table on one of its partitions.
pub(super) fn copy_to(catalog: &mut Catalog, partition: RelationId, index: Index) {
    put(
        catalog,
        partition,
        Index {
            automatic: true,
            ..index
        },
        false,
    );
}

/// The index that stands behind a constraint.
pub(super) fn behind_constraint(
    catalog: &mut Catalog,
    id: RelationId,
    name: &str,
    rule: &ConstraintRule,
    born: Birth,
) {
    let keys = match rule {
        ConstraintRule::Unique { columns, .. } | ConstraintRule::PrimaryKey { columns } => columns
            .iter()
            .map(|column| IndexKey {
                text: column.clone(),
                is_column: true,
                options: String::new(),
            })
            .collect(),
        ConstraintRule::Exclude { expression } => vec![IndexKey {
            text: expression.clone(),
            is_column: false,
            options: String::new(),
        }],
        _ => return,
    };
    let index = Index {
        name: name.to_owned(),
        automatic: true,
        unique: !matches!(rule, ConstraintRule::Exclude { .. }),
        method: "btree".to_owned(),
        keys,
        include: Vec::new(),
        predicate: None,
        nulls_not_distinct: matches!(
            rule,
            ConstraintRule::Unique {
                nulls_not_distinct: true,
                ..
            }
        ),
        state: IndexState::Valid,
        constraint: true,
        born,
    };
    register(catalog, id, name);
    if let Some(relation) = catalog.relation_mut(id) {
        relation.indexes.push(index);
    }
}

/// `ADD CONSTRAINT ... USING INDEX`: the index takes the constraint's name and belongs to it.
pub(super) fn adopt(catalog: &mut Catalog, id: RelationId, index: &str, constraint: &str) {
    rename_only(catalog, id, index, constraint);
    if let Some(relation) = catalog.relation_mut(id)
        && let Some(index) = relation
            .indexes
            .iter_mut()
            .find(|known| known.name == constraint)
    {
        index.constraint = true;
    }
}

/// `ALTER INDEX ... RENAME`: the constraint that it belongs to follows.
pub(super) fn rename(catalog: &mut Catalog, id: RelationId, from: &str, to: &str) {
    rename_only(catalog, id, from, to);
    if let Some(relation) = catalog.relation_mut(id)
        && let Some(constraint) = relation
            .constraints
            .iter_mut()
            .find(|constraint| constraint.name == from && constraint.has_index())
    {
        to.clone_into(&mut constraint.name);
    }
}

/// Gives an index another name, and leaves its constraint alone.
pub(super) fn rename_only(catalog: &mut Catalog, id: RelationId, from: &str, to: &str) {
    let Some(relation) = catalog.relation_mut(id) else {
        return;
    };
    let schema = Arc::clone(&relation.key.schema);
    let Some(index) = relation.indexes.iter_mut().find(|index| index.name == from) else {
        return;
    };
    to.clone_into(&mut index.name);
    index.automatic = false;
    catalog.names.remove(&Key {
        schema,
        name: Arc::from(from),
    });
    register(catalog, id, to);
}

/// `DROP INDEX`; `table` is the table that MySQL names.
pub(super) fn drop(catalog: &mut Catalog, name: &Name, table: Option<&Name>) {
    let mut open = drop_one(catalog, name, table);
    while let Some(name) = open.pop() {
        open.extend(drop_one(catalog, &name, None));
    }
}

/// Gives the names of the same index on the children.
fn drop_one(catalog: &mut Catalog, name: &Name, table: Option<&Name>) -> Vec<Name> {
    let id = match table {
        Some(table) => catalog.id_of(table),
        None => match catalog.find(name) {
            Some(Named::Index(id)) => Some(id),
            _ => None,
        },
    };
    let Some(id) = id else {
        return Vec::new();
    };
    let Some(relation) = catalog.get(id) else {
        return Vec::new();
    };
    let schema = Arc::clone(&relation.key.schema);
    let Some(gone) = relation.index(&name.name).cloned() else {
        return Vec::new();
    };
    if gone.constraint && catalog.dialect() == Dialect::Postgresql {
        // The server refuses: the constraint requires it.
        return Vec::new();
    }
    let children: Vec<RelationId> = relation.children.iter().copied().collect();
    if let Some(relation) = catalog.relation_mut(id) {
        relation.indexes.retain(|index| index.name != gone.name);
        relation
            .constraints
            .retain(|constraint| !(constraint.has_index() && constraint.name == gone.name));
    }
    if catalog.dialect() != Dialect::Mysql {
        catalog.names.remove(&Key {
            schema,
            name: Arc::from(gone.name.as_str()),
        });
    }
    children
        .into_iter()
        .filter_map(|child| {
            let child = catalog.get(child)?;
            let same = child.indexes.iter().find(|index| {
                index.automatic
                    && !index.constraint
                    && index.keys == gone.keys
                    && index.unique == gone.unique
                    && index.predicate == gone.predicate
            })?;
            Some(Name {
                schema: Some(child.key.schema.to_string()),
                name: same.name.clone(),
            })
        })
        .collect()
}

/// `ALTER INDEX ... ATTACH PARTITION`: the parent's index is valid once every partition has one attached.
pub(super) fn attach(catalog: &mut Catalog, index: &Name, partition: &Name) {
    let (Some(Named::Index(parent)), Some(Named::Index(child))) =
        (catalog.find(index), catalog.find(partition))
    else {
        return;
    };
    if let Some(child) = catalog.relation_mut(child)
        && let Some(attached) = child
            .indexes
            .iter_mut()
            .find(|known| known.name == partition.name)
    {
        attached.automatic = true;
    }
    let Some(relation) = catalog.get(parent) else {
        return;
    };
    let Some(keys) = relation.index(&index.name).map(|index| index.keys.clone()) else {
        return;
    };
    let complete = relation.children.iter().all(|child| {
        catalog.get(*child).is_some_and(|child| {
            child
                .indexes
                .iter()
                .any(|index| index.automatic && index.keys == keys)
        })
    });
    if complete
        && let Some(relation) = catalog.relation_mut(parent)
        && let Some(index) = relation
            .indexes
            .iter_mut()
            .find(|known| known.name == index.name)
    {
        index.state = IndexState::Valid;
    }
}
