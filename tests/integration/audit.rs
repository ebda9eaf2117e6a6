use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::support::postgres::Server;
use crate::support::{Repo, Tool, root};

fn audit(tool: &Tool, arguments: &[&str]) -> Value {
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

/// A list of repositories beside each other, one of which is none.
struct Fleet {
    repos: Vec<Repo>,
    list: std::path::PathBuf,
}

impl Fleet {
    fn new(size: usize) -> Self {
        let repos: Vec<Repo> = (0..size).map(history).collect();
        let list = repos[0].beside("repositories.txt");
        let fleet = Self { repos, list };
        fleet.write("");
        fleet
    }

    fn write(&self, more: &str) {
        let lines: String = self
            .repos
            .iter()
            .map(|repo| format!("{}\n", repo.path().display()))
            .collect();
        std::fs::write(&self.list, format!("# mirrors\n\n{lines}{more}")).unwrap();
    }

    fn arguments<'a>(&'a self, address: &'a str) -> Vec<&'a str> {
        let list = self.list.to_str().unwrap();
        vec![
            "audit", "--repos", list, "--ledger", address, "--actor", "fleet",
        ]
    }
}

/// A bare repository of its own name with a few releases.
fn history(number: usize) -> Repo {
    let mut steps = String::new();
    for patch in 0..=(number % 4) {
        steps.push_str(&format!(
            "- commit: change {patch}\n  write: {{ a{patch}: 'text' }}\n  tag: v1.0.{patch}\n"
        ));
    }
    let repo = Repo::inline(&steps);
    let bare = repo.beside(&format!("service{number:03}.git"));
    repo.git(&[
        "clone",
        "--quiet",
        "--mirror",
        ".",
        &bare.display().to_string(),
    ]);
    let repo = repo.moved_to(bare);
    let name = format!("https://git.example.org/cellar/service{number:03}.git");
    repo.git(&["remote", "set-url", "origin", &name]);
    repo
}

fn exported(tool: &Tool, address: &str) -> String {
    let verified = tool.run(&["ledger", "verify", "--ledger", address]);
    assert_eq!(verified.code, 0, "{}", verified.text);
    tool.run(&["ledger", "export", "--ledger", address]).stdout
}

#[test]
fn one_bad_repository_does_not_stop_the_rest() {
    let fleet = Fleet::new(3);
    fleet.write("/nonexistent/cellar.git\n");
    let tool = Tool::within(fleet.repos[0].path());
    let address = fleet.repos[0].beside("ledger.db").display().to_string();
    let run = tool.run(&fleet.arguments(&address));
    assert_eq!(run.code, 2, "{}", run.text);
    assert!(
        run.stdout
            .contains("/nonexistent/cellar.git: could not be audited"),
        "{}",
        run.text
    );
    assert_eq!(
        run.stdout.matches("git.example.org").count(),
        3,
        "{}",
        run.text
    );
    assert_eq!(
        exported(&tool, &address)
            .matches("\"entry\":\"decision\"")
            .count(),
        6
    );
    fleet.write("");
    let run = tool.run(&fleet.arguments(&address));
    assert_ne!(run.code, 2, "{}", run.text);
    assert_eq!(
        run.stdout.matches("0 releases judged").count(),
        3,
        "known before: {}",
        run.text
    );
}

/// Shards that are killed at any moment and started again leave the ledger of one run that nobody disturbed.
#[test]
fn shards_that_are_killed_and_restarted_leave_the_same_ledger() {
    let server = Server::start();
    let fleet = Fleet::new(12);
    let tool = Tool::within(fleet.repos[0].path());
    let whole = fleet.repos[0].beside("whole.db").display().to_string();
    assert_ne!(tool.run(&fleet.arguments(&whole)).code, 2);
    let disturbed = server.database("ledger");
    let shard = |index: usize| {
        let mut arguments = fleet.arguments(&disturbed);
        let name = format!("{index}/4");
        arguments.extend(["--shard", &name]);
        let mut command = tool.command(&arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    for round in 0..6_u64 {
        let mut running: Vec<_> = (0..4).map(|index| shard(index).spawn().unwrap()).collect();
        std::thread::sleep(Duration::from_millis(40 + round * 90));
        for child in &mut running {
            let _ = child.kill();
            child.wait().unwrap();
        }
    }
    for index in 0..4 {
        assert_ne!(
            shard(index).status().unwrap().code(),
            Some(2),
            "shard {index}"
        );
    }
    assert_eq!(exported(&tool, &disturbed), exported(&tool, &whole));
}

#[test]
fn the_manifests_of_the_fleet_are_valid() {
    let validator = root().join(".venv/bin/kubernetes-validate");
    for file in ["job.yaml", "cronjob.yaml"] {
        let path = root().join("examples/fleet").join(file);
        let output = std::process::Command::new(&validator)
            .arg("--strict")
            .arg(&path)
            .output()
            .expect("tests/prerequisites.sh installs kubernetes-validate");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{file}: {said}");
    }
}

/// What an audit says, but for the time at which it was made.
fn said(tool: &Tool, arguments: &[&str]) -> Value {
    let mut said = audit(tool, arguments);
    said["generatedAt"].take();
    said
}

#[test]
fn an_audit_remembers_what_nothing_changed() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let first = said(&tool, &[]);
    let objects = repo.path().join(".git/objects");
    let away = repo.path().join(".git/objects-away");
    let without_objects = |arguments: &[&str]| {
        std::fs::rename(&objects, &away).unwrap();
        std::fs::create_dir(&objects).unwrap();
        let mut all = vec!["audit", "--format", "json"];
        all.extend(arguments);
        let run = tool.run(&all);
        std::fs::remove_dir_all(&objects).unwrap();
        std::fs::rename(&away, &objects).unwrap();
        run
    };
    // Nothing of the history is read again.
    let again = without_objects(&[]);
    let mut second: Value = serde_json::from_str(&again.stdout).expect(&again.text);
    second["generatedAt"].take();
    assert_eq!(second, first);
    // Another question is another answer.
    let other = without_objects(&["--require-evidence"]);
    let other: Value = serde_json::from_str(&other.stdout).expect(&other.text);
    let summary = &other["summary"];
    assert_eq!(summary["error"], summary["releases"]);
    // And what could not be judged is not remembered.
    let with_objects = audit(&tool, &["--require-evidence"]);
    assert_eq!(with_objects["summary"]["error"], 0);
}

#[test]
fn what_is_remembered_is_never_stale() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let mut known = said(&tool, &[]);
    let mut changes = |what: &str| {
        let now = said(&tool, &[]);
        assert_ne!(now, known, "{what}");
        known = now;
    };
    repo.git(&["tag", "v77.0.0"]);
    changes("a new tag");
    repo.git(&["tag", "--delete", "v77.0.0"]);
    changes("a tag that is gone");
    let tags = repo.git(&["tag", "--list", "v*.*.*", "--sort=version:refname"]);
    let last = tags.split_whitespace().last().unwrap().to_owned();
    repo.git(&["tag", "--force", &last, &format!("{last}~1")]);
    changes("a tag that moved");
    repo.git(&["branch", "--move", "main", "trunk"]);
    changes("another main branch");
    std::fs::write(
        repo.path().join("relgate.yaml"),
        "policies: [builtin:migration-safety]\n",
    )
    .unwrap();
    changes("other policies");
    std::fs::write(
        repo.path().join("relgate.yaml"),
        "policies: [builtin:release-process]\n",
    )
    .unwrap();
    changes("policies again");
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
