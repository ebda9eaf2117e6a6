//! Statements about rows.

use super::{Seen, Verdict, is_fresh, seen};
use crate::effects::Situation;
use crate::schema::{Truth, is_known_function};
use crate::syntax::sql::operation::{Action, Name};

pub(super) fn judge(action: &Action, situation: &Situation<'_>) -> Verdict {
    let verdict = written(action, situation);
    // What a function of a migration does is in its body, and that is judged by itself.
    let strange = action
        .calls()
        .iter()
        .find(|name| !is_made_or_harmless(situation, name));
    match strange {
        None => verdict,
        Some(name) => verdict.worse(Verdict::unknown(format!(
            "it calls {name}(), and what that does is not in the migrations"
        ))),
    }
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
    !situation.before.functions(name).is_empty() || is_harmless(name)
}

fn is_harmless(name: &Name) -> bool {
    let is_built_in = name
        .schema
        .as_deref()
        .is_none_or(|schema| schema == "pg_catalog");
    let known = name.name.as_str();
    is_built_in
        && known != "set_config"
        && (is_known_function(known)
            || HARMLESS
                .binary_search_by(|harmless| {
                    harmless
                        .bytes()
                        .cmp(known.bytes().map(|byte| byte.to_ascii_lowercase()))
                })
                .is_ok())
}

/// Built-in functions that change nothing in the schema and no row of a table.
const HARMLESS: &[&str] = &[
    "acos",
    "akeys",
    "all",
    "any",
    "any_value",
    "area",
    "array_agg",
    "array_dims",
    "array_fill",
    "array_lower",
    "array_ndims",
    "array_position",
    "array_positions",
    "array_prepend",
    "array_remove",
    "array_replace",
    "array_to_json",
    "array_upper",
    "ascii",
    "asin",
    "atan",
    "atan2",
    "avals",
    "avg",
    "bin",
    "bin_to_uuid",
    "bit_and",
    "bit_or",
    "bool_and",
    "bool_or",
    "box",
    "cardinality",
    "cast",
    "cbrt",
    "center",
    "changes",
    "char",
    "circle",
    "clock_timestamp",
    "coalesce",
    "col_description",
    "concat",
    "concat_ws",
    "connection_id",
    "conv",
    "convert",
    "convert_from",
    "convert_to",
    "corr",
    "cos",
    "cot",
    "count",
    "covar_pop",
    "crc32",
    "crypt",
    "cume_dist",
    "curdate",
    "current_database",
    "current_schema",
    "current_setting",
    "currval",
    "curtime",
    "database",
    "date_add",
    "date_diff",
    "date_format",
    "date_sub",
    "datediff",
    "datemultirange",
    "datetime",
    "day",
    "dayofweek",
    "degrees",
    "dense_rank",
    "diameter",
    "digest",
    "elt",
    "every",
    "exists",
    "factorial",
    "family",
    "field",
    "find_in_set",
    "first_value",
    "format",
    "format_type",
    "found_rows",
    "from_unixtime",
    "gcd",
    "gen_random_uuid",
    "generate_series",
    "generate_subscripts",
    "get_byte",
    "group_concat",
    "grouping",
    "has_column_privilege",
    "has_schema_privilege",
    "has_table_privilege",
    "height",
    "hex",
    "hmac",
    "host",
    "hour",
    "hstore_to_json",
    "hstore_to_jsonb",
    "if",
    "ifnull",
    "iif",
    "inet_aton",
    "inet_merge",
    "inet_ntoa",
    "instr",
    "int4multirange",
    "int8multirange",
    "isempty",
    "isfinite",
    "isnull",
    "json",
    "json_agg",
    "json_array_elements",
    "json_array_elements_text",
    "json_array_length",
    "json_contains",
    "json_each",
    "json_each_text",
    "json_extract",
    "json_extract_path",
    "json_extract_path_text",
    "json_group_array",
    "json_group_object",
    "json_insert",
    "json_keys",
    "json_length",
    "json_merge_patch",
    "json_object_agg",
    "json_object_keys",
    "json_populate_record",
    "json_quote",
    "json_remove",
    "json_replace",
    "json_set",
    "json_strip_nulls",
    "json_to_record",
    "json_to_recordset",
    "json_type",
    "json_typeof",
    "json_unquote",
    "json_valid",
    "jsonb_agg",
    "jsonb_array_elements",
    "jsonb_array_elements_text",
    "jsonb_each",
    "jsonb_each_text",
    "jsonb_extract_path",
    "jsonb_extract_path_text",
    "jsonb_insert",
    "jsonb_object_agg",
    "jsonb_object_keys",
    "jsonb_path_exists",
    "jsonb_path_query",
    "jsonb_path_query_array",
    "jsonb_path_query_first",
    "jsonb_populate_record",
    "jsonb_pretty",
    "jsonb_to_record",
    "jsonb_to_recordset",
    "jsonb_typeof",
    "julianday",
    "justify_days",
    "justify_hours",
    "justify_interval",
    "lag",
    "last_day",
    "last_insert_id",
    "last_insert_rowid",
    "last_value",
    "lastval",
    "lcase",
    "lcm",
    "lead",
    "likely",
    "line",
    "locate",
    "lower",
    "lower_inc",
    "lseg",
    "ltree",
    "ltree2text",
    "masklen",
    "max",
    "merge_action",
    "mid",
    "min",
    "minute",
    "mode",
    "month",
    "network",
    "nextval",
    "nlevel",
    "now",
    "nth_value",
    "ntile",
    "nullif",
    "nummultirange",
    "numnode",
    "obj_description",
    "oct",
    "path",
    "percent_rank",
    "percentile_cont",
    "percentile_disc",
    "pg_advisory_lock",
    "pg_advisory_unlock",
    "pg_advisory_unlock_all",
    "pg_advisory_xact_lock",
    "pg_backend_pid",
    "pg_column_size",
    "pg_current_xact_id",
    "pg_database_size",
    "pg_get_constraintdef",
    "pg_get_expr",
    "pg_get_functiondef",
    "pg_get_indexdef",
    "pg_get_serial_sequence",
    "pg_get_triggerdef",
    "pg_get_viewdef",
    "pg_indexes_size",
    "pg_is_in_recovery",
    "pg_notify",
    "pg_relation_size",
    "pg_size_pretty",
    "pg_sleep",
    "pg_table_is_visible",
    "pg_table_size",
    "pg_total_relation_size",
    "pg_try_advisory_lock",
    "pg_try_advisory_xact_lock",
    "pg_type_is_visible",
    "pg_typeof",
    "phraseto_tsquery",
    "pi",
    "plainto_tsquery",
    "polygon",
    "printf",
    "quote",
    "quote_nullable",
    "radians",
    "randomblob",
    "range_agg",
    "range_merge",
    "rank",
    "regexp_match",
    "regexp_matches",
    "regexp_split_to_array",
    "regexp_split_to_table",
    "row",
    "row_count",
    "row_number",
    "scale",
    "schema",
    "second",
    "set_byte",
    "setval",
    "sha",
    "sha1",
    "sha2",
    "shobj_description",
    "similarity",
    "sin",
    "some",
    "soundex",
    "space",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "str_to_date",
    "strcmp",
    "strftime",
    "string_agg",
    "string_to_table",
    "strip",
    "subpath",
    "substring_index",
    "sum",
    "sysdate",
    "tan",
    "text2ltree",
    "time",
    "timeofday",
    "timestampadd",
    "timestampdiff",
    "to_regclass",
    "to_regnamespace",
    "to_regproc",
    "to_regprocedure",
    "to_regrole",
    "to_regtype",
    "total",
    "total_changes",
    "truncate",
    "ts_headline",
    "ts_rank",
    "tsmultirange",
    "tstzmultirange",
    "tsvector_to_array",
    "typeof",
    "ucase",
    "unaccent",
    "unhex",
    "unix_timestamp",
    "unixepoch",
    "unlikely",
    "unnest",
    "upper",
    "upper_inc",
    "user",
    "utc_date",
    "utc_time",
    "utc_timestamp",
    "uuid",
    "uuid_extract_timestamp",
    "uuid_generate_v1",
    "uuid_short",
    "uuid_to_bin",
    "var_pop",
    "var_samp",
    "variance",
    "version",
    "websearch_to_tsquery",
    "width",
    "width_bucket",
    "word_similarity",
    "xmlagg",
    "xmlelement",
    "xmlforest",
    "year",
    "zeroblob",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_functions_are_sorted() {
        assert!(HARMLESS.is_sorted());
    }
}
