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
            "relgate gate record ci-tests --tag v1.1.0 --approver lead@example.org --from-file JUNIT.xml --set branch=main --key ~/.ssh/id_ed25519"
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

/// Statements are taken exactly as `ssh-keygen -Y verify` takes them: whatever the lines of the allowed signers say, and
/// whichever kind of key signed.
#[test]
fn signers_are_allowed_as_ssh_keygen_allows_them() {
    use relgate::evidence::allowed_signers::AllowedSigners;
    use relgate::evidence::ssh;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let message = path.join("message");
    std::fs::write(&message, "the message").unwrap();
    let now = chrono::DateTime::parse_from_rfc3339("2026-06-01T12:00:00Z").unwrap();
    let names = [
        "a@x", "*@x", "*", "b@x", "!a@x,*", "*,!b@x", "\"a@x\"", "A@x", "?@x", "a@x,", ",a@x", "a",
    ];
    let options = [
        "",
        "namespaces=\"relgate-evidence\" ",
        "namespaces=\"file\" ",
        "namespaces=\"file,relgate-*\" ",
        "namespaces=\"*,!relgate-evidence\" ",
        "Namespaces=\"*\" ",
        "namespaces=\"\" ",
        "cert-authority ",
        "cert-authority,namespaces=\"*\" ",
        "valid-after=\"20260101\" ",
        "valid-after=\"20260601120000Z\" ",
        "valid-after=\"20260601120001Z\" ",
        "valid-after=\"202606011200\" ",
        "valid-before=\"20260601115959Z\" ",
        "valid-before=\"20260601120000Z\" ",
        "valid-before=\"20260601120000utc\" ",
        "valid-before=\"20200101\" ",
        "valid-after=\"20250101\",valid-before=\"20270101\" ",
        "valid-after=\"20270101\",valid-before=\"20250101\" ",
        "valid-after=\"20250101\",valid-after=\"20250102\" ",
        "valid-after=\"2025\" ",
        "valid-after=20250101 ",
        "valid-after=\"20251301\" ",
        "namespaces=\"*\",unknown ",
        "namespaces=\"*\", ",
        "namespaces=\"*\"valid-after=\"20250101\" ",
        "namespaces=\"* ",
        "namespaces=\"a\\\"b,*\" ",
        "no-touch-required ",
    ];
    let mut agreed = [0, 0];
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let key = keys::make(path, kind, kind);
        keys::sign(&key, "relgate-evidence", &message);
        let armored = std::fs::read_to_string(path.join("message.sig")).unwrap();
        let signer = ssh::verify(&armored, "relgate-evidence", b"the message").unwrap();
        // One kind of key sees every line; the others see that they are keys.
        let lines: Vec<String> = names
            .iter()
            .flat_map(|name| options.iter().map(move |option| format!("{name} {option}")))
            .filter(|line| kind == "ed25519" || line.len() == 4)
            .map(|start| format!("{start}{}", key.public))
            .collect();
        for line in lines {
            std::fs::write(path.join("signers"), format!("{line}\n")).unwrap();
            let ours = AllowedSigners::read(&line)
                .check(&signer, "a@x", "relgate-evidence", now.to_utc())
                .is_ok();
            let theirs = keys::verifies(path, "a@x", "relgate-evidence", "20260601120000Z");
            assert_eq!(ours, theirs, "{line}");
            agreed[usize::from(ours)] += 1;
        }
    }
    assert!(agreed.iter().all(|&count| count > 20), "{agreed:?}");
}

/// Whatever lies in the directory of evidence, no gate that needs somebody closes by it.
#[test]
fn bad_evidence_closes_nothing() {
    let cellar = Cellar::new();
    let path = cellar.approve();
    let file = cellar.repo.path().join(&path);
    let signature = cellar.repo.path().join(format!("{path}.sig"));
    let (text, armored) = (
        std::fs::read_to_string(&file).unwrap(),
        std::fs::read_to_string(&signature).unwrap(),
    );
    let check = |what: &str, text: &[u8], armored: &[u8], reason: &str| {
        std::fs::write(&file, text).unwrap();
        std::fs::write(&signature, armored).unwrap();
        let (status, words) = cellar.gate("v1.1.0", "team-lead-approval");
        assert_eq!(status, "fail", "{what}: {words}");
        assert!(words.contains(&format!("({reason})")), "{what}: {words}");
    };
    let edited = text.replace("\"minor\"", "\"patch\"");
    check(
        "forged",
        edited.as_bytes(),
        armored.as_bytes(),
        "signature-invalid",
    );
    let half = &text[..text.len() / 2];
    check(
        "truncated",
        half.as_bytes(),
        armored.as_bytes(),
        "malformed-json",
    );
    check(
        "without its last byte",
        text.trim_end().as_bytes(),
        armored.as_bytes(),
        "signature-invalid",
    );
    let compact = serde_json::from_str::<Value>(&text).unwrap().to_string();
    check(
        "re-encoded",
        compact.as_bytes(),
        armored.as_bytes(),
        "signature-invalid",
    );
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(
        "in another encoding",
        &utf16,
        armored.as_bytes(),
        "malformed-json",
    );
    let marked = format!("\u{feff}{text}");
    check(
        "with a byte-order mark",
        marked.as_bytes(),
        armored.as_bytes(),
        "malformed-json",
    );
    let twice = text.replacen('{', "{\"_type\":\"https://in-toto.io/Statement/v1\",", 1);
    check(
        "with a key twice",
        twice.as_bytes(),
        armored.as_bytes(),
        "duplicate-key",
    );
    let large = format!("{text}{}", " ".repeat(1024 * 1024));
    check(
        "oversized",
        large.as_bytes(),
        armored.as_bytes(),
        "too-large",
    );
    let two = text.replacen("\"subject\": [", "\"subject\": [{},", 1);
    check(
        "about two commits",
        two.as_bytes(),
        armored.as_bytes(),
        "several-subjects",
    );
    check(
        "with half a signature",
        text.as_bytes(),
        &armored.as_bytes()[..armored.len() / 2],
        "signature-malformed",
    );
    check(
        "with a signature of zeros",
        text.as_bytes(),
        &[0; 64],
        "signature-malformed",
    );
    check("with no bytes", b"", armored.as_bytes(), "malformed-json");
    check(
        "with a pile of brackets",
        "[".repeat(100_000).as_bytes(),
        armored.as_bytes(),
        "malformed-json",
    );
    std::fs::write(&file, &text).unwrap();
    std::fs::write(&signature, &armored).unwrap();
    cellar.check("pass", "");
    // A link that leads out of the repository is not followed, and not passed over.
    let outside = cellar.repo.beside("outside.json");
    std::fs::rename(&file, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &file).unwrap();
    cellar.check("fail", "leads out of the repository");
}

/// The agent signs where the private key cannot be read.
#[test]
fn an_agent_signs() {
    let cellar = Cellar::new();
    let agent = keys::Agent::start(&cellar.repo.beside("agent.sock"), &cellar.lead);
    let public = format!("{}.pub", cellar.lead.private.display());
    let arguments = [
        "gate",
        "record",
        "team-lead-approval",
        "--tag",
        "v1.1.0",
        "--approver",
        "lead@example.org",
        "--key",
        &public,
    ];
    let run = cellar.tool.run(&arguments);
    assert_eq!(run.code, 2, "{}", run.text);
    assert!(run.stderr.contains("SSH_AUTH_SOCK"), "{}", run.text);
    let run = cellar
        .tool
        .run_with(&[("SSH_AUTH_SOCK", agent.socket.as_os_str())], &arguments);
    assert_eq!(run.code, 0, "{}", run.text);
    assert!(
        run.stderr.contains("counts for team-lead-approval"),
        "{}",
        run.text
    );
    cellar.check("pass", "signed by lead@example.org");
}

#[test]
fn a_dry_run_writes_nothing() {
    let cellar = Cellar::new();
    let run = cellar.tool.run(&[
        "gate",
        "record",
        "team-lead-approval",
        "--tag",
        "v1.1.0",
        "--approver",
        "lead@example.org",
        "--dry-run",
        "--comment",
        "looks good",
        "--set",
        "ticket=CHG-1",
    ]);
    assert_eq!(run.code, 0, "{}", run.text);
    let statement: Value = serde_json::from_str(&run.stdout).unwrap();
    let predicate = &statement["predicate"];
    assert_eq!(predicate["to"], "v1.1.0");
    assert_eq!(predicate["releaseType"], "minor");
    assert_eq!(predicate["comment"], "looks good");
    assert_eq!(predicate["data"]["ticket"], "CHG-1");
    assert!(
        predicate["from"]
            .as_str()
            .unwrap()
            .starts_with("refs/tags/v1.0.0@")
    );
    assert!(!cellar.repo.path().join(".relgate/evidence").exists());
}
