use proptest::prelude::*;

use super::*;

fn check(runner: Runner, path: &str, expected: &str) {
    let found = match recognize(runner, path) {
        Recognition::Migration(name) => format!(
            "{} {} {:?}{}{}{}",
            name.version,
            name.title,
            name.role,
            if name.database.is_empty() {
                String::new()
            } else {
                format!(" for {}", name.database)
            },
            if name.autocommit { " autocommit" } else { "" },
            if name.code { " code" } else { "" },
        ),
        Recognition::Unreadable => "unreadable".to_owned(),
        Recognition::Callback => "callback".to_owned(),
        Recognition::Other => "other".to_owned(),
    };
    assert_eq!(found, expected, "{runner} {path}");
}

#[test]
fn golang_migrate_names() {
    let check = |path, expected| check(Runner::GolangMigrate, path, expected);
    check("0001_add_casks.up.sql", "0001 add_casks Up");
    check("0001_add_casks.down.sql", "0001 add_casks Down");
    check("1_.up.sql", "1  Up");
    check("1_a.down.b.up.sql", "1 a.down.b Up");
    check("1510262030_seed.up.go", "1510262030 seed Up code");
    check("18446744073709551616_too_large.up.sql", "unreadable");
    check("0002_casks.sql", "unreadable");
    check("0002-casks.up.sql", "unreadable");
    check("casks.up.sql", "unreadable");
    check("0002_casks.UP.sql", "unreadable");
    check("0002_casks.up.sql.bak", "0002 casks Up");
    check("0002_casks.up.psql", "0002 casks Up");
    check("0002_casks.up.txt", "0002 casks Up");
    check("0002_casks.down.", "0002 casks Down");
    check("0002_casks.txt", "other");
    check("schema.sql", "other");
    check("embed.go", "other");
    check("README.md", "other");
    check("old/0001_a.up.sql", "other");
}

#[test]
fn names_of_the_other_runners() {
    check(Runner::Goose, "00001_init.sql", "00001 init Both");
    check(Runner::Goose, "2_seed.go", "2 seed Both code");
    check(Runner::Goose, "2_seed_test.go", "other");
    check(Runner::Goose, "0_zero.sql", "unreadable");
    check(Runner::Goose, "init.sql", "unreadable");
    check(Runner::Goose, "migrations.go", "other");
    check(
        Runner::Dbmate,
        "20240102030405_a.sql",
        "20240102030405 a Both",
    );
    check(Runner::Dbmate, "a.sql", "other");
    check(
        Runner::Sqlx,
        "20240102_add casks.sql",
        "20240102 add casks Up",
    );
    check(Runner::Sqlx, "3_a.down.sql", "3 a Down");
    check(Runner::Sqlx, "three_a.sql", "unreadable");
    check(Runner::Refinery, "V1__init.sql", "1 init Up");
    check(Runner::Refinery, "U1.5__init.sql", "1.5 init Up");
    check(Runner::Refinery, "V1_init.sql", "unreadable");
    check(
        Runner::Diesel,
        "2024-01-02-030405_add_casks/up.sql",
        "2024-01-02-030405 add_casks Up",
    );
    check(
        Runner::Diesel,
        "00000000000000_setup/down.sql",
        "00000000000000 setup Down",
    );
    check(
        Runner::Diesel,
        "00000000000000_setup/metadata.toml",
        "other",
    );
    check(Runner::Flyway, "V1_2__a.sql", "1_2 a Up");
    check(Runner::Flyway, "U1.2__a.sql", "1.2 a Down");
    check(Runner::Flyway, "R__views.sql", " views Repeatable");
    check(Runner::Flyway, "B7__base.sql", "7 base Baseline");
    check(Runner::Flyway, "v2__a.sql", "unreadable");
    check(Runner::Flyway, "afterMigrate.sql", "  Repeatable");
    check(
        Runner::Flyway,
        "x/beforeEachMigrate__a b.sql",
        " a b Repeatable",
    );
    check(Runner::Flyway, "afterMigrateError.sql", "callback");
    check(Runner::Flyway, "x/beforeClean__a.sql", "callback");
    check(Runner::Flyway, "afterMigrate_a.sql", "other");
    check(Runner::Flyway, "afternoon.sql", "other");
    check(Runner::Flyway, "afterMigrate.java", "other");
    check(Runner::Plain, "afterMigrate.sql", "other");
    check(
        Runner::Prisma,
        "20240102030405_init/migration.sql",
        "20240102030405 init Up",
    );
    check(Runner::Prisma, "migration_lock.toml", "other");
    check(
        Runner::Popx,
        "2019_a.postgres.up.sql",
        "2019 a Up for postgres",
    );
    check(
        Runner::Popx,
        "2019_a.mysql.autocommit.down.sql",
        "2019 a Down for mysql autocommit",
    );
    check(Runner::Popx, "2019_a.up.fizz", "2019 a Up code");
    check(Runner::Tern, "001_a.sql", "001 a Both");
    check(Runner::Drizzle, "0000_quiet_cask.sql", "0000 quiet_cask Up");
}

#[test]
fn plain_names() {
    let check = |path, expected| check(Runner::Plain, path, expected);
    check("001_a.sql", "001 a Up");
    check("1.sql", "1  Up");
    check("2024-01-02_a.sql", "2024-01-02 a Up");
    check("20240102_030405_a.sql", "20240102_030405 a Up");
    check("1.2.3-a.sql", "1.2.3 a Up");
    check("7_2fa.sql", "7 2fa Up");
    check("V0001.Initial.mysql.up.sql", "0001 Initial Up for mysql");
    check("3_a_down.sql", "3 a Down");
    check("12/03_a.up.sql", "12/03 a Up");
    check("v1.4/02_a.sql", "v1.4/02 a Up");
    check("1700000000000_a/up.sql", "1700000000000 a Up");
    check("2fa.sql", "unreadable");
    check("a.sql", "other");
    check("other/1_a.sql", "other");
}

#[test]
fn numbers_compare_as_numbers() {
    let order = |path| match recognize(Runner::Plain, path) {
        Recognition::Migration(name) => name.order,
        other => panic!("{path}: {other:?}"),
    };
    assert!(order("2_a.sql") < order("10_a.sql"));
    assert_eq!(order("02_a.sql"), order("2_b.sql"));
    assert!(order("9/10_a.sql") < order("10/01_a.sql"));
    assert!(order("99999999999999999999999999999999999999999_a.sql") > order("1_a.sql"));
}

proptest! {
    #[test]
    fn no_path_panics(path in "\\PC{0,40}", number in "[0-9]{0,30}[_.\\-]?\\PC{0,12}(\\.up|\\.down)?\\.sql") {
        for profile in super::super::PROFILES {
            recognize(profile.runner, &path);
            recognize(profile.runner, &number);
        }
    }
}
