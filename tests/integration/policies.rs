use std::collections::BTreeMap;
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

/// The guide's examples are what relgate does.
#[test]
fn the_guide_is_right() {
    let text = std::fs::read_to_string(root().join("docs/policies.md")).unwrap();
    let blocks: Vec<&str> = text
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .filter(|block| block.contains("apiVersion: relgate.dev"))
        .collect();
    assert_eq!(blocks.len(), 11);
    let directory = tempfile::tempdir().unwrap();
    let tool = Tool::within(directory.path());
    for (index, block) in blocks.iter().enumerate() {
        let name = format!("{index}.yaml");
        std::fs::write(directory.path().join(&name), block).unwrap();
        let run = tool.run(&["policy", "test", &name, "--require-coverage"]);
        assert_eq!(run.code, 0, "{}", run.text);
        if !block.contains("kind: PolicyTest") {
            let run = tool.run(&["policy", "check", &name]);
            assert_eq!(run.code, 0, "{}", run.text);
        }
    }
}

/// The waiver of the guide covers what there is.
#[test]
fn the_waiver_of_the_guide_is_right() {
    let text = std::fs::read_to_string(root().join("docs/policies.md")).unwrap();
    let (_, rest) = text.split_once("```yaml .relgate/waivers.yaml\n").unwrap();
    let (waiver, _) = rest.split_once("```").unwrap();
    let packs = ["release-process", "migration-safety"]
        .map(|pack| relgate::policy::PolicySource::Builtin(pack.to_owned()));
    let rules = relgate::catalogue::rule_ids();
    let policies = relgate::policy::load_with_rules(&packs, &BTreeMap::new(), &rules).unwrap();
    let mistakes = relgate::policy::exceptions::mistakes("waivers.yaml", waiver, &policies);
    assert!(mistakes.is_empty(), "{mistakes:?}");
}

/// What policies see, as a page, from the schema that `relgate schema facts` prints.
#[test]
fn the_reference_of_facts_is_that_of_the_program() {
    let schema = relgate::policy::facts_schema();
    let mut page = "# Facts\n\nWhat policies see. Generated from `relgate schema facts`. Every field is always there: what does not apply is an\nempty text, an empty list, `false` or 0. `origin` names the place that a fact came from.\n".to_owned();
    table(&mut page, "The facts", &schema, &schema);
    let definitions = schema["$defs"].as_object().unwrap();
    for (name, definition) in definitions {
        if definition["type"] == "object" {
            table(&mut page, name, definition, &schema);
        }
    }
    let path = root().join("docs/facts.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == page,
        "docs/facts.md is out of date: UPDATE=1 writes it"
    );
}

fn table(page: &mut String, name: &str, object: &Value, schema: &Value) {
    page.push_str(&format!("\n## {name}\n"));
    if let Some(text) = object["description"].as_str() {
        page.push_str(&format!("\n{}\n", text.replace('\n', " ")));
    }
    page.push_str("\n| field | type | |\n|---|---|---|\n");
    for (field, property) in object["properties"].as_object().into_iter().flatten() {
        let text = property["description"].as_str().unwrap_or("");
        let text = text.replace('\n', " ").replace('|', "\\|");
        page.push_str(&format!(
            "| `{field}` | {} | {text} |\n",
            kind(property, schema)
        ));
    }
}

fn kind(property: &Value, schema: &Value) -> String {
    if let Some(reference) = property["$ref"].as_str() {
        let name = reference.trim_start_matches("#/$defs/");
        return match &schema["$defs"][name]["type"] {
            Value::String(kind) if kind != "object" => kind.clone(),
            _ => format!("[{name}](#{})", name.to_lowercase()),
        };
    }
    match property["type"].as_str() {
        Some("array") => format!("list of {}", kind(&property["items"], schema)),
        Some("integer") => "int".to_owned(),
        Some("boolean") => "bool".to_owned(),
        Some(kind) => kind.to_owned(),
        None => "any".to_owned(),
    }
}

/// Which part of a policy gave what, down to the line.
#[test]
fn decisions_are_explained() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    show(
        "policy",
        "explain-a-demand",
        &tool.run(&[
            "check",
            "--tag",
            "v1.3.1",
            "--explain",
            "carries-a-migration",
        ]),
        1,
    );
    show(
        "policy",
        "explain-a-gate",
        &tool.run(&["check", "--tag", "v1.3.1", "--explain", "rollback-ready"]),
        1,
    );
    show(
        "policy",
        "explain-unknown",
        &tool.run(&["check", "--tag", "v1.3.1", "--explain", "rollback-redy"]),
        2,
    );
    let all = tool.run(&["check", "--tag", "v1.3.1", "--explain"]);
    assert_eq!(all.code, 1);
    assert!(
        all.stdout.contains("What would have to be different"),
        "{}",
        all.text
    );
}

/// A change to the policies decides nothing about itself, and its effect is told.
#[test]
fn a_change_that_waives_itself_does_not_profit() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let main = repo.git(&["rev-parse", "main"]);
    let main = main.trim();
    repo.git(&["switch", "--quiet", "--create", "sneaky"]);
    repo.write(
        "configdb/migrations/000001_organizations.up.sql",
        "DROP TABLE organizations;\n",
    );
    repo.git(&[
        "commit",
        "--quiet",
        "--all",
        "--message",
        "fix: edit a released migration",
    ]);
    let without = tool.report(&["--base", main, "--policy-ref", main]);
    assert_eq!(without["decision"]["verdict"], "fail");
    assert!(without["policy"].get("change").is_none());
    repo.write(
        ".relgate/waivers.yaml",
        "apiVersion: relgate.dev/v1alpha1\nkind: PolicyException\nmetadata: { name: sneaky }\nspec:\n  policyRefs: [{ name: rules, ids: [migration-edited-after-release] }, { name: gates }]\n  reason: trust me\n  approvedBy: me@example.org\n  effectiveOn: 2026-05-01\n  expiresAt: 2026-12-31\n",
    );
    repo.git(&["add", "."]);
    repo.git(&["commit", "--quiet", "--message", "chore: waive it"]);
    let with = tool.report(&["--base", main, "--policy-ref", main]);
    assert_eq!(with["decision"]["verdict"], "fail");
    let rules: Vec<&str> = with["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect();
    assert!(rules.contains(&"policy-changed"), "{rules:?}");
    let change = &with["policy"]["change"];
    assert_eq!(change["files"], json!([".relgate/waivers.yaml"]));
    let differences = change["differences"].to_string();
    assert!(
        differences.contains("migration-edited-after-release") && differences.contains("waived"),
        "{differences}"
    );
    assert_eq!(change["verdict"], "pass");
    let shown = tool.run(&["check", "--base", main, "--policy-ref", main]);
    assert!(
        shown.stdout.contains("policy-changed") && shown.stdout.contains("with it"),
        "{}",
        shown.text
    );
    // Without the protected reference, it would have got through.
    let own = tool.report(&["--base", main]);
    let waived = own["findings"].as_array().unwrap().iter();
    assert!(waived.clone().any(|finding| finding["status"] == "waived"));
    // Whom it trusts is a part of it.
    for path in [".relgate/roles.yaml", ".relgate/allowed_signers"] {
        repo.write(path, "\n");
        repo.git(&["add", "."]);
        repo.git(&["commit", "--quiet", "--message", "chore: trust me"]);
        let trusting = tool.report(&["--base", main, "--policy-ref", main]);
        let files = trusting["policy"]["change"]["files"].to_string();
        assert!(files.contains(path), "{files}");
    }
    // What cannot be loaded is told, too.
    repo.write("relgate.yaml", "policies: [builtin:nothing]\n");
    repo.git(&["add", "."]);
    repo.git(&["commit", "--quiet", "--message", "chore: break it"]);
    let broken = tool.report(&["--base", main, "--policy-ref", main]);
    assert!(
        broken["policy"]["change"]["error"].is_string(),
        "{broken:#}"
    );
    repo.write("relgate.yaml", "changelog: CHANGELGO.md\n");
    repo.git(&["commit", "--quiet", "--all", "--message", "chore: misspell"]);
    let misspelled = tool.report(&["--base", main, "--policy-ref", main]);
    let error = misspelled["policy"]["change"]["error"].to_string();
    assert!(error.contains("CHANGELGO.md"), "{misspelled:#}");
    // With other tags there is nothing to compare with.
    repo.write("relgate.yaml", "tags: { prefix: zz }\n");
    repo.git(&["commit", "--quiet", "--all", "--message", "chore: rename"]);
    let renamed = tool.report(&["--base", main, "--policy-ref", main]);
    let error = renamed["policy"]["change"]["error"].to_string();
    assert!(error.contains("no release tag"), "{renamed:#}");
    repo.write("relgate.yaml", "params: { nonsense: 1 }\n");
    repo.git(&["commit", "--quiet", "--all", "--message", "chore: guess"]);
    let guessed = tool.report(&["--base", main, "--policy-ref", main]);
    let error = guessed["policy"]["change"]["error"].to_string();
    assert!(error.contains("nonsense"), "{guessed:#}");
}

/// A policy that is new and broken is told like one that was changed, wherever policies are kept before or after.
#[test]
fn new_policies_with_mistakes_are_told() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let policy = "apiVersion: relgate.dev/v1alpha1\nkind: ReleasePolicy\nmetadata: { name: own, title: own, description: d }\nspec: { validations: [ { id: own-x, expression: \"true\", severity: error, message: m } ] }\n";
    repo.git(&["switch", "--quiet", "--create", "protected"]);
    repo.write(
        "relgate.yaml",
        "policies: [builtin:release-process, policies/]\n",
    );
    repo.write("policies/own.yaml", policy);
    repo.write("policies/README.md", "ours\n");
    repo.git(&["add", "."]);
    repo.git(&["commit", "--quiet", "--message", "chore: own policies"]);
    repo.git(&["switch", "--quiet", "--create", "broken"]);
    let check = |path: &str, text: &str, expected: &[&str]| {
        repo.write(path, text);
        repo.git(&["add", "."]);
        repo.git(&["commit", "--quiet", "--message", "chore: break it"]);
        let report = tool.report(&["--base", "protected", "--policy-ref", "protected"]);
        let change = &report["policy"]["change"];
        assert_eq!(change["files"], json!(expected), "{report:#}");
        change["error"].as_str().unwrap().to_owned()
    };
    let error = check("policies/new.yaml", "broken: [\n", &["policies/new.yaml"]);
    assert!(error.starts_with("policies/new.yaml: "), "{error}");
    check("other/new.yaml", "broken: [\n", &["policies/new.yaml"]);
    check(
        "relgate.yaml",
        "policies: [builtin:release-process, other]\n",
        &["other/new.yaml", "policies/new.yaml", "relgate.yaml"],
    );
}

/// A comment covers what it stands at in releases that do not touch its file too, and is told to be of no use to none of
/// them.
#[test]
fn comments_of_untouched_files_count() {
    let repo = Repo::inline(
        "
- commit: 'feat: chart'
  write:
    charts/cellar/Chart.yaml: \"apiVersion: v2\\nname: cellar\\nversion: 1.0.0\\nappVersion: v1.0.0\\n\"
    charts/cellar/values.yaml: |
      image:
        repository: example.org/cellar
        tag: latest # relgate: ignore image-floating-tag, image-pull-policy reason=\"the registry serves one build\"
  tag: v1.0.0
- commit: 'fix: elsewhere'
  write: { README.md: text }
  tag: v1.0.1
",
    );
    let report = Tool::within(repo.path()).report(&["--tag", "v1.0.1", "--stage", "deploy"]);
    let found: Vec<(&str, &str)> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            (
                finding["rule"].as_str().unwrap(),
                finding["status"].as_str().unwrap(),
            )
        })
        .filter(|(rule, _)| ["image-floating-tag", "unused-suppression"].contains(rule))
        .collect();
    assert_eq!(found, [("image-floating-tag", "suppressed")], "{report:#}");
}

/// An expression that ends with a dot asks what may follow.
#[test]
fn eval_tells_what_may_follow() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("facts.json"), "{}").unwrap();
    let tool = Tool::within(directory.path());
    for (expression, expected) in [
        ("migrations.", "there are added, deleted, directories, "),
        ("release.previous.", "there are commit, tag, version"),
        ("migrations.operations.filter(o, o.lock != '').", "filter, "),
        ("release.tag.", "startsWith"),
    ] {
        let run = tool.run(&["policy", "eval", expression, "--facts", "facts.json"]);
        assert_eq!(run.code, 2, "{}", run.text);
        assert!(run.stderr.contains(expected), "{}", run.text);
    }
}

/// A policy file with thousands of mistakes is told about in no time: no mistake costs a walk through the file.
#[test]
fn many_mistakes_are_found_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut text = "apiVersion: relgate.dev/v1alpha1\nkind: ReleasePolicy\nmetadata: { name: many }\nspec:\n  validations:\n".to_owned();
    for number in 0..3000 {
        text += &format!("    - {{ id: v{number}, message: m, match: 'nope{number}.x' }}\n");
    }
    std::fs::write(directory.path().join("many.yaml"), text).unwrap();
    let tool = Tool::within(directory.path());
    let run = tool.run(&["policy", "check", "many.yaml"]);
    assert_eq!(run.code, 2, "{}", run.text);
    let shown = run.stderr.matches("unknown name").count();
    assert_eq!(shown, 50, "{}", run.text);
}

/// A waiver for something that does not exist waives nothing, and nobody is told by a pass: nothing is judged.
#[test]
fn waivers_for_unknown_names_are_errors_at_load() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    repo.write(
        ".relgate/waivers.yaml",
        "apiVersion: relgate.dev/v1alpha1\nkind: PolicyException\nmetadata: { name: typo }\nspec:\n  policyRefs:\n    - { name: rules, ids: [drop-colum] }\n    - { name: candidats, ids: [candidate-missing] }\n    - { name: gates, ids: [load-tests] }\n  reason: agreed\n  approvedBy: lead@example.org\n  effectiveOn: 2026-05-01\n  expiresAt: 2026-12-31\n",
    );
    show("policy", "waiver-names", &tool.run(&["check"]), 2);
    let check = tool.run(&["policy", "check"]);
    assert_eq!(check.code, 2);
    assert!(check.text.contains("candidats"), "{}", check.text);
}

/// A second way of releasing, with nothing of the first one: no release branches, no candidates.
#[test]
fn nothing_of_one_process_is_hard_wired() {
    let repo = Repo::play("lakerunner");
    repo.write(
        "relgate.yaml",
        "policies: [builtin:trunk-based, builtin:semver, builtin:change-management]\n",
    );
    let tool = Tool::within(repo.path());
    let report = tool.report(&["--tag", "v1.2.4"]);
    let gates: Vec<&str> = report["gates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gate| gate["id"].as_str().unwrap())
        .collect();
    assert!(gates.contains(&"trunk-tagged") && gates.contains(&"semver-valid"));
    assert!(!gates.contains(&"release-candidate") && !gates.contains(&"release-branch"));
    assert_eq!(report["decision"]["requiredType"], "patch");
}

/// What must not cost more than a second of work or much memory, and what is said of it.
#[test]
fn hostile_policies_are_refused() {
    let policy = |expression: &str| {
        format!(
            "apiVersion: relgate.dev/v1alpha1\nkind: ReleasePolicy\nmetadata: {{ name: hostile }}\nspec:\n  validations:\n    - id: a\n      message: m\n      match: >-\n        {expression}\n  examples: [{{ name: e, given: {{ commits: [{{ summary: x }}] }}, expect: {{ findings: [] }} }}]\n"
        )
    };
    let additions = format!("1{} == 1", "+1".repeat(2000));
    let loops = "[1,2,3,4,5,6,7,8,9].all(a, ".repeat(10) + "true" + &")".repeat(10);
    let text = "x".repeat(1000);
    let replaced = format!(
        "'{text}'{} == ''",
        format!(".replace('', '{}')", &text[..900]).repeat(3)
    );
    let aliases: String = (1..30)
        .map(|level| {
            format!(
                "a{level}: &a{level} [*a{0}, *a{0}, *a{0}, *a{0}]\n",
                level - 1
            )
        })
        .collect();
    let extends = |name: &str, of: &str| {
        format!(
            "apiVersion: relgate.dev/v1alpha1\nkind: ReleasePolicy\nmetadata: {{ name: {name} }}\nspec: {{ extends: {of} }}\n---\n"
        )
    };
    for (what, text, code, said) in [
        ("2,000 additions", policy(&additions), 2, "nests too deep"),
        ("ten loops", policy(&loops), 2, "loops may nest 5 deep"),
        ("a chain of replace", policy(&replaced), 1, "does not hold"),
        (
            "a regex bomb",
            policy("commits.exists(c, c.summary.matches('(\\\\w{1000}){1000}'))"),
            2,
            "too large",
        ),
        (
            "a long source",
            policy(&format!("true{}", " && true".repeat(600))),
            2,
            "4096",
        ),
        ("a YAML bomb", format!("a0: &a0 [x]\n{aliases}"), 2, "error"),
        ("deep YAML", "[".repeat(100_000), 2, "error"),
        (
            "a circle",
            extends("a", "b") + &extends("b", "a"),
            2,
            "in a circle",
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("hostile.yaml"), text).unwrap();
        let (run, megabytes) = measured(directory.path());
        let shown = format!(
            "{what}: {}{}",
            String::from_utf8_lossy(&run.stdout),
            String::from_utf8_lossy(&run.stderr)
        );
        assert_eq!(run.status.code(), Some(code), "{shown}");
        assert!(shown.contains(said), "{shown}");
        assert!(megabytes < 200, "{what}: {megabytes} MB");
    }
}

/// Runs `policy check hostile.yaml`, and how many megabytes it had at most.
fn measured(directory: &Path) -> (std::process::Output, u64) {
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_relgate"))
        .current_dir(directory)
        .args(["policy", "check", "hostile.yaml"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let watcher = std::thread::spawn({
        let done = std::sync::Arc::clone(&done);
        move || {
            let mut most = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let text = std::fs::read_to_string(&status).unwrap_or_default();
                let line = text.lines().find(|line| line.starts_with("VmHWM:"));
                let kilobytes = line
                    .and_then(|line| line.split_whitespace().nth(1))
                    .and_then(|number| number.parse::<u64>().ok());
                most = most.max(kilobytes.unwrap_or(0));
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            most / 1024
        }
    });
    let output = child.wait_with_output().unwrap();
    done.store(true, std::sync::atomic::Ordering::Relaxed);
    (output, watcher.join().unwrap())
}
