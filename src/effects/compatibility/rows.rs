//! Statements about rows.

use super::{Seen, Verdict, is_fresh, seen};
use crate::effects::Situation;
use crate::schema::Truth;
use crate::syntax::sql::operation::{Action, Name};

pub(super) fn judge(action: &Action, situation: &Situation<'_>) -> Verdict {
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
        } => update(situation, table, *has_where, columns),
        Action::Delete { table, has_where } => match seen(situation, table) {
            Seen::Fresh => Verdict::fresh(),
            _ if *has_where => {
                Verdict::needs_proof("the running version may need the rows").losing(Truth::Unknown)
            }
            _ => Verdict::needs_proof("the running version finds no rows")
                .losing(Truth::Yes)
                .destructive(),
        },
        Action::Select { calls, .. } => calls
            .iter()
            .find(|name| !is_harmless(situation, name))
            .map_or_else(Verdict::nothing, |name| call(situation, name)),
        Action::Call { name } => call(situation, name),
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

/// A call of a function that a migration made does what its body does, which is judged by itself.
fn call(situation: &Situation<'_>, name: &Name) -> Verdict {
    if situation.before.functions(name).is_empty() {
        return Verdict::unknown(format!(
            "it calls {name}(), and what that does is not in the migrations"
        ));
    }
    Verdict::nothing()
}

fn is_harmless(situation: &Situation<'_>, name: &Name) -> bool {
    situation.before.functions(name).is_empty()
        && name
            .schema
            .as_deref()
            .is_none_or(|schema| schema == "pg_catalog")
        && HARMLESS.binary_search(&name.name.as_str()).is_ok()
}

/// Built-in functions that change nothing in the schema and no row of a table.
const HARMLESS: &[&str] = &[
    "array_agg",
    "avg",
    "coalesce",
    "concat",
    "count",
    "current_database",
    "current_schema",
    "current_setting",
    "exists",
    "format",
    "gen_random_uuid",
    "json_agg",
    "jsonb_agg",
    "lower",
    "max",
    "min",
    "now",
    "nullif",
    "pg_advisory_lock",
    "pg_advisory_unlock",
    "pg_advisory_unlock_all",
    "pg_advisory_xact_lock",
    "pg_get_serial_sequence",
    "pg_notify",
    "pg_sleep",
    "pg_try_advisory_lock",
    "pg_try_advisory_xact_lock",
    "set_config",
    "setval",
    "string_agg",
    "sum",
    "to_regclass",
    "upper",
    "version",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_functions_are_sorted() {
        assert!(HARMLESS.is_sorted());
    }
}
