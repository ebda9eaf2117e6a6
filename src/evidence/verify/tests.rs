use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::evidence::open_one;
use crate::evidence::statement::PREDICATE_TYPE;

const TAG: &str = "v1.3.0";

fn commit(c: char) -> String {
    c.to_string().repeat(40)
}

fn spec() -> EvidenceSpec {
    EvidenceSpec {
        kind: "approval".to_owned(),
        role: "team-lead".to_owned(),
        minimum: 1,
        max_age: "P7D".to_owned(),
        not_author: true,
        bind_policy: true,
        unsigned: true,
        requires: vec!["ticket".to_owned()],
        ..EvidenceSpec::default()
    }
}

fn time(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text)
        .unwrap()
        .with_timezone(&Utc)
}

fn release(spec: &EvidenceSpec) -> Release<'_> {
    let point = |tag: &str, c: char| Point {
        tag: tag.to_owned(),
        commit: commit(c),
        time: Some(time("2026-05-20T10:00:00Z")),
    };
    Release {
        subject: point(TAG, 'a'),
        candidate: Some(point("v1.3.0-rc2", 'c')),
        previous: point("v1.2.0", 'b'),
        authors: BTreeSet::from(["ada@example.org".to_owned()]),
        policy_digest: "sha256:11",
        gates: BTreeMap::from([("team-lead-approval", spec)]),
        now: time("2026-05-25T10:00:00Z"),
        clock: time("2026-05-25T10:00:00Z"),
    }
}

fn trust() -> Trust {
    Trust {
        roles: Roles::read(
            "roles: { team-lead: [lead@example.org, ada@example.org, ada@home.example] }",
        )
        .unwrap(),
        mailmap: Mailmap::read("<ada@example.org> <ada@home.example>"),
        ..Trust::default()
    }
}

fn good() -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "refs/tags/v1.3.0", "digest": { "gitCommit": commit('a') } }],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "gate": "team-lead-approval",
            "decision": "approve",
            "approver": "lead@example.org",
            "role": "team-lead",
            "from": format!("refs/tags/v1.2.0@{}", commit('b')),
            "to": "v1.3.0",
            "releaseType": "minor",
            "policyDigest": "sha256:11",
            "issuedAt": "2026-05-24T10:00:00Z",
            "nonce": "0011",
            "data": { "ticket": "CHG-1" },
        },
    })
}

fn facts(statements: &[Value]) -> Vec<EvidenceFact> {
    let spec = spec();
    let items: Vec<Item> = statements
        .iter()
        .enumerate()
        .map(|(index, statement)| {
            open_one(
                &format!("{index}.json"),
                &statement.to_string(),
                None,
                |_| false,
            )
        })
        .collect();
    check(&items, &trust(), &release(&spec))
}

/// What becomes of the good statement with one of its fields replaced.
fn with(path: &str, value: Value) -> EvidenceFact {
    let mut statement = good();
    match statement.pointer_mut(path) {
        Some(field) => *field = value,
        None => panic!("{path}"),
    }
    facts(&[statement]).remove(0)
}

#[test]
fn a_good_statement_counts() {
    let fact = facts(&[good()]).remove(0);
    assert!(fact.valid, "{} {}", fact.reason, fact.message);
    assert_eq!(
        (fact.person.as_str(), fact.signature.as_str()),
        ("lead@example.org", "unsigned")
    );
}

#[test]
fn every_way_to_fail_has_its_reason() {
    let check = |path: &str, value: Value, reason: Reason| {
        let fact = with(path, value.clone());
        assert!(!fact.valid, "{path} = {value}");
        assert_eq!(
            fact.reason,
            reason.as_str(),
            "{path} = {value}: {}",
            fact.message
        );
    };
    use Reason::*;
    check("/subject/0/name", json!("refs/tags/v9.9.9"), TagMismatch);
    check(
        "/subject/0/digest/gitCommit",
        json!(commit('d')),
        CommitMismatch,
    );
    check(
        "/subject",
        json!([good()["subject"][0], good()["subject"][0]]),
        SeveralSubjects,
    );
    check("/predicate/to", json!("v9.9.9"), ToMismatch);
    check(
        "/predicate/from",
        json!(format!("refs/tags/v1.1.0@{}", commit('b'))),
        FromMismatch,
    );
    check(
        "/predicate/from",
        json!(format!("refs/tags/v1.2.0@{}", commit('d'))),
        FromMismatch,
    );
    check("/predicate/from", json!(""), FromMismatch);
    check("/predicate/gate", json!("architecture-review"), GateUnknown);
    check("/predicate/role", json!("qa"), RoleWrong);
    check("/predicate/role", json!(""), RoleWrong);
    check("/predicate/approver", json!("bob@example.org"), RoleMissing);
    check(
        "/predicate/approver",
        json!("ada@example.org"),
        ApproverIsAuthor,
    );
    check(
        "/predicate/approver",
        json!("ada@home.example"),
        ApproverIsAuthor,
    );
    check(
        "/predicate/policyDigest",
        json!("sha256:22"),
        PolicyMismatch,
    );
    check(
        "/predicate/issuedAt",
        json!("2026-05-25T10:05:01Z"),
        IssuedInFuture,
    );
    check(
        "/predicate/issuedAt",
        json!("2026-05-18T09:59:59Z"),
        IssuedBeforeCommit,
    );
    check("/predicate/data", json!({}), Incomplete);
    check("/predicate/data/ticket", json!(""), Incomplete);
    check("/predicate/data/ticket", json!(null), Incomplete);
}

#[test]
fn age_and_skew_end_to_the_second() {
    let spec = EvidenceSpec {
        max_age: "P1D".to_owned(),
        ..spec()
    };
    let valid = |issued_at: &str| {
        let mut statement = good();
        statement["predicate"]["issuedAt"] = json!(issued_at);
        let item = open_one("x.json", &statement.to_string(), None, |_| false);
        let fact = check_one(&item, &trust(), &release(&spec));
        (fact.valid, fact.reason)
    };
    assert_eq!(valid("2026-05-24T10:00:00Z"), (true, String::new()));
    assert_eq!(valid("2026-05-24T09:59:59Z"), (false, "too-old".to_owned()));
    assert_eq!(valid("2026-05-25T10:05:00Z"), (true, String::new()));
    assert_eq!(
        valid("2026-05-25T10:05:01Z"),
        (false, "issued-in-future".to_owned())
    );
    // A rejection does not grow old.
    let mut old = good();
    old["predicate"]["decision"] = json!("reject");
    old["predicate"]["issuedAt"] = json!("2026-05-21T10:00:00Z");
    let item = open_one("x.json", &old.to_string(), None, |_| false);
    assert!(check_one(&item, &trust(), &release(&spec)).valid);
}

#[test]
fn a_candidates_evidence_is_told_from_the_releases_own() {
    let mut statement = good();
    statement["subject"][0] =
        json!({ "name": "refs/tags/v1.3.0-rc2", "digest": { "gitCommit": commit('c') } });
    statement["predicate"]["to"] = json!("v1.3.0-rc2");
    let fact = facts(&[statement.clone()]).remove(0);
    assert!(fact.valid && fact.of_candidate);
    statement["predicate"]["to"] = json!("v1.3.0");
    assert_eq!(facts(&[statement]).remove(0).reason, "to-mismatch");
}

#[test]
fn a_nonce_counts_once() {
    let mut other = good();
    other["predicate"]["comment"] = json!("again");
    let reasons = |statements: &[Value]| -> Vec<String> {
        facts(statements)
            .into_iter()
            .map(|fact| fact.reason)
            .collect()
    };
    assert_eq!(reasons(&[good(), good()]), ["", "duplicate"]);
    assert_eq!(reasons(&[good(), other]), ["nonce-reused", "nonce-reused"]);
    // The same nonce under another release is a replay as well.
    let mut elsewhere = good();
    elsewhere["subject"][0] =
        json!({ "name": "refs/tags/v1.1.0", "digest": { "gitCommit": commit('e') } });
    elsewhere["predicate"]["to"] = json!("v1.1.0");
    assert_eq!(reasons(&[good(), elsewhere]), ["nonce-reused"]);
}

#[test]
fn evidence_of_other_releases_is_named_only_where_there_is_no_other() {
    let mut elsewhere = good();
    elsewhere["subject"][0] =
        json!({ "name": "refs/tags/v1.1.0", "digest": { "gitCommit": commit('e') } });
    elsewhere["predicate"]["to"] = json!("v1.1.0");
    elsewhere["predicate"]["nonce"] = json!("0022");
    let found = facts(&[elsewhere.clone()]);
    assert_eq!(found[0].reason, "other-release");
    let found = facts(&[elsewhere, good()]);
    assert_eq!(found.len(), 1);
    assert!(found[0].valid);
}

#[test]
fn without_a_signature_nothing_counts_unless_the_gate_says_so() {
    let spec = EvidenceSpec {
        unsigned: false,
        ..spec()
    };
    let item = open_one("x.json", &good().to_string(), None, |_| false);
    assert_eq!(
        check_one(&item, &trust(), &release(&spec)).reason,
        "unsigned"
    );
    let item = open_one("x.json", &good().to_string(), Some("no signature"), |_| {
        false
    });
    assert_eq!(
        check_one(&item, &trust(), &release(&spec)).reason,
        "signature-malformed"
    );
    // A signature that cannot be read is no better where none is needed.
    let lenient = self::spec();
    assert_eq!(
        check_one(&item, &trust(), &release(&lenient)).reason,
        "signature-malformed"
    );
}

#[test]
fn files_are_named_after_gates() {
    let check = |path: &str, gate: Option<&str>| {
        let found = gate_named_by(path, |name| name == "ci-tests");
        assert_eq!(found.as_deref(), gate, "{path}");
    };
    check("e/v1/ci-tests.json", Some("ci-tests"));
    check("e/ci-tests/unit.json", Some("ci-tests"));
    check("e/ci-tests-unit-1a2b.json", Some("ci-tests"));
    check("e/ci.json", None);
    check("", None);
}

/// The places of a statement that mean something, each by its path.
const FIELDS: &[&str] = &[
    "/_type",
    "/subject",
    "/subject/0",
    "/subject/0/name",
    "/subject/0/digest",
    "/subject/0/digest/gitCommit",
    "/predicateType",
    "/predicate",
    "/predicate/gate",
    "/predicate/decision",
    "/predicate/approver",
    "/predicate/role",
    "/predicate/from",
    "/predicate/to",
    "/predicate/policyDigest",
    "/predicate/issuedAt",
    "/predicate/nonce",
    "/predicate/data",
    "/predicate/data/ticket",
];

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[a-f0-9]{40}".prop_map(Value::from),
        "v[0-9]\\.[0-9]\\.[0-9](-rc[0-9])?".prop_map(Value::from),
        "[a-z]{1,8}@example\\.org".prop_map(Value::from),
        "20[0-9]{2}-0[1-9]-1[0-9]T1[0-9]:00:00Z".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
    ]
}

proptest! {
    /// Whatever is written over a field that means something: the statement does not count any more, or it says the same.
    #[test]
    fn a_changed_field_closes_nothing(index in 0..FIELDS.len(), value in any_value()) {
        let path = FIELDS[index];
        let mut statement = good();
        let field = statement.pointer_mut(path).unwrap();
        let free = [
            // Another number that nobody used, another ticket and another hour within the time are as good.
            ("/predicate/nonce", value.as_str().is_some_and(|text| !text.is_empty())),
            ("/predicate/data/ticket", !value.is_null() && value != json!(false) && value != json!([]) && value != json!({})
                && value.as_str().is_none_or(|text| !text.trim().is_empty())),
        ];
        prop_assume!(*field != value);
        *field = value.clone();
        let found = facts(&[statement]);
        let counts = found.iter().any(|fact| fact.valid && fact.decision == "approve");
        let may = free.iter().any(|(known, good)| *known == path && *good)
            || (path == "/predicate/issuedAt" && found[0].issued_at.as_str() > "2026-05-18" && found[0].issued_at.as_str() < "2026-05-26");
        prop_assert!(!counts || may, "{path} = {value}");
        prop_assert!(counts || found.iter().all(|fact| !fact.reason.is_empty() || fact.decision == "reject"), "{found:?}");
    }

    /// Nothing that is no statement panics or counts.
    #[test]
    fn garbage_closes_nothing(text in "\\PC{0,200}", cut in 0..400_usize) {
        let spec = spec();
        let whole = good().to_string();
        let short: String = whole.chars().take(cut).collect();
        for text in [text, short] {
            let item = open_one("team-lead-approval.json", &text, None, |_| false);
            let fact = check_one(&item, &trust(), &release(&spec));
            prop_assert!(!fact.valid);
            prop_assert_eq!(fact.gate, "team-lead-approval");
        }
    }
}
