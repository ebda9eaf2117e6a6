//! Which database a directory is for.

use super::MigrationDirectory;
use super::candidates::words;
use super::hints::Hints;
use crate::discover::{Reader, Snapshot};
use crate::migrations::sequence::Sequence;
use crate::syntax::migration::Runner;
use crate::syntax::sql::operation::Dialect;

/// How many files are read when only the syntax can tell.
const MOST_PROBES: usize = 12;

/// The database and dialect that a word in a path names.
pub(super) fn of_word(word: &str) -> Option<(&'static str, Dialect)> {
    Some(match word {
        "postgres" | "postgresql" | "pg" | "pgsql" | "psql" | "supabase" => {
            ("postgresql", Dialect::Postgresql)
        }
        "mysql" | "mariadb" | "tidb" => ("mysql", Dialect::Mysql),
        "sqlite" | "sqlite3" | "d1" | "libsql" | "turso" => ("sqlite", Dialect::Sqlite),
        // It reads PostgreSQL's language, but locks and rewrites as no PostgreSQL does.
        "cockroach" | "cockroachdb" | "crdb" => ("cockroachdb", Dialect::Generic),
        "clickhouse" => ("clickhouse", Dialect::Generic),
        "mssql" | "sqlserver" => ("sqlserver", Dialect::Generic),
        "oracle" => ("oracle", Dialect::Generic),
        "snowflake" => ("snowflake", Dialect::Generic),
        "spanner" => ("spanner", Dialect::Generic),
        "bigquery" => ("bigquery", Dialect::Generic),
        "duckdb" => ("duckdb", Dialect::Generic),
        "cassandra" | "scylla" => ("cassandra", Dialect::Generic),
        "ydb" => ("ydb", Dialect::Generic),
        _ => return None,
    })
}

/// The dialect of a directory: by its path, what its runner wrote down, the project's drivers, and last by syntax that only
/// one database has. When nothing tells, it is generic, and coverage says so.
pub(super) fn of_directory(
    sequence: &Sequence,
    directory: &MigrationDirectory,
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    hints: &mut Hints,
) -> Dialect {
    if let Some((database, dialect)) = by_path(&directory.path) {
        if dialect == Dialect::Generic {
            reader.coverage.skip(
                &directory.path,
                format!("locks and rewrites of {database} are not known: judged by what the SQL says only"),
            );
        }
        return dialect;
    }
    let found = by_runner(directory, snapshot, reader)
        .or_else(|| hints.dialect(&directory.path, snapshot, reader))
        .or_else(|| by_syntax(sequence, snapshot, reader));
    if found.is_none() && !sequence.files.is_empty() {
        reader.coverage.skip(
            &directory.path,
            "the database cannot be told: judged by what the SQL says only; `dialect` under `migrations` in relgate.yaml tells",
        );
    }
    found.unwrap_or(Dialect::Generic)
}

fn by_path(path: &str) -> Option<(&'static str, Dialect)> {
    path.rsplit('/').find_map(|component| {
        let lower = component.to_ascii_lowercase();
        words(&lower).find_map(of_word)
    })
}

/// Prisma and Drizzle write the database beside the migrations.
fn by_runner(
    directory: &MigrationDirectory,
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
) -> Option<Dialect> {
    let file = match directory.runner {
        Runner::Prisma => "migration_lock.toml",
        Runner::Drizzle => "meta/_journal.json",
        _ => return None,
    };
    let id = reader.read(snapshot, &format!("{}/{file}", directory.path))?;
    let text = &reader.sources.get(id).text;
    ["postgresql", "mysql", "sqlite"]
        .into_iter()
        .find(|word| text.contains(&format!("\"{word}\"")))
        .and_then(of_word)
        .map(|(_, dialect)| dialect)
}

/// What only one of the databases reads.
const MARKS: &[(&str, Dialect)] = &[
    ("timestamptz", Dialect::Postgresql),
    ("with time zone", Dialect::Postgresql),
    ("bigserial", Dialect::Postgresql),
    (" serial", Dialect::Postgresql),
    ("jsonb", Dialect::Postgresql),
    ("$$", Dialect::Postgresql),
    ("create extension", Dialect::Postgresql),
    ("plpgsql", Dialect::Postgresql),
    (" concurrently", Dialect::Postgresql),
    ("::", Dialect::Postgresql),
    ("using gin", Dialect::Postgresql),
    ("using gist", Dialect::Postgresql),
    ("using btree", Dialect::Postgresql),
    ("bytea", Dialect::Postgresql),
    (" as enum", Dialect::Postgresql),
    ("add value", Dialect::Postgresql),
    ("create schema", Dialect::Postgresql),
    ("auto_increment", Dialect::Mysql),
    ("engine=", Dialect::Mysql),
    ("engine = innodb", Dialect::Mysql),
    (" unsigned", Dialect::Mysql),
    ("modify column", Dialect::Mysql),
    ("charset", Dialect::Mysql),
    ("autoincrement", Dialect::Sqlite),
    ("pragma ", Dialect::Sqlite),
    ("without rowid", Dialect::Sqlite),
    ("strftime(", Dialect::Sqlite),
    ("sqlite_", Dialect::Sqlite),
];

fn by_syntax(sequence: &Sequence, snapshot: &Snapshot, reader: &mut Reader<'_>) -> Option<Dialect> {
    let files: Vec<&str> = sequence
        .ups()
        .filter(|file| !file.name.code)
        .map(|file| file.path.as_str())
        .collect();
    let step = files.len().div_ceil(MOST_PROBES).max(1);
    let mut votes: Vec<(Dialect, usize)> = Vec::new();
    for path in files.into_iter().step_by(step) {
        let Some(id) = reader.read(snapshot, path) else {
            continue;
        };
        if let Some(dialect) = only_dialect(&reader.sources.get(id).text) {
            match votes.iter_mut().find(|(known, _)| *known == dialect) {
                Some((_, count)) => *count += 1,
                None => votes.push((dialect, 1)),
            }
        }
    }
    let all: usize = votes.iter().map(|(_, count)| count).sum();
    votes
        .into_iter()
        .find(|(_, count)| count * 2 > all)
        .map(|(dialect, _)| dialect)
}

/// The one dialect whose marks a text has.
fn only_dialect(text: &str) -> Option<Dialect> {
    let lower = text.to_ascii_lowercase();
    let mut found = None;
    for (mark, dialect) in MARKS {
        if lower.contains(mark) {
            if found.is_some_and(|known| known != *dialect) {
                return None;
            }
            found = Some(*dialect);
        }
    }
    found
}
