use super::*;

fn given(label: &str, text: &str) -> Given {
    Given {
        label: label.to_owned(),
        name: "file".to_owned(),
        size: text.len() as u64,
        sha256: "ab".repeat(32),
        head: text.as_bytes().to_vec(),
        tail: text.as_bytes().to_vec(),
        whole: true,
    }
}

fn read_as(kind: &str, text: &str) -> Result<Value, String> {
    let purpose = Purpose {
        kind,
        tag: "v1.3.0",
        commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ..Purpose::default()
    };
    let mut data = read(&[given("", text)], &purpose)?;
    data.remove("files");
    Ok(Value::Object(data))
}

#[track_caller]
fn check(kind: &str, text: &str, expected: Result<Value, &str>) {
    match (read_as(kind, text), expected) {
        (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
        (Err(found), Err(expected)) => assert!(found.contains(expected), "{text}: {found}"),
        (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
    }
}

#[test]
fn junit_is_counted() {
    let tests = |total: u64, passed: u64, failed: u64, skipped: u64, failures: &[&str]| {
        Ok(
            json!({ "tests": { "total": total, "passed": passed, "failed": failed, "skipped": skipped, "failures": failures } }),
        )
    };
    let check = |text: &str, expected| check("test-result", text, expected);
    check(
        "<?xml version=\"1.0\"?><testsuites tests=\"9\"><testsuite name=\"a\" tests=\"3\"><testcase classname=\"c\" name=\"ok\"/>\
         <testcase name=\"bad &amp; worse\"><failure>x</failure></testcase><testcase name=\"off\"><skipped/></testcase></testsuite></testsuites>",
        tests(3, 1, 1, 1, &["bad & worse"]),
    );
    check(
        "<testsuite><testcase name=\"a\"><error/><failure/></testcase></testsuite>",
        tests(1, 0, 1, 0, &["a"]),
    );
    // What failed and passed when it was tried again did pass.
    check(
        "<testsuite><testcase name=\"a\"><flakyFailure/><rerunFailure/></testcase></testsuite>",
        tests(1, 1, 0, 0, &[]),
    );
    check(
        "<testsuite tests=\"1\"><testcase name=\"a\"/><error/></testsuite>",
        tests(2, 1, 1, 0, &["the suite itself"]),
    );
    check(
        "<testsuite><testsuite tests=\"1\"><testcase name=\"a\"/></testsuite></testsuite>",
        tests(1, 1, 0, 0, &[]),
    );
    check(
        "<testsuite tests=\"2\"><testcase name=\"a\"/></testsuite>",
        Err("its suites say 2 tests, and 1 are there"),
    );
    check("<testsuite tests=\"many\"/>", Err("`tests` is no count"));
    check("<testsuite/>", Err("it holds no test"));
    check("<html/>", Err("it is no JUnit report"));
    check("<testsuite><testcase name=\"a\"/>", Err("not complete"));
    check(
        "<testsuite><testcase name=\"a\"></testsuite>",
        Err("it is not XML"),
    );
    check(
        "<!DOCTYPE x [<!ENTITY a \"b\">]><testsuite/>",
        Err("document type"),
    );
    check(&"<testsuite>".repeat(100), Err("too deeply"));
    check("", Err("it is empty"));
}

#[test]
fn scans_are_counted_by_severity() {
    let scan = |tool: &str, counts: [u64; 5], worst: &[&str]| {
        let [critical, high, medium, low, unknown] = counts;
        Ok(
            json!({ "scan": { "tool": tool, "critical": critical, "high": high, "medium": medium, "low": low, "unknown": unknown, "worst": worst } }),
        )
    };
    let check = |value: Value, expected| check("scan-result", &value.to_string(), expected);
    let driver = json!({ "driver": { "name": "zap", "rules": [
        { "id": "r1", "properties": { "security-severity": "9.8" } },
        { "id": "r2", "defaultConfiguration": { "level": "error" } },
    ] } });
    check(
        json!({ "version": "2.1.0", "runs": [{ "tool": driver, "results": [
            { "ruleId": "r1", "level": "note" },
            { "ruleId": "r2" },
            { "ruleIndex": 0 },
            { "ruleId": "r3" },
            { "ruleId": "r3", "level": "odd" },
            { "ruleId": "r1", "suppressions": [{ "kind": "external" }] },
            { "ruleId": "r1", "suppressions": [{ "kind": "external", "status": "rejected" }] },
            { "ruleId": "r1", "kind": "pass" },
        ] }] }),
        scan("zap", [3, 1, 1, 0, 1], &["r1", "", "r2", "r3"]),
    );
    check(
        json!({ "version": "2.1.0", "runs": [] }),
        Err("no run of a scanner"),
    );
    check(
        json!({ "version": "2.1.0", "runs": [{ "tool": driver, "invocations": [{ "executionSuccessful": false }] }] }),
        Err("did not finish"),
    );
    check(
        json!({ "SchemaVersion": 2, "ArtifactName": "cellar", "Results": [{
            "Vulnerabilities": [{ "VulnerabilityID": "CVE-1", "Severity": "CRITICAL" }, { "VulnerabilityID": "CVE-2", "Severity": "UNKNOWN" }],
            "Secrets": [{ "RuleID": "aws", "Severity": "HIGH" }],
            "Misconfigurations": [{ "ID": "DS1", "Severity": "LOW", "Status": "FAIL" }, { "ID": "DS2", "Severity": "HIGH", "Status": "PASS" }],
        }] }),
        scan("trivy", [1, 1, 0, 1, 1], &["CVE-1", "aws", "DS1", "CVE-2"]),
    );
    check(
        json!({ "descriptor": { "name": "grype" }, "matches": [
            { "vulnerability": { "id": "CVE-1", "severity": "Medium" } }, { "vulnerability": { "id": "CVE-2", "severity": "Negligible" } }, { "vulnerability": { "id": "CVE-3" } },
        ], "ignoredMatches": [{ "vulnerability": { "id": "CVE-4", "severity": "Critical" } }] }),
        scan("grype", [0, 0, 1, 1, 1], &["CVE-1", "CVE-2", "CVE-3"]),
    );
    let govulncheck = "{\"config\":{\"scanner_name\":\"govulncheck\"}}\n{\"finding\":{\"osv\":\"GO-1\",\"trace\":[{\"module\":\"m\"}]}}\n\
        {\"finding\":{\"osv\":\"GO-1\",\"trace\":[{\"module\":\"m\",\"function\":\"f\"}]}}\n{\"finding\":{\"osv\":\"GO-2\",\"trace\":[{\"module\":\"m\"}]}}";
    self::check(
        "scan-result",
        govulncheck,
        scan("govulncheck", [0, 1, 0, 1, 0], &["GO-1", "GO-2"]),
    );
    check(
        json!({ "vulnerabilities": [] }),
        Err("of no form that relgate knows"),
    );
}

#[test]
fn reviews_and_deployments_of_forges() {
    let review = |login: &str, state: &str, at: &str| json!({ "user": { "login": login }, "state": state, "submitted_at": format!("2026-05-0{at}T00:00:00Z") });
    let check = |value: Value, expected| check("review", &value.to_string(), expected);
    check(
        json!([
            review("grace", "CHANGES_REQUESTED", "1"),
            review("grace", "APPROVED", "2"),
            review("ada", "COMMENTED", "3")
        ]),
        Ok(json!({ "reviewers": ["grace"] })),
    );
    check(
        json!([
            review("grace", "APPROVED", "1"),
            review("grace", "COMMENTED", "2")
        ]),
        Ok(json!({ "reviewers": ["grace"] })),
    );
    check(
        json!([
            review("grace", "APPROVED", "1"),
            review("grace", "DISMISSED", "2")
        ]),
        Err("nobody approved"),
    );
    check(
        json!([
            review("grace", "APPROVED", "2"),
            review("bob", "CHANGES_REQUESTED", "1")
        ]),
        Err("changes are requested by bob"),
    );
    check(
        json!([
            [review("grace", "APPROVED", "1")],
            [review("bob", "APPROVED", "1")]
        ]),
        Ok(json!({ "reviewers": ["bob", "grace"] })),
    );
    check(json!([]), Err("of no form"));
    check(
        json!({ "approved": true, "approved_by": [{ "user": { "username": "grace" } }] }),
        Ok(json!({ "reviewers": ["grace"] })),
    );
    check(
        json!({ "approved": false, "approved_by": [{ "user": { "username": "grace" } }] }),
        Err("not approved"),
    );
    check(json!({ "approved_by": [] }), Err("nobody approved"));
    let own = "a".repeat(40);
    check(
        json!([{ "sha": own, "environment": "staging", "id": 7 }, { "sha": "b", "environment": "staging" }]),
        Ok(json!({ "environment": "staging", "deployment": "7" })),
    );
    check(
        json!([{ "sha": "b", "environment": "staging" }]),
        Err("0 deployments of aaaaaaa"),
    );
    let status = |state: &str, at: &str| json!({ "state": state, "created_at": at, "environment": "staging", "deployment_url": "https://x/7" });
    check(
        json!([status("success", "2"), status("in_progress", "1")]),
        Ok(json!({ "state": "success", "environment": "staging", "deployment": "7" })),
    );
    check(
        json!([status("failure", "2"), status("success", "1")]),
        Err("state is failure"),
    );
}

#[test]
fn metrics_come_as_tables_and_from_prometheus() {
    let purpose = Purpose {
        kind: "monitoring",
        limits: &[("errors".to_owned(), 2.0)],
        ..Purpose::default()
    };
    let prometheus = |values: Value| {
        let answer = json!({ "status": "success", "data": { "resultType": "matrix", "result": [{ "values": values }] } });
        read(&[given("errors", &answer.to_string())], &purpose)
    };
    let data = prometheus(json!([[0, "1"], [60, "2"], [180, "3"], [240, "2"]])).unwrap();
    assert_eq!(
        data["window"],
        json!({ "from": "1970-01-01T00:00:00Z", "to": "1970-01-01T00:04:00Z", "missing": 1 })
    );
    assert_eq!(data["metrics"][0]["value"], 2.0);
    assert_eq!(data["metrics"][0]["limit"], 2.0);
    assert!(
        prometheus(json!([[60, "1"], [0, "2"]]))
            .unwrap_err()
            .contains("not in order")
    );
    assert!(
        prometheus(json!([[0, "NaN"]]))
            .unwrap_err()
            .contains("a sample that is none")
    );
    assert!(prometheus(json!([])).unwrap_err().contains("no sample"));
    assert!(
        read_as(
            "monitoring",
            "{\"status\":\"error\",\"error\":\"x\",\"data\":{\"resultType\":\"matrix\"}}"
        )
        .is_err()
    );
    check(
        "monitoring",
        "name,value\np99,1\n",
        Ok(
            json!({ "metrics": [{ "name": "p99", "value": 1.0, "baseline": null, "limit": null, "direction": "lower", "unit": "" }] }),
        ),
    );
    check("monitoring", "name,value\np99,fast\n", Err("no number"));
    check("monitoring", "name,value\np99,\n", Err("without a value"));
    check("monitoring", "name,value\n", Err("empty"));
    check("monitoring", "p99=1\n", Err("no form"));
    // Two windows are worth what both cover.
    let early = json!({ "status": "success", "data": { "resultType": "matrix", "result": [{ "values": [[0, "1"], [60, "1"], [120, "1"]] }] } }).to_string();
    let late = early
        .replace("[0,", "[60,")
        .replace("[60,\"1\"],[60,", "[60,\"1\"],[90,");
    let both = read(&[given("errors", &early), given("p99", &late)], &purpose).unwrap();
    assert_eq!(both["window"]["from"], "1970-01-01T00:01:00Z");
    assert_eq!(both["metrics"].as_array().unwrap().len(), 2);
}

#[test]
fn dumps_images_checksums_and_remotes() {
    let dump = "-- PostgreSQL database dump\n-- Started on 2026-05-01 10:00:00 UTC\n\\connect cellar\n-- PostgreSQL database dump complete\n";
    let checksum = format!("sha256:{}", "ab".repeat(32));
    check(
        "backup",
        dump,
        Ok(
            json!({ "size": dump.len(), "checksum": checksum, "format": "plain", "database": "cellar", "time": "2026-05-01 10:00:00 UTC" }),
        ),
    );
    check(
        "backup",
        "PGDMP...",
        Ok(json!({ "size": 8, "checksum": checksum, "format": "custom" })),
    );
    check("backup", &dump[..60], Err("not complete"));
    check("backup", "hello", Err("no dump"));
    check("backup", "", Err("empty"));
    let digest = format!("sha256:{}", "cd".repeat(32));
    let index = |digest: &str| {
        json!({ "schemaVersion": 2, "manifests": [
        { "digest": digest, "platform": { "os": "linux", "architecture": "arm64", "variant": "v8" } },
        { "digest": digest, "platform": { "os": "unknown", "architecture": "unknown" } },
    ] }).to_string()
    };
    check(
        "artifacts",
        &index(&digest),
        Ok(json!({ "digests": [{ "platform": "linux/arm64/v8", "digest": digest }] })),
    );
    check(
        "artifacts",
        &index("sha256:short"),
        Err("a digest that is none"),
    );
    check(
        "artifacts",
        "{\"schemaVersion\":2,\"manifests\":[]}",
        Err("no image"),
    );
    let sum = "cd".repeat(32);
    check(
        "artifacts",
        &format!("{sum}  a.tar.gz\n{sum} *b.zip\n"),
        Ok(
            json!({ "checksums": [{ "name": "a.tar.gz", "sha256": sum }, { "name": "b.zip", "sha256": sum }] }),
        ),
    );
    let (own, other) = ("a".repeat(40), "b".repeat(40));
    let commit = || Ok(json!({ "commit": own }));
    check(
        "remote-tag",
        &format!("{own}\trefs/tags/v1.3.0\n{other}\trefs/tags/v1.2.0\n"),
        commit(),
    );
    check(
        "remote-tag",
        &format!("{other}\trefs/tags/v1.3.0\n{own}\trefs/tags/v1.3.0^{{}}\n"),
        commit(),
    );
    check(
        "remote-tag",
        &format!("{own}\trefs/tags/v1.3.0\n{other}\trefs/tags/v1.3.0^{{}}\n"),
        Err("has v1.3.0 at bbbbbbb"),
    );
    check(
        "remote-tag",
        &format!("{own}\trefs/tags/v1.3.0-rc1\n"),
        Err("no tag v1.3.0"),
    );
}

proptest::proptest! {
    /// No file makes a reader panic.
    #[test]
    fn garbage_is_refused_quietly(text in "\\PC{0,80}", kind in "backup|test-result|monitoring") {
        let _ = read_as(&kind, &text);
        let _ = read_as(&kind, &format!("<testsuite>{text}"));
        let _ = read_as(&kind, &format!("{{{text}"));
    }
}
