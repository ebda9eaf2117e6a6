use std::fmt::Write as _;

use super::changes::FileChange;
use super::*;

fn describe(change: &FileChange) -> String {
    let mut text = format!("{} {}", change.kind.as_str(), change.path());
    if let Some(previous) = &change.previous
        && previous.path != change.path()
    {
        write!(text, " from {}", previous.path).unwrap();
    }
    for (flag, word) in [
        (change.up_changed, " up"),
        (change.down_changed, " down"),
        (change.renumbered, " renumbered"),
    ] {
        if flag {
            text.push_str(word);
        }
    }
    text
}

fn check(before: &[(&str, &str)], after: &[(&str, &str)], expected: &[&str]) {
    check_with(&[], before, after, expected);
}

fn check_with(
    settings: &[MigrationSettings],
    before: &[(&str, &str)],
    after: &[(&str, &str)],
    expected: &[&str],
) {
    let (mut reader, previous) = Reader::in_memory("v1.0.0", before);
    let subject = reader.add_memory_snapshot("v1.1.0", after);
    let survey = survey(Some(&previous), &subject, settings, &mut reader);
    let changes: Vec<String> = survey
        .directories
        .iter()
        .flat_map(|directory| &directory.changes)
        .map(describe)
        .collect();
    assert_eq!(changes, expected, "{before:?} → {after:?}");
}

const UP: &str = "CREATE TABLE casks (id bigint);";
const DOWN: &str = "DROP TABLE casks;";

#[test]
fn new_files_are_added() {
    check(
        &[
            ("db/migrations/1_casks.up.sql", UP),
            ("db/migrations/1_casks.down.sql", DOWN),
        ],
        &[
            ("db/migrations/1_casks.up.sql", UP),
            ("db/migrations/1_casks.down.sql", DOWN),
            (
                "db/migrations/2_label.up.sql",
                "ALTER TABLE casks ADD label text;",
            ),
            (
                "db/migrations/2_label.down.sql",
                "ALTER TABLE casks DROP label;",
            ),
        ],
        &[
            "added db/migrations/2_label.down.sql down",
            "added db/migrations/2_label.up.sql up",
        ],
    );
}

#[test]
fn only_tokens_make_a_modification() {
    let check = |before, after, expected: &[&str]| {
        check(
            &[("migrations/1_a.up.sql", before)],
            &[("migrations/1_a.up.sql", after)],
            expected,
        );
    };
    check(
        UP,
        "-- Licensed to nobody.\ncreate table CASKS\n  (id bigint);\n",
        &[],
    );
    check(
        "SELECT 'a';",
        "SELECT 'A';",
        &["modified migrations/1_a.up.sql up"],
    );
    check(UP, "", &["modified migrations/1_a.up.sql up"]);
    check(UP, "\u{feff}CREATE TABLE casks (id bigint);\r\n", &[]);
}

#[test]
fn directives_count_as_sql() {
    let goose = |before, after, expected: &[&str]| {
        check(
            &[("migrations/1_a.sql", before)],
            &[("migrations/1_a.sql", after)],
            expected,
        );
    };
    goose(
        "-- +goose Up\nA;\n-- +goose Down\nB;",
        "-- +goose Up\nA;\n-- +goose Down\nC;",
        &["modified migrations/1_a.sql down"],
    );
    goose(
        "-- +goose Up\nA;\n-- +goose Down\nB;",
        "-- +goose NO TRANSACTION\n-- +goose Up\nA;\n-- +goose Down\nB;",
        &["modified migrations/1_a.sql up down"],
    );
    goose(
        "-- +goose Up\nA;\n-- +goose Down\nB;",
        "-- a remark\n-- +goose Up\n-- another\nA;\n-- +goose Down\nB;",
        &[],
    );
    goose(
        "-- migrate:up\nA;\n-- migrate:down\nB;",
        "-- migrate:up transaction:false\nA;\n-- migrate:down\nB;",
        &["modified migrations/1_a.sql up"],
    );
}

#[test]
fn directives_of_other_runners_are_remarks() {
    check(
        &[(
            "migrations/1_a.down.sql",
            "-- down migration intentionally left blank",
        )],
        &[("migrations/1_a.down.sql", "-- +goose nothing")],
        &[],
    );
}

#[test]
fn another_runner_is_a_modification() {
    check(
        &[
            ("sql/migrations/1_a.sql", UP),
            ("sql/migrations/atlas.sum", ""),
        ],
        &[(
            "cmd/migrations/1_a.sql",
            "-- +goose Up\nCREATE TABLE casks (id bigint);",
        )],
        &["modified cmd/migrations/1_a.sql from sql/migrations/1_a.sql up"],
    );
}

#[test]
fn files_that_move_into_numbered_directories_keep_their_name() {
    check(
        &[("db/migrations/postgres/0/01_a.up.sql", UP)],
        &[
            ("db/schema/postgres/0/01_a.up.sql", "A;"),
            ("db/schema/postgres/1/01_b.up.sql", "B;"),
        ],
        &[
            "modified db/schema/postgres/0/01_a.up.sql from db/migrations/postgres/0/01_a.up.sql up",
            "added db/schema/postgres/1/01_b.up.sql up",
        ],
    );
}

#[test]
fn a_file_beside_the_migration_counts() {
    check(
        &[("diesel.toml", ""), ("migrations/1_a/up.sql", UP)],
        &[
            ("diesel.toml", ""),
            ("migrations/1_a/up.sql", UP),
            ("migrations/1_a/metadata.toml", "run_in_transaction = false"),
        ],
        &["modified migrations/1_a/up.sql up"],
    );
}

#[test]
fn a_directory_that_moves_is_renamed() {
    check(
        &[
            ("sql/migrations/1_a.up.sql", UP),
            ("sql/migrations/2_b.up.sql", "A;"),
        ],
        &[
            ("db/migrations/1_a.up.sql", UP),
            ("db/migrations/2_b.up.sql", "B;"),
        ],
        &[
            "renamed db/migrations/1_a.up.sql from sql/migrations/1_a.up.sql",
            "modified db/migrations/2_b.up.sql from sql/migrations/2_b.up.sql up",
        ],
    );
}

#[test]
fn numbers_and_titles_that_change() {
    let check = |before, after, expected: &[&str]| check(&[(before, UP)], &[(after, UP)], expected);
    check(
        "migrations/1_a.up.sql",
        "migrations/3_a.up.sql",
        &["renamed migrations/3_a.up.sql from migrations/1_a.up.sql up renumbered"],
    );
    check(
        "migrations/1_a.up.sql",
        "migrations/1_b.up.sql",
        &["renamed migrations/1_b.up.sql from migrations/1_a.up.sql"],
    );
    check(
        "migrations/1_a.down.sql",
        "migrations/3_a.down.sql",
        &["renamed migrations/3_a.down.sql from migrations/1_a.down.sql renumbered"],
    );
}

#[test]
fn files_that_say_nothing_are_not_taken_for_each_other() {
    check(
        &[
            ("migrations/1_a.up.sql", UP),
            ("migrations/1_a.down.sql", "-- nothing"),
        ],
        &[
            ("migrations/1_a.up.sql", UP),
            ("migrations/2_b.down.sql", "-- nothing"),
        ],
        &[
            "deleted migrations/1_a.down.sql down",
            "added migrations/2_b.down.sql down",
        ],
    );
}

#[test]
fn another_migration_under_a_released_number_is_new() {
    check(
        &[("migrations/1_a.up.sql", UP)],
        &[("migrations/1_b.up.sql", "CREATE TABLE racks (id bigint);")],
        &[
            "deleted migrations/1_a.up.sql up",
            "added migrations/1_b.up.sql up",
        ],
    );
}

#[test]
fn a_file_for_several_databases_is_counted_once() {
    check(
        &[],
        &[
            ("migrations/1_a.up.sql", UP),
            ("migrations/2_b.postgres.up.sql", UP),
            ("migrations/2_b.mysql.up.sql", UP),
        ],
        &[
            "added migrations/2_b.mysql.up.sql up",
            "added migrations/1_a.up.sql up",
            "added migrations/2_b.postgres.up.sql up",
        ],
    );
}

#[test]
fn configured_directories_are_the_only_ones() {
    let settings = [MigrationSettings {
        path: "testdata/schema/".to_owned(),
        runner: Some(Runner::Plain),
        ..MigrationSettings::default()
    }];
    check_with(
        &settings,
        &[],
        &[
            ("testdata/schema/1_a.sql", UP),
            ("db/migrations/1_a.up.sql", UP),
        ],
        &["added testdata/schema/1_a.sql up"],
    );
    check_with(
        &settings,
        &[("testdata/schema/1_a.sql", UP)],
        &[],
        &["deleted testdata/schema/1_a.sql up"],
    );
}

#[test]
fn the_same_content_is_not_read() {
    let files = [("migrations/1_a.up.sql", UP), ("migrations/2_b.up.sql", UP)];
    let (mut reader, previous) = Reader::in_memory("v1.0.0", &files);
    let subject =
        reader.add_memory_snapshot("v1.1.0", &[files[0], ("migrations/2_b.up.sql", DOWN)]);
    let settings = [MigrationSettings {
        path: "migrations".to_owned(),
        runner: Some(Runner::GolangMigrate),
        dialect: Some(Dialect::Postgresql),
        ..MigrationSettings::default()
    }];
    let survey = survey(Some(&previous), &subject, &settings, &mut reader);
    assert_eq!(survey.directories[0].changes.len(), 1);
    let first = reader.read(&subject, "migrations/2_b.up.sql").unwrap();
    let last = reader.read(&subject, "migrations/1_a.up.sql").unwrap();
    assert!(
        first < last,
        "the unchanged file was read before anybody asked"
    );
}

/// diesel's `metadata.toml` says whether there is a transaction: when it cannot be read, nothing can be said of the file,
/// with a cache or without.
#[test]
fn a_file_beside_a_migration_that_cannot_be_read_leaves_it_opaque() {
    let directory = tempfile::tempdir().unwrap();
    let cache = crate::cache::Cache::in_directory(directory.path());
    for (metadata, expected) in [
        (b"run_in_transaction = \xff".as_slice(), true),
        (b"run_in_transaction = false", false),
    ] {
        for _run in ["cold", "warm"] {
            let files: [(&str, &[u8]); 2] = [
                ("migrations/1_a/up.sql", UP.as_bytes()),
                ("migrations/1_a/metadata.toml", metadata),
            ];
            let (mut reader, _) = Reader::in_memory("", &[]);
            let subject = reader.add_memory_snapshot_of_bytes("v1.0.0", &files);
            let settings = [MigrationSettings {
                path: "migrations".to_owned(),
                runner: Some(Runner::Diesel),
                dialect: Some(Dialect::Postgresql),
                ..MigrationSettings::default()
            }];
            let survey = survey(None, &subject, &settings, &mut reader);
            let lowering = lowering::lower(&survey, &mut reader, Some(&cache));
            let directory = &survey.directories[0];
            let file = directory.subject.ups().next().unwrap();
            let lowered = lowering.get(&directory.directory, file).unwrap();
            assert_eq!(lowered.opaque, expected, "{metadata:?}");
            let noted = reader.coverage.not_examined.iter();
            let noted = noted
                .filter(|note| note.path.ends_with("metadata.toml"))
                .count();
            assert_eq!(noted, usize::from(expected));
        }
    }
}
