use serde_json::Value;

use crate::support::keys::{self, KeyPair};
use crate::support::{Repo, Tool};

/// A small minor release that needs a team lead, and people with keys.
struct Cellar {
    repo: Repo,
    tool: Tool,
    lead: KeyPair,
    ada: KeyPair,
}

const HISTORY: &str = "
- commit: Import the service
  date: 2026-05-01T10:00:00Z
  author: { name: Ada Cooper, email: ada@example.org }
  committer: { name: Ada Cooper, email: ada@example.org }
  write:
    CHANGELOG.md: |
      # Changelog

      ## [1.0.0] - 2026-05-01

      - The service.
  tag: v1.0.0
- branch: release/v1.1.0
- commit: 'feat: casks have labels'
  date: 2026-05-20T10:00:00Z
  author: { name: Ada Cooper, email: ada@example.org }
  committer: { name: Ada Cooper, email: ada@example.org }
  write:
    CHANGELOG.md: |
      # Changelog

      ## [1.1.0] - 2026-05-20

      ### Added

      - Labels.

      ## [1.0.0] - 2026-05-01

      - The service.
  tag: [v1.1.0-rc1, v1.1.0]
";

impl Cellar {
    fn new() -> Self {
        let repo = Repo::inline(HISTORY);
        let home = repo.beside("keys");
        std::fs::create_dir(&home).unwrap();
        let lead = keys::make(&home, "lead", "ed25519");
        let ada = keys::make(&home, "ada", "ecdsa");
        repo.write(
            ".relgate/allowed_signers",
            &format!(
                "lead@example.org namespaces=\"relgate-evidence\" {}\nada@example.org,ada@home.example {}\n",
                lead.public, ada.public
            ),
        );
        repo.write(
            ".relgate/roles.yaml",
            "roles:\n  team-lead: [lead@example.org, ada@example.org, ada@home.example]\n",
        );
        let tool = Tool::within(repo.path());
        Self {
            repo,
            tool,
            lead,
            ada,
        }
    }

    /// Records evidence and gives the statement's path.
    #[track_caller]
    fn record(&self, gate: &str, arguments: &[&str]) -> String {
        let mut all = vec!["gate", "record", gate];
        all.extend(arguments);
        let run = self.tool.run(&all);
        assert_eq!(run.code, 0, "{}", run.text);
        run.stdout.trim().to_owned()
    }

    fn approve(&self) -> String {
        let key = self.lead.private.to_str().unwrap();
        self.record(
            "team-lead-approval",
            &[
                "--tag",
                "v1.1.0",
                "--approver",
                "lead@example.org",
                "--role",
                "team-lead",
                "--key",
                key,
            ],
        )
    }

    #[track_caller]
    fn gate(&self, tag: &str, id: &str) -> (String, String) {
        gate(&self.tool.report(&["--tag", tag]), id)
    }

    #[track_caller]
    fn check(&self, status: &str, message: &str) {
        let (found, words) = self.gate("v1.1.0", "team-lead-approval");
        assert_eq!(found, status, "{words}");
        assert!(words.contains(message), "{words}");
    }
}

#[track_caller]
fn gate(report: &Value, id: &str) -> (String, String) {
    let gate = report["gates"].as_array().unwrap().iter();
    let gate = gate.clone().find(|gate| gate["id"] == id).unwrap();
    let text = |name: &str| gate[name].as_str().unwrap().to_owned();
    (text("status"), text("message"))
}

#[test]
fn an_approval_closes_its_gate() {
    let cellar = Cellar::new();
    cellar.check("not-evaluated", "no evidence");
    let path = cellar.approve();
    assert!(path.starts_with(".relgate/evidence/v1.1.0/team-lead-approval-lead-example-org-"));
    cellar.check(
        "pass",
        "signed by lead@example.org (team-lead) on 2026-06-01",
    );
    let run = cellar.tool.run(&["gate", "verify", &path]);
    assert_eq!(run.code, 0, "{}", run.text);
    assert!(
        run.stdout
            .contains("approve for team-lead-approval of v1.1.0, signed by lead@example.org"),
        "{}",
        run.text
    );
    let list = cellar.tool.run(&["gate", "list", "--tag", "v1.1.0"]);
    assert!(
        list.stdout.contains("✓ team-lead-approval"),
        "{}",
        list.text
    );
    assert!(
        list.stdout.contains(
            "relgate gate record ci-tests --tag v1.1.0 --approver ID --from-file JUNIT.xml"
        ),
        "{}",
        list.text
    );
}

#[test]
fn what_ssh_keygen_signed_counts() {
    let cellar = Cellar::new();
    let path = cellar.record(
        "team-lead-approval",
        &["--tag", "v1.1.0", "--approver", "lead@example.org"],
    );
    cellar.check("fail", "it is not signed (unsigned)");
    keys::sign(
        &cellar.lead,
        "relgate-evidence",
        &cellar.repo.path().join(&path),
    );
    cellar.check("pass", "signed by lead@example.org");
    // The same key under another namespace made a signature for something else.
    keys::sign(&cellar.lead, "file", &cellar.repo.path().join(&path));
    cellar.check("fail", "(namespace-wrong)");
    keys::sign(
        &cellar.ada,
        "relgate-evidence",
        &cellar.repo.path().join(&path),
    );
    cellar.check("fail", "(signer-unknown)");
}

#[test]
fn an_author_approves_nothing_under_any_address() {
    let cellar = Cellar::new();
    let key = cellar.ada.private.to_str().unwrap().to_owned();
    for (approver, words) in [
        (
            "ada@example.org",
            "ada@example.org took part in making this release",
        ),
        // One key is one person, whatever it is called.
        (
            "ada@home.example",
            "ada@home.example took part in making this release, as ada@example.org",
        ),
    ] {
        let path = cellar.record(
            "team-lead-approval",
            &["--tag", "v1.1.0", "--approver", approver, "--key", &key],
        );
        cellar.check("fail", words);
        std::fs::remove_file(cellar.repo.path().join(path)).unwrap();
    }
    // The mailmap knows that the lead wrote under another address.
    cellar.approve();
    cellar.check("pass", "");
    cellar.repo.write(
        ".mailmap",
        "The Lead <lead@example.org> <ada@example.org>\n",
    );
    cellar.check("fail", "(approver-is-author)");
}

#[test]
fn a_change_cannot_bring_its_own_signer() {
    let cellar = Cellar::new();
    cellar.repo.git(&["add", "."]);
    cellar.repo.git(&["commit", "--quiet", "-m", "signers"]);
    cellar.repo.git(&["branch", "protected"]);
    let mallory = keys::make(&cellar.repo.beside("keys"), "mallory", "ed25519");
    cellar.repo.write(
        ".relgate/allowed_signers",
        &format!("lead@example.org {}\n", mallory.public),
    );
    cellar.record(
        "team-lead-approval",
        &[
            "--tag",
            "v1.1.0",
            "--approver",
            "lead@example.org",
            "--key",
            mallory.private.to_str().unwrap(),
        ],
    );
    cellar.check("pass", "");
    let report = cellar
        .tool
        .report(&["--tag", "v1.1.0", "--policy-ref", "protected"]);
    let (status, words) = gate(&report, "team-lead-approval");
    assert_eq!(status, "fail");
    assert!(words.contains("(signer-unknown)"), "{words}");
}

#[test]
fn evidence_is_read_from_a_commit_that_somebody_names() {
    let cellar = Cellar::new();
    let path = cellar.approve();
    cellar
        .repo
        .git(&["checkout", "--quiet", "--orphan", "evidence"]);
    cellar.repo.git(&["add", "--force", ".relgate/evidence"]);
    cellar.repo.git(&["commit", "--quiet", "-m", "evidence"]);
    std::fs::remove_file(cellar.repo.path().join(&path)).unwrap();
    cellar.check("not-evaluated", "no evidence");
    let report = cellar
        .tool
        .report(&["--tag", "v1.1.0", "--evidence-ref", "evidence"]);
    assert_eq!(gate(&report, "team-lead-approval").0, "pass");
}

#[test]
fn evidence_of_one_release_opens_no_other() {
    let cellar = Cellar::new();
    cellar.approve();
    cellar.repo.git(&["tag", "v1.2.0", "v1.1.0"]);
    let (status, words) = cellar.gate("v1.2.0", "team-lead-approval");
    assert_ne!(status, "pass", "{words}");
}

#[test]
fn mistakes_of_the_command_line_are_told() {
    let cellar = Cellar::new();
    let check = |arguments: &[&str], words: &str| {
        let run = cellar.tool.run(arguments);
        assert_eq!(run.code, 2, "{}", run.text);
        assert!(run.stderr.contains(words), "{}", run.text);
    };
    let base = ["--tag", "v1.1.0", "--approver", "lead@example.org"];
    let record = |gate: &'static str, more: &[&'static str]| {
        [&["gate", "record", gate][..], &base[..], more].concat()
    };
    check(
        &record("team-lead-aproval", &[]),
        "did you mean `team-lead-approval`?",
    );
    check(&record("tagged-from-main", &[]), "takes no evidence");
    check(
        &record("team-lead-approval", &["--role", "qa"]),
        "asks for the role `team-lead`",
    );
    check(
        &record("team-lead-approval", &["--key", "absent"]),
        "there is no such file",
    );
    check(
        &record("ci-tests", &["--from-file", "CHANGELOG.md"]),
        "no form that relgate knows",
    );
    check(&["gate", "verify", "absent.json"], "there is no such file");
    cellar.repo.write(".relgate/roles.yaml", "role: {}\n");
    check(&["check"], "unknown");
    cellar.repo.write(".relgate/roles.yaml", "");
    cellar.repo.write(".relgate/revoked_keys", "garbage\n");
    check(&["check"], "neither a public key nor a fingerprint");
}

#[test]
fn keys_that_expired_or_were_revoked_do_not_count() {
    let cellar = Cellar::new();
    cellar.approve();
    let signers = |options: &str| {
        let line = format!("lead@example.org {options} {}\n", cellar.lead.public);
        cellar.repo.write(".relgate/allowed_signers", &line);
    };
    signers("valid-before=\"20260601115959Z\"");
    cellar.check("fail", "(key-expired)");
    signers("valid-after=\"20260601120001Z\"");
    cellar.check("fail", "(key-not-yet-valid)");
    signers("valid-after=\"20260601120000Z\",valid-before=\"20260601120001Z\"");
    cellar.check("pass", "");
    signers("namespaces=\"git\"");
    cellar.check("fail", "(signer-namespace)");
    signers("cert-authority");
    cellar.check("fail", "(signer-unknown)");
    signers("");
    cellar.check("pass", "");
    cellar.repo.write(
        ".relgate/revoked_keys",
        &format!("{} the lead's old laptop\n", cellar.lead.public),
    );
    cellar.check("fail", "(key-revoked)");
}
