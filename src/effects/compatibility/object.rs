//! Tables as a whole, views, types, functions, and what else has a name.

use std::collections::{BTreeMap, BTreeSet};

use super::{Seen, Verdict, seen, successor};
use crate::effects::Situation;
use crate::schema::{Lookup, Relation, RelationKind, Truth, TypeKind};
use crate::syntax::sql::operation::{Action, Name, ObjectKind};

pub(super) fn judge(action: &Action, situation: &Situation<'_>) -> Verdict {
    match action {
        Action::RenameTable { table, .. } => rename(situation, ObjectKind::Table, table),
        Action::SetSchema { kind, name, .. } | Action::Rename { kind, name, .. } => {
            rename(situation, *kind, name)
        }
        Action::RenameEnumValue { name, value, .. } => {
            if enum_is_fresh(situation, name, Some(value)) {
                Verdict::fresh()
            } else {
                Verdict::breaking("the running version knows the value by its old name")
            }
        }
        Action::AddEnumValue { name, .. } => {
            if enum_is_fresh(situation, name, None) {
                Verdict::fresh()
            } else {
                // There is no DROP VALUE; an unused value does no harm.
                Verdict::needs_proof(
                    "the running version meets a value that it does not know once one is written",
                )
                .reversible(Truth::No)
            }
        }
        Action::Drop { .. } => drop_all(situation, action),
        Action::CreateView {
            name,
            or_replace,
            columns,
            ..
        } => create_view(situation, name, *or_replace, columns),
        Action::CreateFunction {
            name,
            or_replace,
            function,
        } => {
            let known = situation
                .before
                .functions(name)
                .iter()
                .find(|known| known.definition.arguments == function.arguments);
            match known {
                Some(known) if *or_replace && known.born.clock < situation.released => {
                    if known.definition.returns == function.returns {
                        Verdict::needs_proof("it does something else for the running version")
                    } else {
                        Verdict::breaking(
                            "it returns something else than the running version expects",
                        )
                    }
                }
                _ => Verdict::additive(),
            }
        }
        Action::AlterDomainAddConstraint { name, .. } => {
            let fresh = type_is_fresh(situation, name);
            if fresh {
                Verdict::fresh()
            } else {
                Verdict::needs_proof(
                    "the running version may write values that the domain refuses (23514)",
                )
            }
        }
        Action::AlterSequence {
            owned_by: None,
            name,
        } => match seen(situation, name) {
            Seen::Fresh => Verdict::fresh(),
            _ => Verdict::needs_proof("the running version takes its numbers from it")
                .reversible(Truth::Unknown),
        },
        Action::CreateTable {
            if_not_exists: true,
            table,
            ..
        } if matches!(situation.before.relation(table), Lookup::Found(_)) => Verdict::nothing(),
        action => on_table(situation, action),
    }
}

/// Operations on one table that do not change its columns or constraints.
fn on_table(situation: &Situation<'_>, action: &Action) -> Verdict {
    let table = match action {
        Action::AttachPartition { table, .. }
        | Action::DetachPartition { table, .. }
        | Action::Inherit { table, .. }
        | Action::NoInherit { table, .. }
        | Action::SetLogged { table, .. }
        | Action::RowLevelSecurity { table, .. }
        | Action::EnableTrigger { table, .. }
        | Action::EnableRule { table, .. }
        | Action::CreateTrigger { table, .. }
        | Action::CreatePolicy { table, .. }
        | Action::CreateRule { table, .. } => table,
        Action::Owner { name, .. } | Action::AlterOther { name, .. } => name,
        Action::Revoke { .. } => {
            return Verdict::needs_proof(
                "the running version's role may need what it takes away (42501)",
            );
        }
        _ => return Verdict::additive(),
    };
    let relation = match seen(situation, table) {
        Seen::Fresh => return Verdict::fresh(),
        Seen::Old(relation) => Some(relation),
        Seen::Foreign | Seen::Absent => None,
    };
    match action {
        Action::DetachPartition { .. } => {
            Verdict::needs_proof("its rows are gone from the table that the running version reads")
        }
        Action::Inherit { .. } | Action::NoInherit { .. } => {
            Verdict::needs_proof("the parent shows other rows to the running version")
        }
        Action::SetLogged { logged: false, .. } => Verdict::additive()
            .losing(Truth::Unknown)
            .at_least_minor("a crash empties the table, and replicas do not have it"),
        Action::RowLevelSecurity { enable: true, .. } => {
            let has_policy = situation
                .last
                .and_then(|last| last.get(relation?.id))
                .or(relation)
                .is_some_and(|relation| !relation.policies.is_empty());
            if has_policy {
                Verdict::needs_proof(
                    "the running version's role sees only rows that a policy shows",
                )
            } else {
                Verdict::breaking(
                    "without a policy, a role that does not own the table sees no rows",
                )
            }
        }
        Action::RowLevelSecurity { enable: false, .. } => {
            Verdict::additive().at_least_minor("rows that were hidden are visible")
        }
        Action::CreatePolicy { .. } => match relation {
            Some(relation) if !relation.row_security => Verdict::additive(),
            _ => Verdict::needs_proof("the running version's role sees other rows"),
        },
        Action::EnableTrigger { .. }
        | Action::EnableRule { .. }
        | Action::CreateTrigger { .. }
        | Action::CreateRule { .. } => {
            Verdict::needs_proof("writes of the running version do something else")
        }
        Action::Owner { .. } => {
            Verdict::needs_proof("the running version's role may lose its rights")
        }
        Action::AlterOther { .. } => {
            Verdict::unknown("its effect on the running version is not known")
        }
        _ => Verdict::additive(),
    }
}

fn rename(situation: &Situation<'_>, kind: ObjectKind, name: &Name) -> Verdict {
    let gone = || Verdict::breaking("it is gone under the name that the running version uses");
    match kind {
        ObjectKind::Table
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::Sequence => match seen(situation, name) {
            Seen::Fresh => Verdict::fresh(),
            Seen::Old(relation) => match successor(situation, name, Some(relation)) {
                Some(view) if stands_in(view, relation) => {
                    Verdict::additive().at_least_minor("a view under the old name stands in for it")
                }
                Some(_) => Verdict::needs_proof(
                    "something else has the old name at the end of the release",
                ),
                None => gone(),
            },
            Seen::Foreign | Seen::Absent => gone(),
        },
        ObjectKind::Index
        | ObjectKind::Statistics
        | ObjectKind::Policy
        | ObjectKind::Trigger
        | ObjectKind::Rule => Verdict::additive(),
        ObjectKind::Constraint => {
            Verdict::additive().at_least_minor("code that names the constraint does not find it")
        }
        ObjectKind::Type | ObjectKind::Domain if type_is_fresh(situation, name) => Verdict::fresh(),
        ObjectKind::Function => {
            let functions = situation.before.functions(name);
            if !functions.is_empty()
                && functions
                    .iter()
                    .all(|known| known.born.clock >= situation.released)
            {
                return Verdict::fresh();
            }
            let again = situation
                .last
                .is_some_and(|last| !last.functions(name).is_empty());
            if again {
                Verdict::needs_proof("another function has the old name at the end of the release")
            } else {
                gone()
            }
        }
        ObjectKind::Schema => {
            let fresh = situation
                .before
                .schemas()
                .any(|(known, born)| known == name.name && born.clock >= situation.released);
            if fresh { Verdict::fresh() } else { gone() }
        }
        ObjectKind::Role => Verdict::needs_proof("the running version may log in by this name"),
        _ => gone(),
    }
}

/// A view under the old name that reads the relation it stands in for, and nothing else: PostgreSQL lets such views be
/// written to.
fn stands_in(view: &Relation, renamed: &Relation) -> bool {
    view.kind == RelationKind::View && view.reads == [renamed.id] && view.reads_unknown.is_empty()
}

fn type_is_fresh(situation: &Situation<'_>, name: &Name) -> bool {
    situation
        .before
        .type_entry(name.schema.as_deref(), &name.name)
        .found()
        .is_some_and(|entry| entry.born.clock >= situation.released)
}

fn enum_is_fresh(situation: &Situation<'_>, name: &Name, value: Option<&str>) -> bool {
    let Some(entry) = situation
        .before
        .type_entry(name.schema.as_deref(), &name.name)
        .found()
    else {
        return false;
    };
    let value_is_fresh = match (&entry.kind, value) {
        (TypeKind::Enum(values), Some(value)) => values
            .iter()
            .any(|(known, born)| known == value && born.clock >= situation.released),
        _ => false,
    };
    entry.born.clock >= situation.released || value_is_fresh
}

fn create_view(
    situation: &Situation<'_>,
    name: &Name,
    or_replace: bool,
    columns: &[String],
) -> Verdict {
    let Seen::Old(view) = seen(situation, name) else {
        return Verdict::additive();
    };
    if !or_replace {
        return Verdict::additive();
    }
    if columns.is_empty() || view.columns.is_empty() {
        return Verdict::needs_proof("it shows other rows or columns to the running version");
    }
    if keeps_columns(view, columns) {
        Verdict::needs_proof("it shows other rows to the running version")
    } else {
        Verdict::breaking("columns that the running version reads are gone from the view")
    }
}

/// The columns of the old view are there.
fn keeps_columns(view: &Relation, columns: &[String]) -> bool {
    let now: BTreeSet<&String> = columns.iter().collect();
    view.columns.len() <= columns.len() && view.columns.iter().all(|old| now.contains(&old.name))
}

/// The worst that is said about any of the dropped objects.
fn drop_all(situation: &Situation<'_>, action: &Action) -> Verdict {
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
