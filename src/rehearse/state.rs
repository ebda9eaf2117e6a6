//! What a database holds: its schema, read from the catalog and not from any text, and its rows, as checksums.

use std::collections::BTreeMap;

use super::connection::{Connection, Refused, Row, quoted};

/// The objects of a schema: what and which, to how it is defined.
pub type Schema = BTreeMap<String, String>;

/// Every object that a migration can make, with everything that tells two of them apart except for the order of columns,
/// numbers that the server gives, comments and statistics. What belongs to an extension is the extension's.
const OBJECTS: &str = r"
WITH own AS (
  SELECT n.oid, n.nspname FROM pg_namespace n
  WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
), member AS (
  SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
)
SELECT 'schema ' || quote_ident(nspname), '' FROM own
UNION ALL
SELECT 'extension ' || quote_ident(extname), extversion FROM pg_extension
UNION ALL
SELECT CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
    WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'type' END
    || ' ' || quote_ident(own.nspname) || '.' || quote_ident(c.relname),
  concat_ws('; ',
    CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,
    CASE WHEN c.relrowsecurity THEN 'row security' END,
    CASE WHEN c.relforcerowsecurity THEN 'forced' END,
    CASE WHEN c.relreplident NOT IN ('d', 'n') THEN 'replica identity ' || c.relreplident::text END,
    array_to_string(c.reloptions, ', '),
    pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid),
    (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid),
    CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
    'owner ' || pg_get_userbyid(c.relowner), 'grants ' || c.relacl::text)
FROM pg_class c JOIN own ON own.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
UNION ALL
SELECT 'column ' || quote_ident(own.nspname) || '.' || quote_ident(c.relname) || '.' || quote_ident(a.attname),
  concat_ws(' ', format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attnotnull THEN 'not null' END,
    CASE WHEN a.attgenerated <> '' THEN 'generated ' || a.attgenerated::text WHEN d.oid IS NOT NULL THEN 'default' END,
    pg_get_expr(d.adbin, d.adrelid),
    CASE WHEN a.attidentity <> '' THEN 'identity ' || a.attidentity::text END,
    CASE WHEN a.attcollation <> t.typcollation THEN 'collate ' || a.attcollation::regcollation::text END,
    CASE WHEN a.attstorage <> t.typstorage THEN 'storage ' || a.attstorage::text END,
    array_to_string(a.attoptions, ', '), 'grants ' || a.attacl::text)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN own ON own.oid = c.relnamespace
  JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
UNION ALL
SELECT 'constraint ' || quote_ident(own.nspname) || '.' || coalesce(quote_ident(c.relname), quote_ident(t.typname))
    || '.' || quote_ident(k.conname),
  pg_get_constraintdef(k.oid) || CASE WHEN k.convalidated THEN '' ELSE ' (not valid)' END
FROM pg_constraint k JOIN own ON own.oid = k.connamespace
  LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid
WHERE k.contype <> 't' AND k.contype <> 'n'
  AND NOT EXISTS (SELECT FROM member m WHERE (m.classid = 'pg_class'::regclass AND m.objid = k.conrelid)
    OR (m.classid = 'pg_type'::regclass AND m.objid = k.contypid))
UNION ALL
SELECT 'index ' || quote_ident(own.nspname) || '.' || quote_ident(c.relname) || '.' || quote_ident(i.relname),
  pg_get_indexdef(x.indexrelid) || CASE WHEN x.indisvalid THEN '' ELSE ' (invalid)' END
    || CASE WHEN x.indisclustered THEN ' (clustered)' ELSE '' END
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
  JOIN own ON own.oid = i.relnamespace
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
UNION ALL
SELECT 'trigger ' || quote_ident(own.nspname) || '.' || quote_ident(c.relname) || '.' || quote_ident(g.tgname),
  pg_get_triggerdef(g.oid) || ' ' || g.tgenabled::text
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN own ON own.oid = c.relnamespace
WHERE NOT g.tgisinternal
UNION ALL
SELECT 'rule ' || quote_ident(own.nspname) || '.' || quote_ident(c.relname) || '.' || quote_ident(r.rulename),
  pg_get_ruledef(r.oid)
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN own ON own.oid = c.relnamespace
WHERE r.rulename <> '_RETURN'
UNION ALL
SELECT 'policy ' || quote_ident(own.nspname) || '.' || quote_ident(c.relname) || '.' || quote_ident(p.polname),
  concat_ws('; ', p.polcmd::text, p.polpermissive::text, p.polroles::regrole[]::text,
    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN own ON own.oid = c.relnamespace
UNION ALL
SELECT 'sequence ' || quote_ident(own.nspname) || '.' || quote_ident(c.relname),
  concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
    (SELECT 'owned by ' || d.refobjid::regclass::text || '.' || a.attname FROM pg_depend d
      JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') LIMIT 1))
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN own ON own.oid = c.relnamespace
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
UNION ALL
SELECT 'function ' || quote_ident(own.nspname) || '.' || quote_ident(p.proname)
    || '(' || pg_get_function_identity_arguments(p.oid) || ')',
  CASE WHEN p.prokind = 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END
FROM pg_proc p JOIN own ON own.oid = p.pronamespace
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid)
UNION ALL
SELECT CASE t.typtype WHEN 'e' THEN 'enum ' WHEN 'd' THEN 'domain ' ELSE 'type ' END
    || quote_ident(own.nspname) || '.' || quote_ident(t.typname),
  CASE t.typtype
    WHEN 'e' THEN (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
      FROM pg_enum e WHERE e.enumtypid = t.oid)
    WHEN 'd' THEN concat_ws(' ', format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'not null' END,
      t.typdefault)
    ELSE t.typtype::text END
FROM pg_type t JOIN own ON own.oid = t.typnamespace
WHERE t.typtype IN ('e', 'd', 'r')
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
UNION ALL
SELECT 'statistics ' || quote_ident(own.nspname) || '.' || quote_ident(s.stxname), pg_get_statisticsobjdef(s.oid)
FROM pg_statistic_ext s JOIN own ON own.oid = s.stxnamespace
UNION ALL
SELECT 'event trigger ' || quote_ident(evtname), evtevent || ' ' || evtfoid::regproc::text || ' ' || evtenabled::text
FROM pg_event_trigger
";

/// Reads the schema.
pub fn schema(connection: &mut Connection) -> Result<Schema, Refused> {
    let rows = searching_nowhere(connection, OBJECTS)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let mut fields = row.into_iter();
            let name = fields.next().flatten().unwrap_or_default();
            (name, fields.next().flatten().unwrap_or_default())
        })
        .collect())
}

/// Runs a query with an empty search path, so that every name in a definition has its schema.
fn searching_nowhere(connection: &mut Connection, sql: &str) -> Result<Vec<Row>, Refused> {
    connection.run("BEGIN; SET LOCAL search_path = ''")?;
    let rows = connection.rows(sql);
    connection.run("ROLLBACK")?;
    rows
}

/// One thing that two schemas do not agree on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaDifference {
    /// The object: `column public.casks.label`.
    pub object: String,
    /// Its definition before; `None` when it was not there.
    pub before: Option<String>,
    /// Its definition after; `None` when it is not there.
    pub after: Option<String>,
}

impl std::fmt::Display for SchemaDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.before, &self.after) {
            (Some(_), None) => write!(f, "{} is missing", self.object),
            (None, _) => write!(f, "{} is left over", self.object),
            (Some(before), Some(after)) => {
                write!(
                    f,
                    "{} is `{}`, was `{}`",
                    self.object,
                    short(after),
                    short(before)
                )
            }
        }
    }
}

fn short(definition: &str) -> String {
    let line = definition.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 120 {
        return line;
    }
    let mut cut: String = line.chars().take(119).collect();
    cut.push('…');
    cut
}

/// What two schemas do not agree on, sorted. Parts of an object that is missing as a whole are not listed.
pub fn schema_differences(before: &Schema, after: &Schema) -> Vec<SchemaDifference> {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let all: Vec<SchemaDifference> = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| SchemaDifference {
            object: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        })
        .collect();
    let whole: std::collections::BTreeSet<(&str, bool)> = all
        .iter()
        .filter(|difference| difference.before.is_none() || difference.after.is_none())
        .filter_map(|difference| {
            let (kind, name) = difference.object.rsplit_once(' ')?;
            (kind.ends_with("table") || kind.ends_with("view"))
                .then_some((name, difference.before.is_none()))
        })
        .collect();
    let part_of_whole = |difference: &SchemaDifference| {
        let Some((kind, name)) = difference.object.split_once(' ') else {
            return false;
        };
        matches!(
            kind,
            "column" | "constraint" | "index" | "trigger" | "rule" | "policy"
        ) && name
            .rsplit_once('.')
            .is_some_and(|(table, _)| whole.contains(&(table, difference.before.is_none())))
    };
    let mut kept: Vec<SchemaDifference> = all
        .iter()
        .filter(|difference| !part_of_whole(difference))
        .cloned()
        .collect();
    kept.sort_by_key(|difference| rank(&difference.object));
    kept
}

/// What people ask for first comes first.
fn rank(object: &str) -> usize {
    const ORDER: [&str; 7] = [
        "schema ",
        "extension ",
        "table ",
        "partitioned table ",
        "view ",
        "materialized view ",
        "column ",
    ];
    ORDER
        .iter()
        .position(|kind| object.starts_with(kind))
        .unwrap_or(ORDER.len())
}

/// The same, without definitions that a dump writes in another way and that mean the same: PostgreSQL reads `x = ANY
/// ((ARRAY['a'::character varying])::text[])` back as `x = ANY (ARRAY[('a'::character varying)::text])`.
pub fn restored_differences(before: &Schema, after: &Schema) -> Vec<SchemaDifference> {
    let same = |difference: &SchemaDifference| match (&difference.before, &difference.after) {
        (Some(before), Some(after)) => without_casts(before) == without_casts(after),
        _ => false,
    };
    let mut found = schema_differences(before, after);
    found.retain(|difference| !same(difference));
    found
}

/// A definition without casts, brackets and white space. Strings stay as they are.
fn without_casts(definition: &str) -> String {
    let mut out = String::with_capacity(definition.len());
    let mut rest = definition;
    while let Some(c) = rest.chars().next() {
        let skipped = if c == '\'' {
            let end = rest
                .char_indices()
                .skip(1)
                .find(|(_, other)| *other == '\'')
                .map_or(rest.len(), |(at, _)| at + 1);
            out.push_str(rest.get(..end).unwrap_or(""));
            end
        } else if let Some(type_name) = rest.strip_prefix("::") {
            2 + end_of_type(type_name)
        } else {
            if !c.is_whitespace() && !matches!(c, '(' | ')') {
                out.push(c);
            }
            c.len_utf8()
        };
        rest = rest.get(skipped..).unwrap_or("");
    }
    out
}

/// Where a type's name ends, with its modifiers and brackets.
fn end_of_type(text: &str) -> usize {
    let word = text
        .find(|c: char| !(c.is_alphanumeric() || "_.\"".contains(c)))
        .unwrap_or(text.len());
    let mut end = word;
    for more in [
        " varying",
        " precision",
        " without time zone",
        " with time zone",
    ] {
        if text.get(end..).is_some_and(|rest| rest.starts_with(more)) {
            end += more.len();
        }
    }
    let rest = text.get(end..).unwrap_or("");
    if let Some(inner) = rest.strip_prefix('(') {
        let digits = inner
            .find(|c: char| !(c.is_ascii_digit() || c == ','))
            .unwrap_or(inner.len());
        if digits > 0
            && inner
                .get(digits..)
                .is_some_and(|rest| rest.starts_with(')'))
        {
            end += digits + 2;
        }
    }
    while text.get(end..).is_some_and(|rest| rest.starts_with("[]")) {
        end += 2;
    }
    end
}

/// The rows of a table: how many, and a checksum of each column that does not depend on their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// How many rows.
    pub rows: u64,
    /// Checksums by column.
    pub columns: BTreeMap<String, String>,
    /// A checksum of the whole rows.
    pub whole: String,
}

/// The contents of every table, by its name with its schema.
pub type Data = BTreeMap<String, Contents>;

/// Reads the checksums of all tables.
pub fn data(connection: &mut Connection) -> Result<Data, Refused> {
    let listing = "SELECT n.nspname, c.relname, \
        (SELECT array_to_string(array_agg(quote_ident(a.attname) ORDER BY a.attname), E'\\x01') FROM pg_attribute a \
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) \
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' \
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid) \
        ORDER BY 1, 2";
    let mut data = Data::new();
    for row in searching_nowhere(connection, listing)? {
        let [Some(schema), Some(table), columns] = row.as_slice() else {
            continue;
        };
        let columns: Vec<&str> = columns
            .as_deref()
            .unwrap_or("")
            .split('\u{1}')
            .filter(|name| !name.is_empty())
            .collect();
        data.insert(
            format!("{schema}.{table}"),
            contents(connection, schema, table, &columns)?,
        );
    }
    Ok(data)
}

fn contents(
    connection: &mut Connection,
    schema: &str,
    table: &str,
    columns: &[&str],
) -> Result<Contents, Refused> {
    // A sum of hashes does not depend on the order of the rows, and notices a row that is there twice.
    let sum = |text: &str| format!("sum(hashtextextended({text}, 0)::numeric)");
    let mut fields = vec!["count(*)".to_owned()];
    let whole: Vec<String> = columns.iter().map(|name| format!("{name}::text")).collect();
    fields.push(if whole.is_empty() {
        "''".to_owned()
    } else {
        sum(&format!("ROW({})::text", whole.join(", ")))
    });
    fields.extend(
        columns
            .iter()
            .map(|name| sum(&format!("coalesce({name}::text, 'NULL')"))),
    );
    let sql = format!(
        "SELECT {} FROM {}.{}",
        fields.join(", "),
        quoted(schema),
        quoted(table)
    );
    let row = searching_nowhere(connection, &sql)?
        .into_iter()
        .next()
        .unwrap_or_default();
    let mut values = row.into_iter();
    let rows = values
        .next()
        .flatten()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    let whole = values.next().flatten().unwrap_or_default();
    Ok(Contents {
        rows,
        whole,
        columns: columns
            .iter()
            .map(|name| name.trim_matches('"').to_owned())
            .zip(values.map(Option::unwrap_or_default))
            .collect(),
    })
}

/// What is not as it was, as phrases: `public.casks: 3 of 10 rows are gone`. Tables and columns that are not in both are
/// the schema's matter.
pub fn data_differences(before: &Data, after: &Data) -> Vec<String> {
    let mut found = Vec::new();
    for (table, was) in before {
        let Some(is) = after.get(table) else { continue };
        if was == is {
            continue;
        }
        if was.rows != is.rows {
            found.push(format!("{table}: {} rows, were {}", is.rows, was.rows));
            continue;
        }
        let changed: Vec<&str> = was
            .columns
            .iter()
            .filter(|(name, sum)| is.columns.get(*name).is_some_and(|now| now != *sum))
            .map(|(name, _)| name.as_str())
            .collect();
        if !changed.is_empty() {
            found.push(format!("{table}: other values in {}", changed.join(", ")));
        } else if was.columns.keys().eq(is.columns.keys()) {
            found.push(format!("{table}: values stand in other rows"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(objects: &[(&str, &str)]) -> Schema {
        objects
            .iter()
            .map(|(name, definition)| ((*name).to_owned(), (*definition).to_owned()))
            .collect()
    }

    #[test]
    fn parts_of_a_missing_table_are_not_listed() {
        let before = of(&[
            ("table public.casks", ""),
            ("column public.casks.id", "bigint"),
            ("column public.orders.id", "bigint"),
        ]);
        let after = of(&[
            ("column public.orders.id", "integer"),
            ("view public.v", "SELECT 1"),
        ]);
        let shown: Vec<String> = schema_differences(&before, &after)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            shown,
            [
                "table public.casks is missing",
                "view public.v is left over",
                "column public.orders.id is `integer`, was `bigint`",
            ]
        );
        assert!(schema_differences(&before, &before).is_empty());
    }

    #[test]
    fn casts_that_a_dump_moves_are_no_difference() {
        let before = "CHECK (((s)::text = ANY ((ARRAY['a'::character varying, 'b::c'::character varying(9)])::text[])))";
        let check = |after: &str, expected: bool| {
            assert_eq!(
                without_casts(before) == without_casts(after),
                expected,
                "{after}"
            );
        };
        check(
            "CHECK (((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b::c'::character varying)::text])))",
            true,
        );
        check(
            "CHECK (((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))",
            false,
        );
        check("CHECK ((s = 'a'::text[]", false);
        check("'::", false);
        check("::", false);
    }

    #[test]
    fn data_is_compared_by_column() {
        let table = |rows, columns: &[(&str, &str)], whole: &str| {
            let contents = Contents {
                rows,
                columns: of(columns),
                whole: whole.to_owned(),
            };
            Data::from([("public.casks".to_owned(), contents)])
        };
        let before = table(2, &[("a", "1"), ("b", "2")], "9");
        let check = |after: &Data, expected: &[&str]| {
            assert_eq!(data_differences(&before, after), expected);
        };
        check(&before, &[]);
        check(&Data::new(), &[]);
        check(
            &table(1, &[("a", "1")], "9"),
            &["public.casks: 1 rows, were 2"],
        );
        check(
            &table(2, &[("a", "1"), ("b", "3")], "8"),
            &["public.casks: other values in b"],
        );
        check(
            &table(2, &[("a", "1"), ("b", "2")], "8"),
            &["public.casks: values stand in other rows"],
        );
        // A column more is no loss.
        check(&table(2, &[("a", "1"), ("b", "2"), ("c", "0")], "8"), &[]);
    }
}
