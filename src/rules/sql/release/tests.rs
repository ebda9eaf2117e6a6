use super::super::pages::{Example, judge_block, judge_files};
use super::JudgedRelease;
use crate::syntax::migration::Runner;

/// The rules that find something, and the release type of each operation by its file.
fn told(judged: &JudgedRelease) -> (Vec<String>, Vec<String>) {
    let mut rules: Vec<String> = judged.findings.iter().map(|it| it.rule.clone()).collect();
    rules.sort();
    rules.dedup();
    let effects = judged.effects.iter().map(|(site, effect)| {
        let file = site.path.rsplit('/').next().unwrap_or_default();
        format!("{file} {}", effect.release_type.as_str())
    });
    (rules, effects.collect())
}

fn verdict_of_files(
    runner: Runner,
    before: &[(&str, &str)],
    after: &[(&str, &str)],
) -> (Vec<String>, Vec<String>) {
    let owned = |files: &[(&str, &str)]| -> Vec<(String, String)> {
        let files = files.iter();
        files
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect()
    };
    let example = Example::of(runner);
    told(&judge_files(&example, "", &owned(before), &owned(after)).0)
}

const ADD: &str = "CREATE TABLE orders (id bigint PRIMARY KEY);\n";
const DROP: &str = "DROP TABLE orders;\n";

/// A day is no version that tells two files apart.
#[test]
fn a_new_file_is_judged_beside_a_released_one_of_its_version() {
    let add = ("db/migrations/2026-01-10-add.sql", ADD);
    let drop = ("db/migrations/2026-01-10-drop.sql", DROP);
    let (rules, effects) = verdict_of_files(Runner::Plain, &[add], &[add, drop]);
    assert!(rules.contains(&"drop-table".to_owned()), "{rules:?}");
    assert_eq!(effects, ["2026-01-10-drop.sql major"]);
}

#[test]
fn an_appended_changeset_is_judged_and_the_others_are_not() {
    let before = format!("--liquibase formatted sql\n--changeset ann:1\n{ADD}--rollback {DROP}");
    let after = format!("{before}\n--changeset ann:2\n{DROP}");
    let path = "db/migrations/orders.sql";
    let (rules, effects) =
        verdict_of_files(Runner::Liquibase, &[(path, &before)], &[(path, &after)]);
    assert!(rules.contains(&"drop-table".to_owned()), "{rules:?}");
    assert_eq!(effects, ["orders.sql major"]);
}

/// What no upgrade runs is not judged as if one did; new databases have it all the same.
#[test]
fn what_no_upgrade_runs_is_a_drift() {
    let before = [(
        "db/migrations/5_a.up.sql",
        "CREATE TABLE casks (id bigint);",
    )];
    let after = [before[0], ("db/migrations/3_b.up.sql", ADD)];
    let (rules, effects) = verdict_of_files(Runner::GolangMigrate, &before, &after);
    assert_eq!(rules, ["schema-drift-between-fresh-and-upgraded"]);
    assert_eq!(effects, [""; 0]);
}

#[test]
fn what_others_wait_for_and_lose() {
    let check = |block: &str, rule: &str, expected: bool| {
        let judged = judge_block(block);
        let (rules, _) = told(&judged);
        assert_eq!(
            rules.iter().any(|it| it == rule),
            expected,
            "{block}{rules:?}"
        );
    };
    let released = "-- released:\nCREATE TABLE casks (id int); CREATE VIEW v AS SELECT id FROM casks;\nCREATE SEQUENCE s;\n-- new:\n";
    // Readers of a view wait for its lock as those of a table do.
    for (sql, expected) in [
        ("CREATE OR REPLACE VIEW v AS SELECT id FROM casks;", true),
        ("DROP VIEW v;", true),
        ("ALTER VIEW v RENAME TO w;", true),
        ("SET lock_timeout = '2s'; DROP VIEW v;", false),
        ("CREATE VIEW w AS SELECT id FROM casks; DROP VIEW w;", false),
        ("COMMENT ON VIEW v IS 'x';", false),
        ("CREATE INDEX CONCURRENTLY i ON casks (id);", false),
    ] {
        check(
            &format!("{released}{sql}"),
            "require-lock-timeout",
            expected,
        );
    }
    let mysql = "-- runner: plain mysql\n-- released:\nCREATE TABLE casks (id int PRIMARY KEY, a int);\n-- new:\n";
    check(
        &format!("{mysql}LOCK TABLES casks WRITE;"),
        "explicit-lock-table",
        true,
    );
    check(
        &format!("{mysql}LOCK TABLES casks READ;"),
        "explicit-lock-table",
        true,
    );
    let fresh = "CREATE TABLE wax (id int PRIMARY KEY); LOCK TABLES wax WRITE;";
    check(&format!("{mysql}{fresh}"), "explicit-lock-table", false);
    let losses = |block: &str| -> Vec<String> {
        let judged = judge_block(block);
        let effects = judged.effects.values();
        effects.map(|it| it.data_loss.as_str().to_owned()).collect()
    };
    assert_eq!(
        losses(&format!("{mysql}REPLACE INTO casks (id) VALUES (1);")),
        ["unknown"]
    );
    assert_eq!(
        losses(&format!("{mysql}INSERT INTO casks (id) VALUES (1);")),
        ["no"]
    );
    let sqlite = mysql.replace("mysql", "sqlite");
    let replace = "INSERT OR REPLACE INTO casks (id) VALUES (1);";
    assert_eq!(losses(&format!("{sqlite}{replace}")), ["unknown"]);
    let unsafe_pragma = judge_block(&format!("{sqlite}PRAGMA writable_schema = ON;"));
    assert_eq!(unsafe_pragma.opaque.len(), 1, "{:?}", unsafe_pragma.opaque);
    // The codes of PostgreSQL's errors are no other server's.
    let required = "-- released:\nCREATE TABLE casks (id int PRIMARY KEY);\n-- new:\nALTER TABLE casks ADD COLUMN code int NOT NULL;";
    for (head, has_code) in [("", true), ("-- runner: plain mysql\n", false)] {
        let judged = judge_block(&format!("{head}{required}"));
        let mut found = judged.findings.iter();
        let message = &found
            .find(|it| it.rule == "add-required-column")
            .unwrap()
            .message;
        assert_eq!(message.contains("refused (23502)"), has_code, "{message}");
    }
}

/// Behind a statement that nobody can read, anything that is made only when it is not there may be there.
#[test]
fn what_may_exist_is_not_new() {
    let check = |released: &str, new: &str, rule: &str, expected: bool| {
        let block = format!("-- released:\n{released}\n-- new:\n{new}\n");
        let (rules, effects) = told(&judge_block(&block));
        assert_eq!(
            rules.iter().any(|it| it == rule),
            expected,
            "{block}{rules:?}"
        );
        let is_major = effects.iter().any(|effect| effect.ends_with(" major"));
        assert_eq!(
            is_major,
            expected && rule.starts_with("drop"),
            "{block}{effects:?}"
        );
    };
    let dynamic = "DO $$ BEGIN EXECUTE (SELECT string_agg(ddl, ';') FROM to_do); END $$;";
    let index =
        "CREATE TABLE IF NOT EXISTS accounts (id int); CREATE INDEX by_id ON accounts (id);";
    check(dynamic, index, "create-index-non-concurrent", true);
    check("", index, "create-index-non-concurrent", false);
    let drop = "CREATE TABLE IF NOT EXISTS accounts (id int); DROP TABLE accounts;";
    check(dynamic, drop, "drop-table", true);
    check("", drop, "drop-table", false);
    // Without IF NOT EXISTS the server refuses what is there.
    check(
        dynamic,
        "CREATE TABLE accounts (id int); DROP TABLE accounts;",
        "drop-table",
        false,
    );
    // What the release itself makes in a way that cannot be read is new.
    check("", &format!("{dynamic} {drop}"), "drop-table", false);
    let column = "ALTER TABLE accounts ADD COLUMN IF NOT EXISTS code int; ALTER TABLE accounts DROP COLUMN code;";
    check(
        "CREATE TABLE accounts AS SELECT 1 AS id;",
        column,
        "drop-column",
        true,
    );
    check(
        "CREATE TABLE accounts (id int);",
        column,
        "drop-column",
        false,
    );
    let view = "CREATE OR REPLACE VIEW v AS SELECT 1 AS id; DROP VIEW v;";
    check(dynamic, view, "drop-view", true);
    check("", view, "drop-view", false);
}
