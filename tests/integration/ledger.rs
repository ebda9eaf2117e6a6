use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use relgate::ledger::{Access, Appended, Decision, Draft, Ledger, Stamp, Verifier, Wanted};
use serde_json::{Value, json};

use crate::support::postgres::Server;
use crate::support::{Repo, Tool};

/// A ledger at an address, as people use it.
struct Book<'a> {
    tool: &'a Tool,
    address: &'a str,
}

impl Book<'_> {
    fn record(&self, tag: &str) -> (i32, String, String) {
        let run = self.tool.run(&[
            "ledger",
            "record",
            "--tag",
            tag,
            "--actor",
            "ada@example.org",
            "--ledger",
            self.address,
        ]);
        (run.code, run.stdout, run.stderr)
    }

    fn verify(&self, checkpoint: Option<&Path>) -> (i32, String) {
        let mut arguments = vec![
            "ledger".into(),
            "verify".into(),
            "--ledger".into(),
            self.address.to_owned(),
        ];
        if let Some(path) = checkpoint {
            arguments.extend(["--checkpoint".into(), path.display().to_string()]);
        }
        let run = self.tool.run(&arguments);
        assert_eq!(run.stderr, "");
        (run.code, run.stdout)
    }

    fn export(&self, checkpoint: &Path) -> Vec<Value> {
        let path = checkpoint.display().to_string();
        let run = self.tool.run(&[
            "ledger",
            "export",
            "--ledger",
            self.address,
            "--checkpoint",
            &path,
        ]);
        assert_eq!(run.code, 0, "{}", run.text);
        run.stdout
            .trim_end()
            .split('\n')
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// The same story in both stores: record, record again, export, verify, cut off the end.
#[track_caller]
fn decisions_are_kept(repo: &Repo, address: &str, cut_off: impl FnOnce()) {
    let tool = Tool::within(repo.path());
    let book = Book {
        tool: &tool,
        address,
    };
    let checkpoint = repo.beside("checkpoint.json");
    for tag in ["v1.2.4", "v1.3.1"] {
        let check = tool.run(&["check", "--tag", tag]);
        let (code, stdout, stderr) = book.record(tag);
        assert_eq!((code, stderr.as_str()), (check.code, ""), "{stdout}");
        let (again, second, _) = book.record(tag);
        assert_eq!(again, code);
        assert!(second.contains("recorded before as number"), "{second}");
    }
    let records = book.export(&checkpoint);
    let lines: Vec<String> = records
        .iter()
        .map(|record| {
            format!(
                "{} {} {} {}",
                record["sequence"], record["entry"], record["tag"], record["verdict"]
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "1 \"tags\" null null",
            "2 \"decision\" \"v1.2.4\" \"fail\"",
            "3 \"decision\" \"v1.3.1\" \"fail\"",
        ]
    );
    let decision = &records[2];
    let report = tool.report(&["--tag", "v1.3.1"]);
    assert_eq!(decision["commit"], report["subject"]["commit"]);
    assert_eq!(decision["requiredType"], report["decision"]["requiredType"]);
    assert_eq!(decision["policy"]["digest"], report["policy"]["digest"]);
    assert_eq!(decision["actor"]["name"], "ada@example.org");
    assert_eq!(decision["recordedAt"], "2026-06-01T12:00:00Z");
    assert_eq!(
        decision["findings"].as_array().unwrap().len(),
        report["findings"].as_array().unwrap().len()
    );
    let (code, said) = book.verify(Some(&checkpoint));
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("INTACT: 3 records in 1 chain"), "{said}");
    cut_off();
    assert_eq!(book.verify(None).0, 0);
    let (code, said) = book.verify(Some(&checkpoint));
    assert_eq!(code, 1);
    assert!(
        said.contains("the checkpoint knows record 3, the chain ends with record 2"),
        "{said}"
    );
}

#[test]
fn decisions_are_kept_in_a_file() {
    let repo = Repo::play("lakerunner");
    let path = repo.beside("ledger.db");
    decisions_are_kept(&repo, &format!("sqlite:{}", path.display()), || {
        edit(&path, "DELETE FROM record WHERE sequence = 3");
    });
}

#[test]
fn decisions_are_kept_on_a_server() {
    let server = Server::start();
    let address = server.database("ledger");
    decisions_are_kept(&Repo::play("lakerunner"), &address, || {
        change(&server, "DELETE FROM relgate.record WHERE sequence = 3");
    });
}

/// What the owner of a file can do.
fn edit(path: &Path, sql: &str) {
    rusqlite::Connection::open(path)
        .unwrap()
        .execute_batch(&format!(
            "DROP TRIGGER IF EXISTS record_is_never_changed; DROP TRIGGER IF EXISTS record_is_never_removed; {sql}"
        ))
        .unwrap();
}

/// What the owner of a database can do.
fn change(server: &Server, sql: &str) {
    server.sql(
        "ledger",
        &format!("ALTER TABLE relgate.record DISABLE TRIGGER ALL; {sql}; ALTER TABLE relgate.record ENABLE TRIGGER ALL"),
    );
}

#[test]
fn tampering_is_found_in_both_stores() {
    let server = Server::start();
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let file = repo.beside("ledger.db");
    let (of_file, of_server) = (file.display().to_string(), server.database("ledger"));
    let both = [&of_file, &of_server].map(|address| Book {
        tool: &tool,
        address,
    });
    let tags = ["v1.2.4", "v1.3.0", "v1.3.1"];
    for book in &both {
        for tag in tags {
            drop(book.record(tag));
        }
    }
    let whole_file = std::fs::read(&file).unwrap();
    server.sql("ledger", "CREATE TABLE whole AS TABLE relgate.record");
    let cases = [
        (
            "UPDATE TABLE SET body = replace(body, '\"verdict\":\"fail\"', '\"verdict\":\"pass\"') WHERE sequence = 2",
            "record 2 was edited: its content does not have its hash",
        ),
        (
            "UPDATE TABLE SET tag = 'v9.9.9' WHERE sequence = 2",
            "column tag says `v9.9.9`",
        ),
        (
            "DELETE FROM TABLE WHERE sequence = 2",
            "record 2 was removed",
        ),
        (
            "UPDATE TABLE SET sequence = 5 WHERE sequence = 2; UPDATE TABLE SET sequence = 2 WHERE sequence = 3; UPDATE TABLE SET sequence = 3 WHERE sequence = 5",
            "record 3 stands in the place of record 2: the order was changed",
        ),
        (
            "INSERT INTO TABLE SELECT repository, 5, hash, tag, body FROM TABLE WHERE sequence = 3",
            "record 3 stands in the place of record 5",
        ),
    ];
    for (sql, says) in cases {
        edit(&file, &sql.replace("TABLE", "record"));
        change(&server, &sql.replace("TABLE", "relgate.record"));
        for book in &both {
            let (code, said) = book.verify(None);
            assert_eq!(code, 1, "{sql}: {said}");
            assert!(said.contains(says), "{sql}: {said}");
            let run = tool.run(&[
                "ledger",
                "export",
                "--ledger",
                book.address,
                "--checkpoint",
                "seal.json",
            ]);
            assert_eq!(run.code, 1, "{}", run.text);
            assert!(
                !repo.path().join("seal.json").exists(),
                "a checkpoint seals no tampered chain"
            );
        }
        std::fs::write(&file, &whole_file).unwrap();
        change(
            &server,
            "DELETE FROM relgate.record; INSERT INTO relgate.record TABLE whole",
        );
        for book in &both {
            assert_eq!(book.verify(None).0, 0);
        }
    }
}

#[test]
fn a_tag_that_moved_or_vanished_is_known() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let address = repo.beside("ledger.db").display().to_string();
    let book = Book {
        tool: &tool,
        address: &address,
    };
    repo.git(&["tag", "--force", "stable", "v1.3.0"]);
    book.record("v1.3.0");
    repo.git(&["tag", "--delete", "v1.2.4"]);
    repo.git(&["tag", "--force", "v1.3.0", "v1.3.1"]);
    repo.git(&["tag", "--force", "stable", "v1.2.3"]);
    let (code, _, stderr) = book.record("v1.3.0");
    assert_eq!(code, 1);
    let said: Vec<&str> = stderr
        .split('\n')
        .map(|line| line.split(':').nth(1).unwrap_or_default())
        .collect();
    let commit = |revision: &str| {
        repo.git(&["rev-parse", "--short=7", &format!("{revision}^{{commit}}")])
            .trim()
            .to_owned()
    };
    assert!(
        said[0].starts_with(" tag stable moved backwards from "),
        "{stderr}"
    );
    assert!(said[1].starts_with(" tag v1.3.0 moved "), "{stderr}");
    assert!(
        said[1].ends_with(&format!("to {}", commit("v1.3.1"))),
        "{stderr}"
    );
    assert!(
        stderr.contains("warning: tag v1.2.4 is gone; it was at "),
        "{stderr}"
    );
    // It is said once, and kept.
    let (_, _, stderr) = book.record("v1.3.0");
    assert_eq!(stderr, "");
    let records = book.export(&repo.beside("checkpoint.json"));
    assert_eq!(records[2]["moved"].as_array().unwrap().len(), 2);
    assert_eq!(records[2]["vanished"].as_object().unwrap().len(), 1);
    assert_eq!(
        records[3]["tag"], "v1.3.0",
        "the moved tag's new content was judged"
    );
}

/// A tag that was moved is not the release that it was, however good its content is, and however often it is asked for.
#[test]
fn a_moved_tag_stays_blocked() {
    let repo = Repo::inline(
        "
- commit: one
  write: { a: one }
  tag: v1.0.0
- commit: two
  write: { a: two }
  tag: [v1.1.0, v1.0.1]
",
    );
    repo.write("relgate.yaml", "policies: [builtin:migration-safety]\n");
    let tool = Tool::within(repo.path());
    let address = repo.beside("ledger.db").display().to_string();
    let book = Book {
        tool: &tool,
        address: &address,
    };
    assert_eq!(book.record("v1.1.0").0, 0);
    repo.git(&["tag", "--force", "v1.1.0", "v1.0.0"]);
    assert_eq!(book.record("v1.0.0").0, 0, "another tag did not move");
    for name in ["v1.1.0", "v1.1.0", "refs/tags/v1.1.0"] {
        let (code, said, _) = book.record(name);
        assert_eq!(code, 1, "{name}: {said}");
        assert!(said.contains("moved"), "{name}: {said}");
    }
}

#[test]
fn a_floating_tag_that_went_backwards_stays_blocked() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let address = repo.beside("ledger.db").display().to_string();
    let book = Book {
        tool: &tool,
        address: &address,
    };
    let newest = repo.git(&["tag", "--list", "--sort=-version:refname", "v?.?.?"]);
    let (newest, before) = newest
        .split_once('\n')
        .and_then(|(newest, rest)| Some((newest, rest.split('\n').next()?)))
        .unwrap();
    repo.git(&["tag", "--force", "stable", newest]);
    book.record(newest);
    repo.git(&["tag", "--force", "stable", before]);
    repo.git(&["tag", "--delete", newest]);
    let gate = |more: &[&str]| {
        let mut arguments = vec!["--tag", before, "--stage", "post-release"];
        arguments.extend(more);
        let report = tool.report(&arguments);
        let gates = report["gates"].as_array().unwrap();
        let gate = gates.iter().find(|gate| gate["id"] == "stable-tag");
        gate.unwrap().clone()
    };
    // What is left of the repository looks right; the ledger remembers.
    assert_eq!(gate(&[])["status"], "pass");
    for again in 0..2 {
        let known = gate(&["--ledger", &address]);
        assert_eq!(known["status"], "fail", "{again}");
        assert_eq!(
            known["message"],
            format!("stable went backwards: the ledger knows it at {newest}")
        );
        book.record(before);
    }
    let none = tool.run(&["check", "--tag", before, "--ledger", "nowhere.db"]);
    assert_eq!(none.code, 2, "{}", none.text);
}

#[test]
fn roles_can_append_and_change_nothing() {
    let server = Server::start();
    let owner = server.database("ledger");
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let book = |address| Book {
        tool: &tool,
        address,
    };
    server.sql("ledger", "CREATE ROLE ci LOGIN; CREATE ROLE auditor LOGIN");
    let ci = server.url("ci", "ledger");
    let run = tool.run(&["ledger", "record", "--tag", "v1.3.0", "--ledger", &ci]);
    assert_eq!(run.code, 2, "{}", run.text);
    assert!(
        run.stderr.contains("relgate schema ledger | psql"),
        "{}",
        run.stderr
    );
    book(&owner).record("v1.2.4");
    server.sql(
        "ledger",
        "GRANT relgate_writer TO ci; GRANT relgate_reader TO auditor",
    );
    assert_eq!(book(&ci).record("v1.3.0").0, 1);
    let auditor = server.url("auditor", "ledger");
    assert_eq!(book(&auditor).verify(None).0, 0);
    let run = tool.run(&["ledger", "record", "--tag", "v1.3.1", "--ledger", &auditor]);
    assert_eq!(run.code, 2, "{}", run.text);
    assert!(run.stderr.contains("relgate_writer"), "{}", run.stderr);
    for user in ["ci", "auditor"] {
        for sql in [
            "UPDATE relgate.record SET tag = ''",
            "DELETE FROM relgate.record",
            "TRUNCATE relgate.record",
            "DROP TABLE relgate.record",
            "INSERT INTO relgate.record SELECT 'other', 1, hash, tag, body FROM relgate.record LIMIT 1",
            "ALTER TABLE relgate.record DISABLE TRIGGER ALL",
            "CREATE OR REPLACE FUNCTION relgate.append(body text) RETURNS void LANGUAGE sql AS ''",
        ] {
            let refused = server.try_sql(user, "ledger", sql).unwrap_err();
            assert!(
                refused.contains("permission denied") || refused.contains("must be owner"),
                "{user}: {sql}: {refused}"
            );
        }
    }
    let twice = "SELECT relgate.append(body) FROM relgate.record WHERE sequence = 2";
    let refused = server.try_sql("ci", "ledger", twice).unwrap_err();
    assert!(refused.contains("does not continue the chain"), "{refused}");
    let refused = server
        .try_sql("owner", "ledger", "DELETE FROM relgate.record")
        .unwrap_err();
    assert!(refused.contains("never changed or removed"), "{refused}");
    assert_eq!(book(&owner).verify(None).0, 0);
}

#[test]
fn views_answer_what_people_ask() {
    let server = Server::start();
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let file = repo.beside("ledger.db");
    let of_file = file.display().to_string();
    let of_server = server.database("ledger");
    for address in [&of_file, &of_server] {
        let book = Book {
            tool: &tool,
            address,
        };
        for tag in ["v1.2.4", "v1.3.0", "v1.3.1"] {
            drop(book.record(tag));
        }
        repo.git(&["tag", "--force", "v1.2.4", "v1.3.0"]);
        book.record("v1.2.4");
        repo.git(&["tag", "--force", "v1.2.4", "v1.3.0^"]);
    }
    let connection = rusqlite::Connection::open(&file).unwrap();
    for (sql, answer) in [
        ("SELECT count(*) FROM decision", "4"),
        ("SELECT count(*) FROM latest_decision", "3"),
        ("SELECT max(tag) FROM migrations_in_patches", "v1.3.1"),
        (
            "SELECT count(*) FROM open_gate WHERE tag = 'v1.3.1' AND gate = 'ci-tests'",
            "1",
        ),
        (
            "SELECT max(tag) FROM tag_incident WHERE what = 'moved'",
            "v1.2.4",
        ),
    ] {
        let found: String = connection
            .query_row(&format!("SELECT CAST(({sql}) AS TEXT)"), [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(found, answer, "SQLite: {sql}");
        let found = server.sql("ledger", &format!("SET search_path = relgate; {sql}"));
        assert_eq!(found, answer, "PostgreSQL: {sql}");
    }
}

fn decision(tag: &str) -> Draft {
    let decision: Decision = serde_json::from_value(json!({
        "mode": "audit", "tag": tag, "kind": "final", "version": tag, "commit": "1".repeat(40), "proposed": false,
        "releasedAt": "2026-03-01T12:00:00Z", "stage": "release", "previousRelease": null, "declaredType": "minor",
        "requiredType": "minor", "verdict": "pass", "migrations": {}, "gates": {"ci-tests": "pass"}, "evidence": [],
        "exceptions": [], "findings": [], "errors": [],
        "policy": {"ref": "", "digest": "sha256:00", "packs": []}, "inputs": {"files": 0, "digest": "sha256:00"},
    }))
    .unwrap();
    Draft::Decision(Box::new(decision))
}

/// The tags of each chain in an intact ledger, in the order of their names.
#[track_caller]
fn contents(address: &str) -> BTreeMap<String, Vec<String>> {
    let mut contents = BTreeMap::<String, Vec<String>>::new();
    let mut verifier = Verifier::new(None);
    Ledger::open(address, Access::Read)
        .unwrap()
        .read(Wanted::All, &mut |row| {
            verifier.take(&row);
            contents.entry(row.repository).or_default().push(row.tag);
            Ok(())
        })
        .unwrap();
    let verified = verifier.finish();
    assert!(verified.is_intact(), "{:?}", verified.problems);
    for tags in contents.values_mut() {
        tags.sort();
    }
    contents
}

fn every_tag(chains: &[&str], tags: usize) -> BTreeMap<String, Vec<String>> {
    let tags: Vec<String> = (0..tags).map(|n| format!("v1.{n:03}.0")).collect();
    chains
        .iter()
        .map(|chain| ((*chain).to_owned(), tags.clone()))
        .collect()
}

/// Sixteen writers on two chains, while connections are cut and the server crashes: nothing is lost, nothing doubled.
#[test]
fn writers_survive_lost_connections_and_a_crash() {
    let server = Server::start();
    let address = server.database("ledger");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..16)
            .map(|writer| {
                let address = &address;
                scope.spawn(move || {
                    let mut ledger = Ledger::open(address, Access::Append).unwrap();
                    for step in 0..40 {
                        let tag = format!("v1.{:03}.0", (step * 3 + writer) % 40);
                        let chain = ["cellar", "vineyard"][writer % 2];
                        let drafts = [decision(&tag)];
                        let appended = ledger.append(chain, &drafts, &Stamp::default());
                        assert!(matches!(
                            appended.unwrap()[..],
                            [Appended::Recorded(..) | Appended::Known(_)]
                        ));
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            for round in 0.. {
                if done.load(Ordering::SeqCst) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(60));
                if round == 5 {
                    server.crash();
                    server.again();
                }
                let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                           WHERE application_name = 'relgate' AND pid % 3 = 0";
                // The server may be on its way down.
                let _ = server.try_sql("owner", "postgres", cut);
            }
        });
        for writer in writers {
            writer.join().unwrap();
        }
        done.store(true, Ordering::SeqCst);
    });
    assert_eq!(contents(&address), every_tag(&["cellar", "vineyard"], 40));
}

/// Recording processes that are killed at any moment leave a whole ledger, and those that run again complete it.
#[test]
fn a_killed_process_leaves_a_whole_ledger() {
    let server = Server::start();
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let file = repo.beside("ledger.db").display().to_string();
    let on_server = server.database("ledger");
    let tags = ["v1.2.3", "v1.2.4", "v1.3.0", "v1.3.1"];
    for address in [&file, &on_server] {
        let record = |tag: &str| {
            let mut command =
                tool.command(&["ledger", "record", "--tag", tag, "--ledger", address]);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        // The first run shows how long one takes; the others are killed at moments spread over that time.
        let begin = std::time::Instant::now();
        record(tags[0]).status().unwrap();
        let whole = begin.elapsed();
        for moment in 0..24_u32 {
            let mut child = record(tags[moment as usize % 4]).spawn().unwrap();
            std::thread::sleep(whole * moment / 24);
            let _ = child.kill();
            child.wait().unwrap();
        }
        for tag in tags {
            assert_eq!(record(tag).status().unwrap().code(), Some(1), "{tag}");
        }
        let found = contents(address);
        let mut expected: Vec<String> = tags.iter().map(|&tag| tag.to_owned()).collect();
        expected.insert(0, String::new());
        assert_eq!(
            found.into_values().collect::<Vec<_>>(),
            [expected],
            "{address}"
        );
    }
}

/// A disk that is full stops the record, says so, and leaves what was there.
#[test]
fn a_full_disk_loses_nothing() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let file = repo.beside("ledger.db").display().to_string();
    let book = Book {
        tool: &tool,
        address: &file,
    };
    book.record("v1.2.4");
    let before = contents(&file);
    let full = tool.command(&["ledger", "record", "--tag", "v1.3.1", "--ledger", &file]);
    let kilobytes = std::fs::metadata(&file).unwrap().len() / 1024;
    // A limit on the size of files stands for the disk; the signal that comes with it is ignored, as the kernel sends none
    // when a disk is full.
    let mut limited = std::process::Command::new("bash");
    limited
        .args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\" \"$@\""),
        ])
        .arg(full.get_program())
        .args(full.get_args())
        .current_dir(repo.path())
        .env("RELGATE_CACHE_DIR", "");
    let output = limited.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("cannot be written"), "{said}");
    assert_eq!(contents(&file), before);
    assert_eq!(book.record("v1.3.1").0, 1);
    assert_eq!(
        contents(&file).into_values().next().unwrap(),
        ["", "v1.2.4", "v1.3.1"]
    );
}
