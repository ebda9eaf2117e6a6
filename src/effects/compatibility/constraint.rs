//! Constraints and indexes: what the running version may write, and what its statements rely on.

use std::collections::BTreeSet;

use super::column::is_constant;
use super::{Seen, Verdict, is_fresh, seen};
use crate::effects::Situation;
use crate::schema::{
    Catalog, Constraint, ConstraintRule, Index, Relation, Truth, identifiers, implies_not_null,
};
use crate::syntax::sql::operation::{Action, ConstraintDef, ConstraintKind, IndexKey, Name};

pub(super) fn judge(action: &Action, situation: &Situation<'_>) -> Verdict {
    match action {
        Action::AddConstraint { table, constraint } => match seen(situation, table) {
            Seen::Fresh => Verdict::fresh(),
            Seen::Old(relation) => add(situation, relation, constraint),
            Seen::Foreign | Seen::Absent => tightens(constraint),
        },
        Action::ValidateConstraint { .. } => Verdict::additive(),
        Action::DropConstraint {
            table,
            constraint,
            if_exists,
            ..
        } => match seen(situation, table) {
            Seen::Fresh => Verdict::fresh(),
            Seen::Old(relation) => match relation.constraint(constraint) {
                Some(known) => drop(situation, relation, known),
                None if *if_exists && relation.complete => Verdict::nothing(),
                None => Verdict::needs_proof("it is not known what the constraint was"),
            },
            Seen::Absent if *if_exists => Verdict::nothing(),
            Seen::Foreign | Seen::Absent => {
                Verdict::needs_proof("it is not known what the constraint was")
            }
        },
        Action::RenameConstraint { table, .. } => match seen(situation, table) {
            Seen::Fresh => Verdict::fresh(),
            _ => Verdict::additive()
                .at_least_minor("code that names the constraint does not find it"),
        },
        Action::AlterConstraint { table, .. } => match seen(situation, table) {
            Seen::Fresh => Verdict::fresh(),
            _ => Verdict::needs_proof(
                "the running version may rely on when the constraint is checked",
            ),
        },
        Action::CreateIndex {
            table,
            unique,
            keys,
            nulls_not_distinct,
            ..
        } => match seen(situation, table) {
            Seen::Fresh => Verdict::fresh(),
            _ if !unique => Verdict::additive(),
            Seen::Old(relation) => {
                let columns: Option<Vec<String>> = keys
                    .iter()
                    .map(|key| key.is_column.then(|| key.text.clone()))
                    .collect();
                match columns {
                    Some(columns) => unique_on(situation, relation, &columns, *nulls_not_distinct),
                    None => unique_on_expressions(situation, relation, keys),
                }
            }
            Seen::Foreign | Seen::Absent => {
                Verdict::needs_proof("the running version may write equal values (23505)")
            }
        },
        _ => Verdict::additive(),
    }
}

/// A constraint on what is there already: the running version may violate it, `NOT VALID` or not.
fn tightens(constraint: &ConstraintDef) -> Verdict {
    if constraint.not_enforced {
        return Verdict::additive();
    }
    Verdict::needs_proof(match constraint.kind {
        ConstraintKind::Check { .. } => {
            "the running version may write values that the CHECK refuses (23514)"
        }
        ConstraintKind::NotNull { .. } => "the running version may leave it NULL (23502)",
        ConstraintKind::Unique { .. } => "the running version may write equal values (23505)",
        ConstraintKind::PrimaryKey { .. } => {
            "the running version may write equal values or NULL (23505, 23502)"
        }
        ConstraintKind::ForeignKey { .. } => {
            "the running version may refer to rows that are not there, or delete rows that are referred to (23503)"
        }
        ConstraintKind::Exclude { .. } => {
            "the running version may write rows that exclude each other (23P01)"
        }
    })
}

fn add(situation: &Situation<'_>, relation: &Relation, constraint: &ConstraintDef) -> Verdict {
    if constraint.not_enforced {
        return Verdict::additive();
    }
    match &constraint.kind {
        ConstraintKind::Check { expression, .. } => {
            check(situation, relation, constraint, expression)
        }
        ConstraintKind::NotNull { column } => {
            let set = Action::SetNotNull {
                table: relation.name(),
                column: column.clone(),
            };
            super::column::judge(&set, situation)
        }
        ConstraintKind::Unique {
            columns,
            using_index,
            nulls_not_distinct,
        } => match using_index {
            // What the index refuses, it refused before it got a constraint's name.
            Some(_) => Verdict::additive(),
            None => unique_on(situation, relation, columns, *nulls_not_distinct),
        },
        ConstraintKind::PrimaryKey {
            columns,
            using_index,
        } => primary_key(situation, relation, columns, using_index.as_deref()),
        ConstraintKind::ForeignKey { columns, .. } => {
            let unknown_to_it = columns
                .iter()
                .filter_map(|name| relation.column(name))
                .any(|column| is_fresh(situation, column) && !column.has_value_by_itself());
            if unknown_to_it {
                // With one column NULL, the key refers to nothing (MATCH SIMPLE).
                Verdict::additive()
            } else {
                tightens(constraint)
            }
        }
        ConstraintKind::Exclude { .. } => tightens(constraint),
    }
}

fn check(
    situation: &Situation<'_>,
    relation: &Relation,
    constraint: &ConstraintDef,
    expression: &str,
) -> Verdict {
    let named = identifiers(expression);
    let (fresh, old): (Vec<_>, Vec<_>) = relation
        .columns
        .iter()
        .filter(|column| named.contains(&column.name))
        .partition(|column| is_fresh(situation, column));
    if let Some(column) = fresh
        .iter()
        .find(|column| !column.has_value_by_itself() && implies_not_null(expression, &column.name))
    {
        return Verdict::breaking(format!(
            "an INSERT of the running version leaves {} NULL, and the CHECK refuses that (23514), NOT VALID or not",
            column.name
        ));
    }
    if old.is_empty() && relation.complete && !fresh.is_empty() {
        // NULL passes, and a default was written for this CHECK.
        return Verdict::additive();
    }
    if is_widened(situation, relation, expression) {
        return Verdict::additive()
            .at_least_minor("it lets more values in than the one it replaces");
    }
    tightens(constraint)
}

/// A CHECK of the previous release that is gone by now had the same words and fewer literals, as a list of allowed values
/// has that grew.
fn is_widened(situation: &Situation<'_>, relation: &Relation, expression: &str) -> bool {
    let Some(released) = situation
        .previous
        .and_then(|previous| previous.get(relation.id))
    else {
        return false;
    };
    let (literals, words) = split_literals(expression);
    released.constraints.iter().any(|old| {
        let ConstraintRule::Check {
            expression: before, ..
        } = &old.rule
        else {
            return false;
        };
        let gone = relation
            .constraint(&old.name)
            .is_none_or(|now| now.rule != old.rule);
        let (literals_before, words_before) = split_literals(before);
        gone && words == words_before
            && literals_before.is_subset(&literals)
            // More literals let more in for lists only.
            && (words.contains("in") || words.contains("any"))
            && !words.contains("not")
    })
}

fn split_literals(expression: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let literals = expression
        .split('\'')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    (literals, identifiers(expression))
}

fn unique_on(
    situation: &Situation<'_>,
    relation: &Relation,
    columns: &[String],
    nulls_not_distinct: bool,
) -> Verdict {
    if is_unique_already(situation, relation, columns) {
        return Verdict::additive();
    }
    let known: Vec<_> = columns
        .iter()
        .filter_map(|name| relation.column(name))
        .collect();
    let any_null = known
        .iter()
        .any(|column| is_fresh(situation, column) && !column.has_value_by_itself());
    if any_null && !nulls_not_distinct {
        // The running version leaves it NULL, and NULLs are distinct.
        return Verdict::additive();
    }
    let all_fresh =
        known.len() == columns.len() && known.iter().all(|column| is_fresh(situation, column));
    if all_fresh {
        let constant = known.iter().all(|column| {
            is_constant(situation, column.default.as_deref()) || column.default.is_none()
        });
        let generated = known
            .iter()
            .any(|column| column.generated.is_some() || column.type_name.serial);
        if generated || !constant {
            return Verdict::additive();
        }
        return Verdict::breaking(
            "the second row that the running version adds has the same values and is refused (23505)",
        );
    }
    Verdict::needs_proof("the running version may write equal values (23505)")
}

fn unique_on_expressions(
    situation: &Situation<'_>,
    relation: &Relation,
    keys: &[IndexKey],
) -> Verdict {
    let same = relation.indexes.iter().any(|index| {
        index.unique
            && index.keys == keys
            && index.born.clock < situation.released
            && index.predicate.is_none()
    });
    if same {
        Verdict::additive()
    } else {
        Verdict::needs_proof("the running version may write equal values (23505)")
    }
}

/// Some of these columns are unique since the previous release or longer, so all of them together are.
fn is_unique_already(situation: &Situation<'_>, relation: &Relation, columns: &[String]) -> bool {
    relation.indexes.iter().any(|index| {
        index.unique
            && index.predicate.is_none()
            && index.born.clock < situation.released
            && index.columns().is_some_and(|own| {
                own.iter()
                    .all(|column| columns.iter().any(|name| name == column))
            })
    })
}

fn primary_key(
    situation: &Situation<'_>,
    relation: &Relation,
    columns: &[String],
    using_index: Option<&str>,
) -> Verdict {
    let of_index: Vec<String> = using_index
        .and_then(|index| relation.index(index))
        .and_then(Index::columns)
        .map(|columns| columns.into_iter().map(str::to_owned).collect())
        .unwrap_or_default();
    let columns = if using_index.is_some() {
        of_index.as_slice()
    } else {
        columns
    };
    for name in columns {
        let Some(column) = relation.column(name) else {
            continue;
        };
        if !column.not_null {
            let set = Action::SetNotNull {
                table: relation.name(),
                column: name.clone(),
            };
            let verdict = super::column::judge(&set, situation);
            if verdict.compatibility > crate::effects::Compatibility::Additive {
                return verdict;
            }
        }
    }
    if using_index.is_some() {
        return Verdict::additive();
    }
    unique_on(situation, relation, columns, false)
}

/// `DROP CONSTRAINT` of a known one.
fn drop(situation: &Situation<'_>, relation: &Relation, constraint: &Constraint) -> Verdict {
    if constraint.born.clock >= situation.released {
        return Verdict::fresh();
    }
    match &constraint.rule {
        ConstraintRule::Unique { columns, .. } => {
            drop_unique(situation, relation, columns, &constraint.name)
        }
        ConstraintRule::PrimaryKey { columns } => {
            let verdict = drop_unique(situation, relation, columns, &constraint.name);
            if verdict.compatibility == crate::effects::Compatibility::Additive {
                verdict
            } else {
                verdict.reversible(Truth::Unknown)
            }
        }
        ConstraintRule::ForeignKey { on_delete, .. } => {
            if matches!(on_delete.as_str(), "" | "no action" | "restrict") {
                Verdict::additive()
                    .at_least_minor("rows may come to refer to nothing")
                    .reversible(Truth::Unknown)
            } else {
                Verdict::needs_proof("the running version may rely on ON DELETE")
                    .reversible(Truth::Unknown)
            }
        }
        ConstraintRule::NotNull { .. } => {
            Verdict::needs_proof("the running version may not expect NULL when it reads it")
                .reversible(Truth::Unknown)
        }
        ConstraintRule::Check { .. } | ConstraintRule::Exclude { .. } => Verdict::additive()
            .at_least_minor("rows may come to hold what it refused")
            .reversible(Truth::Unknown),
    }
}

/// `ON CONFLICT (columns)` needs a unique index on exactly these columns.
pub(super) fn drop_unique(
    situation: &Situation<'_>,
    relation: &Relation,
    columns: &[String],
    name: &str,
) -> Verdict {
    let has_other = |catalog: &Catalog| {
        catalog.get(relation.id).is_some_and(|relation| {
            relation.indexes.iter().any(|index| {
                index.name != name
                    && index.unique
                    && index.predicate.is_none()
                    && same_columns(index, columns)
            })
        })
    };
    let replaced = has_other(situation.before)
        || situation.last.is_some_and(|last| {
            has_other(last)
                || last.get(relation.id).is_none_or(|now| {
                    now.index(name)
                        .is_some_and(|index| same_columns(index, columns) && index.unique)
                })
        });
    if replaced {
        Verdict::additive()
            .at_least_minor("another unique index on the same columns takes its place")
    } else {
        Verdict::breaking("ON CONFLICT on these columns fails in the running version (42P10)")
            .reversible(Truth::Unknown)
    }
}

fn same_columns(index: &Index, columns: &[String]) -> bool {
    index.columns().is_some_and(|own| {
        own.len() == columns.len()
            && own
                .iter()
                .all(|column| columns.iter().any(|name| name == column))
    })
}

/// `DROP INDEX` of a known one.
pub(super) fn drop_index(
    situation: &Situation<'_>,
    relation: &Relation,
    index: &Index,
    name: &Name,
) -> Verdict {
    if index.born.clock >= situation.released || relation.is_younger_than(situation.released) {
        return Verdict::fresh();
    }
    match (index.unique, index.columns()) {
        (true, Some(columns)) if index.predicate.is_none() => {
            let columns: Vec<String> = columns.into_iter().map(str::to_owned).collect();
            drop_unique(situation, relation, &columns, &name.name)
        }
        (true, _) => Verdict::needs_proof("ON CONFLICT of the running version may need it")
            .reversible(Truth::Unknown),
        (false, _) => {
            Verdict::additive().at_least_minor("queries of the running version may need it")
        }
    }
}
