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
    assert_eq!(said, ["app/migrations", "sql/migrations"]);
}
