use super::*;

pub(super) fn given(label: &str, text: &str) -> Given {
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
        "<?xml version=\"1.0\"?><testsuites tests=\"3\" failures=\"1\"><testsuite name=\"a\" tests=\"3\"><testcase classname=\"c\" name=\"ok\"/>\
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
    check(
        "<testsuites tests=\"9\"><testsuite tests=\"1\"><testcase name=\"a\"/></testsuite></testsuites>",
        Err("it says 9 tests, and 1 are there"),
    );
    check(
        "<testsuite tests=\"1\" errors=\"1\" failures=\"0\"><testcase name=\"a\"/></testsuite>",
        Err("it says 1 failures, and 0 are there"),
    );
    check(
        "<testsuites failures=\"2\"><testsuite tests=\"1\"><testcase name=\"a\"><failure/></testcase></testsuite></testsuites>",
        Err("it says 2 failures, and 1 are there"),
    );
    // GoogleTest: a disabled test has no element that says so. CTest and others say failures in an attribute.
    check(
        "<testsuite tests=\"3\" disabled=\"1\"><testcase name=\"a\" status=\"run\" result=\"completed\"/>\
         <testcase name=\"b\" status=\"notrun\" result=\"suppressed\"/><testcase name=\"c\" status=\"fail\"/></testsuite>",
        tests(3, 1, 1, 1, &["c"]),
    );
    // pytest: an error while a test is torn down.
    check(
        "<testsuites><testsuite name=\"pytest\" errors=\"1\" failures=\"0\" skipped=\"0\" tests=\"1\">\
         <testcase classname=\"t\" name=\"a\"><error message=\"failed on teardown\"/></testcase></testsuite></testsuites>",
        tests(1, 0, 1, 0, &["t.a"]),
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
    // CodeQL keeps its rules in extensions, and refers to them.
    let codeql = json!({ "driver": { "name": "CodeQL", "rules": [{ "id": "own" }] }, "extensions": [{ "name": "go", "rules": [
        { "id": "go/sql-injection", "properties": { "security-severity": "8.8" } },
    ] }] });
    check(
        json!({ "version": "2.1.0", "runs": [{ "tool": codeql, "results": [
            { "ruleId": "go/sql-injection", "ruleIndex": 0, "rule": { "id": "go/sql-injection", "index": 0, "toolComponent": { "index": 0 } } },
            { "ruleId": "go/sql-injection/1", "baselineState": "unchanged" },
            { "ruleId": "go/sql-injection", "baselineState": "absent" },
            { "ruleId": "go/sql-injection", "kind": "review" },
            { "ruleId": "go/sql-injection", "kind": "informational" },
        ] }] }),
        scan(
            "CodeQL",
            [0, 2, 0, 0, 1],
            &["go/sql-injection", "go/sql-injection/1"],
        ),
    );
    check(
        json!({ "version": "2.1.0", "runs": [{ "tool": driver }] }),
        Err("nothing was scanned"),
    );
    check(
        json!({ "version": "2.1.0", "runs": [{ "tool": driver, "results": null }] }),
        Err("nothing was scanned"),
    );
    check(
        json!({ "SchemaVersion": 2, "ArtifactName": "." }),
        Err("nothing was scanned"),
    );
    check(
        json!({ "SchemaVersion": 2, "ArtifactName": "cellar", "Results": [
            { "Target": "go.mod", "Class": "lang-pkgs", "Type": "gomod" },
            { "Target": "licenses", "Licenses": [{ "Severity": "HIGH", "Name": "AGPL-3.0" }] },
        ] }),
        scan("trivy", [0, 1, 0, 0, 0], &["AGPL-3.0"]),
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
    // Only the level of symbols tells what is called.
    self::check(
        "scan-result",
        &govulncheck.replace(
            "\"govulncheck\"}",
            "\"govulncheck\",\"scan_level\":\"module\"}",
        ),
        scan("govulncheck", [0, 1, 0, 0, 1], &["GO-1", "GO-2"]),
    );
    check(
        json!({ "vulnerabilities": [] }),
        Err("of no form that relgate knows"),
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
    // More than half is missing: the most frequent distance is a gap.
    let data = prometheus(json!([
        [0, "1"],
        [60, "1"],
        [180, "1"],
        [300, "1"],
        [420, "1"]
    ]))
    .unwrap();
    assert_eq!(data["window"]["missing"], 3);
    let partial = json!({ "status": "success", "warnings": ["partial response"], "data": { "resultType": "matrix", "result": [{ "values": [[0, "1"]] }] } });
    let partial = read(&[given("errors", &partial.to_string())], &purpose);
    assert!(partial.unwrap_err().contains("partial response"));
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

/// A key that stands twice is read by one program so and by another so: it is no evidence of either.
#[test]
fn json_that_can_be_read_in_two_ways_is_refused() {
    let run = r#"{"tool":{"driver":{"name":"scan"}},"results":[{"level":"error","message":{"text":"x"}}],"results":[]}"#;
    let sarif = format!(r#"{{"version":"2.1.0","runs":[{run}]}}"#);
    let clean = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"scan"}},"results":[]}]}"#;
    let why = "\"results\" stands twice";
    check("security-scan", &sarif, Err(why));
    check("security-scan", &format!("{clean}\n{sarif}"), Err(why));
    check("security-scan", &format!("{sarif}{{"), Err(why));
    check(
        "security-scan",
        &format!("{clean} and more"),
        Err("it is not JSON"),
    );
}
