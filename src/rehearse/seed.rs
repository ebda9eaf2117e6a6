//! Rows for the tables of the previous release, made up from the types of their columns and from what their constraints
//! say. Every value follows from the number of its row, so that two runs fill a database alike.

use std::collections::{BTreeMap, BTreeSet};

use super::Seeded;
use super::connection::{Connection, Refused, Row, literal};

/// A column that has to be filled.
#[derive(Debug, Clone, Default)]
struct Column {
    name: String,
    /// The type as the server writes it, with its modifiers.
    type_name: String,
    /// The type that decides how a value looks: of a domain the base type, of an array that of its elements.
    base: String,
    /// `e` enum, `b` base type, `r` range, `c` composite, `p` pseudo, `m` multirange.
    category: String,
    array: bool,
    not_null: bool,
    /// The longest text; 0 when there is no limit.
    length: u32,
    /// Digits before the point; 0 when there is no limit.
    digits: u32,
    /// Values that a check demands (`status IN ('open', 'closed')`), as the server writes them.
    choices: Vec<String>,
}

/// A foreign key.
#[derive(Debug, Clone)]
struct Key {
    columns: Vec<String>,
    target: String,
    target_columns: Vec<String>,
}

/// A table to be filled.
#[derive(Debug, Clone, Default)]
struct Table {
    name: String,
    columns: Vec<Column>,
    keys: Vec<Key>,
}

/// Fills every table with `rows` rows, those first that others point at. What the server refuses stays empty, with its
/// reason.
pub(super) fn fill(connection: &mut Connection, rows: u64) -> Result<Vec<Seeded>, Refused> {
    let tables = tables(connection)?;
    let mut done = Vec::new();
    for table in in_order(&tables) {
        let result = connection.run(&insert(table, rows));
        let reason = result
            .err()
            .map_or_else(String::new, |refused| refused.to_string());
        let count = connection.value(&format!("SELECT count(*) FROM {}", table.name))?;
        done.push(Seeded {
            table: table.name.clone(),
            rows: count.and_then(|count| count.parse().ok()).unwrap_or(0),
            reason,
        });
    }
    connection.run("ANALYZE")?;
    Ok(done)
}

/// Statements that an application of this schema could send, by the table that they are about: one that writes a row,
/// one that changes rows and one that reads them, with every column named.
pub(super) fn examples(connection: &mut Connection) -> Result<Vec<(String, String)>, Refused> {
    let mut found = Vec::new();
    for (name, table) in &tables(connection)? {
        found.push((name.clone(), insert_one(table)));
        let columns: Vec<&str> = table
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        if columns.is_empty() {
            continue;
        }
        let assignments: Vec<String> = columns
            .iter()
            .map(|column| format!("{column} = {column}"))
            .collect();
        found.push((
            name.clone(),
            format!("UPDATE {name} SET {} WHERE false", assignments.join(", ")),
        ));
        found.push((
            name.clone(),
            format!("SELECT {} FROM {name}", columns.join(", ")),
        ));
    }
    Ok(found)
}

/// An expression for some value of a type, for the parameter of a statement.
pub(super) fn sample(connection: &mut Connection, type_name: &str) -> Result<String, Refused> {
    let sql = format!(
        "SELECT format_type(b.oid, NULL), b.typtype, t.typcategory = 'A' AND t.typelem <> 0 FROM pg_type t \
         LEFT JOIN pg_type d ON d.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END \
         LEFT JOIN pg_type b ON b.oid = CASE WHEN d.typcategory = 'A' AND d.typelem <> 0 THEN d.typelem ELSE d.oid END \
         WHERE t.oid = {}::regtype",
        literal(type_name)
    );
    let row = connection
        .rows(&sql)?
        .into_iter()
        .next()
        .unwrap_or_default();
    let column = Column {
        type_name: type_name.to_owned(),
        base: text(&row, 0).to_owned(),
        category: text(&row, 1).to_owned(),
        array: text(&row, 2) == "t",
        ..Column::default()
    };
    Ok(value(&column, ONE_MORE))
}

/// The number of a row that no other row has.
const ONE_MORE: &str = "1987654321";

/// The ordinary and partitioned tables, without partitions: rows find theirs by themselves.
const COLUMNS: &str = r"
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(a.attname),
  format_type(a.atttypid, a.atttypmod), format_type(b.oid, NULL), b.typtype, t.typcategory = 'A' AND t.typelem <> 0,
  a.attnotnull OR t.typnotnull,
  CASE WHEN b.typname IN ('varchar', 'bpchar') AND m.typmod > 4 THEN m.typmod - 4
       WHEN b.typname IN ('bit', 'varbit') AND m.typmod > 0 THEN m.typmod ELSE 0 END,
  CASE WHEN b.typname = 'numeric' AND m.typmod > 4
       THEN greatest(((m.typmod - 4) >> 16) & 65535, 1) - ((m.typmod - 4) & 2047) ELSE 0 END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_type d ON d.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
  LEFT JOIN pg_type b ON b.oid = CASE WHEN d.typcategory = 'A' AND d.typelem <> 0 THEN d.typelem ELSE d.oid END
  CROSS JOIN LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod) m
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.deptype = 'e' AND x.classid = 'pg_class'::regclass AND x.objid = c.oid)
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity = ''
  AND NOT EXISTS (SELECT FROM pg_attrdef f WHERE f.adrelid = c.oid AND f.adnum = a.attnum
    AND pg_get_expr(f.adbin, f.adrelid) ~ '^nextval\(')
ORDER BY 1, a.attnum";

const KEYS: &str = r"
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname),
  (SELECT string_agg(quote_ident(a.attname), E'\x01' ORDER BY x.n) FROM unnest(k.conkey) WITH ORDINALITY x(id, n)
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.id),
  quote_ident(fn.nspname) || '.' || quote_ident(f.relname),
  (SELECT string_agg(quote_ident(a.attname), E'\x01' ORDER BY x.n) FROM unnest(k.confkey) WITH ORDINALITY x(id, n)
    JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.id)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
WHERE k.contype = 'f' AND NOT c.relispartition
ORDER BY 1, k.conname";

const CHECKS: &str = r"
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(a.attname), pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.contype = 'c' AND cardinality(k.conkey) = 1
UNION ALL
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(a.attname), pg_get_constraintdef(k.oid)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_constraint k ON k.contypid = a.atttypid
WHERE c.relkind IN ('r', 'p') AND a.attnum > 0
ORDER BY 1, 2, 3";

fn tables(connection: &mut Connection) -> Result<BTreeMap<String, Table>, Refused> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for row in connection.rows(COLUMNS)? {
        let number = |index: usize| text(&row, index).parse().unwrap_or(0);
        let name = text(&row, 0);
        let table = tables.entry(name.to_owned()).or_default();
        name.clone_into(&mut table.name);
        table.columns.push(Column {
            name: text(&row, 1).to_owned(),
            type_name: text(&row, 2).to_owned(),
            base: text(&row, 3).to_owned(),
            category: text(&row, 4).to_owned(),
            array: text(&row, 5) == "t",
            not_null: text(&row, 6) == "t",
            length: number(7),
            digits: number(8),
            choices: Vec::new(),
        });
    }
    let list = |text: &str| text.split('\u{1}').map(str::to_owned).collect::<Vec<_>>();
    for row in connection.rows(KEYS)? {
        if let Some(table) = tables.get_mut(text(&row, 0)) {
            table.keys.push(Key {
                columns: list(text(&row, 1)),
                target: text(&row, 2).to_owned(),
                target_columns: list(text(&row, 3)),
            });
        }
    }
    for row in connection.rows(CHECKS)? {
        let column = tables.get_mut(text(&row, 0)).and_then(|table| {
            table
                .columns
                .iter_mut()
                .find(|column| column.name == text(&row, 1))
        });
        if let Some(column) = column.filter(|column| column.choices.is_empty()) {
            column.choices = choices(text(&row, 2));
        }
    }
    Ok(tables)
}

fn text(row: &Row, index: usize) -> &str {
    row.get(index).and_then(Option::as_deref).unwrap_or("")
}

/// The values in `CHECK ((status = ANY (ARRAY['open'::text, 'closed'::text])))`, or the one in `CHECK ((n = 1))`.
fn choices(definition: &str) -> Vec<String> {
    if let Some((_, rest)) = definition.split_once("= ANY (") {
        let Some((_, list)) = rest.split_once("ARRAY[") else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let mut current = String::new();
        let mut quoted = false;
        for c in list.chars() {
            match c {
                '\'' => {
                    quoted = !quoted;
                    current.push(c);
                }
                ',' if !quoted => found.push(std::mem::take(&mut current).trim().to_owned()),
                ']' if !quoted => break,
                _ => current.push(c),
            }
        }
        found.push(current.trim().to_owned());
        found.retain(|value| !value.is_empty());
        return found;
    }
    Vec::new()
}

/// The tables that others point at come first; in a circle, by name.
fn in_order(tables: &BTreeMap<String, Table>) -> Vec<&Table> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut order = Vec::new();
    while done.len() < tables.len() {
        let is_open = |table: &Table| {
            table.keys.iter().any(|key| {
                key.target != table.name
                    && tables.contains_key(&key.target)
                    && !done.contains(key.target.as_str())
            })
        };
        let next: Vec<&Table> = tables
            .values()
            .filter(|table| !done.contains(table.name.as_str()) && !is_open(table))
            .collect();
        let next = if next.is_empty() {
            tables
                .values()
                .find(|table| !done.contains(table.name.as_str()))
                .into_iter()
                .collect()
        } else {
            next
        };
        for table in next {
            done.insert(&table.name);
            order.push(table);
        }
    }
    order
}

/// `INSERT ... SELECT` over a series of numbers, joined with the rows that foreign keys point at.
fn insert(table: &Table, rows: u64) -> String {
    if table.columns.is_empty() {
        return format!(
            "INSERT INTO {} SELECT FROM generate_series(1, {rows})",
            table.name
        );
    }
    let mut joins = String::new();
    let mut values: BTreeMap<&str, String> = BTreeMap::new();
    for (number, key) in table.keys.iter().enumerate() {
        // A table that points at itself gets rows without a parent.
        if key.target == table.name {
            for column in &key.columns {
                let nullable = table
                    .columns
                    .iter()
                    .any(|known| known.name == *column && !known.not_null);
                if nullable {
                    values.entry(column).or_insert_with(|| "NULL".to_owned());
                }
            }
            continue;
        }
        // Two keys that share a column take it from the first.
        if key
            .columns
            .iter()
            .any(|column| values.contains_key(column.as_str()))
        {
            continue;
        }
        let targets = key.target_columns.join(", ");
        joins.push_str(&format!(
            " LEFT JOIN (SELECT {targets}, row_number() OVER () - 1 AS \"#n\" FROM {0}) f{number} \
             ON f{number}.\"#n\" = g.i % greatest((SELECT count(*) FROM {0}), 1)",
            key.target
        ));
        for (column, target) in key.columns.iter().zip(&key.target_columns) {
            values.insert(column, format!("f{number}.{target}"));
        }
    }
    let (names, made) = columns(table, &values, "g.i");
    format!(
        "INSERT INTO {} ({}) SELECT {} FROM generate_series(0, {}) g(i){joins} ON CONFLICT DO NOTHING",
        table.name,
        names,
        made,
        rows.saturating_sub(1)
    )
}

/// The names of a table's columns and what goes into them, as two lists of SQL: what keys refer to, or something made of
/// `number`.
fn columns(table: &Table, known: &BTreeMap<&str, String>, number: &str) -> (String, String) {
    let names: Vec<&str> = table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let made: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            known
                .get(column.name.as_str())
                .cloned()
                .unwrap_or_else(|| value(column, number))
        })
        .collect();
    (names.join(", "), made.join(", "))
}

/// One more row, with a number that no other row has, and parents that are there.
fn insert_one(table: &Table) -> String {
    if table.columns.is_empty() {
        return format!("INSERT INTO {} DEFAULT VALUES", table.name);
    }
    let mut parents: BTreeMap<&str, String> = BTreeMap::new();
    for key in table
        .keys
        .iter()
        .filter(|key| key.columns.len() == key.target_columns.len())
    {
        for (column, target) in key.columns.iter().zip(&key.target_columns) {
            parents
                .entry(column)
                .or_insert_with(|| format!("(SELECT {target} FROM {} LIMIT 1)", key.target));
        }
    }
    let (names, made) = columns(table, &parents, ONE_MORE);
    format!("INSERT INTO {} ({}) VALUES ({})", table.name, names, made)
}

/// An expression for a column's value in the row of number `n`.
fn value(column: &Column, n: &str) -> String {
    if !column.choices.is_empty() {
        let list = column.choices.join(", ");
        return format!(
            "(ARRAY[{list}])[1 + ({n}) % {}]::{}",
            column.choices.len(),
            column.type_name
        );
    }
    match scalar(column, n) {
        Some(element) if column.array => {
            format!("ARRAY[{element}]::{}", column.type_name)
        }
        Some(element) => format!("({element})::{}", column.type_name),
        // A type that relgate knows no value of: the row is refused if it needs one.
        None => format!("NULL::{}", column.type_name),
    }
}

fn scalar(column: &Column, n: &str) -> Option<String> {
    let salted = format!("md5(({n})::text || {})", literal(&column.name));
    let base = column.base.as_str();
    Some(match (column.category.as_str(), base) {
        ("e", _) => {
            format!("(enum_range(NULL::{base}))[1 + ({n}) % cardinality(enum_range(NULL::{base}))]")
        }
        (_, "smallint") => format!("({n}) % 32767"),
        (_, "integer" | "bigint" | "oid") => format!("({n}) + 1"),
        (_, "real" | "double precision") => format!("({n}) + 0.5"),
        (_, "numeric" | "money") => {
            let limit = 10_u64.saturating_pow(column.digits.min(15));
            if column.digits == 0 {
                format!("({n}) + 1")
            } else {
                format!("({n}) % {limit}")
            }
        }
        (_, "boolean") => format!("({n}) % 2 = 0"),
        (_, "text" | "citext" | "name" | "character varying" | "character" | "\"char\"") => {
            let text = format!("to_hex({n}) || '-' || {salted}");
            match (base, column.length) {
                ("\"char\"", _) => format!("left({text}, 1)"),
                (_, 0) => text,
                (_, length) => format!("left({text}, {length})"),
            }
        }
        (_, "uuid") => format!("{salted}::uuid"),
        (_, "bytea") => format!("decode({salted}, 'hex')"),
        (_, "json" | "jsonb") => format!("json_build_object('n', {n})"),
        (_, "xml") => format!("'<n>' || ({n}) || '</n>'"),
        (_, "date") => format!("DATE '2026-01-01' + (({n}) % 3650)::integer"),
        (_, "timestamp without time zone" | "timestamp with time zone") => {
            format!("TIMESTAMP '2026-01-01' + make_interval(secs => (({n}) % 100000000))")
        }
        (_, "time without time zone" | "time with time zone") => {
            format!("TIME '00:00' + make_interval(secs => (({n}) % 86400))")
        }
        (_, "interval") => format!("make_interval(secs => (({n}) % 86400))"),
        (_, "inet") => format!("'10.0.0.0'::inet + (({n}) % 16777216)"),
        (_, "cidr") => format!("set_masklen('10.0.0.0'::inet + (({n}) % 16777216), 32)::cidr"),
        (_, "macaddr") => format!("left({salted}, 12)::macaddr"),
        (_, "bit" | "bit varying") => {
            let length = column.length.max(1);
            format!("(({n}) % 2147483647)::bigint::bit(64)::text::bit({length})")
        }
        (_, "point") => format!("point({n}, {n})"),
        (_, "tsvector") => format!("to_tsvector('simple', {salted})"),
        (_, "int4range" | "int8range" | "numrange") => {
            format!("{base}((({n}) * 2)::int, (({n}) * 2 + 1)::int)")
        }
        (_, "daterange") => {
            format!(
                "daterange(DATE '2026-01-01' + (({n}) % 3650)::integer, DATE '2026-01-02' + (({n}) % 3650)::integer)"
            )
        }
        (_, "tsrange" | "tstzrange") => format!(
            "{base}(TIMESTAMP '2026-01-01' + make_interval(secs => (({n}) % 100000000)), \
             TIMESTAMP '2026-01-01' + make_interval(secs => (({n}) % 100000000 + 1)))"
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_of_checks() {
        let check = |definition: &str, expected: &[&str]| {
            assert_eq!(choices(definition), expected, "{definition}");
        };
        check(
            "CHECK ((status = ANY (ARRAY['open'::text, 'it''s, closed'::text])))",
            &["'open'::text", "'it''s, closed'::text"],
        );
        check(
            "CHECK (((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))",
            &["'a'::character varying", "'b'::character varying"],
        );
        check("CHECK ((n > 0))", &[]);
        check("CHECK ((n = ANY (array_of())))", &[]);
    }

    #[test]
    fn those_that_others_point_at_come_first() {
        let table = |name: &str, targets: &[&str]| {
            let keys = targets.iter().map(|target| Key {
                columns: vec!["x".to_owned()],
                target: (*target).to_owned(),
                target_columns: vec!["id".to_owned()],
            });
            let table = Table {
                name: name.to_owned(),
                columns: Vec::new(),
                keys: keys.collect(),
            };
            (name.to_owned(), table)
        };
        let tables: BTreeMap<String, Table> = [
            table("a", &["b"]),
            table("b", &["c", "b"]),
            table("c", &[]),
            table("x", &["y"]),
            table("y", &["x"]),
        ]
        .into();
        let names: Vec<&str> = in_order(&tables)
            .iter()
            .map(|table| table.name.as_str())
            .collect();
        assert_eq!(names, ["c", "b", "a", "x", "y"]);
    }
}
