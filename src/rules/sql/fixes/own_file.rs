//! New migrations: their names, and what the runner wants around the SQL.

use chrono::{NaiveDateTime, TimeDelta};

use super::place::line_ending;
use crate::fix::Fix;
use crate::rules::sql::SqlInput;
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

/// Adds a migration behind all that there are. `None` when the runner's names or directives for it are not certain.
pub(super) fn add(fix: Fix, input: &SqlInput<'_>, migration: &Migration<'_>) -> Option<Fix> {
    let version = next_version(input)?;
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
