//! The in-toto Statement that a gate is closed with: what it says, before anybody believes it.
//!
//! The shape is that of <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>; `gitCommit` is one of its
//! digest names.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::reason::Reason;

/// `_type` of a statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// `predicateType` of what relgate writes.
pub const PREDICATE_TYPE: &str = "https://relgate.dev/evidence/v1";

/// What tests left, by the in-toto predicate of that name.
pub const TEST_RESULT_TYPE: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// Where a tag is among the references.
pub const TAG_PREFIX: &str = "refs/tags/";

/// What somebody says about a gate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statement {
    /// The tag that it is about, without `refs/tags/`.
    pub tag: String,
    /// The tag's commit, as 40 hexadecimal digits.
    pub commit: String,
    /// The gate.
    pub gate: String,
    /// `approve` or `reject`.
    pub decision: String,
    /// Who says it: a principal of the allowed signers.
    pub approver: String,
    /// In which role; may be empty.
    pub role: String,
    /// Where the release starts: `refs/tags/TAG@COMMIT`; empty for a first release.
    pub from: String,
    /// The tag again, so that a statement that is copied below another subject does not fit.
    pub to: String,
    /// The release's effective type.
    pub release_type: String,
    /// The digest of the policies that it was made for.
    pub policy_digest: String,
    /// When.
    pub issued_at: Option<DateTime<Utc>>,
    /// A number used once.
    pub nonce: String,
    /// Why, in the approver's words.
    pub comment: String,
    /// What the gate needs beside a decision.
    pub data: Map<String, Value>,
    /// It is a test result in in-toto's own form, which names no gate, approver or range.
    pub foreign: bool,
}

/// How `from` names a release.
pub fn from_reference(tag: &str, commit: &str) -> String {
    if tag.is_empty() {
        String::new()
    } else {
        format!("{TAG_PREFIX}{tag}@{commit}")
    }
}

impl Statement {
    /// Reads a statement from JSON. `gate_of_file` is the gate that the file's name stands for: a test result in in-toto's
    /// own form names none.
    pub fn read(value: &Value, gate_of_file: &str) -> Result<Self, (Reason, String)> {
        let not = |why: &str| (Reason::NotAStatement, why.to_owned());
        if value.get("_type").and_then(Value::as_str) != Some(STATEMENT_TYPE) {
            return Err(not("`_type` is not that of an in-toto Statement v1"));
        }
        let subjects = value
            .get("subject")
            .and_then(Value::as_array)
            .ok_or_else(|| not("it has no `subject`"))?;
        let [subject] = subjects.as_slice() else {
            return Err((
                Reason::SeveralSubjects,
                format!("it has {} subjects, not one", subjects.len()),
            ));
        };
        let tag = text(subject, "name")
            .and_then(|name| name.strip_prefix(TAG_PREFIX))
            .filter(|tag| !tag.is_empty())
            .ok_or_else(|| not("its subject is no tag (`refs/tags/...`)"))?;
        let commit = subject
            .get("digest")
            .and_then(|digest| text(digest, "gitCommit"))
            .filter(|commit| is_commit(commit))
            .ok_or_else(|| not("its subject has no `gitCommit` of 40 hexadecimal digits"))?;
        let predicate = value
            .get("predicate")
            .filter(|predicate| predicate.is_object())
            .ok_or_else(|| not("it has no `predicate`"))?;
        let mut statement = match text(value, "predicateType") {
            Some(PREDICATE_TYPE) => own(predicate)?,
            Some(TEST_RESULT_TYPE) => test_result(predicate, gate_of_file)?,
            _ => return Err(not("its `predicateType` is unknown")),
        };
        tag.clone_into(&mut statement.tag);
        commit.clone_into(&mut statement.commit);
        Ok(statement)
    }

    /// The statement as relgate writes it.
    pub fn to_json(&self) -> String {
        let issued_at = self
            .issued_at
            .map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true));
        let mut predicate = json!({
            "gate": self.gate,
            "decision": self.decision,
            "approver": self.approver,
            "role": self.role,
            "from": self.from,
            "to": self.to,
            "releaseType": self.release_type,
            "policyDigest": self.policy_digest,
            "issuedAt": issued_at,
            "nonce": self.nonce,
        });
        if let Some(predicate) = predicate.as_object_mut() {
            if !self.comment.is_empty() {
                predicate.insert("comment".to_owned(), json!(self.comment));
            }
            if !self.data.is_empty() {
                predicate.insert("data".to_owned(), Value::Object(self.data.clone()));
            }
        }
        let statement = json!({
            "_type": STATEMENT_TYPE,
            "subject": [{ "name": format!("{TAG_PREFIX}{}", self.tag), "digest": { "gitCommit": self.commit } }],
            "predicateType": PREDICATE_TYPE,
            "predicate": predicate,
        });
        let mut text = serde_json::to_string_pretty(&statement).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn own(predicate: &Value) -> Result<Statement, (Reason, String)> {
    let not = |why: String| (Reason::NotAStatement, why);
    // What is there has to be text: a number or a list in its place would be read as nothing.
    let field = |name: &str| match predicate.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(not(format!("`{name}` of its predicate is not a text"))),
    };
    let required = |name: &str| {
        field(name).and_then(|text| {
            if text.is_empty() {
                Err(not(format!("its predicate has no `{name}`")))
            } else {
                Ok(text)
            }
        })
    };
    let decision = required("decision")?;
    if !["approve", "reject"].contains(&decision.as_str()) {
        return Err(not(format!(
            "its decision is `{decision}`, neither `approve` nor `reject`"
        )));
    }
    let issued_at = required("issuedAt")?;
    let issued_at = DateTime::parse_from_rfc3339(&issued_at)
        .map_err(|_| not(format!("its `issuedAt` is no time (RFC 3339): {issued_at}")))?;
    let data = match predicate.get("data") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(data)) => data.clone(),
        Some(_) => return Err(not("`data` of its predicate is not an object".to_owned())),
    };
    Ok(Statement {
        gate: required("gate")?,
        decision,
        approver: required("approver")?,
        role: field("role")?,
        from: field("from")?,
        to: required("to")?,
        release_type: required("releaseType")?,
        policy_digest: field("policyDigest")?,
        issued_at: Some(issued_at.with_timezone(&Utc)),
        nonce: required("nonce")?,
        comment: field("comment")?,
        data,
        ..Statement::default()
    })
}

/// <https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md>: `result` and `configuration` are
/// required, the lists of tests are not.
fn test_result(predicate: &Value, gate: &str) -> Result<Statement, (Reason, String)> {
    let not = |why: &str| (Reason::NotAStatement, why.to_owned());
    let result = text(predicate, "result").ok_or_else(|| not("its test result has no `result`"))?;
    let configuration = predicate
        .get("configuration")
        .and_then(Value::as_array)
        .ok_or_else(|| not("its test result has no `configuration`"))?;
    if gate.is_empty() {
        return Err(not(
            "a test result names no gate; call the file GATE.json, or put it into a directory of that name",
        ));
    }
    let names = |field: &str| -> Vec<Value> {
        let list = predicate.get(field).and_then(Value::as_array);
        list.cloned().unwrap_or_default()
    };
    let (passed, failed) = (names("passedTests"), names("failedTests"));
    let warned = names("warnedTests");
    let count = passed
        .len()
        .saturating_add(failed.len())
        .saturating_add(warned.len());
    // Without lists, the result stands for the whole.
    let total = count.max(1);
    let failing = if result == "PASSED" || result == "WARNED" {
        failed.len()
    } else {
        failed.len().max(1)
    };
    let mut data = Map::new();
    let tests = json!({
        "total": total,
        "passed": total.saturating_sub(failing),
        "failed": failing,
        "skipped": 0,
        "failures": failed,
    });
    data.insert("tests".to_owned(), tests);
    // What ran where stands in the annotations of its configuration: the branch, the environment.
    for (name, value) in configuration
        .iter()
        .filter_map(|descriptor| descriptor.get("annotations")?.as_object())
        .flatten()
        .filter(|(_, value)| value.is_string())
    {
        if !data.contains_key(name) {
            data.insert(name.clone(), value.clone());
        }
    }
    let approves = failing == 0 && ["PASSED", "WARNED"].contains(&result);
    Ok(Statement {
        gate: gate.to_owned(),
        decision: if approves { "approve" } else { "reject" }.to_owned(),
        data,
        foreign: true,
        ..Statement::default()
    })
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

fn is_commit(text: &str) -> bool {
    text.len() == 40
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;

    fn statement() -> Statement {
        Statement {
            tag: "v1.3.0".to_owned(),
            commit: "3fae1c2".repeat(6)[..40].to_owned(),
            gate: "team-lead-approval".to_owned(),
            decision: "approve".to_owned(),
            approver: "lead@example.org".to_owned(),
            role: "team-lead".to_owned(),
            from: from_reference("v1.2.0", &"a".repeat(40)),
            to: "v1.3.0".to_owned(),
            release_type: "minor".to_owned(),
            policy_digest: "sha256:00".to_owned(),
            issued_at: DateTime::from_timestamp(1_780_000_000, 0),
            nonce: "0011".to_owned(),
            comment: "fine".to_owned(),
            data: Map::from_iter([("ticket".to_owned(), "CHG-1".into())]),
            foreign: false,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let written = statement().to_json();
        let value = json::parse(&written).unwrap();
        assert_eq!(Statement::read(&value, ""), Ok(statement()));
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        let check = |path: &str, with: Value, reason: Reason| {
            let mut value = json::parse(&statement().to_json()).unwrap();
            *value.pointer_mut(path).unwrap() = with.clone();
            let error = Statement::read(&value, "").unwrap_err();
            assert_eq!(error.0, reason, "{path} = {with}: {}", error.1);
        };
        use serde_json::json;
        check("/_type", json!("x"), Reason::NotAStatement);
        check("/subject", json!([]), Reason::SeveralSubjects);
        check("/subject", json!([{}, {}]), Reason::SeveralSubjects);
        check(
            "/subject/0/name",
            json!("refs/heads/main"),
            Reason::NotAStatement,
        );
        check(
            "/subject/0/name",
            json!("refs/tags/"),
            Reason::NotAStatement,
        );
        check(
            "/subject/0/digest/gitCommit",
            json!("3fae1c2"),
            Reason::NotAStatement,
        );
        check(
            "/subject/0/digest/gitCommit",
            json!(["a", "b"]),
            Reason::NotAStatement,
        );
        check(
            "/subject/0/digest/gitCommit",
            json!("A".repeat(40)),
            Reason::NotAStatement,
        );
        check(
            "/predicateType",
            json!("https://example.org/x"),
            Reason::NotAStatement,
        );
        check("/predicate", json!([]), Reason::NotAStatement);
        check(
            "/predicate/decision",
            json!("Approve"),
            Reason::NotAStatement,
        );
        check("/predicate/approver", json!(""), Reason::NotAStatement);
        check(
            "/predicate/role",
            json!(["team-lead"]),
            Reason::NotAStatement,
        );
        check(
            "/predicate/issuedAt",
            json!("yesterday"),
            Reason::NotAStatement,
        );
        check("/predicate/nonce", json!(null), Reason::NotAStatement);
        check("/predicate/data", json!([]), Reason::NotAStatement);
    }

    #[test]
    fn test_results_of_others_are_read() {
        let read = |predicate: Value, gate: &str| {
            let value = serde_json::json!({
                "_type": STATEMENT_TYPE,
                "subject": [{ "name": "refs/tags/v1.3.0", "digest": { "gitCommit": "a".repeat(40) } }],
                "predicateType": TEST_RESULT_TYPE,
                "predicate": predicate,
            });
            Statement::read(&value, gate)
        };
        use serde_json::json;
        let passed = read(
            json!({ "result": "PASSED", "configuration": [], "passedTests": ["a", "b"] }),
            "ci-tests",
        )
        .unwrap();
        assert_eq!(
            (passed.decision.as_str(), passed.gate.as_str()),
            ("approve", "ci-tests")
        );
        assert_eq!(passed.data["tests"]["total"], 2);
        let failed = read(
            json!({ "result": "FAILED", "configuration": [] }),
            "ci-tests",
        )
        .unwrap();
        assert_eq!(
            (failed.decision.as_str(), &failed.data["tests"]["failed"]),
            ("reject", &json!(1))
        );
        // A word that nobody knows is no success.
        let odd = read(
            json!({ "result": "GREEN", "configuration": [] }),
            "ci-tests",
        )
        .unwrap();
        assert_eq!(odd.decision, "reject");
        // One that says it passed and names a failure did not pass.
        let torn = read(
            json!({ "result": "PASSED", "configuration": [], "failedTests": ["x"] }),
            "ci-tests",
        )
        .unwrap();
        assert_eq!(torn.decision, "reject");
        assert!(read(json!({ "result": "PASSED" }), "ci-tests").is_err());
        assert!(read(json!({ "result": "PASSED", "configuration": [] }), "").is_err());
    }
}
