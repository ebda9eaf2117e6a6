use std::path::Path;

use serde_json::{Value, json};

use crate::support::snapshot::assert_snapshot;
use crate::support::{Repo, Run, Tool, root};

const OURS: &str = "# yaml-language-server: $schema=https://example.org/release-policy.schema.json
apiVersion: relgate.dev/v1alpha1
kind: ReleasePolicy
metadata: { name: cellar, title: How the cellar releases }
spec:
  releaseType:
    - id: casks-are-careful
      description: Whatever touches the casks is at least a minor.
      match: migrations.operations.filter(o, o.table == 'casks')
      atLeast: minor
      messageExpression: \"string(size(matched)) + ' on casks'\"
  validations:
    - id: no-friday
      title: a release on a Friday
      match: release.kind == 'final' && now.getDayOfWeek() == 5
      severity: warning
      message: nobody is here on Saturday
  gates:
    - id: cellar-review
      title: the cellar master looked
      stage: release
      requiredWhen: release.effectiveType != 'patch'
      notRequired: patches go by themselves
      evidence: { kind: approval, role: cellar-master }
  examples:
    - name: an operation on casks
      given:
        now: \"2026-06-05T12:00:00Z\"
        release: { tag: v1.3.0, kind: final }
        migrations: { operations: [{ table: casks, kind: add_column }] }
      expect: { releaseType: minor, findings: [no-friday], gates: { cellar-review: not-evaluated } }
    - name: a fix on a Monday
      given:
        now: \"2026-06-01T12:00:00Z\"
        release: { tag: v1.2.4, kind: final, declaredType: patch }
      expect: { releaseType: none, findings: [], gates: { cellar-review: not-required } }
";

const TESTS: &str = "apiVersion: relgate.dev/v1alpha1
kind: PolicyTest
metadata: { name: cellar-releases }
spec:
  policies: [cellar.yaml, \"builtin:migration-safety\"]
  facts: facts.json
  tests:
    - name: as it was released
      expect:
        releaseType: patch
        findings:
          - no-friday
          - release-type-too-low
        gates: { cellar-review: pass }
    - name: under its right number
      given: { now: \"2026-06-01T12:00:00Z\", release: { declaredType: minor } }
      expect: {}
    - name: waived
      exceptions: waivers.yaml
      given: { now: \"2026-06-01T12:00:00Z\", release: { declaredType: patch } }
      expect: { releaseType: none, findings: [] }
";

const WAIVERS: &str = "apiVersion: relgate.dev/v1alpha1
kind: PolicyException
metadata: { name: hurry }
spec:
  policyRefs: [{ name: migration-release-types }, { name: cellar }]
  match: { paths: [\"db/**\"] }
  reason: the auditors come tomorrow
  approvedBy: lead@example.org
  effectiveOn: 2026-05-01
  expiresAt: 2026-06-30
";

fn facts() -> Value {
    json!({
        "release": { "tag": "v1.2.4", "kind": "final", "declaredType": "patch", "requiredType": "minor" },
        "migrations": {
            "added": [{ "path": "db/2.up.sql", "direction": "up", "change": "added", "upChanged": true, "origin": 7 }],
            "operations": [{ "path": "db/2.up.sql", "direction": "up", "table": "casks", "kind": "add_column",
                "releaseType": "minor", "origin": 8 }],
        },
        "findings": [{ "rule": "no-friday", "severity": "warning", "status": "open", "message": "old" }],
    })
}

/// A directory without any repository, with a policy, a test of it, and what the test names.
fn directory() -> (tempfile::TempDir, Tool) {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    std::fs::create_dir(directory.path().join("p")).unwrap();
    write("p/cellar.yaml", OURS);
    write("p/cellar_test.yaml", TESTS);
    write("p/facts.json", &facts().to_string());
    write("p/waivers.yaml", WAIVERS);
    let tool = Tool::within(directory.path());
    (directory, tool)
}

fn show(area: &str, name: &str, run: &Run, code: i32) {
    assert_eq!(run.code, code, "{}", run.text);
    assert_snapshot(area, name, &run.text);
}

#[test]
fn tests_of_policies_run_without_a_repository() {
    let (directory, tool) = directory();
    show(
        "policy",
        "test-fails",
        &tool.run(&["policy", "test", "p"]),
        1,
    );
    show(
        "policy",
        "test-junit",
        &tool.run(&["policy", "test", "p", "--format", "junit"]),
        1,
    );
    let json = tool.run(&["policy", "test", "p", "--format", "json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["failed"], 3);
    assert_eq!(json["passed"], 2);
    assert_eq!(json["coverage"].as_array().unwrap().len(), 3);

    // What was expected is brought up to date in place, and then it holds.
    show(
        "policy",
        "test-update",
        &tool.run(&["policy", "test", "p", "--update"]),
        0,
    );
    let updated = std::fs::read_to_string(directory.path().join("p/cellar_test.yaml")).unwrap();
    assert_snapshot("policy", "test-updated-file", &updated);
    assert_eq!(
        std::fs::read_to_string(directory.path().join("p/cellar.yaml")).unwrap(),
        OURS
    );
    show(
        "policy",
        "test-passes",
        &tool.run(&["policy", "test", "p", "-v", "--output", "junit=out.xml"]),
        0,
    );
    assert!(
        std::fs::read_to_string(directory.path().join("out.xml"))
            .unwrap()
            .starts_with("<?xml")
    );
}

#[test]
fn policies_are_checked_without_a_repository() {
    let (directory, tool) = directory();
    show("policy", "check", &tool.run(&["policy", "check", "p"]), 0);
    let wrong = OURS
        .replace("o.table", "o.tabel")
        .replace("now.getDayOfWeek() == 5", "now.getDayOfWeek() = 5")
        .replace("release.effectiveType != 'patch'", "release.effectiveType");
    std::fs::write(directory.path().join("p/cellar.yaml"), wrong).unwrap();
    show(
        "policy",
        "check-mistakes",
        &tool.run(&["policy", "check", "p"]),
        2,
    );
    let silent = OURS
        .replace("    - name: an operation on casks", "    - name: nothing")
        .replace("operations: [{ table: casks, kind: add_column }]", "{}");
    let silent = silent.replace("migrations: { {} }", "migrations: {}");
    let silent = silent.replace(
        "expect: { releaseType: minor, findings: [no-friday], gates: { cellar-review: not-evaluated } }",
        "expect: { releaseType: none }",
    )
    .replace("2026-06-05", "2026-06-01");
    std::fs::write(directory.path().join("p/cellar.yaml"), silent).unwrap();
    show(
        "policy",
        "check-never-fires",
        &tool.run(&["policy", "check", "p/cellar.yaml"]),
        1,
    );
    show(
        "policy",
        "check-nothing",
        &tool.run(&["policy", "check", "nowhere"]),
        2,
    );
}

#[test]
fn the_policies_of_the_configuration_are_tested_where_they_are_in_force() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let run = tool.run(&["policy", "test"]);
    assert_eq!(run.code, 0, "{}", run.text);
    assert!(run.stdout.contains("✓ candidates"), "{}", run.text);
    assert!(run.stdout.contains("PASS"), "{}", run.text);
    let run = tool.run(&["policy", "check"]);
    assert_eq!(run.code, 0, "{}", run.text);
}

#[test]
fn expressions_over_facts() {
    let (_directory, tool) = directory();
    let eval =
        |expression: &str| tool.run(&["policy", "eval", expression, "--facts", "p/facts.json"]);
    for (expression, expected) in [
        (
            "migrations.operations.map(o, o.table)",
            "[\n  \"casks\"\n]\n",
        ),
        ("now", "\"2026-06-01T12:00:00Z\"\n"),
        (
            "now - timestamp('2026-05-31T11:59:59.5Z')",
            "\"86400.5s\"\n",
        ),
        ("semver('1.2.3')", "\"1.2.3\"\n"),
        ("params.patchMigrations", "\"none\"\n"),
        ("optional.none()", "null\n"),
        (
            "{'b': 1.5, 'a': b'\\x01'}",
            "{\n  \"a\": \"01\",\n  \"b\": 1.5\n}\n",
        ),
        ("'\\u202e'", "\"\\u202e\"\n"),
    ] {
        let run = eval(expression);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (0, expected),
            "{}",
            run.text
        );
    }
    show("policy", "eval-unknown-field", &eval("release.tga"), 2);
    show("policy", "eval-fails", &eval("commits[0].summary + 'x'"), 2);
    show(
        "policy",
        "eval-in-a-policy",
        &tool.run(&[
            "policy",
            "eval",
            "variables.notAdditive",
            "--policy",
            "migration-release-type",
            "--facts",
            "p/facts.json",
        ]),
        2,
    );
    let run = tool.run(&[
        "policy",
        "eval",
        "size(variables.changed)",
        "--policy",
        "migration-release-types",
        "--facts",
        "p/facts.json",
    ]);
    assert_eq!(run.stdout, "1\n", "{}", run.text);
}

/// The schemas that editors use are those of the program, and all that relgate ships is valid by them.
#[test]
fn schemas_of_documents() {
    let directory = root().join("policies");
    let schemas = [
        ("release-policy", relgate::policy::policy_schema()),
        ("policy-test", relgate::policy::policy_test_schema()),
        ("policy-exception", relgate::policy::exception_schema()),
    ];
    for (name, schema) in &schemas {
        let path = directory.join(format!("{name}.schema.json"));
        let text = format!("{schema:#}\n");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        assert!(
            std::fs::read_to_string(&path).unwrap_or_default() == text,
            "{} is out of date: UPDATE=1 writes it",
            path.display()
        );
    }
    let of = |name: &str| {
        let (_, schema) = schemas.iter().find(|(known, _)| *known == name).unwrap();
        jsonschema::validator_for(schema).unwrap()
    };
    let policies = of("release-policy");
    let mut count = 0;
    for pack in std::fs::read_dir(&directory).unwrap() {
        let pack = pack.unwrap().path();
        for file in std::fs::read_dir(&pack).into_iter().flatten() {
            let path = file.unwrap().path();
            valid(&policies, &path);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(
                text.starts_with("# yaml-language-server: $schema=../release-policy.schema.json\n"),
                "{}",
                path.display()
            );
            count += 1;
        }
    }
    assert!(count > 10);
    let (directory, _tool) = self::directory();
    valid(&policies, &directory.path().join("p/cellar.yaml"));
    valid(
        &of("policy-test"),
        &directory.path().join("p/cellar_test.yaml"),
    );
    valid(
        &of("policy-exception"),
        &directory.path().join("p/waivers.yaml"),
    );
    let wrong = json!({ "apiVersion": "relgate.dev/v1alpha1", "kind": "ReleasePolicy", "metadata": { "name": "a" },
        "spec": { "gates": [{ "id": "g" }], "examples": [{ "name": "e", "given": { "tagz": [] }, "expect": {} }] } });
    assert_eq!(policies.iter_errors(&wrong).count(), 2);
}

#[track_caller]
fn valid(schema: &jsonschema::Validator, path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    for document in relgate::syntax::yaml::documents_from_str::<Value>(&text).unwrap() {
        let errors: Vec<String> = schema
            .iter_errors(&document)
            .map(|error| format!("{} at {}", error, error.instance_path))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
    }
}
