//! Which runner a directory is for.

use std::collections::BTreeSet;

use super::candidates::{Candidate, Shape};
use super::hints::Hints;
use crate::discover::{Reader, Snapshot, join};
use crate::syntax::migration::{Order, Recognition, Runner, recognize};

/// The runner of a candidate; `None` when it holds no migrations.
pub(super) fn of(
    candidate: &Candidate<'_>,
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    hints: &mut Hints,
) -> Option<Runner> {
    let mut uses =
        |tool: &str, reader: &mut Reader<'_>| hints.uses(tool, &candidate.path, snapshot, reader);
    if !candidate.in_directories.is_empty()
        && candidate.in_directories.len() >= candidate.numbered.len()
    {
        return Some(in_directories(candidate, snapshot, reader, &mut uses));
    }
    if !candidate.prefixed.is_empty() && candidate.prefixed.len() >= candidate.paired.len() {
        let is_refinery = candidate.all_read(Shape::Prefixed, Runner::Refinery);
        return Some(if is_refinery && uses("refinery", reader) {
            Runner::Refinery
        } else {
            Runner::Flyway
        });
    }
    if !candidate.paired.is_empty() && candidate.paired.len() * 2 >= candidate.numbered.len() {
        return Some(paired(candidate, reader, &mut uses));
    }
    numbered(candidate, snapshot, reader, &mut uses)
}

type Uses<'u> = dyn FnMut(&str, &mut Reader<'_>) -> bool + 'u;

fn in_directories(
    candidate: &Candidate<'_>,
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    uses: &mut Uses<'_>,
) -> Runner {
    let at_root = |name: &str| snapshot.get(&join(&candidate.path, name)).is_some();
    let is_whole = candidate
        .in_directories
        .iter()
        .any(|path| path.ends_with("/migration.sql"));
    if is_whole {
        if at_root("migration_lock.toml") || candidate.path.contains("prisma") {
            return Runner::Prisma;
        }
        if candidate.path.contains("drizzle") || uses("drizzle", reader) {
            return Runner::Drizzle;
        }
        return if uses("prisma", reader) {
            Runner::Prisma
        } else {
            Runner::Plain
        };
    }
    let is_set_up = candidate
        .in_directories
        .iter()
        .any(|path| path.contains("_diesel_initial_setup/"));
    if is_set_up || uses("diesel", reader) {
        Runner::Diesel
    } else {
        Runner::Plain
    }
}

fn paired(candidate: &Candidate<'_>, reader: &mut Reader<'_>, uses: &mut Uses<'_>) -> Runner {
    let all_read = |runner| candidate.all_read(Shape::Paired, runner);
    let some_read = |runner| candidate.some_read(Shape::Paired, runner);
    if !candidate.parts.is_empty() {
        return Runner::Plain;
    }
    if some_read(Runner::Popx) && (candidate.limited || uses("popx", reader)) {
        return Runner::Popx;
    }
    if !some_read(Runner::GolangMigrate) {
        return Runner::Plain;
    }
    if uses("golang-migrate", reader) {
        return Runner::GolangMigrate;
    }
    if all_read(Runner::Sqlx) && uses("sqlx", reader) {
        return Runner::Sqlx;
    }
    Runner::GolangMigrate
}

fn numbered(
    candidate: &Candidate<'_>,
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
    uses: &mut Uses<'_>,
) -> Option<Runner> {
    let at_root = |name: &str| snapshot.get(&join(&candidate.path, name)).is_some();
    if let Some(runner) = by_directive(candidate, snapshot, reader) {
        return Some(runner);
    }
    if candidate.numbered.is_empty() {
        return None;
    }
    if at_root("atlas.sum") {
        return Some(Runner::Atlas);
    }
    if at_root("meta/_journal.json") {
        return Some(Runner::Drizzle);
    }
    if !candidate.says_migrations() && !defines_a_schema(candidate, snapshot, reader) {
        return None;
    }
    let all_read = |runner| candidate.all_read(Shape::Numbered, runner);
    if candidate.parts.is_empty() && all_read(Runner::Sqlx) && uses("sqlx", reader) {
        return Some(Runner::Sqlx);
    }
    if candidate.parts.is_empty()
        && all_read(Runner::Tern)
        && (at_root("tern.conf") || uses("tern", reader))
    {
        return Some(Runner::Tern);
    }
    Some(Runner::Plain)
}

/// The runner whose directives stand in the first or the last file.
fn by_directive(
    candidate: &Candidate<'_>,
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
) -> Option<Runner> {
    let files = if candidate.numbered.is_empty() {
        &candidate.unnumbered
    } else {
        &candidate.numbered
    };
    let mut probes = vec![files.first()?];
    probes.extend(files.last().filter(|last| *last != probes[0]));
    probes.into_iter().find_map(|path| {
        let id = reader.read(snapshot, path)?;
        directive(&reader.sources.get(id).text)
    })
}

/// The runner that a directive on one of the first lines of a text is for.
fn directive(text: &str) -> Option<Runner> {
    text.split('\n').find_map(|line| {
        let comment = line
            .trim_start_matches('\u{feff}')
            .trim()
            .strip_prefix("--")?;
        let comment = comment.trim_start().to_ascii_lowercase();
        if comment.starts_with("+goose") {
            Some(Runner::Goose)
        } else if comment.starts_with("migrate:up") {
            Some(Runner::Dbmate)
        } else if comment.starts_with("+migrate") {
            Some(Runner::SqlMigrate)
        } else if comment.starts_with("liquibase formatted sql") {
            Some(Runner::Liquibase)
        } else if comment.starts_with("-- create above / drop below") {
            Some(Runner::Tern)
        } else {
            None
        }
    })
}

/// Three numbered files or more, in a directory that is called after a database or a schema, that define things: plain
/// ordered SQL. Fewer, or files that only query, are somebody's scripts.
fn defines_a_schema(
    candidate: &Candidate<'_>,
    snapshot: &Snapshot,
    reader: &mut Reader<'_>,
) -> bool {
    let is_named_so = candidate.path.rsplit('/').take(2).any(|component| {
        matches!(
            component.to_ascii_lowercase().as_str(),
            "db" | "database" | "schema" | "schemas" | "sql" | "ddl" | "versions" | "patches"
        )
    });
    if !is_named_so || candidate.says_other_sql() || candidate.numbered.len() < 3 {
        return false;
    }
    let versions: BTreeSet<Order> = candidate
        .numbered
        .iter()
        .filter_map(|path| match recognize(Runner::Plain, file_name(path)) {
            Recognition::Migration(name) => Some(name.order),
            _ => None,
        })
        .collect();
    // Two files of one number, such as `v1-core.sql` and `v1-views.sql`, are parts of a schema and no steps.
    if versions.len() < candidate.numbered.len() {
        return false;
    }
    let probes: Vec<&&str> = candidate
        .numbered
        .iter()
        .take(3)
        .chain(candidate.numbered.last())
        .collect();
    probes.into_iter().all(|path| {
        reader.read(snapshot, path).is_some_and(|id| {
            first_word(&reader.sources.get(id).text).is_some_and(|word| {
                matches!(
                    word.as_str(),
                    "create" | "alter" | "drop" | "begin" | "comment"
                )
            })
        })
    })
}

/// The first word outside comments, in lower case.
fn first_word(text: &str) -> Option<String> {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment
                .split_once('\n')
                .map_or("", |(_, after)| after)
                .trim_start();
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment
                .split_once("*/")
                .map_or("", |(_, after)| after)
                .trim_start();
        } else {
            break;
        }
    }
    let word: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
    (!word.is_empty()).then(|| word.to_ascii_lowercase())
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
