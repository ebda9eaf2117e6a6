//! Tables as a whole, views, types, functions, and what else has a name.

use std::collections::BTreeSet;

use super::{Seen, Verdict, drops, seen, successor};
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
        Action::Drop { .. } => drops::drop_all(situation, action),
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

pub(super) fn type_is_fresh(situation: &Situation<'_>, name: &Name) -> bool {
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
pub(super) fn keeps_columns(view: &Relation, columns: &[String]) -> bool {
    let now: BTreeSet<&String> = columns.iter().collect();
    view.columns.len() <= columns.len() && view.columns.iter().all(|old| now.contains(&old.name))
}
