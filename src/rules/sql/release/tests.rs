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
