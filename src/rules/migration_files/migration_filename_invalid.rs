//! `migration-filename-invalid`.

use super::input::file_name;
use super::{SequenceInput, SequenceRule};
use crate::finding::Severity;
use crate::rules::{Findings, RuleInfo};
use crate::syntax::migration::Runner;

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "migration-filename-invalid",
        summary: "the runner does not read a file's name as a migration's",
        severity: Severity::Error,
        page: include_str!("migration_filename_invalid.md"),
    },
    check,
};

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    let directory = input.directory;
    let runner = directory.directory.runner;
    let severity = if runner == Runner::Plain { Severity::Warning } else { RULE.info.severity };
    let new = directory
        .subject
        .unreadable
        .iter()
        .filter(|file| !directory.previous.knows_unreadable(file));
    for (path, _) in new {
        let name = file_name(path);
        let message = format!(
            "{name} is not named as {runner} wants it: the runner {}",
            input.profile().on_invalid_name
        );
        let finding = input.report(&RULE.info, severity, path, message);
        findings.push(finding.help(pattern(runner)));
    }
}

/// What a name must look like.
fn pattern(runner: Runner) -> &'static str {
    match runner {
        Runner::GolangMigrate => "name it <number>_<title>.up.sql or <number>_<title>.down.sql, the number below 2^64",
        Runner::Popx => "name it <number>_<title>.up.sql, with the database before `.up` if it is for one only",
        Runner::Goose => "name it <number>_<title>.sql, the number above 0",
        Runner::Sqlx => "name it <number>_<title>.sql, or .up.sql and .down.sql",
        Runner::Refinery => "name it V<number>__<title>.sql",
        Runner::Flyway => "name it V<version>__<title>.sql, U<version>__<title>.sql or R__<title>.sql",
        Runner::Diesel => "put it into a directory <version>_<title>, as up.sql or down.sql",
        Runner::Prisma => "put it into a directory <timestamp>_<title>, as migration.sql",
        Runner::Tern => "name it <number>_<title>.sql",
        Runner::Dbmate
        | Runner::SqlMigrate
        | Runner::Atlas
        | Runner::Drizzle
        | Runner::Liquibase
        | Runner::Plain => "begin its name with a number: <number>_<title>.sql",
    }
}
