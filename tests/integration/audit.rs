use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Repo, Tool, root};

pub(crate) fn audit(tool: &Tool, arguments: &[&str]) -> Value {
    let mut all = vec!["audit", "--format", "json"];
    all.extend(arguments);
    let run = tool.run(&all);
    serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("not an audit ({error}):\n{}", run.text))
}

fn tags(audit: &Value) -> Vec<&str> {
    let releases = audit["releases"].as_array().unwrap();
    releases
        .iter()
        .map(|release| release["tag"].as_str().unwrap())
        .collect()
}

#[test]
fn the_population_reconciles_with_git() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let all = audit(&tool, &[]);
    let names = repo.git(&["tag", "--list"]);
    let of_git: BTreeSet<&str> = names.split_whitespace().collect();
    let population = all["population"].as_array().unwrap();
    let of_audit: BTreeSet<&str> = population
        .iter()
        .map(|row| row["tag"].as_str().unwrap())
        .collect();
    assert_eq!(of_audit, of_git);
    let counted: u64 = all["tags"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(counted, of_git.len() as u64);
    for treatment in ["judged", "left-out"] {
        let some = audit(&tool, &["--since", "v1.2.4"]);
        let rows = some["population"].as_array().unwrap().clone();
        assert!(rows.iter().any(|row| row["treatment"] == treatment));
    }
}

#[test]
fn periods_and_filters_select_releases() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let all = audit(&tool, &[]);
    let every = tags(&all);
    let day = |tag: &str| {
        let mut releases = all["releases"].as_array().unwrap().iter();
        let release = releases.find(|release| release["tag"] == tag).unwrap();
        release["date"].as_str().unwrap()[..10].to_owned()
    };
    assert_eq!(
        tags(&audit(&tool, &["--since", "v1.2.4"])),
        ["v1.3.0", "v1.3.1"]
    );
    assert_eq!(
        tags(&audit(&tool, &["--tag", "v1.3.*"])),
        ["v1.3.0", "v1.3.1"]
    );
    let until = audit(&tool, &["--until", &day("v1.2.4")]);
    let expected: Vec<&str> = every
        .iter()
        .filter(|tag| day(tag) <= day("v1.2.4"))
        .copied()
        .collect();
    assert_eq!(tags(&until), expected);
    let run = tool.run(&["audit", "--since", "v9.0.0"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("it is no day"), "{}", run.text);
}

#[test]
fn components_of_a_monorepo_are_audited_by_their_prefix() {
    let repo = Repo::inline(
        "
- commit: one
  write: { a: one }
  tag: [api/v1.0.0, web/v2.0.0, nightly]
- commit: two
  write: { a: two }
  tag: [api/v1.0.1, web/v2.1.0]
",
    );
    let tool = Tool::within(repo.path());
    assert_eq!(
        tags(&audit(&tool, &["--component", "api"])),
        ["api/v1.0.0", "api/v1.0.1"]
    );
    let both = audit(&tool, &["--prefix", "web/v", "--prefix", "api/v"]);
    assert_eq!(
        tags(&both),
        ["api/v1.0.0", "api/v1.0.1", "web/v2.0.0", "web/v2.1.0"]
    );
    assert_eq!(both["tags"]["final"], 4);
    assert_eq!(both["tags"]["unrelated"], 1);
    let run = tool.run(&["audit", "--component", "cli"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("api, web"), "{}", run.text);
}

/// A release may be judged by the rules that it was made under.
#[test]
fn policies_are_those_of_now_or_of_the_release() {
    let repo = Repo::inline(
        "
- commit: one
  write: { a: one }
  tag: v1.0.0
- commit: two
  write: { a: two }
  tag: v1.0.1
- commit: 'chore: a policy'
  write:
    relgate.yaml: 'policies: [strict.yaml]'
    strict.yaml: |
      apiVersion: relgate.dev/v1alpha1
      kind: ReleasePolicy
      metadata: { name: strict }
      spec:
        validations:
          - { id: nothing-goes, expression: 'false', severity: error, message: no }
  tag: v1.0.2
",
    );
    let tool = Tool::within(repo.path());
    let found = |when: &str| -> Vec<bool> {
        let audit = audit(&tool, &["--policy-as-of", when]);
        let releases = audit["releases"].as_array().unwrap();
        let has = |release: &Value| release["findings"].to_string().contains("nothing-goes");
        releases.iter().map(has).collect()
    };
    assert_eq!(found("now"), [true, true, true]);
    assert_eq!(found("release"), [false, false, true]);
}

#[test]
fn every_format_holds_every_release() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let all = audit(&tool, &[]);
    for format in ["human", "json", "jsonl", "csv", "markdown", "html"] {
        let run = tool.run(&["audit", "--format", format]);
        assert_eq!(run.code, 1, "{format}");
        for tag in tags(&all) {
            let escaped = tag.replace('.', "\\.");
            assert!(
                run.stdout.contains(tag) || run.stdout.contains(&escaped),
                "{format}: {tag}"
            );
        }
        assert!(
            !run.stdout.contains(&repo.path().display().to_string()),
            "{format}"
        );
        let again = tool.run(&["audit", "--format", format]);
        assert_eq!(run.stdout, again.stdout, "{format} is the same each time");
    }
    let csv = tool.run(&["audit", "--format", "csv"]).stdout;
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(rows.records().map(Result::unwrap).count(), tags(&all).len());
    let lines = tool.run(&["audit", "--format", "jsonl"]).stdout;
    let lines: Vec<Value> = lines
        .trim_end()
        .split('\n')
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(Value::from(lines), all["releases"]);
}

/// Names from a repository are text in the page, whatever they look like, and the page runs nothing.
#[test]
fn the_auditors_page_holds_no_foreign_markup() {
    let repo = Repo::inline(
        "
- commit: '<script>alert(1)</script>'
  write: { a: one, CHANGELOG.md: '# <img src=x onerror=alert(1)>' }
  tag: [v1.0.0, 'v1.0.1-<b>']
- commit: two
  write: { 'migrations/000001_<img src=x>.up.sql': 'DROP TABLE casks;' }
  tag: v1.0.1
",
    );
    let page = Tool::within(repo.path())
        .run(&["audit", "--format", "html"])
        .stdout;
    for markup in ["<script", "<img", "<b>", "onerror=alert(1)>", "javascript:"] {
        assert!(!page.contains(markup), "{markup}");
    }
    assert!(page.contains("default-src 'none'"));
    assert!(page.contains("v1.0.1-&#60;b&#62;"), "{page}");
}

#[test]
fn the_oscal_of_an_audit_is_read_by_trestle() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let path = repo.path().join("audit.oscal.json");
    let run = tool.run(&["audit", "--output", &format!("oscal={}", path.display())]);
    assert_eq!(run.code, 1, "{}", run.text);
    let document: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let results = document["assessment-results"]["results"]
        .as_array()
        .unwrap();
    assert_eq!(results.len(), tags(&audit(&tool, &[])).len());
    let output = std::process::Command::new(root().join(".venv/bin/python"))
        .arg(root().join("tests/validate.py"))
        .arg("oscal")
        .arg(&path)
        .output()
        .expect("tests/prerequisites.sh installs what reads the reports");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    // What nobody left evidence for is not satisfied.
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(seen["states"]["not-satisfied"].as_u64() > Some(0), "{seen}");
}

/// A history whose releases pass: no policy but one that has nothing against them.
fn passing(steps: &str) -> (Repo, Tool) {
    let repo = Repo::inline(steps);
    repo.write("relgate.yaml", "policies: [builtin:migration-safety]\n");
    let tool = Tool::within(repo.path());
    (repo, tool)
}

const TWO: &str = "
- commit: one
  write: { a: one }
  tag: v1.0.0
- commit: two
  write: { a: two }
  tag: v1.1.0
";

#[test]
fn nothing_looked_at_is_no_pass() {
    let (_repo, tool) = passing(TWO);
    assert_eq!(tool.run(&["audit"]).code, 0);
    for nothing in [
        &["--tag", "V1.*"][..],
        &["--since", "v1.1.0"],
        &["--since", "2027-01-01"],
        &["--prefix", "web/v"],
    ] {
        let mut arguments = vec!["audit"];
        arguments.extend(nothing);
        let run = tool.run(&arguments);
        assert_eq!(run.code, 2, "{}", run.text);
        assert_eq!(run.stdout, "", "{}", run.text);
    }
}

/// An audit leaves out what people have to vouch for, and nothing else that keeps `check` from a pass.
#[test]
fn what_could_not_be_looked_at_blocks_as_in_check() {
    for (policy, verdict) in [
        (
            "{ id: gate, stage: release, evaluableWhen: 'false', notEvaluable: unread, expression: 'true' }",
            "fail",
        ),
        (
            "{ id: gate, stage: release, evidence: { kind: approval } }",
            "pass",
        ),
        (
            "{ id: gate, stage: release, transient: true, evaluableWhen: 'false', notEvaluable: gone, expression: 'true' }",
            "pass",
        ),
        (
            "{ id: gate, stage: release, transient: true, expression: 'false' }",
            "fail",
        ),
        ("{ id: gate, stage: deploy, expression: 'false' }", "pass"),
    ] {
        let repo = Repo::inline(TWO);
        repo.write("relgate.yaml", "policies: [own.yaml]\n");
        repo.write(
            "own.yaml",
            &format!(
                "apiVersion: relgate.dev/v1alpha1\nkind: ReleasePolicy\nmetadata: {{ name: own }}\nspec:\n  gates:\n    - {policy}\n"
            ),
        );
        let tool = Tool::within(repo.path());
        let all = audit(&tool, &[]);
        for release in all["releases"].as_array().unwrap() {
            assert_eq!(release["verdict"], verdict, "{policy}");
        }
        let required = audit(&tool, &["--require-evidence"]);
        let check = tool.report(&["--tag", "v1.1.0"]);
        assert_eq!(
            required["releases"][1]["verdict"], check["decision"]["verdict"],
            "{policy}"
        );
    }
}

/// What `check --tag` cannot judge for want of a release before it, an audit cannot either.
#[test]
fn a_release_behind_a_broken_one_is_not_judged() {
    let (repo, tool) = passing(
        "
- commit: one
  write: { a: one }
  tag: v1.0.0
- commit: two
  write: { a: two }
  annotated: the second
  tag: v1.1.0
- commit: three
  write: { a: three }
  tag: v1.2.0
",
    );
    let object = repo.git(&["rev-parse", "v1.1.0"]);
    let (directory, file) = object.trim().split_at(2);
    let path = repo.path().join(".git/objects").join(directory).join(file);
    let kept = repo.beside("object");
    std::fs::rename(&path, &kept).unwrap();
    for arguments in [&[][..], &["--since", "v1.1.0"], &["--tag", "v1.2.0"]] {
        let all = audit(&tool, arguments);
        let last = all["releases"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["tag"], "v1.2.0");
        assert_eq!(last["verdict"], "error", "{arguments:?}: {last}");
    }
    assert_eq!(tool.run(&["check", "--tag", "v1.2.0"]).code, 2);
    // And when it is there again, the answer is another one.
    std::fs::rename(&kept, &path).unwrap();
    let all = audit(&tool, &[]);
    assert_eq!(all["summary"]["pass"], 3, "{all}");
}

/// Which state an objective has follows from the gates that were due at the release, and from no later ones.
#[test]
fn objectives_are_those_of_the_gates_that_were_due() {
    let repo = Repo::inline(TWO);
    repo.write("relgate.yaml", "policies: [own.yaml]\n");
    repo.write(
        "own.yaml",
        "apiVersion: relgate.dev/v1alpha1
kind: ReleasePolicy
metadata: { name: own }
spec:
  gates:
    - { id: closed, stage: release, expression: 'true', controls: [{ framework: soc2, id: CC8.1 }] }
    - { id: open, stage: release, transient: true, evaluableWhen: 'false', notEvaluable: gone, expression: 'true', controls: [{ framework: soc2, id: CC7.2 }] }
    - { id: later, stage: deploy, expression: 'false', controls: [{ framework: soc2, id: CC8.1 }, { framework: soc2, id: CC9.9 }] }
    - { id: other, stage: release, requiredWhen: 'false', notRequired: no, expression: 'false', controls: [{ framework: soc2, id: CC6.1 }] }
",
    );
    let tool = Tool::within(repo.path());
    let run = tool.run(&["audit", "--tag", "v1.1.0", "--format", "oscal"]);
    assert_eq!(run.code, 0, "{}", run.text);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let result = &document["assessment-results"]["results"][0];
    let states: Vec<String> = result["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let status = &finding["target"]["status"];
            format!(
                "{} {} {}",
                finding["title"], status["state"], status["reason"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        states,
        [
            "soc2 CC7.2 not-satisfied other",
            "soc2 CC8.1 satisfied pass"
        ]
    );
    let observed: Vec<&str> = result["observations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["title"].as_str().unwrap())
        .collect();
    let gates: Vec<&str> = observed
        .into_iter()
        .filter(|title| !title.starts_with("release-type"))
        .collect();
    assert_eq!(gates, ["closed", "open"]);
}
