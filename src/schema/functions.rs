//! What the functions that servers and common extensions bring along do.
//!
//! `postgres_functions.tsv` holds what `pg_proc` of PostgreSQL 15 says of every function that SQL can call, and of those of
//! pgcrypto, uuid-ossp, hstore, ltree, `pg_trgm`, unaccent, citext, fuzzystrmatch, `btree_gist`, `btree_gin`, intarray, cube,
//! earthdistance and tablefunc: its name and the worst volatility of its overloads. A test compares it with a server.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::syntax::sql::operation::{Dialect, Volatility};

/// Functions of MySQL and SQLite that only compute, one on each line.
const OTHER_DIALECTS: &str = include_str!("other_functions.txt");

static POSTGRES: LazyLock<BTreeMap<&str, Volatility>> = LazyLock::new(|| {
    let mut functions: BTreeMap<&str, Volatility> = include_str!("postgres_functions.tsv")
        .split('\n')
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, volatility)| {
            let volatility = match volatility {
                "immutable" => Volatility::Immutable,
                "stable" => Volatility::Stable,
                _ => Volatility::Volatile,
            };
            (name, volatility)
        })
        .collect();
    functions.extend(SINCE_16.iter().copied());
    functions
});

/// How often a built-in function of PostgreSQL gives another value; words of the grammar that look like calls are
/// immutable. `None` for what nobody knows.
pub fn built_in_volatility(name: &str) -> Option<Volatility> {
    if is_word(name) {
        return Some(Volatility::Immutable);
    }
    POSTGRES.get(name).copied()
}

/// A built-in function that changes nothing: no schema, no row, no setting of the session, and runs no SQL that it is given.
pub fn changes_nothing(dialect: Dialect, name: &str) -> bool {
    if dialect == Dialect::Postgresql {
        // An immutable or stable function must not change the database (PostgreSQL's documentation, xfunc-volatility).
        return match built_in_volatility(name) {
            Some(Volatility::Immutable | Volatility::Stable) => true,
            Some(Volatility::Volatile) => VOLATILE_AND_HARMLESS.binary_search(&name).is_ok(),
            None => false,
        };
    }
    let name = name.to_ascii_lowercase();
    is_word(&name) || (!name.is_empty() && OTHER_DIALECTS.split('\n').any(|known| known == name))
}

/// The names that `pg_proc` tells of, and what they do.
pub fn postgres_functions() -> impl Iterator<Item = (&'static str, Volatility)> {
    POSTGRES
        .iter()
        .map(|(&name, &volatility)| (name, volatility))
}

fn is_word(name: &str) -> bool {
    WORDS.binary_search(&name).is_ok()
}

/// Functions that came with PostgreSQL 16, 17 and 18, as its documentation has them.
const SINCE_16: &[(&str, Volatility)] = &[
    ("any_value", Volatility::Immutable),
    ("array_reverse", Volatility::Immutable),
    ("array_sample", Volatility::Volatile),
    ("array_shuffle", Volatility::Volatile),
    ("array_sort", Volatility::Immutable),
    ("casefold", Volatility::Immutable),
    ("crc32", Volatility::Immutable),
    ("crc32c", Volatility::Immutable),
    ("date_add", Volatility::Stable),
    ("date_subtract", Volatility::Stable),
    ("erf", Volatility::Immutable),
    ("erfc", Volatility::Immutable),
    ("gamma", Volatility::Immutable),
    ("lgamma", Volatility::Immutable),
    ("merge_action", Volatility::Volatile),
    ("pg_basetype", Volatility::Stable),
    ("pg_get_acl", Volatility::Stable),
    ("pg_input_error_info", Volatility::Stable),
    ("pg_input_is_valid", Volatility::Stable),
    ("random_normal", Volatility::Volatile),
    ("system_user", Volatility::Stable),
    ("to_bin", Volatility::Immutable),
    ("to_oct", Volatility::Immutable),
    ("to_regtypemod", Volatility::Stable),
    ("unicode_assigned", Volatility::Immutable),
    ("unicode_version", Volatility::Immutable),
    ("uuid_extract_timestamp", Volatility::Immutable),
    ("uuid_extract_version", Volatility::Immutable),
    ("uuidv4", Volatility::Volatile),
    ("uuidv7", Volatility::Volatile),
    ("xmltext", Volatility::Immutable),
];

/// Volatile functions of PostgreSQL, read one by one: they give random values, times, sizes and states, draw from a sequence,
/// wait, notify, or hold advisory locks, which rules of their own look at. Sizes take ACCESS SHARE for a moment.
const VOLATILE_AND_HARMLESS: &[&str] = &[
    "array_sample",
    "array_shuffle",
    "clock_timestamp",
    "current_query",
    "currval",
    "gen_random_bytes",
    "gen_random_uuid",
    "gen_salt",
    "lastval",
    "merge_action",
    "nextval",
    "pg_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_advisory_unlock",
    "pg_advisory_unlock_all",
    "pg_advisory_unlock_shared",
    "pg_advisory_xact_lock",
    "pg_advisory_xact_lock_shared",
    "pg_blocking_pids",
    "pg_collation_actual_version",
    "pg_current_wal_flush_lsn",
    "pg_current_wal_insert_lsn",
    "pg_current_wal_lsn",
    "pg_database_collation_actual_version",
    "pg_database_size",
    "pg_indexes_size",
    "pg_is_in_recovery",
    "pg_is_wal_replay_paused",
    "pg_jit_available",
    "pg_last_committed_xact",
    "pg_last_wal_receive_lsn",
    "pg_last_wal_replay_lsn",
    "pg_last_xact_replay_timestamp",
    "pg_lock_status",
    "pg_notification_queue_usage",
    "pg_notify",
    "pg_partition_ancestors",
    "pg_partition_tree",
    "pg_relation_size",
    "pg_safe_snapshot_blocking_pids",
    "pg_sequence_last_value",
    "pg_sleep",
    "pg_sleep_for",
    "pg_sleep_until",
    "pg_table_size",
    "pg_tablespace_size",
    "pg_total_relation_size",
    "pg_try_advisory_lock",
    "pg_try_advisory_lock_shared",
    "pg_try_advisory_xact_lock",
    "pg_try_advisory_xact_lock_shared",
    "pg_xact_commit_timestamp",
    "pg_xact_status",
    "random",
    "random_normal",
    "setseed",
    "timeofday",
    "txid_status",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
];

/// Words of PostgreSQL's grammar that a parenthesis may follow.
const WORDS: &[&str] = &[
    "all",
    "and",
    "any",
    "array",
    "as",
    "between",
    "by",
    "case",
    "cast",
    "coalesce",
    "collate",
    "current_date",
    "current_time",
    "current_timestamp",
    "default",
    "distinct",
    "else",
    "except",
    "exists",
    "extract",
    "filter",
    "from",
    "greatest",
    "grouping",
    "having",
    "ilike",
    "in",
    "intersect",
    "interval",
    "is",
    "isnull",
    "join",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_table",
    "json_value",
    "lateral",
    "least",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "normalize",
    "not",
    "nullif",
    "offset",
    "on",
    "only",
    "or",
    "over",
    "overlay",
    "position",
    "returning",
    "row",
    "select",
    "similar",
    "some",
    "substring",
    "then",
    "treat",
    "trim",
    "union",
    "using",
    "values",
    "when",
    "where",
    "with",
    "within",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(VOLATILE_AND_HARMLESS.is_sorted());
        assert!(WORDS.is_sorted());
        assert!(OTHER_DIALECTS.trim_end().split('\n').is_sorted());
        let lines: Vec<&str> = include_str!("postgres_functions.tsv")
            .trim_end()
            .split('\n')
            .collect();
        assert!(lines.is_sorted());
    }

    #[test]
    fn what_functions_change() {
        for (dialect, name, expected) in [
            (Dialect::Postgresql, "lower", true),
            (Dialect::Postgresql, "coalesce", true),
            (Dialect::Postgresql, "nextval", true),
            (Dialect::Postgresql, "pg_advisory_xact_lock", true),
            (Dialect::Postgresql, "uuidv7", true),
            (Dialect::Postgresql, "setval", false),
            (Dialect::Postgresql, "set_config", false),
            (Dialect::Postgresql, "query_to_xml", false),
            (Dialect::Postgresql, "ts_stat", false),
            (Dialect::Postgresql, "pg_terminate_backend", false),
            (Dialect::Postgresql, "pg_reload_conf", false),
            (Dialect::Postgresql, "lo_unlink", false),
            (Dialect::Postgresql, "create_hypertable", false),
            (Dialect::Postgresql, "group_concat", false),
            (Dialect::Mysql, "GROUP_CONCAT", true),
            (Dialect::Mysql, "sleep_on_it", false),
            (Dialect::Sqlite, "json_extract", true),
            (Dialect::Mysql, "json_contains_path", true),
            (Dialect::Sqlite, "load_extension", false),
        ] {
            assert_eq!(changes_nothing(dialect, name), expected, "{name}");
        }
    }

    #[test]
    fn harmless_functions_are_volatile_and_known() {
        for name in VOLATILE_AND_HARMLESS {
            assert_eq!(
                built_in_volatility(name),
                Some(Volatility::Volatile),
                "{name}"
            );
        }
    }
}
