use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use relgate::evidence::allowed_signers::AllowedSigners;
use relgate::evidence::mailmap::Mailmap;
use relgate::evidence::roles::Roles;
use relgate::evidence::verify::{Point, Release, Trust, check};
use relgate::evidence::{open_one, ssh};
use relgate::facts::evidence::EvidenceFact;
use relgate::policy::EvidenceSpec;
use serde_json::{Value, json};

use crate::support::{keys, root};

const NAMESPACE: &str = "relgate-evidence";

/// People with keys, a release, and what a gate asks for.
struct Scene {
    /// Private keys, by name.
    keys: BTreeMap<&'static str, String>,
    trust: Trust,
    spec: EvidenceSpec,
    directory: tempfile::TempDir,
}

fn time(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn commit(digit: char) -> String {
    digit.to_string().repeat(40)
}

impl Scene {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut lines = String::new();
        let mut private = BTreeMap::new();
        for (name, kind, principals) in [
            ("lead", "ed25519", "lead@example.org"),
            ("curve", "ecdsa", "lead@example.org"),
            ("ada", "ed25519", "ada@home.example"),
            ("wild", "ed25519", "*@example.org"),
            ("stranger", "ed25519", ""),
        ] {
            let key = keys::make(directory.path(), name, kind);
            if !principals.is_empty() {
                lines.push_str(&format!("{principals} {}\n", key.public));
            }
            private.insert(name, std::fs::read_to_string(&key.private).unwrap());
        }
        let roles =
            "roles: { team-lead: [lead@example.org, second@example.org, ada@home.example] }";
        Self {
            keys: private,
            trust: Trust {
                signers: AllowedSigners::read(&lines),
                signers_file: ("signers".to_owned(), true),
                roles: Roles::read(roles).unwrap(),
                mailmap: Mailmap::read("<ada@cellar.example> <ada@home.example>"),
                ..Trust::default()
            },
            spec: EvidenceSpec {
                kind: "approval".to_owned(),
                role: "team-lead".to_owned(),
                minimum: 1,
                max_age: "P7D".to_owned(),
                not_author: true,
                bind_policy: true,
                ..EvidenceSpec::default()
            },
            directory,
        }
    }

    fn facts(&self, text: &str, signature: Option<&str>, author: &str) -> EvidenceFact {
        let point = |tag: &str, digit: char| Point {
            tag: tag.to_owned(),
            commit: commit(digit),
            time: Some(time("2026-05-20T10:00:00Z")),
        };
        let release = Release {
            subject: point("v1.3.0", 'a'),
            previous: point("v1.2.0", 'b'),
            authors: BTreeSet::from([author.to_owned()]),
            policy_digest: "sha256:11",
            gates: BTreeMap::from([("team-lead-approval", &self.spec)]),
            now: time("2026-05-25T10:00:00Z"),
            ..Release::default()
        };
        let item = open_one("team-lead-approval.json", text, signature, |name| {
            name == "team-lead-approval"
        });
        check(&[item], &self.trust, &release).remove(0)
    }

    fn ssh(&self, key: &str, text: &str) -> String {
        ssh::sign(&self.keys[key], NAMESPACE, text.as_bytes()).unwrap()
    }

    /// Signed by a program that is not ours.
    fn dsse(&self, key: &str, text: &str) -> Value {
        let path = self.directory.path().join("statement");
        std::fs::write(&path, text).unwrap();
        dsse(&self.directory.path().join(key), &path)
    }
}

fn dsse(key: &Path, statement: &Path) -> Value {
    let output = Command::new(root().join(".venv/bin/python"))
        .arg(root().join("tests/dsse.py"))
        .args([key, statement])
        .output()
        .expect("tests/prerequisites.sh installs what signs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn statement(approver: &str) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "refs/tags/v1.3.0", "digest": { "gitCommit": commit('a') } }],
        "predicateType": "https://relgate.dev/evidence/v1",
        "predicate": {
            "gate": "team-lead-approval",
            "decision": "approve",
            "approver": approver,
            "role": "team-lead",
            "from": format!("refs/tags/v1.2.0@{}", commit('b')),
            "to": "v1.3.0",
            "releaseType": "minor",
            "policyDigest": "sha256:11",
            "issuedAt": "2026-05-24T10:00:00Z",
            "nonce": "0011",
            "comment": "looked at all of it",
            "data": { "ticket": "CHG-1" },
        },
    })
}

#[track_caller]
fn reason(fact: &EvidenceFact) -> &str {
    assert_eq!(fact.valid, fact.reason.is_empty(), "{fact:?}");
    &fact.reason
}

/// What securesystemslib signed counts, with both kinds of keys; nothing that was changed afterwards does.
#[test]
fn envelopes_of_another_program_count() {
    let scene = Scene::new();
    let text = statement("lead@example.org").to_string();
    let check = |envelope: &Value, expected: &str| {
        let fact = scene.facts(&envelope.to_string(), None, "ada@example.com");
        assert_eq!(reason(&fact), expected, "{}", fact.message);
    };
    for key in ["lead", "curve"] {
        let envelope = scene.dsse(key, &text);
        check(&envelope, "");
        let with = |path: &str, value: Value| {
            let mut changed = envelope.clone();
            *changed.pointer_mut(path).unwrap() = value;
            changed
        };
        let payload = |text: &str| json!(STANDARD.encode(text));
        let pretty = serde_json::to_string_pretty(&statement("lead@example.org")).unwrap();
        check(&with("/payload", payload(&pretty)), "signature-invalid");
        check(
            &with("/payload", payload(&text.replace("CHG-1", "CHG-2"))),
            "signature-invalid",
        );
        let twice = text.replacen('{', "{\"_type\":\"https://in-toto.io/Statement/v1\",", 1);
        check(&scene.dsse(key, &twice), "duplicate-key");
        check(
            &with("/payloadType", json!("application/json")),
            "not-a-statement",
        );
        check(&with("/signatures", json!([])), "signature-malformed");
        check(
            &with("/signatures/0/sig", json!("AAAA")),
            "signature-invalid",
        );
        check(
            &with("/signatures/0/sig", json!("§")),
            "signature-malformed",
        );
        check(
            &with(
                "/signatures",
                json!([{ "sig": "AAAA" }, envelope["signatures"][0]]),
            ),
            "",
        );
        let many: Vec<Value> = vec![envelope["signatures"][0].clone(); 17];
        check(&with("/signatures", json!(many)), "signature-malformed");
        let large = format!("{envelope}{}", " ".repeat(1024 * 1024));
        assert_eq!(reason(&scene.facts(&large, None, "x@y")), "too-large");
        let doubled = envelope
            .to_string()
            .replacen('{', "{\"payload\":\"AAAA\",", 1);
        assert_eq!(reason(&scene.facts(&doubled, None, "x@y")), "duplicate-key");
    }
    check(&scene.dsse("stranger", &text), "signature-invalid");
    check(&scene.dsse("ada", &text), "signer-unknown");
    // A detached signature beside an envelope says nothing of it.
    let bare = json!({ "payloadType": "application/vnd.in-toto+json", "payload": STANDARD.encode(&text), "signatures": [{ "sig": "AAAA" }] });
    let beside = scene.ssh("lead", &bare.to_string());
    let fact = scene.facts(&bare.to_string(), Some(&beside), "x@y");
    assert_eq!(reason(&fact), "signature-invalid");
}

/// Whoever holds a key that is for a pattern of people may be any of them, and is one person.
#[test]
fn a_key_of_many_is_no_way_around() {
    let scene = Scene::new();
    let text = |approver: &str| statement(approver).to_string();
    let fact = |key: &str, approver: &str, author: &str| {
        let text = text(approver);
        scene.facts(&text, Some(&scene.ssh(key, &text)), author)
    };
    assert_eq!(
        reason(&fact("wild", "lead@example.org", "ada@cellar.example")),
        ""
    );
    assert_eq!(
        reason(&fact("wild", "lead@example.org", "Ada@example.org")),
        "approver-is-author"
    );
    let names: BTreeSet<String> = ["lead@example.org", "second@example.org"]
        .into_iter()
        .map(|name| fact("wild", name, "ada@cellar.example").person)
        .collect();
    assert_eq!(names.len(), 1, "{names:?}");
    // An author under another address, by the mailmap.
    assert_eq!(
        reason(&fact("ada", "ada@home.example", "ada@cellar.example")),
        "approver-is-author"
    );
}

/// A test result in in-toto's own form does not say which gate it is for; its file does, and anybody can rename a file.
#[test]
fn a_renamed_test_result_approves_nothing() {
    let mut scene = Scene::new();
    scene.spec.role = String::new();
    scene.spec.max_age = String::new();
    scene.spec.bind_policy = false;
    let mut result = statement("lead@example.org");
    result["predicateType"] = json!("https://in-toto.io/attestation/test-result/v0.1");
    result["predicate"] = json!({ "result": "PASSED", "configuration": [{ "name": "ci", "annotations": { "branch": "main", "tests": "x" } }] });
    let text = result.to_string();
    let signature = scene.ssh("lead", &text);
    let found = |scene: &Scene| {
        let fact = scene.facts(&text, Some(&signature), "x@y");
        reason(&fact).to_owned()
    };
    assert_eq!(found(&scene), "kind-wrong");
    scene.spec.kind = "test-result".to_owned();
    scene.spec.requires = vec!["branch".to_owned(), "tests".to_owned()];
    assert_eq!(found(&scene), "");
    scene.spec.requires = vec!["environment".to_owned(), "tests".to_owned()];
    assert_eq!(found(&scene), "incomplete");
}

/// The places of a statement, each by its path.
const FIELDS: [&str; 19] = [
    "/_type",
    "/subject",
    "/subject/0",
    "/subject/0/name",
    "/subject/0/digest/gitCommit",
    "/predicateType",
    "/predicate",
    "/predicate/gate",
    "/predicate/decision",
    "/predicate/approver",
    "/predicate/role",
    "/predicate/from",
    "/predicate/to",
    "/predicate/releaseType",
    "/predicate/policyDigest",
    "/predicate/issuedAt",
    "/predicate/nonce",
    "/predicate/comment",
    "/predicate/data/ticket",
];

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[ad]{40}".prop_map(Value::from),
        "v1\\.[0-9]\\.[0-9](-rc[0-9])?".prop_map(Value::from),
        "(lead|ada|second)@(example|home)\\.(org|example)".prop_map(Value::from),
        "2026-05-2[0-9]T1[0-9]:00:00Z".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(
            json!([{ "name": "refs/tags/v1.3.0", "digest": { "gitCommit": commit('a') } }, { "name": "refs/tags/v1.3.0", "digest": { "gitCommit": commit('d') } }])
        ),
    ]
}

/// Whatever is written over any field of signed evidence, in either envelope: it does not count. Signed again by somebody else
/// or for something else, it does not count either, and its reason is about the signer.
#[test]
fn a_changed_field_closes_nothing() {
    let scene = Scene::new();
    let good = statement("lead@example.org");
    let text = good.to_string();
    let armored = scene.ssh("lead", &text);
    let envelope = scene.dsse("lead", &text);
    assert_eq!(reason(&scene.facts(&text, Some(&armored), "x@y")), "");
    assert_eq!(reason(&scene.facts(&text, None, "x@y")), "unsigned");
    proptest!(ProptestConfig::with_cases(400), |(index in 0..FIELDS.len(), value in any_value())| {
        let mut changed = good.clone();
        let field = changed.pointer_mut(FIELDS[index]).unwrap();
        prop_assume!(*field != value);
        *field = value;
        let changed = changed.to_string();
        let mut around = envelope.clone();
        around["payload"] = json!(STANDARD.encode(&changed));
        let elsewhere = ssh::sign(&scene.keys["lead"], "git", changed.as_bytes()).unwrap();
        for (what, text, signature) in [
            ("kept", &changed, Some(armored.clone())),
            ("kept in DSSE", &around.to_string(), None),
            ("by a stranger", &changed, Some(scene.ssh("stranger", &changed))),
            ("for something else", &changed, Some(elsewhere)),
            ("not at all", &changed, None),
        ] {
            let fact = scene.facts(text, signature.as_deref(), "x@y");
            prop_assert!(!fact.valid && !fact.reason.is_empty(), "{what}: {changed}: {fact:?}");
        }
    });
}
