//! `DROP` of schemas, tables, types, functions and the rest.

use std::collections::BTreeMap;

use super::object::{keeps_columns, type_is_fresh};
use super::{Seen, Verdict, seen, successor};
use crate::effects::Situation;
use crate::schema::{Lookup, Relation, RelationKind, Truth};
use crate::syntax::sql::operation::{Action, Name, ObjectKind};

/// The worst that is said about any of the dropped objects.
pub(super) fn drop_all(situation: &Situation<'_>, action: &Action) -> Verdict {
    let Action::Drop {
        kind,
        names,
        table,
        arguments,
        if_exists,
        cascade,
        ..
    } = action
    else {
        return Verdict::additive();
    };
    let verdicts = names.iter().enumerate().map(|(index, name)| {
        let written = Dropped {
            name,
            table: table.as_ref(),
            arguments: arguments.get(index).and_then(Option::as_deref),
            if_exists: *if_exists,
            cascade: *cascade,
        };
        drop(situation, *kind, &written)
    });
    verdicts
        .reduce(Verdict::worse)
        .unwrap_or_else(Verdict::nothing)
}

/// One object of a `DROP`.
struct Dropped<'o> {
    name: &'o Name,
    table: Option<&'o Name>,
    arguments: Option<&'o [String]>,
    if_exists: bool,
    cascade: bool,
}

fn drop(situation: &Situation<'_>, kind: ObjectKind, dropped: &Dropped<'_>) -> Verdict {
    let name = dropped.name;
    if dropped.if_exists && dropped.table.is_none() && situation.before.is_unheard_of(kind, name) {
        return drop_unheard_of(situation, kind, name);
    }
    match kind {
        ObjectKind::Table
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::Sequence => match seen(situation, name) {
            Seen::Fresh => Verdict::fresh(),
            Seen::Absent if dropped.if_exists => Verdict::nothing(),
            Seen::Old(relation) => drop_relation(situation, relation, name),
            Seen::Foreign | Seen::Absent => {
                let loss = Truth::from(kind == ObjectKind::Table);
                Verdict::breaking("the running version may still use it")
                    .losing(loss)
                    .destructive()
            }
        },
        ObjectKind::Index => drop_index(situation, dropped),
        ObjectKind::Type | ObjectKind::Domain => {
            match situation
                .before
                .type_entry(name.schema.as_deref(), &name.name)
            {
                Lookup::Missing if dropped.if_exists => return Verdict::nothing(),
                _ if type_is_fresh(situation, name) => return Verdict::fresh(),
                _ => {}
            }
            let used = !crate::effects::locks::tables_with_type(situation.before, name).is_empty();
            let loss = Truth::from(used && dropped.cascade);
            Verdict::breaking("the running version may still name the type")
                .losing(loss)
                .destructive()
        }
        ObjectKind::Function => drop_function(situation, dropped),
        ObjectKind::Schema => {
            let known = situation
                .before
                .schemas()
                .find(|(known, _)| *known == name.name);
            if known.is_some_and(|(_, born)| born.clock >= situation.released) {
                return Verdict::fresh();
            }
            let inside = situation
                .before
                .relations()
                .any(|relation| *relation.key.schema == *name.name && relation.kind.is_table());
            let loss = if inside {
                Truth::Yes
            } else if dropped.cascade {
                Truth::Unknown
            } else {
                Truth::No
            };
            Verdict::breaking("the running version may still use what is in it")
                .losing(loss)
                .destructive()
        }
        ObjectKind::Owned => Verdict::breaking("everything that the role owns is gone")
            .losing(Truth::Yes)
            .destructive(),
        ObjectKind::Database => Verdict::breaking("everything in it is gone")
            .losing(Truth::Yes)
            .destructive(),
        ObjectKind::Extension => {
            let known = situation
                .before
                .extensions()
                .find(|(known, _)| *known == name.name);
            match known {
                Some((_, born)) if born.clock >= situation.released => Verdict::fresh(),
                None if dropped.if_exists && !situation.before.is_tainted() => Verdict::nothing(),
                _ => Verdict::breaking("the running version may still use its types and functions")
                    .losing(if dropped.cascade {
                        Truth::Unknown
                    } else {
                        Truth::No
                    })
                    .destructive(),
            }
        }
        ObjectKind::Statistics => Verdict::additive(),
        ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule => {
            match dropped.table.map(|table| seen(situation, table)) {
                Some(Seen::Fresh) => Verdict::fresh(),
                Some(Seen::Absent) if dropped.if_exists => Verdict::nothing(),
                _ => Verdict::needs_proof("the running version may rely on what it did"),
            }
        }
        _ => Verdict::needs_proof("the running version may still use it").destructive(),
    }
}

/// `DROP ... IF EXISTS` of what no migration created. One that makes way for what the release creates would fail otherwise,
/// and so does nothing; any other is there because somebody has seen the object.
fn drop_unheard_of(situation: &Situation<'_>, kind: ObjectKind, name: &Name) -> Verdict {
    if situation
        .last
        .is_some_and(|last| !last.is_unheard_of(kind, name))
    {
        return Verdict::nothing();
    }
    let loss = match kind {
        ObjectKind::Table => Truth::Unknown,
        _ => Truth::No,
    };
    Verdict::needs_proof("no migration creates it; where it exists, the running version may use it")
        .losing(loss)
        .reversible(Truth::Unknown)
}

fn drop_relation(situation: &Situation<'_>, relation: &Relation, name: &Name) -> Verdict {
    if relation.partition_of.is_some() {
        return Verdict::needs_proof(
            "its rows are gone from the table that the running version reads",
        )
        .losing(Truth::Yes)
        .destructive();
    }
    let loss = match relation.kind {
        RelationKind::Table | RelationKind::PartitionedTable => Truth::Yes,
        // Where it stood is lost.
        RelationKind::Sequence => Truth::Unknown,
        RelationKind::View | RelationKind::MaterializedView => Truth::No,
    };
    let verdict = match successor(situation, name, Some(relation)) {
        Some(again) if !relation.kind.is_table() || has_columns_of(again, relation) => {
            let columns: Vec<String> = again
                .columns
                .iter()
                .map(|column| column.name.clone())
                .collect();
            if relation.kind.is_table()
                || relation.columns.is_empty()
                || columns.is_empty()
                || keeps_columns(relation, &columns)
            {
                Verdict::needs_proof("another one has its name at the end of the release")
            } else {
                Verdict::breaking("columns that the running version reads are gone from the view")
            }
        }
        _ => Verdict::breaking("the running version may still use it"),
    };
    verdict.losing(loss).destructive()
}

/// All columns of both are known, and those of `before` are there with their types.
fn has_columns_of(again: &Relation, before: &Relation) -> bool {
    let types: BTreeMap<&str, _> = again
        .columns
        .iter()
        .map(|column| (column.name.as_str(), &column.type_name))
        .collect();
    before.complete
        && again.complete
        && before
            .columns
            .iter()
            .all(|old| types.get(old.name.as_str()) == Some(&&old.type_name))
}

fn drop_index(situation: &Situation<'_>, dropped: &Dropped<'_>) -> Verdict {
    let name = dropped.name;
    let of_table = dropped
        .table
        .and_then(|table| situation.before.relation(table).found())
        .and_then(|relation| Some((relation, relation.index(&name.name)?)));
    match (of_table, situation.before.index(name)) {
        (Some((relation, index)), _) | (None, Lookup::Found((relation, index))) => {
            super::constraint::drop_index(situation, relation, index, name)
        }
        (None, Lookup::Missing) if dropped.if_exists => Verdict::nothing(),
        (None, _) => {
            Verdict::needs_proof("queries or ON CONFLICT of the running version may need it")
                .reversible(Truth::Unknown)
        }
    }
}

fn drop_function(situation: &Situation<'_>, dropped: &Dropped<'_>) -> Verdict {
    let known = situation.before.functions(dropped.name);
    if known.is_empty() && dropped.if_exists && !situation.before.is_tainted() {
        return Verdict::nothing();
    }
    let dropped_ones = || {
        known.iter().filter(|function| {
            known.len() == 1
                || dropped
                    .arguments
                    .is_none_or(|arguments| function.definition.arguments == arguments)
        })
    };
    if !known.is_empty() && dropped_ones().all(|function| function.born.clock >= situation.released)
    {
        return Verdict::fresh();
    }
    if !known.is_empty() && dropped_ones().all(|function| function.definition.returns == "trigger")
    {
        return Verdict::needs_proof("the running version may rely on what its triggers did")
            .destructive();
    }
    let again = situation.last.is_some_and(|last| {
        let now = last.functions(dropped.name);
        !known.is_empty()
            && dropped_ones().all(|old| {
                now.iter().any(|new| {
                    new.definition.arguments == old.definition.arguments
                        && new.definition.returns == old.definition.returns
                })
            })
    });
    if again {
        return Verdict::needs_proof("it does something else for the running version")
            .destructive();
    }
    Verdict::breaking("the running version may still call it").destructive()
}
