use super::*;
use crate::discover::Reader;
use crate::facts::Origins;
use crate::migrations::{MigrationSettings, lowering, survey};
use crate::syntax::migration::Runner;
use crate::syntax::sql::operation::Dialect;

fn facts(
    runner: Runner,
    before: &[(&str, &str)],
    after: &[(&str, &str)],
) -> (MigrationsFacts, Vec<String>) {
    let (mut reader, previous) = Reader::in_memory("v1.0.0", before);
    let subject = reader.add_memory_snapshot("v1.1.0", after);
    let settings = [MigrationSettings {
        path: "db".to_owned(),
        runner: Some(runner),
        dialect: Some(Dialect::Postgresql),
        ..MigrationSettings::default()
    }];
    let survey = survey(Some(&previous), &subject, &settings, &mut reader);
    let lowering = lowering::lower(&survey, &mut reader, None);
    let mut origins = Origins::default();
    let facts = collect(
        &survey,
        &lowering,
        &mut reader,
        &mut origins,
        &mut |site, fact| {
            assert_eq!(site.file.path, fact.path);
            fact.release_type = if fact.kind == "drop_table" {
                "major"
            } else {
                "patch"
            }
            .to_owned();
        },
    );
    let places = facts
        .operations
        .iter()
        .map(|operation| {
            let place = origins.get(operation.origin).unwrap();
            reader.sources.text(place).to_owned()
        })
        .collect();
    (facts, places)
}

fn operations(facts: &MigrationsFacts) -> Vec<String> {
    facts
        .operations
        .iter()
        .map(|fact| {
            format!(
                "{} {} {}.{} {}",
                fact.version, fact.kind, fact.table, fact.column, fact.object
            )
        })
        .map(|line| line.trim_end_matches([' ', '.']).to_owned())
        .collect()
}

#[test]
fn operations_are_those_of_new_ups_in_their_order() {
    let (facts, places) = facts(
        Runner::GolangMigrate,
        &[("db/1_a.up.sql", "CREATE TABLE casks (id bigint);")],
        &[
            ("db/1_a.up.sql", "CREATE TABLE casks (id bigint);"),
            ("db/10_c.up.sql", "DROP TABLE racks, barrels;"),
            (
                "db/2_b.up.sql",
                "ALTER TABLE casks ADD COLUMN label text, DROP COLUMN id;\nCREATE INDEX i ON casks (label);",
            ),
            ("db/2_b.down.sql", "ALTER TABLE casks DROP COLUMN label;"),
        ],
    );
    assert_eq!(
        operations(&facts),
        [
            "2 add_column casks.label",
            "2 drop_column casks.id",
            "2 create_index casks. i",
            "10 drop_table racks",
            "10 drop_table barrels",
        ]
    );
    assert!(places[0].contains("ADD COLUMN label"), "{}", places[0]);
    let types: Vec<_> = facts
        .added
        .iter()
        .map(|fact| {
            (
                fact.path.as_str(),
                fact.direction.as_str(),
                fact.release_type.as_str(),
            )
        })
        .collect();
    assert_eq!(
        types,
        [
            ("db/10_c.up.sql", "up", "major"),
            ("db/2_b.down.sql", "down", "patch"),
            ("db/2_b.up.sql", "up", "patch"),
        ]
    );
    assert_eq!(
        (
            facts.directories[0].count,
            facts.directories[0].latest.as_str()
        ),
        (3, "10")
    );
}

#[test]
fn the_way_back_exists_or_does_nothing() {
    let check = |runner, files: &[(&str, &str)], expected| {
        let (facts, _) = facts(runner, &[], files);
        let up = facts
            .added
            .iter()
            .find(|fact| fact.direction == "up")
            .unwrap();
        assert_eq!((up.has_down, up.down_is_empty), expected, "{files:?}");
    };
    let up = ("db/1_a.up.sql", "CREATE TABLE casks (id bigint);");
    check(Runner::GolangMigrate, &[up], (false, false));
    check(
        Runner::GolangMigrate,
        &[up, ("db/1_a.down.sql", "DROP TABLE casks;")],
        (true, false),
    );
    check(
        Runner::GolangMigrate,
        &[up, ("db/1_a.down.sql", "-- nothing")],
        (true, true),
    );
    check(
        Runner::GolangMigrate,
        &[up, ("db/1_a.down.sql", "SELECT 1;")],
        (true, true),
    );
    check(
        Runner::GolangMigrate,
        &[up, ("db/1_a.down.sql", "SELECT undo();")],
        (true, false),
    );
    let goose = |text| ("db/1_a.sql", text);
    check(
        Runner::Goose,
        &[goose("-- +goose Up\nSELECT 1;")],
        (false, false),
    );
    check(
        Runner::Goose,
        &[goose("-- +goose Up\nSELECT 1;\n-- +goose Down\n")],
        (true, true),
    );
    check(
        Runner::Goose,
        &[goose(
            "-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE a;",
        )],
        (true, false),
    );
}

#[test]
fn a_file_with_both_ways_is_down_when_only_that_differs() {
    let text = |down| format!("-- +goose Up\nCREATE TABLE a (b int);\n-- +goose Down\n{down}");
    let (before, after) = (text("DROP TABLE b;"), text("DROP TABLE a;"));
    let (facts, _) = facts(
        Runner::Goose,
        &[("db/1_a.sql", &before)],
        &[("db/1_a.sql", &after)],
    );
    let fact = &facts.modified[0];
    assert_eq!(
        (fact.direction.as_str(), fact.up_changed, fact.down_changed),
        ("down", false, true)
    );
    assert_eq!(fact.statements[0].kind, "drop_table");
    assert!(facts.operations.is_empty());
}

#[test]
fn programs_are_opaque() {
    let (facts, _) = facts(Runner::Goose, &[], &[("db/1_a.go", "package db")]);
    let fact = &facts.added[0];
    assert!(fact.code && fact.statements[0].opaque && facts.operations[0].opaque);
    assert_eq!(fact.statements[0].release_type, "minor");
}

#[test]
fn what_is_gone_and_what_moved_has_its_paths() {
    let sql = "CREATE TABLE a (b int);";
    let (facts, _) = facts(
        Runner::GolangMigrate,
        &[("db/1_a.up.sql", sql), ("db/2_b.up.sql", "DROP TABLE b;")],
        &[("db/3_a.up.sql", sql)],
    );
    let renamed = &facts.renamed[0];
    assert_eq!(
        (renamed.path.as_str(), renamed.previous_path.as_str()),
        ("db/3_a.up.sql", "db/1_a.up.sql")
    );
    assert!(renamed.renumbered && renamed.up_changed);
    let deleted = &facts.deleted[0];
    assert_eq!(
        (deleted.path.as_str(), deleted.previous_path.as_str()),
        ("db/2_b.up.sql", "")
    );
    assert!(deleted.statements.is_empty());
}
