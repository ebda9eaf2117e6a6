//! Statements about rows.

use super::{Seen, Verdict, is_fresh, seen};
use crate::effects::Situation;
use crate::schema::{Truth, changes_nothing};
use crate::syntax::sql::operation::{Action, Name};

pub(super) fn judge(action: &Action, situation: &Situation<'_>) -> Verdict {
    let verdict = action
        .calls()
        .iter()
        .any(|name| is_setval(situation, name))
        .then(|| {
            Verdict::additive()
                .reversible(Truth::Unknown)
                .at_least_minor("it moves a sequence, which a rollback does not move back")
        })
        .into_iter()
        .fold(written(action, situation), Verdict::worse);
    // What a function of a migration does is in its body, and that is judged by itself.
    let strange = action
        .calls()
        .iter()
        .filter(|name| !is_setval(situation, name))
        .find(|name| !is_made_or_harmless(situation, name));
    match strange {
        None => verdict,
        Some(name) => verdict.worse(Verdict::unknown(format!(
            "it calls {name}(), and what that does is not in the migrations"
        ))),
    }
}

/// It sets where a sequence goes on.
fn is_setval(situation: &Situation<'_>, name: &Name) -> bool {
    is_built_in(name) && name.name == "setval" && situation.before.functions(name).is_empty()
}

/// What is said about the rows, whatever is called.
fn written(action: &Action, situation: &Situation<'_>) -> Verdict {
    match action {
        Action::Truncate { tables, .. } => {
            if tables
                .iter()
                .all(|table| matches!(seen(situation, table), Seen::Fresh))
            {
                return Verdict::fresh();
            }
            Verdict::needs_proof("the running version finds no rows")
                .losing(Truth::Yes)
                .destructive()
        }
        Action::Insert {
            table,
            replaces: true,
            ..
        } if !matches!(seen(situation, table), Seen::Fresh) => Verdict::needs_proof(
            "rows with the same key are deleted, with what refers to them, and written anew",
        )
        .losing(Truth::Unknown)
        .reversible(Truth::No),
        Action::Insert { table, .. } | Action::Copy { table, from: true } => {
            match seen(situation, table) {
                Seen::Fresh => Verdict::fresh(),
                // A down that deletes the rows again has to tell them from others.
                _ => Verdict::additive().reversible(Truth::Unknown),
            }
        }
        Action::Update {
            table,
            has_where,
            columns,
            ..
        } => update(situation, table, *has_where, columns),
        Action::Delete {
            table, has_where, ..
        } => match seen(situation, table) {
            Seen::Fresh => Verdict::fresh(),
            _ if *has_where => {
                Verdict::needs_proof("the running version may need the rows").losing(Truth::Unknown)
            }
            _ => Verdict::needs_proof("the running version finds no rows")
                .losing(Truth::Yes)
                .destructive(),
        },
        _ => Verdict::nothing(),
    }
}

fn update(situation: &Situation<'_>, table: &Name, has_where: bool, columns: &[String]) -> Verdict {
    let relation = match seen(situation, table) {
        Seen::Fresh => return Verdict::fresh(),
        Seen::Old(relation) => Some(relation),
        Seen::Foreign | Seen::Absent => None,
    };
    let only_new = !columns.is_empty()
        && columns.iter().all(|name| {
            relation
                .and_then(|relation| relation.column(name))
                .is_some_and(|column| is_fresh(situation, column))
        });
    if only_new {
        // The column goes with the down that drops it.
        return Verdict {
            created_in_release: true,
            ..Verdict::additive()
        };
    }
    let loss = if has_where {
        Truth::Unknown
    } else {
        Truth::Yes
    };
    Verdict::needs_proof("the running version meets other values").losing(loss)
}

/// A migration made the function, or the server brings it along and it changes nothing.
fn is_made_or_harmless(situation: &Situation<'_>, name: &Name) -> bool {
    !situation.before.functions(name).is_empty() || is_harmless(situation, name)
}

fn is_harmless(situation: &Situation<'_>, name: &Name) -> bool {
    is_built_in(name) && changes_nothing(situation.before.dialect(), &name.name)
}

/// The name does not say that it is somebody's own.
fn is_built_in(name: &Name) -> bool {
    name.schema
        .as_deref()
        .is_none_or(|schema| schema == "pg_catalog")
}
