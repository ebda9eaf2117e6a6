//! What `relgate fix` writes for SQL, on a real PostgreSQL: the same schema up, the same schema down.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::postgres::Server;
use crate::support::repo::Repo;
use crate::support::tool::Tool;

const RELEASED: &str = r"
- branch: main
  commit: 'feat: casks'
  date: 2026-01-14T09:00:00Z
  write:
    relgate.yaml: |
      migrations: [{ path: db/migrations, dialect: postgresql, runner: golang-migrate, serverVersion: 15 }]
      policies: [builtin:migration-safety]
    db/migrations/000001_casks.up.sql: |
      CREATE SCHEMA cellar;
      CREATE TABLE casks (id bigint, label text, litres int);
      CREATE TABLE cellar.orders (id bigint NOT NULL, number text NOT NULL, note text);
    db/migrations/000001_casks.down.sql: |
      DROP TABLE cellar.orders;
      DROP TABLE casks;
      DROP SCHEMA cellar;
  tag: v1.0.0
- commit: 'feat: more'
  date: 2026-02-14T09:00:00Z
  write:
    db/migrations/000002_more.up.sql: UP
    db/migrations/000002_more.down.sql: DOWN
";

/// Columns, constraints and indexes, each on a line.
const SCHEMA: &str = r"
SELECT string_agg(line, chr(10) ORDER BY line) FROM (
  SELECT format('%s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull) AS line
  FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relkind = 'r' AND attnum > 0 AND NOT attisdropped AND c.oid > 16000
  UNION ALL
  SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE oid > 16000
  UNION ALL
  SELECT format('%s %s', pg_get_indexdef(indexrelid), indisvalid) FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE relkind = 'r' AND c.oid > 16000
) AS all_of_it";

/// Mends a new migration, and runs what was and what is now on a server, up and down.
fn check(server: &Server, rule: &str, up: &str, down: &str) {
    let text = |sql: &str| serde_json::to_string(sql).unwrap();
    let history = RELEASED
        .replace(": UP", &format!(": {}", text(up)))
        .replace(": DOWN", &format!(": {}", text(down)));
    let repo = Repo::inline(&history);
    repo.git(&["checkout", "--quiet", "--force", "main"]);
    let released: Vec<String> = ["000001_casks"].map(str::to_owned).into();
    let given = files(repo.path());
    let judge = || {
        let report = Tool::within(repo.path()).report(&[]);
        let findings = report["findings"].as_array().unwrap();
        findings.iter().filter(|one| one["rule"] == rule).count()
    };
    assert!(judge() > 0, "{rule} does not fire: {up}");
    let fix = Tool::within(repo.path()).run(&["fix", rule]);
    assert_eq!(fix.code, 0, "{}", fix.text);
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--message", "fix: locks"]);
    assert_eq!(judge(), 0, "{rule} still fires: {:#?}", files(repo.path()));
    let mended = files(repo.path());
    assert_ne!(given, mended, "{up}");

    let [before, after] = [&given, &mended].map(|files| run(server, files, &released));
    assert_eq!(before, after, "{mended:#?}");
}

/// The schema behind the way up, and behind the way back to what was released, in a database of its own. Every way back is
/// gone once more at its place, as what it leaves is where the way up begins again.
fn run(server: &Server, files: &BTreeMap<String, String>, released: &[String]) -> (String, String) {
    let database = "try";
    server.sql("postgres", "DROP DATABASE IF EXISTS try");
    server.sql("postgres", "CREATE DATABASE try");
    let go = |name: &str, way: &str| {
        let text = &files[&format!("{name}.{way}.sql")];
        server.sql(database, text);
    };
    let names: Vec<&str> = files
        .keys()
        .filter_map(|path| path.strip_suffix(".up.sql"))
        .collect();
    for name in &names {
        let before = server.sql(database, SCHEMA);
        go(name, "up");
        if !released.iter().any(|known| known == name) {
            go(name, "down");
            assert_eq!(before, server.sql(database, SCHEMA), "{name} and back");
            go(name, "up");
        }
    }
    let up = server.sql(database, SCHEMA);
    for name in names.iter().rev() {
        if !released.iter().any(|known| known == name) {
            go(name, "down");
        }
    }
    (up, server.sql(database, SCHEMA))
}

fn files(repository: &Path) -> BTreeMap<String, String> {
    let directory = fs::read_dir(repository.join("db/migrations")).unwrap();
    directory
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn a_mended_migration_gives_the_same_schema() {
    let server = Server::start();
    for (rule, up, down) in [
        (
            "set-not-null-scan",
            "ALTER TABLE casks ALTER COLUMN label SET NOT NULL;\n",
            "ALTER TABLE casks ALTER COLUMN label DROP NOT NULL;\n",
        ),
        (
            "set-not-null-scan",
            "ALTER TABLE casks\n  ADD COLUMN \"Age\" int,\n  ALTER label SET NOT NULL,\n  ALTER litres SET NOT NULL;\n",
            "ALTER TABLE casks DROP COLUMN \"Age\", ALTER label DROP NOT NULL, ALTER litres DROP NOT NULL;\n",
        ),
        (
            "set-not-null-scan",
            "ALTER TABLE casks ADD COLUMN kind text;\nUPDATE casks SET kind = 'red';\nALTER TABLE casks ALTER kind SET NOT NULL;\n",
            "ALTER TABLE casks DROP COLUMN kind;\n",
        ),
        (
            "set-not-null-scan",
            "ALTER TABLE cellar.orders ALTER note SET NOT NULL;\n",
            "ALTER TABLE cellar.orders ALTER note DROP NOT NULL;\n",
        ),
        (
            "add-unique-constraint-builds-index",
            "ALTER TABLE cellar.orders ADD CONSTRAINT orders_number UNIQUE (number);\n",
            "ALTER TABLE cellar.orders DROP CONSTRAINT orders_number;\n",
        ),
        (
            "add-unique-constraint-builds-index",
            "ALTER TABLE casks ADD COLUMN age int;\nALTER TABLE casks ADD UNIQUE NULLS NOT DISTINCT (label, litres);\nALTER TABLE casks ADD UNIQUE (age);\n",
            "ALTER TABLE casks DROP CONSTRAINT casks_label_litres_key;\nALTER TABLE casks DROP COLUMN age;\n",
        ),
        (
            "add-primary-key-builds-index",
            "ALTER TABLE cellar.orders ADD PRIMARY KEY (id, number);\n",
            "ALTER TABLE cellar.orders DROP CONSTRAINT orders_pkey;\n",
        ),
        (
            "add-primary-key-builds-index",
            "ALTER TABLE casks ADD CONSTRAINT key_of_casks PRIMARY KEY (id, label);\n",
            "ALTER TABLE casks DROP CONSTRAINT key_of_casks, ALTER id DROP NOT NULL, ALTER label DROP NOT NULL;\n",
        ),
        (
            "create-index-non-concurrent",
            "ALTER TABLE casks ADD COLUMN age int;\nCREATE INDEX by_age ON casks (age);\n",
            "DROP INDEX by_age;\nALTER TABLE casks DROP COLUMN age;\n",
        ),
        (
            "add-check-without-not-valid",
            "ALTER TABLE casks ADD CONSTRAINT filled CHECK (litres > 0);\n",
            "ALTER TABLE casks DROP CONSTRAINT filled;\n",
        ),
    ] {
        check(&server, rule, up, down);
    }
}
