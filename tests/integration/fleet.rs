use std::process::Stdio;
use std::time::Duration;

use crate::support::postgres::Server;
use crate::support::{Repo, Tool, root};

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
    let mut steps = "- write: { CHANGELOG.md: '# Changelog' }\n  commit: a changelog\n".to_owned();
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
    // What was judged before is not judged again, and still fails.
    fleet.write("");
    let run = tool.run(&fleet.arguments(&address));
    assert_eq!(run.code, 1, "{}", run.text);
    assert_eq!(
        run.stdout.matches("(0 judged now)").count(),
        3,
        "known before: {}",
        run.text
    );
    let mut arguments = fleet.arguments(&address);
    arguments.extend(["--format", "json"]);
    let run = tool.run(&arguments);
    let all: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    for row in all["repositories"].as_array().unwrap() {
        let known = row["ledger"]["known"].as_u64().unwrap();
        assert!(known > 0, "{row}");
        assert_eq!(
            (&row["releases"], &row["judged"]),
            (&row["ledger"]["known"], &0.into()),
            "{row}"
        );
        assert_eq!(row["fail"].as_u64(), Some(known), "{row}");
    }
}

/// A clone without tags, and a period or a name without releases, are nothing that could pass.
#[test]
fn nothing_looked_at_is_no_pass() {
    let fleet = Fleet::new(2);
    let tool = Tool::within(fleet.repos[0].path());
    let bare = fleet.repos[0].beside("untagged.git").display().to_string();
    fleet.repos[0].git(&["clone", "--quiet", "--bare", "--no-tags", ".", &bare]);
    let list = fleet.repos[0].beside("untagged.txt");
    std::fs::write(&list, format!("{bare}\n")).unwrap();
    let run = tool.run(&["audit", "--repos", list.to_str().unwrap()]);
    assert_eq!(run.code, 2, "{}", run.text);
    assert!(run.stdout.contains("no release tag"), "{}", run.text);
    let list = fleet.list.to_str().unwrap();
    let run = tool.run(&["audit", "--repos", list, "--tag", "V1.*"]);
    assert_eq!(run.code, 2, "{}", run.text);
    // One without a release in the period does not keep the others from an answer.
    let run = tool.run(&["audit", "--repos", list, "--tag", "v1.0.1"]);
    assert_eq!(run.code, 1, "{}", run.text);
    assert!(run.stdout.contains("no release selected"), "{}", run.text);
}

/// Two clones of one origin would write one chain, whichever shards they are in.
#[test]
fn one_name_twice_is_told_in_every_shard() {
    let fleet = Fleet::new(1);
    let twin = fleet.repos[0].beside("twin.git").display().to_string();
    fleet.repos[0].git(&["clone", "--quiet", "--mirror", ".", &twin]);
    let origin = "https://git.example.org/cellar/service000.git";
    fleet.repos[0].git(&["-C", &twin, "remote", "set-url", "origin", origin]);
    fleet.write(&format!("{twin}\n"));
    let tool = Tool::within(fleet.repos[0].path());
    let list = fleet.list.to_str().unwrap();
    for shards in [1, 2, 7] {
        let told: usize = (0..shards)
            .map(|shard| {
                let shard = format!("{shard}/{shards}");
                let run = tool.run(&["audit", "--repos", list, "--shard", &shard]);
                run.stdout.matches("has the same name").count()
            })
            .sum();
        assert_eq!(told, 1, "{shards} shards");
    }
}

/// Whatever decides differently is judged again, and the rest is not.
#[test]
fn what_decides_is_part_of_what_is_known() {
    let repo = Repo::play("cellar");
    repo.write("relgate.yaml", "{}\n");
    let list = repo.beside("repositories.txt");
    std::fs::write(&list, format!("{}\n", repo.path().display())).unwrap();
    let tool = Tool::within(repo.path());
    let ledger = repo.beside("ledger.db").display().to_string();
    let judged = |more: &[&str]| {
        let mut arguments = vec!["audit", "--repos", list.to_str().unwrap()];
        arguments.extend(["--ledger", &ledger, "--format", "json"]);
        arguments.extend(more);
        let run = tool.run(&arguments);
        let all: serde_json::Value = serde_json::from_str(&run.stdout).expect(&run.text);
        let row = &all["repositories"][0];
        (
            row["judged"].as_u64().unwrap(),
            row["ledger"]["recorded"].as_u64().unwrap(),
        )
    };
    let recorded = tool.run(&[
        "ledger", "record", "--tag", "v1.1.0", "--stage", "change", "--ledger", &ledger,
    ]);
    assert_ne!(recorded.code, 2, "{}", recorded.text);
    assert_eq!(judged(&[]), (4, 4), "what somebody recorded is no audit");
    assert_eq!(judged(&[]), (0, 0));
    assert_eq!(judged(&["--require-evidence"]), (4, 4));
    assert_eq!(judged(&[]), (0, 0), "the first answers are still there");
    for (path, text) in [
        ("relgate.yaml", "rules: { enable: [avoid-enum] }\n"),
        (
            "relgate.yaml",
            "migrations: [{ path: db/migrations, phase: post-upgrade }]\n",
        ),
        (
            ".relgate/waivers.yaml",
            "apiVersion: relgate.dev/v1alpha1\nkind: PolicyException\nmetadata: { name: one }\nspec: { policyRefs: [{ name: rules, ids: [drop-column] }], match: { tags: [v1.1.1] }, reason: known, approvedBy: lead@example.org, effectiveOn: 2026-01-01, expiresAt: 2026-12-31 }\n",
        ),
        (
            ".relgate/roles.yaml",
            "roles: { team-lead: [lead@example.org] }\n",
        ),
    ] {
        repo.write(path, text);
        assert_eq!(judged(&[]), (4, 4), "{path}: {text}");
        assert_eq!(judged(&[]), (0, 0), "{path}: {text}");
    }
}

/// A release tag is one whatever its prefix: which component was asked for last says nothing about the others.
#[test]
fn a_tag_that_moved_is_told_for_every_component() {
    let repo = Repo::inline(
        "
- commit: one
  write: { a: one }
  tag: [api/v1.0.0, web/v2.0.0]
- commit: two
  write: { a: two }
  tag: [api/v1.0.1, web/v2.1.0]
",
    );
    let tool = Tool::within(repo.path());
    for (moved, order) in [
        ("api/v1.0.0", ["web/v", "api/v"]),
        ("web/v2.0.0", ["web/v", "api/v"]),
    ] {
        let ledger = repo.beside(&moved.replace('/', "-")).display().to_string();
        let said = || {
            let mut arguments = vec!["audit", "--ledger", &ledger, "--format", "json"];
            arguments.extend(order.iter().flat_map(|prefix| ["--prefix", prefix]));
            let run = tool.run(&arguments);
            let all: serde_json::Value = serde_json::from_str(&run.stdout).expect(&run.text);
            all["ledger"]["moved"].clone()
        };
        assert_eq!(said(), serde_json::json!([]));
        let before = repo.git(&["rev-parse", moved]);
        repo.git(&["tag", "--force", moved, "HEAD"]);
        assert_eq!(said()[0]["tag"], moved);
        repo.git(&["tag", "--force", moved, before.trim()]);
    }
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
