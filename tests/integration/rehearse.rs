use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Repo, Tool, keys};

/// Casks with two releases; `up` and `down` are the second one's migration.
fn cellar(up: &str, down: Option<&str>) -> Repo {
    let indent = |sql: &str| sql.replace('\n', "\n      ");
    let down = down.map_or_else(String::new, |down| {
        format!(
            "    db/migrations/000002_next.down.sql: |\n      {}\n",
            indent(down)
        )
    });
    Repo::inline(&format!(
        r"- commit: Keep casks
  write:
    db/migrations/000001_casks.up.sql: |
      CREATE TABLE casks (id bigserial PRIMARY KEY, label text NOT NULL, litres int CHECK (litres > 0));
      CREATE TABLE orders (id uuid PRIMARY KEY, cask_id bigint REFERENCES casks (id), state varchar(10) CHECK (state IN ('open', 'closed')));
    db/migrations/000001_casks.down.sql: |
      DROP TABLE orders;
      DROP TABLE casks;
    db/queries/casks.sql: |
      -- name: GetCask :one
      SELECT id, label FROM casks WHERE id = @id;
  tag: v1.0.0
- commit: The next release
  write:
    db/migrations/000002_next.up.sql: |
      {}
{down}  tag: v1.1.0
",
        indent(up)
    ))
}

/// The exit status and the JSON report of a rehearsal on a private server.
#[track_caller]
fn rehearse(repo: &Repo, more: &[&str]) -> (i32, Value) {
    let mut arguments = vec!["rehearse", "--tag", "v1.1.0", "--local", "--format", "json"];
    arguments.extend(more);
    let run = Tool::within(repo.path()).run(&arguments);
    let report = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("not a report ({error}):\n{}", run.text));
    (run.code, report)
}

/// The findings as `rule severity`, sorted and without remarks.
fn rules(report: &Value) -> Vec<String> {
    let mut found: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["severity"] != "info")
        .map(|finding| {
            format!(
                "{} {}",
                finding["rule"].as_str().unwrap(),
                finding["severity"].as_str().unwrap()
            )
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

fn evidence(repo: &Repo) -> Value {
    let path = repo
        .path()
        .join(".relgate/evidence/v1.1.0/migration-tests.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_release_that_goes_up_and_down_and_up_again() {
    let repo = cellar(
        "ALTER TABLE casks ADD COLUMN wax text;\nCREATE INDEX casks_label ON casks (label);",
        Some("DROP INDEX casks_label;\nALTER TABLE casks DROP COLUMN wax;"),
    );
    let (code, report) = rehearse(&repo, &["--rows", "50"]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(rules(&report), Vec::<String>::new(), "{report:#}");
    let sequence = &report["rehearsals"][0];
    assert_eq!(sequence["runner"], "golang-migrate");
    assert_eq!(sequence["lost"], json!([]));
    assert_eq!(sequence["restore"]["outcome"]["status"], "done");
    assert_eq!(sequence["restore"]["differences"], json!([]));
    assert_eq!(sequence["fresh"]["differences"], json!([]));
    assert_eq!(sequence["probes"], json!({ "prepared": 1, "unusable": 0 }));
    let rows: Vec<(&str, u64)> = sequence["seeded"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| {
            (
                table["table"].as_str().unwrap(),
                table["rows"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(rows, [("public.casks", 50), ("public.orders", 50)]);
    let migration = &sequence["migrations"][0];
    for way in ["up", "down", "again"] {
        assert_eq!(migration[way]["status"], "done", "{way}");
    }
    let statements = migration["statements"].as_array().unwrap();
    let locks = |index: usize| {
        statements[index]["locks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|lock| lock["relation"] == "casks")
            .map(|lock| lock["mode"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(locks(0), ["ACCESS EXCLUSIVE"]);
    assert_eq!(locks(1), ["SHARE"]);
    assert_eq!(statements[1]["scanned"], json!({ "casks": 50 }));
    assert!(statements[1]["walBytes"].as_u64().unwrap() > 0);
    assert_eq!(statements[0]["transaction"], statements[1]["transaction"]);

    let statement = evidence(&repo);
    let predicate = &statement["predicate"];
    assert_eq!(statement["subject"][0]["name"], "refs/tags/v1.1.0");
    assert_eq!(
        statement["subject"][0]["digest"]["gitCommit"]
            .as_str()
            .unwrap(),
        repo.git(&["rev-parse", "v1.1.0^{commit}"]).trim()
    );
    assert_eq!(predicate["gate"], "migration-tests");
    assert_eq!(predicate["decision"], "approve");
    for part in ["up", "down", "again", "restore"] {
        assert_eq!(predicate["data"][part], true, "{part}");
    }
    assert_eq!(predicate["data"]["downBy"], "migrations");
}

#[test]
fn signed_evidence_closes_the_gate() {
    let repo = cellar(
        "ALTER TABLE casks ADD COLUMN wax text;",
        Some("ALTER TABLE casks DROP COLUMN wax;"),
    );
    let home = repo.beside("keys");
    std::fs::create_dir(&home).unwrap();
    let key = keys::make(&home, "ci", "ed25519");
    repo.write(
        ".relgate/allowed_signers",
        &format!(
            "ci@example.org namespaces=\"relgate-evidence\" {}\n",
            key.public
        ),
    );
    let (code, _) = rehearse(&repo, &["--approver", "ci@example.org"]);
    assert_eq!(code, 0);
    let status = || {
        let report = Tool::within(repo.path()).report(&["--tag", "v1.1.0"]);
        let gates = report["gates"].as_array().unwrap();
        let gate = gates.iter().find(|gate| gate["id"] == "migration-tests");
        gate.unwrap()["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        status(),
        "pass",
        "unsigned, as the policy allows by default"
    );
    repo.write(
        "relgate.yaml",
        "signers: .relgate/allowed_signers\nparams: { signedRehearsals: true }\n",
    );
    assert_ne!(status(), "pass");
    let file = repo
        .path()
        .join(".relgate/evidence/v1.1.0/migration-tests.json");
    keys::sign(&key, "relgate-evidence", &file);
    assert_eq!(status(), "pass");
}

#[test]
fn what_fails_is_told_at_its_place_and_rejected() {
    let check = |up: &str, down: Option<&str>, expected: &[&str]| {
        let repo = cellar(up, down);
        let (code, report) = rehearse(&repo, &["--rows", "10"]);
        assert_eq!(rules(&report), expected, "{up}\n{report:#}");
        let failed = expected.iter().any(|rule| rule.ends_with("error"));
        assert_eq!(code, i32::from(failed), "{up}");
        let decision = if failed { "reject" } else { "approve" };
        assert_eq!(evidence(&repo)["predicate"]["decision"], decision, "{up}");
    };
    // Rows that were made up are no reason to reject.
    check(
        "ALTER TABLE casks ADD CONSTRAINT big CHECK (litres > 1000000);",
        Some("ALTER TABLE casks DROP CONSTRAINT big;"),
        &["made-up-rows-refused warning"],
    );
    check(
        "ALTER TABLE casks ADD COLUMN wax text;",
        Some("ALTER TABLE casks DROP COLUMN waxx;"),
        &["rollback-fails error"],
    );
    // An empty way down: the schema stays, and the way up stumbles over it.
    check(
        "ALTER TABLE casks ADD COLUMN wax text;",
        Some("SELECT 1;"),
        &["repeat-fails error", "rollback-inexact error"],
    );
    check(
        "ALTER TABLE casks DROP COLUMN litres;",
        Some("ALTER TABLE casks ADD COLUMN litres int CHECK (litres > 0);"),
        &[
            "breaks-previous-release warning",
            "rollback-loses-data warning",
        ],
    );
    // No way down: the dump is the way back.
    check("ALTER TABLE casks ADD COLUMN wax text;", None, &[]);
}

#[test]
fn rows_that_are_given_count() {
    let repo = cellar(
        "SELECT 1;\nALTER TABLE casks ADD CONSTRAINT big CHECK (litres > 1000000);",
        None,
    );
    repo.write(
        "seed.sql",
        "INSERT INTO casks (label, litres) VALUES ('oak', 225);",
    );
    let (code, report) = rehearse(&repo, &["--seed", "seed.sql"]);
    assert_eq!(code, 1);
    assert_eq!(rules(&report), ["migration-fails error"], "{report:#}");
    let finding = &report["findings"][0];
    assert_eq!(
        finding["location"]["path"],
        "db/migrations/000002_next.up.sql"
    );
    assert_eq!(finding["location"]["line"], 2);
    assert!(finding["message"].as_str().unwrap().contains("23514"));
}

#[test]
fn old_statements_are_tried_on_the_new_schema() {
    let repo = cellar(
        "ALTER TABLE casks RENAME COLUMN label TO name;",
        Some("ALTER TABLE casks RENAME COLUMN name TO label;"),
    );
    repo.write(
        "probe.sql",
        "SELECT label FROM casks; SELECT id FROM orders;",
    );
    let (code, report) = rehearse(&repo, &["--probe", "probe.sql"]);
    assert_eq!(code, 0);
    let breaks = report["rehearsals"][0]["migrations"][0]["breaks"]
        .as_array()
        .unwrap();
    let names: Vec<&str> = breaks
        .iter()
        .map(|broken| broken["statement"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "SELECT label FROM casks",
            "GetCask",
            "INSERT INTO public.casks",
            "UPDATE public.casks",
            "SELECT ... FROM public.casks"
        ]
    );
    assert!(
        breaks.iter().all(|broken| broken["sqlstate"] == "42703"),
        "{breaks:?}"
    );
}

#[test]
fn an_index_that_is_built_concurrently_is_interrupted() {
    let repo = cellar(
        "CREATE INDEX CONCURRENTLY casks_label ON casks (label);",
        Some("DROP INDEX CONCURRENTLY casks_label;"),
    );
    let (code, report) = rehearse(&repo, &["--rows", "100"]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(rules(&report), ["not-repeatable warning"], "{report:#}");
    let migration = &report["rehearsals"][0]["migrations"][0];
    let locks = migration["statements"][0]["locks"].as_array().unwrap();
    let seen = locks
        .iter()
        .any(|lock| lock["relation"] == "casks" && lock["mode"] == "SHARE UPDATE EXCLUSIVE");
    assert!(seen, "{locks:?}");
    assert_eq!(
        migration["interrupted"][0]["invalidIndexes"],
        json!(["casks_label"])
    );
    assert_eq!(migration["interrupted"][0]["sqlstate"], "42P07");
    assert_eq!(migration["withLockTimeout"]["outcome"], "gave-up-for-good");
}

#[test]
fn nothing_to_rehearse_leaves_no_evidence() {
    let repo = cellar("SELECT 1;", None);
    let run = Tool::within(repo.path())
        .run(&["rehearse", "--tag", "v1.0.1", "--at", "v1.0.0", "--local"]);
    assert_eq!(run.code, 0, "{}", run.text);
    assert!(run.stdout.contains("Nothing to rehearse"), "{}", run.text);
    assert!(!repo.path().join(".relgate").exists());
}

#[test]
fn what_cannot_be_tried_is_not_passed() {
    let check = |arguments: &[&str], up: &str, expected: &str| {
        let repo = cellar(up, None);
        let mut all = vec!["rehearse", "--tag", "v1.1.0"];
        all.extend(arguments);
        let run = Tool::within(repo.path()).run(&all);
        assert_eq!(run.code, 2, "{}", run.text);
        assert!(run.text.contains(expected), "{expected}\n{}", run.text);
        assert!(!repo.path().join(".relgate").exists(), "{}", run.text);
    };
    check(&["--local"], "CREATE EXTENSION of_nobody;", "of_nobody");
    check(
        &["--local", "--server-programs", "/nonexistent"],
        "SELECT 1;",
        "PostgreSQL's server programs",
    );
    check(&[], "SELECT 1;", "--local");
    check(
        &[
            "--database-url",
            "postgresql://ada:amphora@127.0.0.1:1/cellar",
        ],
        "SELECT 1;",
        "cannot be reached",
    );
    check(
        &["--local", "--seed", "nowhere.sql"],
        "SELECT 1;",
        "nowhere.sql cannot be read",
    );
}

/// The server that tests start beside relgate, as its own module does it.
struct Beside {
    _server: relgate::rehearse::server::Server,
    target: relgate::rehearse::connection::Target,
    directory: std::path::PathBuf,
}

impl Beside {
    fn start() -> Self {
        use relgate::rehearse::{connection::Target, server};
        let programs = server::Programs::find(None, &[], None)
            .expect("these tests need PostgreSQL's server programs");
        let server = server::Server::start(&programs).unwrap();
        let directory = server.socket_directory().to_owned();
        Self {
            target: Target::on_socket(
                &directory,
                server::SUPERUSER,
                std::time::Duration::from_mins(1),
            ),
            _server: server,
            directory,
        }
    }

    fn sql(&self, sql: &str) -> String {
        let mut connection = self.target.connect("postgres").unwrap();
        connection.value(sql).unwrap().unwrap_or_default()
    }

    fn url(&self, database: &str) -> String {
        format!(
            "host={} user=postgres password=amphora dbname={database}",
            self.directory.display()
        )
    }
}

#[test]
fn a_database_has_to_be_empty_and_marked() {
    let beside = Beside::start();
    for database in ["filled", "plain", "cellar"] {
        beside.sql(&format!("CREATE DATABASE {database}"));
    }
    beside
        .target
        .connect("filled")
        .unwrap()
        .run("CREATE TABLE precious ()")
        .unwrap();
    for database in ["filled", "cellar"] {
        beside.sql(&format!("COMMENT ON DATABASE {database} IS 'throw-away'"));
    }
    let repo = cellar(
        "ALTER TABLE casks ADD COLUMN wax text;",
        Some("ALTER TABLE casks DROP COLUMN wax;"),
    );
    let run = |database: &str| {
        let url = beside.url(database);
        Tool::within(repo.path()).run(&["rehearse", "--tag", "v1.1.0", "--database-url", &url])
    };
    let full = run("filled");
    assert_eq!(full.code, 2, "{}", full.text);
    assert!(
        full.stderr.contains("not empty: relation precious"),
        "{}",
        full.text
    );
    let plain = run("plain");
    assert_eq!(plain.code, 2, "{}", plain.text);
    assert!(
        plain
            .stderr
            .contains("COMMENT ON DATABASE \"plain\" IS 'throw-away'"),
        "{}",
        plain.text
    );
    let cellar = run("cellar");
    assert_eq!(cellar.code, 0, "{}", cellar.text);
    for run in [full, plain, cellar] {
        assert!(!run.stdout.contains("amphora") && !run.stderr.contains("amphora"));
    }
    // Nothing stays.
    assert_eq!(
        beside.sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'relgate%'"),
        "0"
    );
    let left = beside
        .target
        .connect("cellar")
        .unwrap()
        .value("SELECT count(*) FROM pg_class WHERE oid >= 16384");
    assert_eq!(left.unwrap().as_deref(), Some("0"));
}

/// Killed in the middle, relgate leaves neither a server nor a directory.
#[test]
fn nothing_stays_when_relgate_is_killed() {
    let repo = cellar("SELECT pg_sleep(600);", None);
    let temporary = tempfile::Builder::new()
        .prefix("rg")
        .tempdir_in("/tmp")
        .unwrap();
    // The server runs as another user when the test runs as root.
    std::fs::set_permissions(
        temporary.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o777),
    )
    .unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_relgate"))
        .current_dir(repo.path())
        .env("TMPDIR", temporary.path())
        .env("RELGATE_CACHE_DIR", "")
        .args(["rehearse", "--tag", "v1.1.0", "--local"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let entries = || {
        std::fs::read_dir(temporary.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect::<Vec<_>>()
    };
    wait_until(&|| entries().iter().any(|path| is_ready(path)));
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until(&|| entries().is_empty());
}

fn is_ready(directory: &Path) -> bool {
    std::fs::read_to_string(directory.join("data/postmaster.pid"))
        .is_ok_and(|text| text.contains("ready"))
}

#[track_caller]
fn wait_until(condition: &dyn Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !condition() {
        assert!(begun.elapsed().as_secs() < 120, "it did not come to pass");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// What did not run is not vouched for: a version below, a released file that is edited, another database.
#[test]
fn what_did_not_run_is_no_evidence() {
    let repo = |second: &str| {
        Repo::inline(&format!(
            r"- commit: Keep casks
  write:
    db/pg/migrations/000005_casks.up.sql: 'CREATE TABLE casks (id bigint);'
    db/pg/migrations/000005_casks.down.sql: 'DROP TABLE casks;'
    db/mysql/migrations/000005_casks.up.sql: 'CREATE TABLE casks (id bigint) ENGINE=InnoDB;'
    go.mod: 'require github.com/lib/pq v1.10.0'
  tag: v1.0.0
- commit: The next release
  write:
{second}
  tag: v1.1.0
"
        ))
    };
    let add = "    db/pg/migrations/000006_wax.up.sql: 'ALTER TABLE casks ADD wax text;'\n    db/pg/migrations/000006_wax.down.sql: 'ALTER TABLE casks DROP wax;'";
    let below = "    db/pg/migrations/000003_wax.up.sql: 'CREATE TABLE wax (id bigint);'\n    db/pg/migrations/000003_wax.down.sql: 'DROP TABLE wax;'";
    let edited = "    db/pg/migrations/000005_casks.up.sql: 'CREATE TABLE casks (id int);'";
    let mysql = "    db/mysql/migrations/000006_wax.up.sql: 'ALTER TABLE casks ADD wax text;'";
    for (second, decision, says) in [
        (add.to_owned(), Some("approve"), None),
        (format!("{add}\n{below}"), Some("reject"), None),
        (
            edited.to_owned(),
            None,
            Some("no changed migration runs on a database of the previous release"),
        ),
        (
            format!("{add}\n{mysql}"),
            None,
            Some("db/mysql/migrations was not rehearsed"),
        ),
    ] {
        let repo = repo(&second);
        let (_, report) = rehearse(&repo, &["--rows", "10"]);
        assert_eq!(report["noEvidence"].as_str(), says, "{second}\n{report:#}");
        let path = ".relgate/evidence/v1.1.0/migration-tests.json";
        let is_there = repo.path().join(path).exists();
        assert_eq!(is_there, decision.is_some(), "{second}");
        if let Some(decision) = decision {
            let statement = evidence(&repo);
            assert_eq!(statement["predicate"]["decision"], decision, "{second}");
            assert_eq!(statement["predicate"]["data"]["rows"], 10);
            assert_eq!(statement["predicate"]["data"]["seededTables"], 1);
        }
        let never_runs = rules(&report).contains(&"migration-never-runs error".to_owned());
        assert_eq!(never_runs, second.contains("000003"), "{report:#}");
    }
}

/// Rows that were in the way are not among those that were there.
#[test]
fn evidence_counts_the_rows_that_were_there() {
    let repo = cellar(
        "ALTER TABLE casks ADD CONSTRAINT big CHECK (litres > 1000000);",
        Some("ALTER TABLE casks DROP CONSTRAINT big;"),
    );
    let (_, report) = rehearse(&repo, &["--rows", "10"]);
    assert_eq!(rules(&report), ["made-up-rows-refused warning"]);
    assert_eq!(evidence(&repo)["predicate"]["data"]["rows"], 0);
}
