//! New migrations: their names, and what the runner wants around the SQL.

use chrono::{NaiveDateTime, TimeDelta};

use super::place::{Text, attached_start, line_ending};
use crate::fix::Fix;
use crate::rules::sql::SqlInput;
use crate::source::Span;
use crate::syntax::migration::{Role, Runner};

/// A migration to add.
pub(super) struct Migration<'t> {
    /// What its name says, in words separated by underscores.
    pub(super) title: &'t str,
    /// What goes up.
    pub(super) up: &'t str,
    /// What comes down.
    pub(super) down: &'t str,
    /// It runs outside of transactions.
    pub(super) autocommit: bool,
}

/// Adds migrations, one after the other, behind all that there are. `None` when the runner's names or directives for them
/// are not certain.
pub(super) fn add(mut fix: Fix, input: &SqlInput<'_>, migrations: &[Migration<'_>]) -> Option<Fix> {
    let mut version = next_version(input)?;
    for migration in migrations {
        fix = add_one(fix, input, &version, migration)?;
        version = after(&version)?;
    }
    Some(fix)
}

fn add_one(
    fix: Fix,
    input: &SqlInput<'_>,
    version: &str,
    migration: &Migration<'_>,
) -> Option<Fix> {
    let file = input.file.up;
    let directory = file
        .path
        .rsplit_once('/')
        .map_or("", |(directory, _)| directory);
    let path = |name: String| {
        if directory.is_empty() {
            name
        } else {
            format!("{directory}/{name}")
        }
    };
    let Migration {
        title,
        up,
        down,
        autocommit,
    } = *migration;
    let end = line_ending(input.file.text);
    let lines = |lines: &[&str]| {
        let text: String = lines.iter().map(|line| format!("{line}{end}")).collect();
        text
    };
    let is_pair = file.path.ends_with(".up.sql");
    Some(match input.file.runner {
        Runner::GolangMigrate => {
            let fix = fix.and_add(path(format!("{version}_{title}.up.sql")), lines(&[up]));
            if input.file.down.is_none() {
                return Some(fix);
            }
            fix.and_add(path(format!("{version}_{title}.down.sql")), lines(&[down]))
        }
        Runner::Sqlx => {
            let text = |sql: &str| {
                if autocommit {
                    lines(&["-- no-transaction", sql])
                } else {
                    lines(&[sql])
                }
            };
            if is_pair {
                fix.and_add(path(format!("{version}_{title}.up.sql")), text(up))
                    .and_add(path(format!("{version}_{title}.down.sql")), text(down))
            } else {
                fix.and_add(path(format!("{version}_{title}.sql")), text(up))
            }
        }
        Runner::Goose => {
            let head = if autocommit {
                "-- +goose NO TRANSACTION"
            } else {
                ""
            };
            let text = lines(&["-- +goose Up", up, "", "-- +goose Down", down]);
            let text = if autocommit {
                format!("{head}{end}{text}")
            } else {
                text
            };
            fix.and_add(path(format!("{version}_{title}.sql")), text)
        }
        Runner::Dbmate => {
            let option = if autocommit { " transaction:false" } else { "" };
            let text = lines(&[
                &format!("-- migrate:up{option}"),
                up,
                "",
                &format!("-- migrate:down{option}"),
                down,
            ]);
            fix.and_add(path(format!("{version}_{title}.sql")), text)
        }
        Runner::Flyway => fix.and_add(path(format!("V{version}__{title}.sql")), lines(&[up])),
        _ => return None,
    })
}

/// Takes a file with one statement out of its transaction.
pub(super) fn opt_out(input: &SqlInput<'_>) -> Option<Fix> {
    let text = input.file.text;
    let insert = |at: usize, words: String| Fix::replace(input.location(Span::new(at, at)), words);
    let end = line_ending(text);
    let head = if text.starts_with('\u{feff}') { 3 } else { 0 };
    Some(match input.file.runner {
        // One statement that is sent alone has no transaction; Flyway sees for itself.
        Runner::GolangMigrate | Runner::Flyway | Runner::Prisma => Fix::default(),
        Runner::Goose if text.contains("+goose NO TRANSACTION") => Fix::default(),
        Runner::Goose => insert(head, format!("-- +goose NO TRANSACTION{end}")),
        Runner::Sqlx if text.starts_with("-- no-transaction") => Fix::default(),
        Runner::Sqlx => insert(0, format!("-- no-transaction{end}")),
        Runner::Dbmate => {
            let first = attached_start(&Text::of(input), input.statements().first()?.span)?;
            let mark = text.get(..first)?.rfind("migrate:up")?;
            let line = text.get(mark..first)?.split('\n').next()?.trim_end();
            if line.contains("transaction:false") {
                Fix::default()
            } else {
                insert(mark + line.len(), " transaction:false".to_owned())
            }
        }
        _ => return None,
    })
}

/// The runner sends the statements of a file that runs outside of transactions one by one.
pub(super) fn splits_autocommit(runner: Runner) -> bool {
    matches!(runner, Runner::Goose | Runner::Flyway)
}

/// The version behind the highest one, written as that is.
fn next_version(input: &SqlInput<'_>) -> Option<String> {
    let survey = input.file.directory;
    let last = survey
        .subject
        .files
        .iter()
        .chain(&survey.previous.files)
        .filter(|file| matches!(file.name.role, Role::Up | Role::Down | Role::Both))
        .max_by(|a, b| a.name.order.cmp(&b.name.order))?;
    if last.name.order.parts() != 1 {
        return None;
    }
    after(&last.name.version)
}

/// The next number in as many digits; of a time, a second later.
fn after(version: &str) -> Option<String> {
    const TIME: &str = "%Y%m%d%H%M%S";
    if version.len() == 14
        && let Ok(time) = NaiveDateTime::parse_from_str(version, TIME)
    {
        let next = time.checked_add_signed(TimeDelta::seconds(1))?;
        return Some(next.format(TIME).to_string());
    }
    let number: u64 = version.parse().ok()?;
    Some(format!(
        "{:0width$}",
        number.checked_add(1)?,
        width = version.len()
    ))
}

/// A name as words of a file's name.
pub(super) fn title(prefix: &str, name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    format!("{prefix}_{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (version, expected) in [
            ("000009", Some("000010")),
            ("9", Some("10")),
            ("99", Some("100")),
            ("20261231235959", Some("20270101000000")),
            ("20261399000000", Some("20261399000001")),
            ("1700000000", Some("1700000001")),
            ("1.2", None),
            ("18446744073709551615", None),
        ] {
            assert_eq!(after(version).as_deref(), expected, "{version}");
        }
    }
}
