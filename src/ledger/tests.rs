//! Tests of the chain and of the SQLite store. What a server does is tested with a server, in `tests/integration`.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::record::{Mode, Policy, Tool, canonical, hash};
use super::*;

fn decision(tag: &str, verdict: &str) -> Decision {
    Decision {
        mode: Mode::Record,
        tag: tag.to_owned(),
        kind: "final".to_owned(),
        version: tag.trim_start_matches('v').to_owned(),
        commit: "1".repeat(40),
        proposed: false,
        released_at: "2026-03-01T12:00:00Z".to_owned(),
        stage: "release".to_owned(),
        previous_release: None,
        declared_type: Some("patch".to_owned()),
        required_type: "minor".to_owned(),
        verdict: verdict.to_owned(),
        migrations: [("added".to_owned(), 2)].into(),
        gates: [("ci-tests".to_owned(), "pass".to_owned())].into(),
        evidence: Vec::new(),
        exceptions: Vec::new(),
        findings: Vec::new(),
        errors: Vec::new(),
        policy: Policy {
            reference: String::new(),
            digest: "sha256:00".to_owned(),
            packs: Vec::new(),
            configuration: String::new(),
        },
        inputs: Inputs {
            files: 0,
            digest: hash(""),
        },
    }
}

fn draft(tag: &str, verdict: &str) -> Draft {
    Draft::Decision(Box::new(decision(tag, verdict)))
}

fn stamp() -> Stamp {
    Stamp {
        recorded_at: "2026-03-02T12:00:00Z".to_owned(),
        actor: Actor {
            name: "ada@example.org".to_owned(),
            source: "option".to_owned(),
            run: String::new(),
        },
    }
}

/// A ledger of five decisions in one chain and one in another.
fn filled() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.db");
    let mut ledger = open(&path, Access::Append);
    let drafts: Vec<Draft> = (0..5)
        .map(|minor| draft(&format!("v1.{minor}.0"), "pass"))
        .collect();
    ledger.append("cellar", &drafts, &stamp()).unwrap();
    ledger
        .append("vineyard", &[draft("v1.0.0", "fail")], &stamp())
        .unwrap();
    (directory, path)
}

fn open(path: &Path, access: Access) -> Ledger {
    Ledger::open(path.to_str().unwrap(), access).unwrap()
}

fn rows(path: &Path) -> Vec<Row> {
    let mut rows = Vec::new();
    open(path, Access::Read)
        .read(Wanted::All, &mut |row| {
            rows.push(row);
            Ok(())
        })
        .unwrap();
    rows
}

fn verify(rows: &[Row], checkpoint: Option<&Checkpoint>) -> Verified {
    let mut verifier = Verifier::new(checkpoint);
    for row in rows {
        verifier.take(row);
    }
    verifier.finish()
}

fn problems(verified: &Verified) -> Vec<String> {
    verified
        .problems
        .iter()
        .map(|(repository, problem)| format!("{repository}: {problem}"))
        .collect()
}

/// What somebody with the file and an editor does, and what is said about it. A checkpoint was kept elsewhere before.
#[track_caller]
fn check(tamper: impl FnOnce(&mut Vec<Row>), without: &[&str], with: &[&str]) {
    let (_directory, path) = filled();
    let mut rows = rows(&path);
    let checkpoint = Checkpoint::of(&verify(&rows, None), "2026-03-03T00:00:00Z");
    tamper(&mut rows);
    assert_eq!(
        problems(&verify(&rows, None)),
        without,
        "without a checkpoint"
    );
    assert_eq!(
        problems(&verify(&rows, Some(&checkpoint))),
        with,
        "with a checkpoint"
    );
}

/// The rows with their numbers, links and hashes made right again: what a patient forger does.
fn forge(rows: &mut [Row], edit: impl Fn(&mut serde_json::Value)) {
    let mut previous = String::new();
    for (index, row) in rows.iter_mut().enumerate() {
        let mut value: serde_json::Value = serde_json::from_str(&row.body).unwrap();
        edit(&mut value);
        value["sequence"] = (index + 1).into();
        value["previous"] = previous.into();
        row.sequence = i64::try_from(index).unwrap() + 1;
        row.body = canonical(&value).unwrap();
        row.hash = hash(&row.body);
        row.tag = value["tag"].as_str().unwrap().to_owned();
        previous = row.hash.clone();
    }
}

#[test]
fn an_untouched_ledger_is_intact() {
    check(|_| {}, &[], &[]);
}

#[test]
fn an_edited_body_is_found() {
    let says = "cellar: record 3 was edited: its content does not have its hash";
    check(
        |rows| rows[2].body = rows[2].body.replace("\"pass\"", "\"fail\""),
        &[says],
        &[says],
    );
}

#[test]
fn an_edited_body_with_its_hash_is_found_by_the_next_record() {
    let says = "cellar: record 4 does not continue record 3: one of the two was replaced";
    check(
        |rows| {
            rows[2].body = rows[2].body.replace("\"pass\"", "\"fail\"");
            rows[2].hash = hash(&rows[2].body);
        },
        &[says],
        &[says],
    );
}

#[test]
fn the_last_record_edited_with_its_hash_is_found_by_the_checkpoint() {
    check(
        |rows| {
            rows[4].body = rows[4].body.replace("\"pass\"", "\"fail\"");
            rows[4].hash = hash(&rows[4].body);
        },
        &[],
        &[
            "cellar: record 5 is not the one that the checkpoint knows: the chain was written anew or forked",
        ],
    );
}

#[test]
fn every_column_is_covered() {
    let edited = "cellar: record 5 was edited: its content does not have its hash";
    check(
        |rows| rows[4].tag = "v9.9.9".to_owned(),
        &["cellar: record 5 was edited: column tag says `v9.9.9`, the record says `v1.4.0`"],
        &["cellar: record 5 was edited: column tag says `v9.9.9`, the record says `v1.4.0`"],
    );
    check(|rows| rows[4].body.push(' '), &[edited], &[edited]);
    check(
        |rows| rows[4].hash.replace_range(10..11, "x"),
        &[edited],
        &[
            edited,
            "cellar: record 5 is not the one that the checkpoint knows: the chain was written anew or forked",
        ],
    );
}

#[test]
fn a_record_in_another_chain_is_found() {
    check(
        |rows| {
            rows[4].repository = "vineyard".to_owned();
            rows.swap(4, 5);
        },
        &[
            "vineyard: record 5 was edited: column repository says `vineyard`, the record says `cellar`",
            "vineyard: records 2 to 4 were removed: record 1 is followed by record 5",
        ],
        &[
            "cellar: the end was cut off: the checkpoint knows record 5, the chain ends with record 4",
            "vineyard: record 5 was edited: column repository says `vineyard`, the record says `cellar`",
            "vineyard: records 2 to 4 were removed: record 1 is followed by record 5",
        ],
    );
}

#[test]
fn removed_records_are_found() {
    let says = "cellar: record 3 was removed: record 2 is followed by record 4";
    check(|rows| drop(rows.remove(2)), &[says], &[says]);
    let says = "cellar: records 1 to 2 were removed: record 0 is followed by record 3";
    check(|rows| drop(rows.drain(..2)), &[says], &[says]);
}

#[test]
fn a_cut_off_end_is_found_by_the_checkpoint() {
    check(
        |rows| drop(rows.drain(3..5)),
        &[],
        &[
            "cellar: the end was cut off: the checkpoint knows record 5, the chain ends with record 3",
        ],
    );
    check(
        |rows| rows.truncate(5),
        &[],
        &[
            "vineyard: the end was cut off: the checkpoint knows record 1, the chain ends with record 0",
        ],
    );
}

#[test]
fn a_changed_order_is_found() {
    let says = [
        "cellar: record 3 stands in the place of record 2: the order was changed",
        "cellar: record 2 does not continue record 1: one of the two was replaced",
        "cellar: record 2 stands in the place of record 3: the order was changed",
        "cellar: record 3 continues record 1, as another record does: the chain was forked",
        "cellar: record 4 continues record 2, as another record does: the chain was forked",
    ];
    check(
        |rows| {
            let (second, third) = (rows[1].clone(), rows[2].clone());
            rows[1] = Row {
                sequence: 2,
                ..third
            };
            rows[2] = Row {
                sequence: 3,
                ..second
            };
        },
        &says,
        &says,
    );
}

#[test]
fn forks_are_found() {
    let says = [
        "cellar: record 3 continues record 2, as another record does: the chain was forked",
        "cellar: record 4 continues record 3, as another record does: the chain was forked",
    ];
    check(
        |rows| {
            let mut other = rows[2].clone();
            other.body = other.body.replace("\"pass\"", "\"fail\"");
            other.hash = hash(&other.body);
            rows.insert(3, other);
        },
        &says,
        &says,
    );
    // A fork that took the place of the first chain's end.
    check(
        |rows| {
            forge(&mut rows[..5], |record| {
                if record["tag"] == "v1.4.0" {
                    record["verdict"] = "fail".into();
                }
            });
        },
        &[],
        &[
            "cellar: record 5 is not the one that the checkpoint knows: the chain was written anew or forked",
        ],
    );
}

#[test]
fn what_is_no_record_is_found() {
    let (_directory, path) = filled();
    let mut rows = rows(&path);
    rows[0].body = "{\"sequence\":1,\"sequence\":1}".to_owned();
    rows[0].hash = hash(&rows[0].body);
    let said = problems(&verify(&rows, None));
    assert!(
        said[0].starts_with("cellar: record 1 is no record: duplicate field"),
        "{said:?}"
    );
    assert!(
        said[1].starts_with("cellar: record 2 does not continue record 1"),
        "{said:?}"
    );
}

#[test]
fn the_same_answer_is_recorded_once() {
    let (_directory, path) = filled();
    let mut ledger = open(&path, Access::Append);
    let mut record = |draft: Draft| match &ledger.append("cellar", &[draft], &stamp()).unwrap()[..]
    {
        [Appended::Recorded(record, _)] => (record.sequence, "new"),
        [Appended::Known(sequence)] => (*sequence, "known"),
        other => panic!("{other:?}"),
    };
    assert_eq!(record(draft("v1.2.0", "pass")), (3, "known"));
    // Another answer, and the first one again: the last word counts.
    assert_eq!(record(draft("v1.2.0", "fail")), (6, "new"));
    assert_eq!(record(draft("v1.2.0", "fail")), (6, "known"));
    assert_eq!(record(draft("v1.2.0", "pass")), (7, "new"));
    // An audit wants one record for the commit and what decides, whichever it says, and what somebody else recorded is none.
    let audited = |change: &dyn Fn(&mut Decision)| {
        let mut decision = decision("v1.2.0", "error");
        decision.mode = Mode::Audit;
        change(&mut decision);
        Draft::Decision(Box::new(decision))
    };
    assert_eq!(record(audited(&|_| {})), (8, "new"));
    let otherwise = audited(&|decision| "fail".clone_into(&mut decision.verdict));
    assert_eq!(record(otherwise), (8, "known"));
    let different: [&dyn Fn(&mut Decision); 4] = [
        &|decision| decision.commit = "2".repeat(40),
        &|decision| "sha256:01".clone_into(&mut decision.policy.digest),
        &|decision| "sha256:02".clone_into(&mut decision.policy.configuration),
        &|decision| "change".clone_into(&mut decision.stage),
    ];
    for (number, change) in (9..).zip(different) {
        assert_eq!(record(audited(change)), (number, "new"));
        assert_eq!(record(audited(change)), (number, "known"));
    }
    assert_eq!(record(draft("v1.2.0", "pass")), (7, "known"));
    assert_eq!(problems(&verify(&rows(&path), None)), [""; 0]);
}

#[test]
fn an_export_holds_everything() {
    let (directory, path) = filled();
    let mut ledger = open(&path, Access::Append);
    // Characters that a terminal obeys are legal in the names of tags.
    ledger
        .append("cellar", &[draft("v1.9.0-\u{202e}rc1", "pass")], &stamp())
        .unwrap();
    drop(ledger);
    let rows = rows(&path);
    let lines: String = rows
        .iter()
        .map(|row| crate::report::text::escape_json(&row.body) + "\n")
        .collect();
    let export = directory.path().join("export.jsonl");
    std::fs::write(&export, lines).unwrap();
    let mut back = Vec::new();
    Ledger::open(&format!("jsonl:{}", export.display()), Access::Read)
        .unwrap()
        .read(Wanted::All, &mut |row| {
            back.push(row);
            Ok(())
        })
        .unwrap();
    assert_eq!(back, rows);
}

#[test]
fn a_record_has_one_spelling() {
    let record = Record {
        schema_version: 1,
        repository: "cellar".to_owned(),
        sequence: 7,
        previous: "sha256:ab".to_owned(),
        recorded_at: "2026-03-02T12:00:00Z".to_owned(),
        actor: Actor::default(),
        tool: Tool {
            name: "relgate".to_owned(),
            version: "0.0.0".to_owned(),
        },
        entry: Entry::Tags(TagsSeen {
            total: 1,
            appeared: [("v1.0.0".to_owned(), String::new())].into(),
            ..TagsSeen::default()
        }),
    };
    let row = record.row().unwrap();
    assert_eq!(
        row.body,
        concat!(
            r#"{"actor":{"name":"","run":"","source":""},"appeared":{"v1.0.0":""},"entry":"tags","moved":[],"#,
            r#""previous":"sha256:ab","recordedAt":"2026-03-02T12:00:00Z","repository":"cellar","schemaVersion":1,"#,
            r#""sequence":7,"tool":{"name":"relgate","version":"0.0.0"},"total":1,"vanished":{}}"#
        )
    );
    assert_eq!(Record::read(&row).unwrap(), record);
}

#[test]
fn checkpoints_that_are_none_are_refused() {
    let (_directory, path) = filled();
    let good = Checkpoint::of(&verify(&rows(&path), None), "2026-03-03T00:00:00Z")
        .text()
        .unwrap();
    assert!(Checkpoint::read("c.json", &good).is_ok());
    let none = Checkpoint::of(&Verified::default(), "2026-03-03T00:00:00Z")
        .text()
        .unwrap();
    for bad in [
        String::new(),
        "{}".to_owned(),
        none,
        good.replace("ledger-checkpoint", "approval"),
        good.replacen("\"sequence\":5", "\"sequence\":\"5\"", 1),
        good.replacen("\"sha256\":\"", "\"sha256\":\"0", 1),
        good.replacen("\"name\":\"cellar\"", "\"name\":\"cellars\"", 1),
    ] {
        assert!(Checkpoint::read("c.json", &bad).is_err(), "{bad}");
    }
}

#[test]
fn files_that_are_no_ledger_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let refused = |access| {
        let before = std::fs::read(&path).unwrap_or_default();
        let refused = Ledger::open(path.to_str().unwrap(), access).err();
        assert_eq!(std::fs::read(&path).unwrap_or_default(), before);
        refused.map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(refused(Access::Read).starts_with("there is no ledger at "));
    std::fs::write(
        &path,
        "this is a text, and it is longer than the header of a database ".repeat(20),
    )
    .unwrap();
    for access in [Access::Read, Access::Append] {
        assert!(refused(access).ends_with("it is no SQLite file"));
    }
    std::fs::remove_file(&path).unwrap();
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE casks (id INTEGER)")
        .unwrap();
    for access in [Access::Read, Access::Append] {
        assert!(refused(access).contains("another database"));
    }
}

#[test]
fn addresses() {
    for (address, says) in [
        ("", "the path is missing"),
        ("sqlite:", "the path is missing"),
        (
            "mysql://ada:secret@db/ledger",
            "mysql://db/ledger is no address",
        ),
        ("postgres://ada:secret@db.example.org/ledger", "without TLS"),
        (
            "postgres://ada:secret@localhost/ledger?sslmode=require",
            "without TLS",
        ),
        (
            "postgres://ada:secret@db:port/ledger",
            "postgres://db:port/ledger is no address",
        ),
    ] {
        let error = Ledger::open(address, Access::Read).err().unwrap();
        let text = error.to_string();
        let text = format!("{text} {:?}", miette::Report::new(error));
        assert!(text.contains(says), "{address}: {text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

/// Twelve threads append to two chains, each the same decisions in its own order: every decision is there once.
#[test]
fn writers_beside_each_other_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.db");
    std::thread::scope(|scope| {
        for writer in 0..12 {
            let path = &path;
            scope.spawn(move || {
                let mut ledger = open(path, Access::Append);
                for step in 0..10 {
                    let minor = (step * 7 + writer) % 10;
                    let draft = draft(&format!("v1.{minor}.0"), "pass");
                    let chain = ["cellar", "vineyard"][writer % 2];
                    ledger.append(chain, &[draft], &stamp()).unwrap();
                }
            });
        }
    });
    let rows = rows(&path);
    assert_eq!(problems(&verify(&rows, None)), [""; 0]);
    for chain in ["cellar", "vineyard"] {
        let mut tags: Vec<&str> = rows
            .iter()
            .filter(|row| row.repository == chain)
            .map(|row| row.tag.as_str())
            .collect();
        tags.sort_unstable();
        let expected: Vec<String> = (0..10).map(|minor| format!("v1.{minor}.0")).collect();
        assert_eq!(tags, expected);
    }
}
