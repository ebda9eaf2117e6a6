use super::*;
use crate::discover::Reader;
use crate::migrations::{MigrationSettings, survey};
use crate::syntax::migration::Runner;

/// What an upgrade runs, and, behind `not`, what it passes over; sections stand behind the path.
#[track_caller]
fn check(runner: &str, before: &[(&str, &str)], after: &[(&str, &str)], expected: &[&str]) {
    let (mut reader, previous) = Reader::in_memory("v1.0.0", before);
    let subject = reader.add_memory_snapshot("v1.1.0", after);
    let settings = [MigrationSettings {
        path: "db".to_owned(),
        runner: Runner::from_word(runner),
        ..MigrationSettings::default()
    }];
    let survey = survey(Some(&previous), &subject, &settings, &mut reader);
    let upgrade = upgrade(&survey.directories[0]);
    let new = upgrade.new.iter().map(|upcoming| match upcoming.sections {
        Some(sections) => format!("{} {sections:?}", upcoming.file.path),
        None => upcoming.file.path.clone(),
    });
    let passed_over = upgrade.passed_over.iter();
    let all: Vec<String> = new
        .chain(passed_over.map(|(file, why)| format!("not {}: {why}", file.path)))
        .collect();
    assert_eq!(all, expected, "{runner}: {before:?} → {after:?}");
}

const A: &str = "CREATE TABLE casks (id bigint);";
const B: &str = "DROP TABLE casks;";

#[test]
fn a_file_has_run_when_the_previous_release_holds_it() {
    check("plain", &[("db/1_a.sql", A)], &[("db/1_a.sql", A)], &[]);
    // An edited file runs nowhere again.
    check("plain", &[("db/1_a.sql", A)], &[("db/1_a.sql", B)], &[]);
    // A file that moved, or only got another title, has run.
    check("plain", &[("db/1_a.sql", A)], &[("db/old/1_a.sql", A)], &[]);
    check(
        "golang-migrate",
        &[("db/1_a.up.sql", A)],
        &[("db/1_casks.up.sql", A)],
        &[],
    );
    // Under another number it runs again.
    check(
        "plain",
        &[("db/1_a.sql", A)],
        &[("db/2_a.sql", A)],
        &["db/2_a.sql"],
    );
}

#[test]
fn a_version_alone_does_not_say_that_a_file_has_run() {
    for runner in ["plain", "sqlx", "dbmate", "liquibase", "atlas"] {
        check(
            runner,
            &[("db/20260110_add.sql", A)],
            &[("db/20260110_add.sql", A), ("db/20260110_drop.sql", B)],
            &["db/20260110_drop.sql"],
        );
    }
    check(
        "plain",
        &[("db/2026-01-10-add.sql", A)],
        &[("db/2026-01-10-add.sql", A), ("db/2026-01-10-drop.sql", B)],
        &["db/2026-01-10-drop.sql"],
    );
    // Another file in its place is not the same migration.
    check(
        "plain",
        &[("db/1_add.sql", A)],
        &[("db/1_drop.sql", B)],
        &["db/1_drop.sql"],
    );
}

#[test]
fn some_runners_never_look_below_the_latest_version() {
    let before = [("db/5_a.up.sql", A)];
    let after = [
        ("db/5_a.up.sql", A),
        ("db/3_b.up.sql", B),
        ("db/6_c.up.sql", A),
    ];
    check(
        "golang-migrate",
        &before,
        &after,
        &[
            "db/6_c.up.sql",
            "not db/3_b.up.sql: its version is not above 5, which the previous release has run: golang-migrate never runs it",
        ],
    );
    check("popx", &before, &after, &["db/3_b.up.sql", "db/6_c.up.sql"]);
    check(
        "golang-migrate",
        &[],
        &after,
        &["db/3_b.up.sql", "db/5_a.up.sql", "db/6_c.up.sql"],
    );
}

#[test]
fn baselines_and_repeatable_files() {
    let (version, baseline) = (("db/V1__a.sql", A), ("db/B1__a.sql", A));
    check("flyway", &[version], &[version, baseline], &[]);
    check("flyway", &[], &[version, baseline], &["db/V1__a.sql"]);
    check("flyway", &[], &[baseline], &["db/B1__a.sql"]);
    check("flyway", &[("db/R__v.sql", A)], &[("db/R__v.sql", A)], &[]);
    check(
        "flyway",
        &[("db/R__v.sql", A)],
        &[("db/R__v.sql", B)],
        &["db/R__v.sql"],
    );
}

#[test]
fn changesets_run_by_themselves() {
    let file =
        |changesets: &[&str]| format!("--liquibase formatted sql\n{}", changesets.join("\n"));
    let one = "--changeset ann:1\nCREATE TABLE casks (id bigint);\n--rollback DROP TABLE casks;";
    let two = "--changeset ann:2\nDROP TABLE casks;\n--rollback not required";
    let other = "--changeset ann:1\nCREATE TABLE casks (id int);\n--rollback DROP TABLE casks;";
    let again = "--changeset ann:3 runOnChange:true\nCREATE VIEW v AS SELECT 1;";
    let again_other = "--changeset ann:3 runOnChange:true\nCREATE VIEW v AS SELECT 2;";
    let check = |before: &[&str], after: &[&str], edited: bool, expected: &[&str]| {
        let (before, after) = (file(before), file(after));
        let (before, after) = (
            [("db/a.sql", before.as_str())],
            [("db/a.sql", after.as_str())],
        );
        check("liquibase", &before, &after, expected);
        let (mut reader, previous) = Reader::in_memory("v1.0.0", &before);
        let subject = reader.add_memory_snapshot("v1.1.0", &after);
        let settings = [MigrationSettings {
            path: "db".to_owned(),
            runner: Some(Runner::Liquibase),
            ..MigrationSettings::default()
        }];
        let survey = survey(Some(&previous), &subject, &settings, &mut reader);
        let changes = &survey.directories[0].changes;
        assert_eq!(
            changes.iter().any(|change| change.edited),
            edited,
            "{after:?}"
        );
    };
    check(&[one], &[one], false, &[]);
    check(&[one], &[one, two], false, &["db/a.sql [2]"]);
    check(&[one], &[two, one], false, &["db/a.sql [0]"]);
    check(&[one, two], &[one], true, &[]);
    check(&[one], &[other], true, &[]);
    // What was appended is judged beside an edit too.
    check(&[one], &[other, two], true, &["db/a.sql [2]"]);
    check(&[one, again], &[one, again_other], false, &["db/a.sql [2]"]);
    // Authors and ids may hold spaces in quotes.
    check(
        &["--changeset \"Ann B\":\"1 a\"\nSELECT 1;"],
        &["--changeset Ann B:\"1 a\"\nSELECT 1;\n--changeset \"Ann B\":\"1 b\"\nSELECT 2;"],
        true,
        &["db/a.sql [1]"],
    );
}
