use relgate::schema::postgres_functions;
use relgate::syntax::sql::operation::Volatility;

use crate::support::postgres::Server;
use crate::support::repo::Repo;
use crate::support::tool::Tool;

const HISTORY: &str = r"
- branch: main
  commit: 'feat: casks'
  date: 2026-01-14T09:00:00Z
  write:
    relgate.yaml: CONFIG
    db/migrations/000001_casks.up.sql: |
      CREATE TABLE casks (id bigint PRIMARY KEY);
    db/migrations/000001_casks.down.sql: |
      DROP TABLE casks;
  tag: v1.0.0
- commit: 'feat: labels'
  date: 2026-02-14T09:00:00Z
  write:
    db/migrations/000002_labels.up.sql: |
      ALTER TABLE casks ADD COLUMN label varchar(20);
    db/migrations/000002_labels.down.sql: |
      ALTER TABLE casks DROP COLUMN label;
";

/// A repository with a configuration.
fn repo(directory: &str, rules: &str) -> Repo {
    let config = format!(
        "migrations: [{{ path: db/migrations, dialect: postgresql, runner: golang-migrate, serverVersion: 15{directory} }}]\n{rules}"
    );
    let config = serde_json::to_string(&config).unwrap();
    Repo::inline(&HISTORY.replace("CONFIG", &config))
}

/// A choice of types is reported when somebody asks for it, and a timeout of the role is believed.
#[test]
fn rules_are_enabled_and_timeouts_are_assumed() {
    for (directory, rules, expected) in [
        ("", "", ["require-lock-timeout"].as_slice()),
        (", assumeLockTimeout: false", "", &["require-lock-timeout"]),
        (", assumeLockTimeout: true", "", &[]),
        ("", "rules: {}\n", &["require-lock-timeout"]),
        (
            "",
            "rules: { enable: [prefer-text] }\n",
            &["prefer-text", "require-lock-timeout"],
        ),
        (
            ", assumeLockTimeout: true",
            "rules: { enable: [prefer-text, wide-index] }\n",
            &["prefer-text"],
        ),
    ] {
        let repo = repo(directory, rules);
        let report = Tool::within(repo.path()).report(&[]);
        let mut found: Vec<&str> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|finding| finding["rule"].as_str())
            .filter(|rule| ["prefer-text", "require-lock-timeout"].contains(rule))
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{directory} {rules}");
    }
}

/// A configured directory of SQL in which the runner finds nothing is a mistake, and not an empty directory.
#[test]
fn a_configured_directory_without_a_migration_is_an_error() {
    for (path, runner, found) in [
        ("db/migrations", "golang-migrate", false),
        ("./db//migrations/", "golang-migrate", false),
        ("db/migrations", "flyway", true),
        ("db", "golang-migrate", true),
    ] {
        let config =
            format!("migrations: [{{ path: {path}, runner: {runner}, dialect: postgresql }}]");
        let config = serde_json::to_string(&config).unwrap();
        let repo = Repo::inline(&HISTORY.replace("CONFIG", &config));
        let report = Tool::within(repo.path()).report(&[]);
        let findings = report["findings"].as_array().unwrap();
        let is_told = findings
            .iter()
            .any(|finding| finding["rule"] == "input-unreadable");
        assert_eq!(is_told, found, "{path} {runner}: {findings:#?}");
    }
}

/// Candidates that hold the same migrations are one: the first of many is still compared with.
#[test]
fn a_version_is_compared_with_every_candidate_that_differs() {
    let repo = |step: &dyn Fn(usize) -> &'static str| {
        let mut history = "
- commit: 'feat: casks'
  date: 2026-01-01T09:00:00Z
  write: { db/migrations/000001_a.up.sql: 'CREATE TABLE a (id int);' }
  tag: v1.0.0
"
        .to_owned();
        for number in 1..=20 {
            let (step, number) = (step(number), format!("{number:02}"));
            let step = step.replace('N', &number);
            history.push_str(&format!(
                "- commit: 'feat: step'\n  date: 2026-02-{number}T09:00:00Z\n  {step}\n  tag: v1.1.0-rc{number}\n"
            ));
        }
        history.push_str(
            "- commit: 'feat: end'\n  write: { db/migrations/000002_b.up.sql: 'CREATE TABLE b (id int);' }\n  tag: v1.1.0\n",
        );
        Repo::inline(&history)
    };
    let check = |step: &dyn Fn(usize) -> &'static str, expected: bool, left: bool| {
        let repo = repo(step);
        let report = Tool::within(repo.path()).report(&["--tag", "v1.1.0"]);
        let findings = report["findings"].as_array().unwrap();
        let is_found = findings.iter().any(|it| {
            it["rule"] == "out-of-order-version" && it.to_string().contains("v1.1.0-rc01")
        });
        assert_eq!(is_found, expected, "{findings:#?}");
        let text = report["coverage"].to_string();
        assert_eq!(
            text.contains("were not compared with 4 older"),
            left,
            "{text}"
        );
    };
    let own = |number: usize| match number {
        1 => "write: { db/migrations/000009_x.up.sql: SELECT 1 }",
        2 => "delete: [db/migrations/000009_x.up.sql]",
        _ => "write: { a: 'N' }",
    };
    check(&own, true, false);
    let every = |number: usize| match number {
        1 => "write: { db/migrations/000009_x.up.sql: SELECT 1 }",
        2 => "rename: { db/migrations/000009_x.up.sql: db/migrations/note.txt }",
        _ => "write: { db/migrations/note.txt: 'N' }",
    };
    check(&every, false, true);
}

/// A name that enables nothing would be a rule that somebody believes in.
#[test]
fn a_rule_that_cannot_be_enabled_is_an_error_at_its_line() {
    for (rules, expected) in [
        (
            "rules:\n  enable:\n    - prefer-txt\n",
            "there is no rule prefer-txt to enable; is prefer-text meant?",
        ),
        (
            "rules:\n  enable: [drop-column]\n",
            "the rule drop-column is on by itself",
        ),
        (
            "rules: { enable: [what-is-this] }\n",
            "there is no rule what-is-this to enable",
        ),
        ("rules: { disable: [drop-column] }\n", "unknown field"),
    ] {
        let run = Tool::within(repo("", rules).path()).run(&["check"]);
        assert_eq!(run.code, 2, "{}", run.text);
        assert!(run.stderr.contains(expected), "{}", run.text);
        assert!(run.stderr.contains("relgate.yaml:"), "{}", run.text);
    }
}

/// The worst volatility of every function that SQL can call, extensions included.
const FUNCTIONS: &str = "
SELECT string_agg(proname, ' ') FROM (
  SELECT proname::text FROM pg_proc
  WHERE pronamespace IN ('pg_catalog'::regnamespace, 'public'::regnamespace)
    AND prorettype NOT IN ('trigger'::regtype, 'internal'::regtype, 'event_trigger'::regtype)
  GROUP BY proname HAVING bool_or(provolatile = 'v') = ";

/// What is taken for a function that changes nothing is not volatile on a server.
#[test]
fn functions_are_as_volatile_as_the_server_says() {
    let server = Server::start();
    server.database("functions");
    for extension in [
        "pgcrypto",
        "\"uuid-ossp\"",
        "hstore",
        "ltree",
        "pg_trgm",
        "unaccent",
        "citext",
        "fuzzystrmatch",
        "btree_gist",
        "btree_gin",
        "intarray",
        "cube",
        "earthdistance",
        "tablefunc",
    ] {
        server.sql("functions", &format!("CREATE EXTENSION {extension}"));
    }
    let names = |volatile: bool| {
        let names = server.sql("functions", &format!("{FUNCTIONS}{volatile}) AS them"));
        let names: std::collections::BTreeSet<String> =
            names.split(' ').map(str::to_owned).collect();
        names
    };
    let (volatile, calm) = (names(true), names(false));
    let (mut known, mut wrong) = (0, Vec::new());
    for (name, volatility) in postgres_functions() {
        known += usize::from(calm.contains(name) || volatile.contains(name));
        if volatility != Volatility::Volatile && volatile.contains(name) {
            wrong.push(name);
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert!(known > 1800, "the server has {known} of the functions");
}

/// What SQLite is said to refuse it refuses, and what nothing is said of it runs.
#[test]
fn sqlite_refuses_what_is_told() {
    const RELEASED: &str = "CREATE TABLE cellars (id integer PRIMARY KEY);\nCREATE TABLE casks (id integer PRIMARY KEY, label text, number text UNIQUE, litres int CHECK (litres > 0), cellar int REFERENCES cellars (id), age int, note text, kind text, CHECK (kind <> label));\nCREATE INDEX by_age ON casks (age);\n";
    for statement in [
        "ALTER TABLE casks ADD COLUMN a text UNIQUE",
        "ALTER TABLE casks ADD COLUMN a integer PRIMARY KEY",
        "ALTER TABLE casks ADD COLUMN a int GENERATED ALWAYS AS (id + 1) VIRTUAL",
        "ALTER TABLE casks ADD COLUMN a text DEFAULT 'x'",
        "ALTER TABLE casks ADD COLUMN a int CHECK (a > 0)",
        "ALTER TABLE casks ADD COLUMN a int REFERENCES cellars (id)",
        "ALTER TABLE casks DROP COLUMN id",
        "ALTER TABLE casks DROP COLUMN number",
        "ALTER TABLE casks DROP COLUMN litres",
        "ALTER TABLE casks DROP COLUMN cellar",
        "ALTER TABLE casks DROP COLUMN age",
        "ALTER TABLE casks DROP COLUMN note",
        "ALTER TABLE casks DROP COLUMN kind",
        "ALTER TABLE casks RENAME COLUMN number TO nr",
    ] {
        let database = rusqlite::Connection::open_in_memory().unwrap();
        database.execute_batch(RELEASED).unwrap();
        let runs = database.execute_batch(statement).is_ok();
        let text = |sql: &str| serde_json::to_string(sql).unwrap();
        let history = SQLITE
            .replace("RELEASED", &text(RELEASED))
            .replace("NEW", &text(&format!("{statement};\n")));
        let repo = Repo::inline(&history);
        let report = Tool::within(repo.path()).report(&[]);
        let mut findings = report["findings"].as_array().unwrap().iter();
        let refused = findings.any(|finding| finding["rule"] == "server-refuses");
        assert_eq!(refused, !runs, "{statement}");
    }
}

const SQLITE: &str = r"
- branch: main
  commit: 'feat: casks'
  date: 2026-01-14T09:00:00Z
  write:
    relgate.yaml: |
      migrations: [{ path: db/migrations, dialect: sqlite, runner: golang-migrate }]
    db/migrations/000001_step.up.sql: RELEASED
  tag: v1.0.0
- commit: 'feat: more'
  date: 2026-02-14T09:00:00Z
  write:
    db/migrations/000002_step.up.sql: NEW
";

/// What is remembered of an earlier run never shows: every state gives the bytes that it gives without a cache, in whatever
/// order the states come.
#[test]
fn a_cache_changes_no_answer() {
    let repo = Repo::inline(MANY);
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().to_str().unwrap();
    let warm = Tool::within(repo.path()).with("RELGATE_CACHE_DIR", cache);
    let cold = Tool::within(repo.path()).with("RELGATE_CACHE_DIR", "");
    let mut reports = std::collections::BTreeSet::new();
    let mut compare = |arguments: &[&str], what: &str| {
        let mut all = vec!["check", "--format", "json"];
        all.extend(arguments);
        let expected = cold.run(&all);
        assert!(
            expected.stdout.contains("\"findings\""),
            "{}",
            expected.text
        );
        for time in ["first", "second"] {
            let run = warm.run(&all);
            assert_eq!(run.stdout, expected.stdout, "{what}, the {time} time");
        }
        reports.insert(expected.stdout);
    };
    let up = |number: u32| format!("db/migrations/{number:06}_step.up.sql");
    let commit = |path: &str, text: &str| {
        repo.write(path, text);
        repo.git(&["add", "--all"]);
        repo.git(&["commit", "--quiet", "--message", "feat: a change"]);
    };
    compare(&[], "as it was");
    compare(&["--tag", "v1.1.0"], "a tag");
    commit(
        &up(2),
        "ALTER TABLE casks ADD COLUMN label varchar(30) NOT NULL;\n",
    );
    compare(&[], "a released migration says something else");
    commit(
        &up(4),
        "CREATE INDEX by_label ON casks (label, id);\nALTER TABLE casks DROP COLUMN age;\n",
    );
    compare(&[], "a new migration says something else");
    commit("db/migrations/000004_step.down.sql", "SELECT 1;\n");
    compare(&[], "the way down says something else");
    commit(
        &up(5),
        "ALTER TABLE casks ALTER COLUMN label SET NOT NULL;\n",
    );
    compare(&[], "one more migration");
    repo.git(&["mv", &up(5), &up(6)]);
    repo.git(&["commit", "--quiet", "--message", "feat: later"]);
    compare(&[], "another number");
    commit("relgate.yaml", &CONFIGURED.replace("15", "17"));
    compare(&[], "another server");
    commit(
        "relgate.yaml",
        &format!("{CONFIGURED}rules: {{ enable: [unqualified-name, wide-index] }}\n"),
    );
    compare(&[], "more rules");
    commit(
        "relgate.yaml",
        &CONFIGURED.replace("15", "15, assumeLockTimeout: true"),
    );
    compare(&[], "a timeout of the role");
    compare(&["--tag", "v1.2.0"], "a proposed tag");
    compare(&["--tag", "v1.1.1"], "a proposed tag of another type");
    repo.git(&["checkout", "--quiet", "--detach", "v1.1.0"]);
    compare(&[], "back to where it was");
    assert!(reports.len() > 9, "{} reports differ", reports.len());
}

const CONFIGURED: &str = "migrations: [{ path: db/migrations, dialect: postgresql, runner: golang-migrate, serverVersion: 15 }]\n";

const MANY: &str = r#"
- branch: main
  commit: "feat: casks"
  date: 2026-01-14T09:00:00Z
  write:
    relgate.yaml: |
      migrations: [{ path: db/migrations, dialect: postgresql, runner: golang-migrate, serverVersion: 15 }]
    store.go: |
      package store
      const list = `SELECT id, age FROM casks`
    db/migrations/000001_step.up.sql: |
      CREATE TABLE casks (id bigint PRIMARY KEY, age int);
    db/migrations/000001_step.down.sql: |
      DROP TABLE casks;
    db/migrations/000002_step.up.sql: |
      ALTER TABLE casks ADD COLUMN label varchar(20);
    db/migrations/000002_step.down.sql: |
      ALTER TABLE casks DROP COLUMN label;
  tag: v1.0.0
- commit: "feat: an index"
  date: 2026-02-14T09:00:00Z
  write:
    db/migrations/000003_step.up.sql: |
      CREATE INDEX by_age ON casks (age);
    db/migrations/000003_step.down.sql: |
      DROP INDEX by_age;
  tag: v1.1.0
- commit: "feat: no age"
  date: 2026-03-14T09:00:00Z
  write:
    db/migrations/000004_step.up.sql: |
      ALTER TABLE casks DROP COLUMN age;
    db/migrations/000004_step.down.sql: |
      ALTER TABLE casks ADD COLUMN age int;
"#;
