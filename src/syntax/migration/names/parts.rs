//! The pieces that names are made of, whoever reads them.

use super::{Layout, Role, Runner};

pub(super) fn file_of_version(stem: &str) -> Option<Role> {
    match stem {
        "up" | "migration" | "migrate" => Some(Role::Up),
        "down" | "rollback" => Some(Role::Down),
        _ => None,
    }
}

/// Databases that stand in file names and paths.
const DATABASE_WORDS: &[&str] = &[
    "all",
    "clickhouse",
    "cockroach",
    "cockroachdb",
    "crdb",
    "mariadb",
    "mssql",
    "mysql",
    "oracle",
    "pg",
    "pgsql",
    "postgres",
    "postgresql",
    "sqlite",
    "sqlite3",
    "sqlserver",
];

pub(super) fn strip_suffixes(stem: &str) -> (&str, Role, &str) {
    let mut stem = stem;
    let mut role = Role::Up;
    let mut database = "";
    for (suffix, meant) in [
        (".up", Role::Up),
        ("_up", Role::Up),
        ("-up", Role::Up),
        (".down", Role::Down),
        ("_down", Role::Down),
        ("-down", Role::Down),
        (".rollback", Role::Down),
        ("_rollback", Role::Down),
        (".undo", Role::Down),
        (".do", Role::Up),
    ] {
        if let Some(rest) = stem.strip_suffix(suffix) {
            (stem, role) = (rest, meant);
            break;
        }
    }
    if let Some((rest, last)) = stem.rsplit_once('.')
        && DATABASE_WORDS.contains(&last)
    {
        stem = rest;
        if last != "all" {
            database = last;
        }
    }
    (stem, role, database)
}

/// The version that a name begins with, and the rest as a title.
pub(super) fn version_prefix(stem: &str) -> Option<(&str, &str)> {
    let stem = match stem.strip_prefix(['v', 'V']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => stem,
    };
    let (first, _) = digits(stem)?;
    let mut end = first.len();
    loop {
        let rest = stem.get(end..)?;
        let Some(separator) = rest.chars().next() else {
            break;
        };
        let Some((next, _)) = rest.get(1..).and_then(digits) else {
            break;
        };
        let after = rest.get(1 + next.len()..).and_then(|r| r.chars().next());
        let is_part = match separator {
            '.' => true,
            // A date, or a date and a time of day.
            '-' => after.is_none_or(|c| !c.is_alphanumeric()),
            '_' => {
                end == 8
                    && matches!(next.len(), 4 | 6)
                    && after.is_none_or(|c| !c.is_alphanumeric())
            }
            _ => false,
        };
        if !is_part {
            break;
        }
        end += 1 + next.len();
    }
    let (version, rest) = stem.split_at_checked(end)?;
    // `2fa.sql` and `3rd_party.sql` are words.
    if rest.starts_with(char::is_alphabetic) {
        return None;
    }
    Some((version, title_of(rest)))
}

pub(super) fn title_of(rest: &str) -> &str {
    rest.trim_start_matches(['_', '-', '.', ' '])
}

/// Somebody took the file for a migration: SQL that is numbered, or that says `up` or `down`.
pub(super) fn is_meant_as_migration(runner: Runner, path: &str) -> bool {
    if path.contains('/') || path.starts_with('.') || !ends_with_sql(path) {
        return false;
    }
    let lower = path.to_ascii_lowercase();
    let unversioned = lower.trim_start_matches(['v', 'u']);
    let says_so = unversioned.starts_with(|c: char| c.is_ascii_digit())
        || lower.contains(".up.")
        || lower.contains(".down.");
    says_so || (runner.profile().invalid_name_is_fatal && runner.profile().layout == Layout::Files)
}

pub(super) fn ends_with_sql(path: &str) -> bool {
    strip_extension(path, "sql").is_some()
}

pub(super) fn strip_extension<'t>(file: &'t str, extension: &str) -> Option<&'t str> {
    let (stem, written) = file.rsplit_once('.')?;
    written.eq_ignore_ascii_case(extension).then_some(stem)
}

/// The text before the last `.up.` or `.down.`, which of them it is, and what follows.
pub(super) fn last_direction(text: &str) -> Option<(&str, Role, &str)> {
    let up = text.rfind(".up.").map(|at| (at, ".up.", Role::Up));
    let down = text.rfind(".down.").map(|at| (at, ".down.", Role::Down));
    let (at, word, role) = up.into_iter().chain(down).max_by_key(|&(at, ..)| at)?;
    Some((text.get(..at)?, role, text.get(at + word.len()..)?))
}

/// What stands behind the direction is a program, or speaks to a database without SQL. golang-migrate sends every other
/// file to the database too, whatever it is called: that is SQL then.
pub(super) fn is_code(extension: &str) -> bool {
    matches!(
        extension,
        "go" | "js" | "ts" | "py" | "json" | "cql" | "cypher" | "fizz"
    )
}

/// The digits that a text begins with, and the rest; `None` when there are none.
pub(super) fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    if end == 0 {
        None
    } else {
        text.split_at_checked(end)
    }
}

pub(super) fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

pub(super) fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
}
