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
