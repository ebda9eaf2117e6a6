//! The parts of a migration file: which bytes go up, which come down, and what transaction is around each.

use serde::{Deserialize, Serialize};

use super::{Direction, Down, FileName, OptOut, Role, Runner, Sent, Wrapped};
use crate::source::Span;
use crate::syntax::{Parsed, SyntaxError};

/// What is around the statements of a section when the runner runs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TransactionMode {
    /// The runner opens a transaction: everything, or nothing.
    Transactional,
    /// The runner opens none and sends one string: PostgreSQL makes one transaction of several statements, and none of
    /// a single one.
    ImplicitTransaction,
    /// Every statement stands for itself.
    Autocommit,
    /// The runner's ways are not known.
    Unknown,
}

impl TransactionMode {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transactional => "transactional",
            Self::ImplicitTransaction => "implicit",
            Self::Autocommit => "autocommit",
            Self::Unknown => "unknown",
        }
    }
}

/// A part of a file that runs in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Which way it leads.
    pub direction: Direction,
    /// The directive that it begins with; empty when it begins with the file.
    pub mark: Span,
    /// Its bytes, without that directive.
    pub span: Span,
    /// What is around its statements.
    pub transaction: TransactionMode,
    /// The migration of its own that it begins, where one file holds several.
    pub changeset: Option<Changeset>,
}

/// What Liquibase knows a part of a file by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Changeset {
    /// `author:id`.
    pub id: String,
    /// It runs again whenever it changes, or always.
    pub repeats: bool,
}

impl Changeset {
    /// Reads what stands behind `--changeset`: `author:id`, each perhaps in quotes, and attributes.
    fn of(attributes: &str) -> Self {
        let (author, rest) = attributes.split_once(':').unwrap_or((attributes, ""));
        let rest = rest.trim_start();
        let quoted = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
        let (id, rest) = quoted
            .or_else(|| rest.split_once(char::is_whitespace))
            .unwrap_or((rest, ""));
        let repeats = rest.split_whitespace().any(|word| {
            word.eq_ignore_ascii_case("runOnChange:true")
                || word.eq_ignore_ascii_case("runAlways:true")
        });
        Self {
            id: format!("{}:{id}", author.trim().trim_matches('"')),
            repeats,
        }
    }
}

/// The sections of a file in its order.
pub type Sections = Parsed<Vec<Section>>;

/// Cuts a file as its runner does. `sidecar` is the text of the file beside it that directs the runner, if there is one
/// (diesel's `metadata.toml`, Flyway's `.conf`).
pub fn sections(runner: Runner, name: &FileName, text: &str, sidecar: Option<&str>) -> Sections {
    match runner {
        Runner::Goose => by_marks(text, runner, &goose_mark),
        Runner::SqlMigrate => by_marks(text, runner, &sql_migrate_mark),
        Runner::Dbmate => by_marks(text, runner, &dbmate_mark),
        Runner::Tern => by_marks(text, runner, &tern_mark),
        Runner::Liquibase => liquibase(text),
        _ => Parsed {
            value: vec![Section {
                direction: if name.role == Role::Down {
                    Direction::Down
                } else {
                    Direction::Up
                },
                mark: Span::default(),
                span: Span::new(0, text.len()),
                transaction: transaction_of_file(runner, name, text, sidecar),
                changeset: None,
            }],
            errors: Vec::new(),
        },
    }
}

/// What a directive that stands on a line of its own says.
enum Mark {
    /// A section begins.
    Begin(Direction, Option<TransactionMode>),
    /// The whole file has this transaction.
    File(TransactionMode),
}

/// A section whose end is not known yet.
struct Open {
    mark: Span,
    direction: Direction,
    transaction: TransactionMode,
    changeset: Option<Changeset>,
}

impl Open {
    fn close(self, end: usize) -> Section {
        Section {
            direction: self.direction,
            mark: self.mark,
            span: Span::new(self.mark.end as usize, end),
            transaction: self.transaction,
            changeset: self.changeset,
        }
    }
}

fn by_marks(text: &str, runner: Runner, mark: &dyn Fn(&str) -> Option<Mark>) -> Sections {
    let usual = runner.profile().transaction();
    let mut found: Vec<Section> = Vec::new();
    let mut whole = None;
    // Tern's files begin with the way up; the others say so.
    let mut open = (runner == Runner::Tern).then_some(Open {
        mark: Span::default(),
        direction: Direction::Up,
        transaction: usual,
        changeset: None,
    });
    let mut first_mark = None;
    for (start, line) in lines(text) {
        match mark(line) {
            Some(Mark::Begin(direction, transaction)) => {
                first_mark.get_or_insert(start);
                found.extend(open.take().map(|open| open.close(start)));
                open = Some(Open {
                    mark: Span::new(start, start + line.len()),
                    direction,
                    transaction: transaction.unwrap_or(usual),
                    changeset: None,
                });
            }
            Some(Mark::File(transaction)) => whole = Some(transaction),
            None => {}
        }
    }
    found.extend(open.map(|open| open.close(text.len())));
    if let Some(transaction) = whole {
        for section in &mut found {
            section.transaction = transaction;
        }
    }
    Parsed {
        errors: missing_marks(text, runner, first_mark, &found),
        value: found,
    }
}

fn missing_marks(
    text: &str,
    runner: Runner,
    first_mark: Option<usize>,
    found: &[Section],
) -> Vec<SyntaxError> {
    let mut errors = Vec::new();
    let has = |direction| found.iter().any(|section| section.direction == direction);
    let start = Span::new(0, text.find('\n').unwrap_or(text.len()));
    if !has(Direction::Up) {
        errors.push(SyntaxError {
            span: start,
            message: format!("{runner} finds no section that goes up in this file"),
        });
    } else if runner.profile().down == Down::RequiredSection && !has(Direction::Down) {
        errors.push(SyntaxError {
            span: start,
            message: format!("{runner} refuses a file without a section that comes down"),
        });
    }
    if runner != Runner::Tern
        && let Some(before) = first_mark.and_then(|at| text.get(..at))
        && let Some((at, line)) = lines(before).find(|(_, line)| is_sql_line(line))
    {
        errors.push(SyntaxError {
            span: Span::new(at, at + line.trim_end().len()),
            message: format!("{runner} does not run what stands before the first section"),
        });
    }
    errors
}

fn is_sql_line(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}').trim();
    !line.is_empty() && !line.starts_with("--") && !line.starts_with("/*") && !line.starts_with('*')
}

/// `-- +goose Up`, `Down`, `NO TRANSACTION`; letter case does not matter, leading white space does.
fn goose_mark(line: &str) -> Option<Mark> {
    let words = directive(line.strip_prefix("--")?, "+goose")?;
    match words.as_slice() {
        [up] if up.eq_ignore_ascii_case("up") => Some(Mark::Begin(Direction::Up, None)),
        [down] if down.eq_ignore_ascii_case("down") => Some(Mark::Begin(Direction::Down, None)),
        [no, transaction]
            if no.eq_ignore_ascii_case("no") && transaction.eq_ignore_ascii_case("transaction") =>
        {
            Some(Mark::File(TransactionMode::Autocommit))
        }
        _ => None,
    }
}

/// `-- +migrate Up`, `-- +migrate Down notransaction`.
fn sql_migrate_mark(line: &str) -> Option<Mark> {
    let words = directive(line.strip_prefix("--")?, "+migrate")?;
    let (&first, options) = words.split_first()?;
    let direction = direction(first)?;
    let transaction = options
        .iter()
        .any(|option| option.eq_ignore_ascii_case("notransaction"))
        .then_some(TransactionMode::Autocommit);
    Some(Mark::Begin(direction, transaction))
}

/// `-- migrate:up`, `-- migrate:down transaction:false`.
fn dbmate_mark(line: &str) -> Option<Mark> {
    let rest = line
        .strip_prefix("--")?
        .trim_start()
        .strip_prefix("migrate:")?;
    let mut words = rest.split_whitespace();
    let direction = match words.next()? {
        "up" => Direction::Up,
        "down" => Direction::Down,
        _ => return None,
    };
    let declined = words.any(|option| option == "transaction:false");
    Some(Mark::Begin(
        direction,
        declined.then_some(TransactionMode::ImplicitTransaction),
    ))
}

/// `---- create above / drop below ----`, `---- tern: disable-tx ----`.
fn tern_mark(line: &str) -> Option<Mark> {
    match line.trim() {
        "---- create above / drop below ----" => Some(Mark::Begin(Direction::Down, None)),
        "---- tern: disable-tx ----" => Some(Mark::File(TransactionMode::ImplicitTransaction)),
        _ => None,
    }
}

fn directive<'t>(comment: &'t str, name: &str) -> Option<Vec<&'t str>> {
    let mut words = comment.split_whitespace();
    words
        .next()
        .filter(|word| word.eq_ignore_ascii_case(name))
        .map(|_| words.collect())
}

fn direction(word: &str) -> Option<Direction> {
    if word.eq_ignore_ascii_case("up") {
        Some(Direction::Up)
    } else if word.eq_ignore_ascii_case("down") {
        Some(Direction::Down)
    } else {
        None
    }
}

/// Changesets, each with its own transaction; the way back stands in comments.
fn liquibase(text: &str) -> Sections {
    let mut found: Vec<Section> = Vec::new();
    let mut open: Option<Open> = None;
    let mut block: Option<usize> = None;
    for (start, line) in lines(text) {
        let trimmed = line.trim();
        if let Some(from) = block {
            if let Some(to) = line.find("*/") {
                let transaction = open.as_ref().map(|open| open.transaction);
                found.push(rollback(Span::new(from, start + to), transaction));
                block = None;
            }
            continue;
        }
        if let Some(attributes) = changeset(trimmed) {
            found.extend(open.take().map(|open| open.close(start)));
            let transaction = if attributes
                .split_whitespace()
                .any(|word| word.eq_ignore_ascii_case("runInTransaction:false"))
            {
                TransactionMode::Autocommit
            } else {
                TransactionMode::Transactional
            };
            open = Some(Open {
                mark: Span::new(start, start + line.len()),
                direction: Direction::Up,
                transaction,
                changeset: Some(Changeset::of(attributes)),
            });
        } else if let Some(offset) = rollback_line(line) {
            if !is_empty_rollback(line.get(offset..).unwrap_or("")) {
                let span = Span::new(start + offset, start + line.len());
                let transaction = open.as_ref().map(|open| open.transaction);
                found.push(rollback(span, transaction));
            }
        } else if trimmed
            .to_ascii_lowercase()
            .starts_with("/* liquibase rollback")
            && !trimmed.contains("*/")
        {
            block = Some(start + line.len());
        }
    }
    found.extend(open.map(|open| open.close(text.len())));
    found.sort_by_key(|section| (section.span.start, section.span.end));
    let errors = if found
        .iter()
        .any(|section| section.direction == Direction::Up)
    {
        Vec::new()
    } else {
        vec![SyntaxError {
            span: Span::new(0, text.find('\n').unwrap_or(text.len())),
            message: "liquibase finds no changeset in this file".to_owned(),
        }]
    };
    Parsed {
        value: found,
        errors,
    }
}

/// The attributes of `--changeset author:id ...`.
fn changeset(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("--")?.trim_start();
    let (word, attributes) = rest.split_once(char::is_whitespace)?;
    word.eq_ignore_ascii_case("changeset").then_some(attributes)
}

/// Where the SQL of a `--rollback` line begins in it.
fn rollback_line(line: &str) -> Option<usize> {
    let comment = line.trim_start().strip_prefix("--")?;
    let rest = comment.trim_start();
    let word = rest.get(.."rollback".len())?;
    let after = rest.get("rollback".len()..)?;
    (word.eq_ignore_ascii_case("rollback")
        && (after.is_empty() || after.starts_with(char::is_whitespace)))
    .then(|| line.len() - after.len())
}

/// `--rollback empty` and `--rollback not required` say that there is nothing to undo.
fn is_empty_rollback(sql: &str) -> bool {
    let sql = sql.trim();
    sql.is_empty() || sql.eq_ignore_ascii_case("empty") || sql.eq_ignore_ascii_case("not required")
}

fn rollback(span: Span, transaction: Option<TransactionMode>) -> Section {
    Section {
        direction: Direction::Down,
        mark: Span::default(),
        span,
        transaction: transaction.unwrap_or(TransactionMode::Transactional),
        changeset: None,
    }
}

impl super::Profile {
    /// What is around a migration that does not decline it.
    pub fn transaction(&self) -> TransactionMode {
        match (self.wrapped, self.sent) {
            (Wrapped::File | Wrapped::Section, _) => TransactionMode::Transactional,
            (Wrapped::Nothing, sent) => unwrapped(sent),
            (Wrapped::Unknown, _) => TransactionMode::Unknown,
        }
    }
}

fn unwrapped(sent: Sent) -> TransactionMode {
    match sent {
        Sent::OneString => TransactionMode::ImplicitTransaction,
        Sent::Split => TransactionMode::Autocommit,
        Sent::Unknown => TransactionMode::Unknown,
    }
}

fn transaction_of_file(
    runner: Runner,
    name: &FileName,
    text: &str,
    sidecar: Option<&str>,
) -> TransactionMode {
    let profile = runner.profile();
    let declined = match profile.opt_out {
        OptOut::None => false,
        OptOut::Directive => declines(runner, text),
        OptOut::Sidecar => sidecar.is_some_and(metadata_declines),
        OptOut::Name => name.autocommit,
        OptOut::Automatic => sidecar.is_some_and(configuration_declines),
    };
    if declined {
        unwrapped(profile.sent)
    } else {
        profile.transaction()
    }
}

fn declines(runner: Runner, text: &str) -> bool {
    match runner {
        // sqlx compares the first bytes of the file, and nothing else.
        Runner::Sqlx => text.starts_with("-- no-transaction"),
        // Atlas reads the comments at the head of the file.
        Runner::Atlas => lines(text)
            .map(|(_, line)| line.trim())
            .take_while(|line| line.is_empty() || line.starts_with("--"))
            .filter_map(|line| line.strip_prefix("--"))
            .any(|comment| {
                directive(comment, "atlas:txmode").is_some_and(|words| words == ["none"])
            }),
        _ => false,
    }
}

/// diesel reads `run_in_transaction`, and takes a `metadata.toml` without the key for `false`.
fn metadata_declines(toml: &str) -> bool {
    !lines(toml).any(|(_, line)| {
        line.split_once('=').is_some_and(|(key, value)| {
            key.trim() == "run_in_transaction" && value.trim().starts_with("true")
        })
    })
}

/// Flyway's script configuration: `executeInTransaction=false`.
fn configuration_declines(properties: &str) -> bool {
    lines(properties).any(|(_, line)| {
        line.split_once('=').is_some_and(|(key, value)| {
            key.trim().eq_ignore_ascii_case("executeInTransaction")
                && value.trim().eq_ignore_ascii_case("false")
        })
    })
}

/// The lines of a text with their line ends, each with its offset.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut offset = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = offset;
        offset += line.len();
        (start, line)
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::super::{PROFILES, Recognition, recognize};
    use super::*;

    fn name(runner: Runner, path: &str) -> FileName {
        match recognize(runner, path) {
            Recognition::Migration(name) => name,
            other => panic!("{path}: {other:?}"),
        }
    }

    fn check_with(runner: Runner, path: &str, text: &str, sidecar: Option<&str>, expected: &str) {
        let parsed = sections(runner, &name(runner, path), text, sidecar);
        let mut found = String::new();
        for section in &parsed.value {
            let sql = text[section.span.range()].trim().replace('\n', " ");
            writeln!(
                found,
                "{} {} [{sql}]",
                section.direction.as_str(),
                section.transaction.as_str()
            )
            .unwrap();
        }
        for error in &parsed.errors {
            writeln!(found, "! {}", error.message).unwrap();
        }
        assert_eq!(found.trim_end(), expected, "{runner} {text}");
    }

    fn check(runner: Runner, path: &str, text: &str, expected: &str) {
        check_with(runner, path, text, None, expected);
    }

    #[test]
    fn goose_sections() {
        let check = |text, expected| check(Runner::Goose, "1_a.sql", text, expected);
        check(
            "-- +goose Up\nA;\n-- +goose Down\nB;\n",
            "up transactional [A;]\ndown transactional [B;]",
        );
        check(
            "-- +goose NO TRANSACTION\n--+GOOSE up\r\nA;\n-- +goose down\nB;",
            "up autocommit [A;]\ndown autocommit [B;]",
        );
        check(
            "-- +goose Up\n-- +goose StatementBegin\nA;\n-- +goose StatementEnd\n",
            "up transactional [-- +goose StatementBegin A; -- +goose StatementEnd]",
        );
        check(
            " -- +goose Up\nA;",
            "! goose finds no section that goes up in this file",
        );
        check(
            "SET x = 1;\n-- +goose Up\nA;",
            "up transactional [A;]\n! goose does not run what stands before the first section",
        );
    }

    #[test]
    fn dbmate_sections() {
        let check = |text, expected| check(Runner::Dbmate, "1_a.sql", text, expected);
        check(
            "-- migrate:up transaction:false\nA;\n-- migrate:down\nB;",
            "up implicit [A;]\ndown transactional [B;]",
        );
        check(
            "-- migrate:up\nA;",
            "up transactional [A;]\n! dbmate refuses a file without a section that comes down",
        );
        check("A;", "! dbmate finds no section that goes up in this file");
        check(
            "--migrate:up\nA;\n--migrate:down\nB;\n--migrate:up\nC;\n--migrate:down\nD;",
            "up transactional [A;]\ndown transactional [B;]\nup transactional [C;]\ndown transactional [D;]",
        );
    }

    #[test]
    fn liquibase_changesets() {
        check(
            Runner::Liquibase,
            "1_a.sql",
            "--liquibase formatted sql\n--changeset ada:1\nA;\n--rollback B;\n--changeset ada:2 runInTransaction:false\nC;\n--rollback empty\n",
            "up transactional [A; --rollback B;]\ndown transactional [B;]\nup autocommit [C; --rollback empty]",
        );
        check(
            Runner::Liquibase,
            "1_a.sql",
            "--liquibase formatted sql\n--changeset ada:1\nA;\n/* liquibase rollback\nB\nC;\n*/\n",
            "up transactional [A; /* liquibase rollback B C; */]\ndown transactional [B C;]",
        );
    }

    #[test]
    fn whole_files() {
        check(
            Runner::GolangMigrate,
            "1_a.up.sql",
            "A;",
            "up implicit [A;]",
        );
        check(
            Runner::GolangMigrate,
            "1_a.down.sql",
            "A;",
            "down implicit [A;]",
        );
        check(Runner::Sqlx, "1_a.sql", "A;", "up transactional [A;]");
        check(
            Runner::Sqlx,
            "1_a.sql",
            "-- no-transaction\nA;",
            "up implicit [-- no-transaction A;]",
        );
        check(
            Runner::Sqlx,
            "1_a.sql",
            " -- no-transaction\nA;",
            "up transactional [-- no-transaction A;]",
        );
        check(
            Runner::Atlas,
            "1_a.sql",
            "-- atlas:txmode none\n\nA;",
            "up autocommit [-- atlas:txmode none  A;]",
        );
        check(
            Runner::Popx,
            "1_a.autocommit.up.sql",
            "A;",
            "up implicit [A;]",
        );
        check(Runner::Plain, "1_a.sql", "A;", "up unknown [A;]");
        check(
            Runner::Tern,
            "1_a.sql",
            "A;\n---- create above / drop below ----\nB;",
            "up transactional [A;]\ndown transactional [B;]",
        );
        check(
            Runner::SqlMigrate,
            "1_a.sql",
            "-- +migrate Up notransaction\nA;\n-- +migrate Down\nB;",
            "up autocommit [A;]\ndown transactional [B;]",
        );
    }

    #[test]
    fn files_beside_the_migration() {
        let diesel =
            |toml, expected| check_with(Runner::Diesel, "1_a/up.sql", "A;", toml, expected);
        diesel(None, "up transactional [A;]");
        diesel(Some("run_in_transaction = true"), "up transactional [A;]");
        diesel(Some("run_in_transaction = false"), "up implicit [A;]");
        diesel(Some("# nothing"), "up implicit [A;]");
        check_with(
            Runner::Flyway,
            "V1__a.sql",
            "A;",
            Some("executeInTransaction=false"),
            "up autocommit [A;]",
        );
    }

    proptest! {
        #[test]
        fn sections_are_within_the_text_and_apart(text in "(-- \\+goose (Up|Down)\n|-- migrate:(up|down)\n|--changeset a:1\n|--rollback \\PC{0,8}\n|/\\* liquibase rollback\n|\\*/\n|\\PC{0,12}\n){0,12}") {
            for profile in PROFILES {
                let any = FileName::clone(&name(Runner::Plain, "1_a.sql"));
                let parsed = sections(profile.runner, &any, &text, None);
                for section in &parsed.value {
                    prop_assert!(text.get(section.span.range()).is_some());
                }
                for pair in parsed.value.windows(2) {
                    if profile.runner != Runner::Liquibase {
                        prop_assert!(pair[0].span.end <= pair[1].span.start);
                    }
                }
            }
        }
    }
}
