use super::*;
use crate::effects::{Compatibility, DEFAULT_SERVER_VERSION};
use crate::schema::Truth;
use crate::syntax::sql::operation::Dialect;
use crate::syntax::sql::parse;

fn unit(statements: &[Statement]) -> Unit<'_> {
    Unit {
        file: 0,
        mode: TransactionMode::Transactional,
        statements,
    }
}

fn parsed(sql: &str) -> Vec<Statement> {
    let parsed = parse(sql, Dialect::Postgresql);
    assert!(parsed.errors.is_empty(), "{sql}: {:?}", parsed.errors);
    parsed.value
}

fn folded(sql: &str) -> Catalog {
    let mut catalog = Catalog::new(Dialect::Postgresql);
    fold(&mut catalog, [unit(&parsed(sql))]);
    catalog
}

/// What `sql` does, all of it, to a database that `released` has made.
fn effect_of(released: &str, sql: &str) -> Effect {
    let mut catalog = folded(released);
    catalog.tick();
    let new = parsed(sql);
    let mut last = catalog.clone();
    fold(&mut last, [unit(&new)]);
    let before = catalog.clone();
    let setting = Setting {
        released: before.clock(),
        previous: Some(&before),
        last: Some(&last),
        server_version: DEFAULT_SERVER_VERSION,
    };
    let mut all: Option<Effect> = None;
    walk(
        &mut catalog,
        &unit(&new),
        &setting,
        &mut |step| match &mut all {
            Some(all) => all.absorb(step.effect),
            None => all = Some(step.effect.clone()),
        },
    );
    all.unwrap()
}

#[track_caller]
fn check(released: &str, sql: &str, compatibility: Compatibility, loss: Truth) {
    let effect = effect_of(released, sql);
    assert_eq!(
        (effect.compatibility, effect.data_loss),
        (compatibility, loss),
        "{sql}: {}",
        effect.reason
    );
}

const WIPE: &str = "CREATE TABLE casks (id int, label text);
    CREATE FUNCTION wipe() RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM casks; RETURN 1; END';
    CREATE FUNCTION idle() RETURNS int LANGUAGE sql AS 'SELECT 1';";

#[test]
fn every_call_of_a_statement_counts() {
    let unknown = Compatibility::Unknown;
    for sql in [
        "SELECT idle(), dblink_exec('DROP TABLE casks')",
        "SELECT now(), idle(), lower(strange('x'))",
        "INSERT INTO casks (id) VALUES (strange())",
        "CREATE TABLE new_t AS SELECT strange()",
        "CREATE MATERIALIZED VIEW v AS SELECT strange() AS a",
        "CALL idle(strange())",
        "COPY (SELECT strange()) TO STDOUT",
        "SELECT set_config('search_' || 'path', 'a', false)",
    ] {
        check(WIPE, sql, unknown, Truth::Unknown);
    }
    check(
        WIPE,
        "SELECT idle(), now()",
        Compatibility::Additive,
        Truth::No,
    );
    check(
        WIPE,
        "INSERT INTO casks (id, label) SELECT max(id), string_agg(label, ',') FROM casks",
        Compatibility::Additive,
        Truth::No,
    );
}

#[test]
fn what_a_function_does_its_callers_do() {
    for sql in [
        "CREATE TABLE new_t (a int); INSERT INTO new_t SELECT wipe()",
        "CREATE TABLE new_t (a int); INSERT INTO new_t VALUES (wipe())",
        "UPDATE casks SET id = wipe() WHERE id = 1",
        "DELETE FROM casks WHERE id = wipe()",
        "CREATE TABLE new_t AS SELECT wipe()",
        "WITH n AS (INSERT INTO casks VALUES (wipe()) RETURNING id) SELECT id FROM n",
        "MERGE INTO casks c USING (SELECT wipe() AS a) s ON c.id = s.a WHEN MATCHED THEN DELETE",
        "DO $$ BEGIN RAISE NOTICE '%', wipe(); END $$",
        "DO $$ BEGIN ASSERT wipe() = 1; END $$",
        "DO $$ BEGIN LOOP EXIT WHEN wipe() = 1; END LOOP; END $$",
        "DO $$ DECLARE c CURSOR FOR SELECT wipe(); BEGIN OPEN c; END $$",
    ] {
        let effect = effect_of(WIPE, sql);
        assert_eq!(effect.data_loss, Truth::Yes, "{sql}");
    }
}

#[test]
fn the_rows_of_a_long_insert_call_what_they_call() {
    let rows = "(1, 'grape'), ".repeat(8_000);
    let sql = format!("INSERT INTO casks VALUES {rows}(wipe(), 'x')");
    assert_eq!(effect_of(WIPE, &sql).data_loss, Truth::Yes);
}

#[test]
fn calls_that_are_not_followed_are_opaque() {
    let chain: String = (0..8)
        .map(|n| {
            format!(
                "CREATE FUNCTION f{n}() RETURNS void LANGUAGE sql AS 'SELECT f{}()';",
                n + 1
            )
        })
        .collect();
    let deep = format!("{chain} CREATE FUNCTION f8() RETURNS void LANGUAGE sql AS 'DROP TABLE a';");
    assert!(effect_of(&deep, "SELECT f0()").opaque);
    assert!(!effect_of(&deep, "SELECT f5()").opaque);

    let body = "SELECT 1; ".repeat(100);
    let wide = format!("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS '{body}';");
    assert!(!effect_of(&wide, &"SELECT f();".repeat(90)).opaque);
    assert!(effect_of(&wide, &"SELECT f();".repeat(110)).opaque);
}

#[test]
fn a_table_is_never_its_own_ancestor() {
    let catalog = folded(
        "CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c () INHERITS (c);
         ALTER TABLE a INHERIT a; ALTER TABLE a INHERIT b; ALTER TABLE b INHERIT a;
         CREATE TABLE p (id int) PARTITION BY RANGE (id);
         CREATE TABLE q PARTITION OF p FOR VALUES FROM (1) TO (2) PARTITION BY RANGE (id);
         ALTER TABLE q ATTACH PARTITION p DEFAULT; ALTER TABLE p ATTACH PARTITION p DEFAULT;
         ALTER TABLE b ADD UNIQUE (id); ALTER TABLE p ADD UNIQUE (id); CREATE INDEX ON p (id);
         ALTER TABLE b DROP CONSTRAINT b_id_key; DROP INDEX p_id_idx;",
    );
    let of = |name: &str| catalog.relation(&Name::plain(name)).found().unwrap();
    assert!(of("a").children.is_empty());
    assert_eq!(of("b").children, BTreeSet::from([of("a").id]));
    assert!(of("q").children.is_empty());
    assert!(of("a").constraints.is_empty());
    assert_eq!((of("q").constraints.len(), of("q").indexes.len()), (1, 1));
}

#[test]
fn a_table_of_unknown_columns_is_no_substitute() {
    let released = "CREATE TABLE casks (id int)";
    check(
        released,
        "DROP TABLE casks; CREATE TABLE casks (id int)",
        Compatibility::NeedsProof,
        Truth::Yes,
    );
    for again in ["AS SELECT 1 AS id", "AS SELECT * FROM old_casks"] {
        let sql = format!("DROP TABLE casks; CREATE TABLE casks {again}");
        let effect = effect_of(released, &sql);
        assert_eq!(effect.compatibility, Compatibility::Breaking, "{sql}");
    }
    let unknown = effect_of(
        "CREATE TABLE casks AS SELECT 1",
        "DROP TABLE casks; CREATE TABLE casks (id int)",
    );
    assert_eq!(unknown.compatibility, Compatibility::Breaking);
}

#[test]
fn set_local_ends_with_its_transaction() {
    for (sql, schema) in [
        ("SET search_path = a; COMMIT;", "a"),
        ("BEGIN; SET LOCAL search_path = a;", "a"),
        ("BEGIN; SET LOCAL search_path = a; COMMIT;", "public"),
        ("BEGIN; SET LOCAL search_path = a; ROLLBACK;", "public"),
        (
            "BEGIN; SET LOCAL search_path = a; SET search_path = b; COMMIT;",
            "b",
        ),
        (
            "SELECT pg_catalog.set_config('search_path', 'a', false);",
            "a",
        ),
        (
            "BEGIN; SELECT set_config('search_path', 'a', true); COMMIT;",
            "public",
        ),
    ] {
        let catalog = folded(&format!("{sql} CREATE TABLE casks (id int);"));
        let table = catalog.relations().next().unwrap();
        assert_eq!(*table.key.schema, *schema, "{sql}");
    }
}

#[test]
fn savepoints_have_names() {
    let tables = |sql: &str| {
        let catalog = folded(&format!(
            "BEGIN; CREATE TABLE a (); SAVEPOINT one; CREATE TABLE b (); SAVEPOINT two; CREATE TABLE c (); {sql}"
        ));
        let names: Vec<&str> = catalog.relations().map(|table| &*table.key.name).collect();
        (names.join(" "), catalog.is_tainted())
    };
    for (sql, expected, tainted) in [
        ("ROLLBACK TO one;", "a", false),
        ("ROLLBACK TO SAVEPOINT two;", "a b", false),
        ("RELEASE two; ROLLBACK TO one;", "a", false),
        ("RELEASE SAVEPOINT one; ROLLBACK TO two;", "a b c", true),
        ("SAVEPOINT \"One\"; ROLLBACK TO \"One\";", "a b c", false),
        ("SAVEPOINT one; ROLLBACK TO one;", "a b c", false),
        ("ROLLBACK;", "", false),
    ] {
        assert_eq!(tables(sql), (expected.to_owned(), tainted), "{sql}");
    }
    let many = "SAVEPOINT many; CREATE TABLE d (); RELEASE many; ".repeat(1_000);
    assert!(tables(&format!("{many} ROLLBACK TO one;")).1);
}
