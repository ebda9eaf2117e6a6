//! Four releases from change to closed, each blocked at every stage until its evidence is there.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::keys::{self, KeyPair};
use crate::support::{Repo, Tool};

/// The repository of the story, the people in it, and what their systems print.
struct Story {
    repo: Repo,
    tool: Tool,
    lead: KeyPair,
    grace: KeyPair,
    files: PathBuf,
}

impl Story {
    fn begin() -> Self {
        let repo = Repo::play("story");
        let files = repo.beside("files");
        std::fs::create_dir(&files).unwrap();
        let lead = keys::make(&files, "lead", "ed25519");
        let grace = keys::make(&files, "grace", "ecdsa");
        let signers = format!(
            "lead@example.org {}\ngrace@example.org {}\n",
            lead.public, grace.public
        );
        repo.write(".relgate/allowed_signers", &signers);
        let roles = ["team-lead", "architecture", "security", "validation"]
            .map(|role| format!("  {role}: [lead@example.org]\n"));
        repo.write(
            ".relgate/roles.yaml",
            &format!("roles:\n{}", roles.concat()),
        );
        for (name, text) in FILES {
            std::fs::write(files.join(name), text).unwrap();
        }
        let remote = repo.git(&["ls-remote", "--tags", "."]);
        std::fs::write(files.join("ls-remote.txt"), remote).unwrap();
        let tool = Tool::within(repo.path());
        Self {
            repo,
            tool,
            lead,
            grace,
            files,
        }
    }

    /// The gates that are open by a stage, as `gate list` says.
    fn open(&self, tag: &str, stage: &str) -> BTreeSet<String> {
        let run = self.tool.run(&[
            "gate", "list", "--tag", tag, "--stage", stage, "--format", "json",
        ]);
        let list: Value = serde_json::from_str(&run.stdout).unwrap();
        let gates = list["gates"].as_array().unwrap().iter();
        let open: BTreeSet<String> = gates
            .filter(|gate| ["fail", "not-evaluated"].contains(&gate["status"].as_str().unwrap()))
            .map(|gate| gate["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(run.code, i32::from(!open.is_empty()), "{}", run.text);
        open
    }

    #[track_caller]
    fn verdict(&self, tag: &str, stage: &str, expected: i32) {
        let run = self.tool.run(&["check", "--tag", tag, "--stage", stage]);
        assert_eq!(run.code, expected, "{}", run.text);
    }

    #[track_caller]
    fn record(&self, tag: &str, gate: &str, approver: &str) {
        let mut arguments: Vec<String> = ["gate", "record", gate, "--tag", tag, "--approver"]
            .map(str::to_owned)
            .to_vec();
        let key = if approver == "grace@example.org" {
            &self.grace
        } else {
            &self.lead
        };
        arguments.extend([
            approver.to_owned(),
            "--key".to_owned(),
            key.private.display().to_string(),
        ]);
        for word in needs(gate).split_whitespace() {
            // `@` stands for the directory of the files.
            let files = format!("{}/", self.files.display());
            arguments.push(word.replace('@', &files));
        }
        let run = self.tool.run(&arguments);
        assert_eq!(run.code, 0, "{}", run.text);
        assert!(run.stderr.contains("counts for"), "{}", run.text);
        assert!(!run.stderr.contains("does not count"), "{}", run.text);
    }

    /// Takes a tag to a stage: it is blocked before, and by exactly these gates; each of them closes.
    #[track_caller]
    fn reach(&self, tag: &str, stage: &str, expected: &str) {
        let expected: BTreeSet<String> = expected.split_whitespace().map(str::to_owned).collect();
        assert_eq!(self.open(tag, stage), expected, "{tag} at {stage}");
        if !expected.is_empty() {
            self.verdict(tag, stage, 1);
        }
        for gate in &expected {
            // A way back is not vouched for: the backup that is named makes it.
            if gate != "rollback-ready" {
                self.record(tag, gate, "lead@example.org");
            }
        }
        self.verdict(tag, stage, 0);
    }
}

/// What a gate needs beside a decision, as arguments of `gate record`.
fn needs(gate: &str) -> &'static str {
    match gate {
        "ci-tests" => "--from-file @junit.xml --set branch=main",
        "staging-tests" => "--from-file @junit.xml --set environment=staging",
        "security-scan" => "--from-file @scan.sarif",
        "performance-regression" | "load-test" => "--from-file @metrics.csv",
        "staging-deployment" => "--set environment=staging --set digest=sha256:aa",
        "migration-tests" => "--set up=yes --set down=yes --set again=yes",
        "artifacts-built" => "--from-file @index.json --from-file @checksums.txt",
        "backup" => "--from-file @dump.sql --set database=cellar --set time=2026-06-01T11:00:00Z",
        "tag-published" => "--from-file @ls-remote.txt",
        "customer-notification" => "--set migration-guide=docs/upgrade-to-2.md",
        "deployment-verified" => "--set rollout=complete --set logs=quiet",
        "migrations-verified" => "--set database=cellar --set version=3",
        "release-announced" => "--set channel=status-page",
        "monitoring-24h" => {
            "--from-file @day.csv --from-file error-rate=@errors.json --limit error-rate=0.02 \
             --baseline error-rate=0.01 --set critical-bugs=0 --set downtime=0"
        }
        _ => "",
    }
}

/// What systems print.
const FILES: &[(&str, &str)] = &[
    (
        "junit.xml",
        "<testsuites><testsuite name=\"cellar\" tests=\"2\"><testcase classname=\"casks\" name=\"list\"/>\
         <testcase classname=\"casks\" name=\"add\"><skipped/></testcase></testsuite></testsuites>",
    ),
    (
        "scan.sarif",
        "{\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"scanner\"}},\"results\":[{\"ruleId\":\"x\",\
         \"level\":\"note\",\"message\":{\"text\":\"x\"}}]}]}",
    ),
    (
        "metrics.csv",
        "name,value,baseline,limit,direction,unit\np99,210,200,220,lower,ms\nrequests,95,96,90,higher,/s\n",
    ),
    (
        "dump.sql",
        "--\n-- PostgreSQL database dump\n--\nSELECT 1;\n--\n-- PostgreSQL database dump complete\n--\n",
    ),
    (
        "index.json",
        "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\
         \"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\
         \"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}}]}",
    ),
    (
        "checksums.txt",
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb  cellar_linux_amd64.tar.gz\n",
    ),
    (
        "day.csv",
        "name,value,baseline\nresponse-time,100,110\ndatabase,5,5\ntickets,1,2\nintegration-tests,0,0\n",
    ),
    // A day from 2026-05-30T12:00:00Z, every twelve hours.
    (
        "errors.json",
        "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":\
         [[1780142400,\"0.01\"],[1780185600,\"0.012\"],[1780228800,\"0.011\"]]}]}}",
    ),
];

const PATCH_CANDIDATE: &str = "ci-tests security-scan performance-regression docs-build";
const MINOR_CANDIDATE: &str = "ci-tests security-scan security-review migration-tests performance-regression docs-build \
     staging-deployment staging-tests validation load-test";

#[test]
fn a_patch_is_closed() {
    let story = Story::begin();
    story.reach("v1.0.1", "change", "");
    story.reach("v1.0.1", "candidate", PATCH_CANDIDATE);
    story.reach("v1.0.1", "release", "merged-changes-reviewed tag-published");
    story.reach("v1.0.1", "deploy", "artifacts-built");
    story.reach(
        "v1.0.1",
        "post-release",
        "deployment-verified release-announced docs-updated",
    );
    story.reach("v1.0.1", "closed", "monitoring-24h");
}

/// The candidate is tested; the release is the candidate, and needs none of it again.
#[test]
fn a_minor_release_is_closed() {
    let story = Story::begin();
    story.reach("v1.1.0-rc1", "candidate", MINOR_CANDIDATE);
    story.reach(
        "v1.1.0",
        "release",
        "merged-changes-reviewed team-lead-approval tag-published",
    );
    story.reach("v1.1.0", "deploy", "artifacts-built backup");
    story.reach(
        "v1.1.0",
        "post-release",
        "deployment-verified migrations-verified release-announced docs-updated",
    );
    story.reach("v1.1.0", "closed", "monitoring-24h");
    // What closed this release closes no other.
    assert!(story.open("v2.0.0", "candidate").contains("ci-tests"));
}

#[test]
fn a_major_release_is_closed() {
    let story = Story::begin();
    story.reach("v2.0.0-rc1", "candidate", MINOR_CANDIDATE);
    let open = story.open("v2.0.0", "release");
    assert!(open.contains("rollback-ready"));
    story.record("v2.0.0", "backup", "lead@example.org");
    story.reach(
        "v2.0.0",
        "release",
        "merged-changes-reviewed architecture-review customer-notification tag-published",
    );
    story.reach("v2.0.0", "deploy", "artifacts-built migration-plan");
    story.reach(
        "v2.0.0",
        "post-release",
        "deployment-verified migrations-verified release-announced docs-updated",
    );
    story.reach("v2.0.0", "closed", "monitoring-24h");
}

/// A hotfix goes out with what cannot wait, and owes the rest.
#[test]
fn a_hotfix_is_closed() {
    let story = Story::begin();
    let tag = "v2.0.0-hotfix1";
    story.reach(tag, "release", "ci-tests security-scan");
    story.reach(tag, "deploy", "expedited-approval on-call-coordinated");
    story.verdict(tag, "closed", 1);
    let owed = "artifacts-built deployment-verified docs-build docs-updated expedited-approval merged-changes-reviewed \
                monitoring-24h performance-regression release-announced tag-published";
    let expected: BTreeSet<String> = owed.split_whitespace().map(str::to_owned).collect();
    assert_eq!(story.open(tag, "closed"), expected);
    for gate in &expected {
        // Somebody else looks as well.
        story.record(tag, gate, "grace@example.org");
    }
    story.verdict(tag, "closed", 0);
    assert_eq!(
        story
            .repo
            .git(&["tag", "--points-at", "hotfix/empty-cellar"]),
        "v2.0.0-hotfix1\n"
    );
}

/// What `gate list` prints closes the gate when it is copied into a shell, where the files and the key that it names are.
#[test]
fn the_commands_of_the_list_close_their_gates() {
    let story = Story::begin();
    let home = story.repo.beside("home");
    std::fs::create_dir_all(home.join(".ssh")).unwrap();
    std::fs::copy(&story.lead.private, home.join(".ssh/id_ed25519")).unwrap();
    let commit = story.repo.git(&["rev-parse", "v1.1.0-rc1^{commit}"]);
    let deployments = format!(
        "[{{\"id\":7,\"sha\":\"{}\",\"environment\":\"staging\"}}]",
        commit.trim()
    );
    let statuses = "[{\"id\":1,\"state\":\"success\",\"environment\":\"staging\",\"created_at\":\"2026-05-25T10:00:00Z\",\
         \"deployment_url\":\"https://forge.example/deployments/7\"}]";
    story.repo.write("DEPLOYMENTS.json", &deployments);
    story.repo.write("STATUSES.json", statuses);
    for (own, named) in [
        ("junit.xml", "JUNIT.xml"),
        ("scan.sarif", "SCAN.json"),
        ("dump.sql", "DUMP.sql"),
        ("index.json", "INDEX.json"),
        ("checksums.txt", "CHECKSUMS.txt"),
        ("errors.json", "ERROR-RATE.json"),
    ] {
        std::fs::copy(story.files.join(own), story.repo.path().join(named)).unwrap();
    }
    let metrics = ["metrics.csv", "day.csv"]
        .map(|name| std::fs::read_to_string(story.files.join(name)).unwrap());
    let path = story.repo.path().display().to_string();
    story.repo.git(&["remote", "add", "origin", &path]);
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_relgate"));
    let search = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    for (tag, stage) in [("v1.1.0-rc1", "candidate"), ("v1.1.0", "closed")] {
        let run = story.tool.run(&[
            "gate", "list", "--tag", tag, "--stage", stage, "--format", "json",
        ]);
        assert_eq!(run.code, 1, "{}", run.text);
        let list: Value = serde_json::from_str(&run.stdout).unwrap();
        let open: Vec<&Value> = list["gates"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|gate| ["fail", "not-evaluated"].contains(&gate["status"].as_str().unwrap()))
            .collect();
        assert!(open.len() > 7, "{open:?}");
        for gate in open {
            // A table of a benchmark, or of a day.
            let table = usize::from(gate["id"] == "monitoring-24h");
            story.repo.write("METRICS.csv", &metrics[table]);
            let close = gate["close"].as_str().unwrap();
            let output = std::process::Command::new("sh")
                .current_dir(story.repo.path())
                .env("PATH", &search)
                .env("HOME", &home)
                .args(["-c", &format!("relgate() {{ command relgate --now 2026-06-01T12:00:00Z \"$@\"; }}\n{close}")])
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{close}\n{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        assert_eq!(story.open(tag, stage), BTreeSet::new());
    }
}
