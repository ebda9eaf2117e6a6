use super::*;

fn check(files: &[(&str, &str)], expected: &[&str]) {
    let (mut reader, snapshot) = Reader::in_memory("HEAD", files);
    let found: Vec<String> = find_directories(&Memory::default(), &snapshot, &mut reader, &[])
        .iter()
        .map(|directory| {
            let mut text = format!(
                "{} {} {}",
                directory.path,
                directory.runner,
                directory.dialect.as_str()
            );
            if !directory.databases.is_empty() {
                text.push_str(" of ");
                text.push_str(&directory.databases.join(","));
            }
            text
        })
        .collect();
    assert_eq!(found, expected, "{files:?}");
}

const PG: &str = "CREATE TABLE casks (filled timestamptz);";

#[test]
fn pairs_speak_for_themselves() {
    check(
        &[
            ("a/migrations/1_x.up.sql", PG),
            ("b/schema/1_x.up.sql", PG),
            ("b/schema/1_x.down.sql", ""),
        ],
        &[
            "a/migrations golang-migrate postgresql",
            "b/schema golang-migrate postgresql",
        ],
    );
    check(&[("1_x.up.sql", PG)], &[" golang-migrate postgresql"]);
}

#[test]
fn a_number_alone_needs_more() {
    check(&[("docs/sql/001_x.sql", PG)], &[]);
    check(&[("scripts/001_x.sql", PG)], &[]);
    check(
        &[
            ("db/queries/001_x.sql", PG),
            ("db/queries/002_x.sql", PG),
            ("db/queries/003_x.sql", PG),
        ],
        &[],
    );
    check(&[("db/seeds/001_x.sql", PG)], &[]);
    check(&[("migrations/queries/001_x.sql", PG)], &[]);
    check(&[("db/001_x.sql", PG), ("db/002_x.sql", PG)], &[]);
    check(
        &[
            ("db/001_x.sql", PG),
            ("db/002_x.sql", PG),
            ("db/003_x.sql", PG),
        ],
        &["db plain postgresql"],
    );
    check(
        &[
            ("db/001_x.sql", "SELECT 1"),
            ("db/002_x.sql", PG),
            ("db/003_x.sql", PG),
        ],
        &[],
    );
    check(
        &[("migrations/001_x.sql", PG)],
        &["migrations plain postgresql"],
    );
    check(
        &[("scripts/001_x.sql", "-- +goose Up\n")],
        &["scripts goose generic"],
    );
}

#[test]
fn other_peoples_and_test_files_are_left_out() {
    for directory in [
        "testdata/migrations",
        "internal/test/migrations",
        "vendor/x/migrations",
        "node_modules/x/migrations",
        "examples/a/migrations",
        "third_party/migrations",
        "e2e-tests/migrations",
        ".cache/migrations",
        "docs/migrations",
    ] {
        check(&[(&format!("{directory}/1_x.up.sql"), PG)], &[]);
    }
    check(
        &[("latest/migrations/1_x.up.sql", PG)],
        &["latest/migrations golang-migrate postgresql"],
    );
}

#[test]
fn the_runner_is_told_by_directives_and_manifests() {
    check(
        &[
            ("migrations/1_x.sql", "-- remark\n-- +goose Up\n"),
            ("migrations/x.go", ""),
        ],
        &["migrations goose generic"],
    );
    check(
        &[("db/migrations/1_x.sql", "-- migrate:up\n-- migrate:down\n")],
        &["db/migrations dbmate generic"],
    );
    check(
        &[
            ("migrations/1_x.sql", PG),
            ("Cargo.toml", "sqlx = { features = [\"postgres\"] }"),
        ],
        &["migrations sqlx postgresql"],
    );
    check(
        &[
            ("migrations/1_x.up.sql", PG),
            ("Cargo.toml", "sqlx = { features = [\"sqlite\"] }"),
        ],
        &["migrations sqlx sqlite"],
    );
    check(
        &[
            ("migrations/2020-01-01-000000_x/up.sql", PG),
            ("Cargo.toml", "diesel = { features = [\"postgres\"] }"),
        ],
        &["migrations diesel postgresql"],
    );
    check(
        &[("hasura/migrations/default/170_x/up.sql", PG)],
        &["hasura/migrations/default plain postgresql"],
    );
    check(
        &[("src/main/resources/db/migration/V1__x.sql", PG)],
        &["src/main/resources/db/migration flyway postgresql"],
    );
    check(
        &[
            ("migrations/V1__x.sql", PG),
            ("Cargo.toml", "refinery = \"1\""),
        ],
        &["migrations refinery postgresql"],
    );
    check(
        &[
            ("prisma/migrations/2020_x/migration.sql", PG),
            (
                "prisma/migrations/migration_lock.toml",
                "provider = \"mysql\"",
            ),
        ],
        &["prisma/migrations prisma mysql"],
    );
    check(
        &[("migrations/1_x.sql", PG), ("migrations/atlas.sum", "")],
        &["migrations atlas postgresql"],
    );
    check(
        &[
            ("drizzle/0000_x.sql", "CREATE TABLE a (b int);"),
            ("drizzle/meta/_journal.json", "\"dialect\": \"sqlite\""),
        ],
        &["drizzle drizzle sqlite"],
    );
    check(
        &[(
            "db/changelog/a.sql",
            "--liquibase formatted sql\n--changeset ada:1\n",
        )],
        &["db/changelog liquibase generic"],
    );
    check(
        &[
            ("migrations/1_x.up.sql", PG),
            ("go.mod", "\tgithub.com/gobuffalo/pop/v6 v6.1.1\n"),
        ],
        &["migrations popx postgresql"],
    );
}

#[test]
fn the_database_is_told_by_path_driver_and_syntax() {
    let any = "CREATE TABLE a (b int);";
    check(
        &[("postgres/migrations/1_x.up.sql", any)],
        &["postgres/migrations golang-migrate postgresql"],
    );
    check(
        &[("migrations/mysql/1_x.up.sql", any)],
        &["migrations/mysql golang-migrate mysql"],
    );
    check(
        &[("migrations/crdb/1_x.up.sql", any)],
        &["migrations/crdb golang-migrate generic"],
    );
    check(
        &[
            ("migrations/1_x.up.sql", any),
            ("go.mod", "github.com/jackc/pgx/v5 v5.0.0"),
        ],
        &["migrations golang-migrate postgresql"],
    );
    check(
        &[
            ("migrations/1_x.up.sql", any),
            (
                "go.mod",
                "github.com/jackc/pgx/v5 v5.0.0\ngithub.com/mattn/go-sqlite3 v1.0.0 // indirect",
            ),
        ],
        &["migrations golang-migrate postgresql"],
    );
    check(
        &[
            ("migrations/1_x.up.sql", any),
            ("sqlc.yaml", "    engine: \"sqlite\""),
        ],
        &["migrations golang-migrate sqlite"],
    );
    let several = "github.com/jackc/pgx/v5 v5.0.0\nmodernc.org/sqlite v1.0.0";
    check(
        &[("migrations/1_x.up.sql", any), ("go.mod", several)],
        &["migrations golang-migrate generic"],
    );
    check(
        &[("migrations/1_x.up.sql", PG), ("go.mod", several)],
        &["migrations golang-migrate postgresql"],
    );
    check(
        &[(
            "migrations/1_x.up.sql",
            "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        )],
        &["migrations golang-migrate sqlite"],
    );
    check(
        &[(
            "migrations/1_x.up.sql",
            "CREATE TABLE a (id INT AUTO_INCREMENT) ENGINE=InnoDB",
        )],
        &["migrations golang-migrate mysql"],
    );
}

#[test]
fn names_limit_files_to_databases() {
    check(
        &[
            ("sql/2019_a.up.sql", PG),
            ("sql/2020_b.postgres.up.sql", PG),
            ("sql/2020_b.cockroach.up.sql", PG),
            ("sql/2020_b.sqlite3.up.sql", PG),
        ],
        &[
            "sql popx generic of cockroach",
            "sql popx postgresql of postgres",
            "sql popx sqlite of sqlite3",
        ],
    );
}

#[test]
fn numbered_directories_are_one_sequence() {
    check(
        &[
            ("db/postgres/1/01_a.up.sql", PG),
            ("db/postgres/2/01_a.up.sql", PG),
            ("db/postgres/10/01_b.up.sql", PG),
        ],
        &["db/postgres plain postgresql"],
    );
    check(
        &[("migrations/v1/01_a.up.sql", PG)],
        &["migrations/v1 golang-migrate postgresql"],
    );
    check(
        &[
            ("migrations/v1/01_a.sql", "-- +goose Up"),
            ("migrations/v2/01_a.sql", "-- +goose Up"),
        ],
        &["migrations/v1 goose generic", "migrations/v2 goose generic"],
    );
}

#[test]
fn what_cannot_be_judged_is_said() {
    let (mut reader, snapshot) = Reader::in_memory(
        "HEAD",
        &[
            ("app/migrations/0001_initial.py", ""),
            ("sql/migrations/1_x.up.sql", "SELECT 1;"),
        ],
    );
    find_directories(&Memory::default(), &snapshot, &mut reader, &[]);
    let said: Vec<&str> = reader
        .coverage
        .not_examined
        .iter()
        .map(|entry| entry.path.as_str())
        .collect();
    assert_eq!(said, ["sql/migrations", "app/migrations"]);
}

/// The directories and files of a configuration, and what was noted: not judged, or, behind `+`, left out.
#[track_caller]
pub(super) fn check_configured(
    files: &[(&str, &str)],
    configured: &[MigrationSettings],
    expected: &[&str],
    notes: &[&str],
) {
    let (mut reader, snapshot) = Reader::in_memory("HEAD", files);
    let memory = Memory::default();
    // What is remembered leaves the same notes.
    for _time in 0..2 {
        reader.coverage = crate::discover::Coverage::default();
        let found = find_directories(&memory, &snapshot, &mut reader, configured);
        let files: Vec<String> = found
            .iter()
            .flat_map(|directory| {
                let sequence = memory.sequence(&snapshot, directory);
                let head = format!("{} {}", directory.runner, directory.dialect.as_str());
                let ups = sequence.ups().map(|file| format!("{head} {}", file.path));
                ups.collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(files, expected);
        let coverage = &reader.coverage;
        let skipped = coverage
            .not_examined
            .iter()
            .map(|it| format!("{}: {}", it.path, it.reason));
        let left_out = coverage.left_out.iter().map(|it| format!("+{}", it.path));
        assert_eq!(skipped.chain(left_out).collect::<Vec<_>>(), notes);
    }
}

fn settings(path: &str, runner: Option<Runner>, dialect: Option<Dialect>) -> MigrationSettings {
    MigrationSettings {
        path: path.to_owned(),
        runner,
        dialect,
        ..MigrationSettings::default()
    }
}

/// A dialect that no file names takes the files for all databases, and the others are told of.
#[test]
fn a_configured_dialect_filters_nothing_that_is_for_all() {
    check_configured(
        &[
            ("db/1_a.up.sql", PG),
            ("db/1_a.mysql.up.sql", ""),
            ("db/2_b.cockroach.up.sql", ""),
        ],
        &[settings(
            "db",
            Some(Runner::Popx),
            Some(Dialect::Postgresql),
        )],
        &["popx postgresql db/1_a.up.sql"],
        &[
            "db: files for cockroachdb are not judged: the configuration names another `dialect`",
            "db: files for mysql are not judged: the configuration names another `dialect`",
        ],
    );
}

/// Flyway, refinery and Liquibase look below their directory.
#[test]
fn some_runners_read_what_lies_deeper() {
    let files = [
        ("db/migration/2026/V5__x.sql", PG),
        ("db/migration/V4__x.sql", PG),
    ];
    let both = [
        "flyway postgresql db/migration/V4__x.sql",
        "flyway postgresql db/migration/2026/V5__x.sql",
    ];
    let flyway = Some(Runner::Flyway);
    let postgresql = Some(Dialect::Postgresql);
    check_configured(
        &files,
        &[settings("db/migration", flyway, postgresql)],
        &both,
        &[],
    );
    check_configured(&files, &[], &both, &[]);
    let deep = &files[..1];
    check_configured(
        deep,
        &[settings("db/migration", None, postgresql)],
        &both[1..],
        &[],
    );
    check_configured(
        &[("db/changelog/v1/a.sql", ""), ("db/changelog/v2/a.sql", "")],
        &[settings(
            "db/changelog",
            Some(Runner::Liquibase),
            postgresql,
        )],
        &[
            "liquibase postgresql db/changelog/v1/a.sql",
            "liquibase postgresql db/changelog/v2/a.sql",
        ],
        &[],
    );
}

#[test]
fn what_the_configuration_does_not_name_is_told() {
    let files = [
        ("services/a/migrations/1_x.up.sql", PG),
        ("services/b/migrations/1_x.up.sql", PG),
        ("scripts/1_x.sql", "SELECT 1"),
    ];
    let golang = Some(Runner::GolangMigrate);
    check_configured(
        &files,
        &[settings(
            "services/a/migrations",
            golang,
            Some(Dialect::Postgresql),
        )],
        &["golang-migrate postgresql services/a/migrations/1_x.up.sql"],
        &["+services/b/migrations"],
    );
}

/// Programs beside SQL are told of, unless the runner runs both.
#[test]
fn programs_beside_sql_are_not_judged() {
    let python = "db/migrations: migrations written in Python are not judged";
    let files = [
        ("db/migrations/0001_init.sql", PG),
        ("db/migrations/0002_drop_users.py", ""),
    ];
    let found = ["plain postgresql db/migrations/0001_init.sql"];
    check_configured(&files, &[], &found, &[python]);
    let configured = [settings(
        "db/migrations",
        Some(Runner::Plain),
        Some(Dialect::Postgresql),
    )];
    check_configured(&files, &configured, &found, &[python]);
    // A configured directory need not be called after migrations.
    let files = [
        ("db/steps/0001_init.sql", PG),
        ("db/steps/0002_drop_users.py", ""),
    ];
    let configured = [settings(
        "db/steps",
        Some(Runner::Plain),
        Some(Dialect::Postgresql),
    )];
    check_configured(
        &files,
        &configured,
        &["plain postgresql db/steps/0001_init.sql"],
        &["db/steps: migrations written in Python are not judged"],
    );
    let files = [
        ("migrations/0001_x.sql", "-- +goose Up\nSELECT 'x'::text;"),
        ("migrations/0002_y.go", ""),
    ];
    check_configured(
        &files,
        &[],
        &[
            "goose postgresql migrations/0001_x.sql",
            "goose postgresql migrations/0002_y.go",
        ],
        &[],
    );
}

#[test]
fn what_a_directory_contains() {
    let check = |directory: &str, path: &str, expected: bool| {
        let directory = MigrationDirectory {
            path: directory.to_owned(),
            runner: Runner::GolangMigrate,
            dialect: Dialect::Postgresql,
            databases: Vec::new(),
            server_version: None,
            assume_lock_timeout: false,
            assume_statement_timeout: false,
            phase: Phase::default(),
            configured: true,
        };
        assert_eq!(
            directory.contains(path),
            expected,
            "{} {path}",
            directory.path
        );
    };
    check("db", "db/1_a.up.sql", true);
    check("db", "db/helper.go", true);
    check("db", "dbx/1_a.up.sql", false);
    check("", "1_a.up.sql", true);
    check("", "main.go", false);
    check("", "queries/casks.sql", false);
}
