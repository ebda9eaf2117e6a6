use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::keys::{self, KeyPair};
use crate::support::{Repo, Tool};

/// A repository with two releases, and people with keys.
struct Signed {
    repo: Repo,
    tool: Tool,
    home: PathBuf,
    lead: KeyPair,
    other: KeyPair,
}

const HISTORY: &str = "
- commit: one
  write: { a: one }
  tag: v1.0.0
- commit: two
  write: { a: two }
";

impl Signed {
    fn new() -> Self {
        let repo = Repo::inline(HISTORY);
        let home = repo.beside("keys");
        std::fs::create_dir(&home).unwrap();
        let lead = keys::make(&home, "lead", "ed25519");
        let other = keys::make(&home, "other", "ed25519");
        let tool = Tool::within(repo.path());
        let signed = Self {
            repo,
            tool,
            home,
            lead,
            other,
        };
        signed
            .repo
            .write("relgate.yaml", "params: { requireSignedTags: true }\n");
        signed.signers("lead@example.org namespaces=\"git,relgate-evidence\" LEAD\n");
        signed
    }

    /// The allowed signers, with `LEAD` for the lead's key.
    fn signers(&self, text: &str) {
        self.repo.write(
            ".relgate/allowed_signers",
            &text.replace("LEAD", &self.lead.public),
        );
    }

    /// `git tag -s` with a key.
    fn tag(&self, key: &KeyPair, name: &str) {
        let key = format!("user.signingkey={}", key.private.display());
        self.repo.git(&[
            "-c",
            "gpg.format=ssh",
            "-c",
            &key,
            "tag",
            "-s",
            "-m",
            "A release",
            name,
        ]);
    }

    /// Whether `git verify-tag` is content.
    fn git_verifies(&self, name: &str) -> bool {
        let signers = self.repo.path().join(".relgate/allowed_signers");
        Command::new("git")
            .current_dir(self.repo.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("TZ", "UTC")
            .args([
                "-c",
                &format!("gpg.ssh.allowedSignersFile={}", signers.display()),
            ])
            .args(["verify-tag", name])
            .output()
            .unwrap()
            .status
            .success()
    }

    /// The facts of a tag.
    #[track_caller]
    fn facts(&self, name: &str, more: &[&str]) -> Value {
        let mut arguments = vec!["facts", "--tag", name];
        arguments.extend(more);
        let run = self.tool.run(&arguments);
        assert_eq!(run.code, 0, "{}", run.text);
        serde_json::from_str(&run.stdout).unwrap()
    }

    /// What git says of a tag, what relgate does, and what becomes of the gate.
    #[track_caller]
    fn check(&self, name: &str, by_git: bool, status: &str, reason: &str, gate: &str) {
        assert_eq!(self.git_verifies(name), by_git, "git verify-tag {name}");
        self.check_with(&[], name, status, reason, gate);
    }

    #[track_caller]
    fn check_with(&self, more: &[&str], name: &str, status: &str, reason: &str, gate: &str) {
        let signature = &self.facts(name, more)["release"]["tagSignature"];
        assert_eq!(
            (&signature["status"], &signature["reason"]),
            (&Value::from(status), &Value::from(reason)),
            "{signature}"
        );
        let mut arguments = vec!["--tag", name];
        arguments.extend(more);
        let report = self.tool.report(&arguments);
        let gates = report["gates"].as_array().unwrap();
        let found = gates.iter().find(|it| it["id"] == "tag-signed").unwrap();
        assert_eq!(found["status"], gate, "{found}");
        let findings = report["findings"].as_array().unwrap();
        let forged = findings
            .iter()
            .any(|it| it["rule"] == "tag-signature-invalid");
        assert_eq!(forged, status == "invalid");
    }

    /// Writes an object of git's and gives its id.
    fn object(&self, kind: &str, content: &[u8]) -> String {
        let mut process = Command::new("git")
            .current_dir(self.repo.path())
            .args(["hash-object", "-w", "--stdin", "-t", kind])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(content).unwrap();
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A tag object of HEAD with a signature that `sign` makes of its bytes.
    fn assemble(&self, name: &str, sign: impl FnOnce(&Path) -> String) {
        let head = self.repo.git(&["rev-parse", "HEAD"]);
        let payload = format!(
            "object {head}type commit\ntag {name}\ntagger Ada Cooper <ada@example.org> 1775044800 +0000\n\nA release\n"
        );
        let file = self.home.join("payload");
        std::fs::write(&file, &payload).unwrap();
        let id = self.object("tag", format!("{payload}{}", sign(&file)).as_bytes());
        self.repo
            .git(&["update-ref", &format!("refs/tags/{name}"), &id]);
    }
}

#[test]
fn signed_tags_beside_what_git_says() {
    let signed = Signed::new();
    signed.tag(&signed.lead, "v1.1.0");
    signed.check("v1.1.0", true, "valid", "", "pass");
    assert_eq!(
        signed.facts("v1.1.0", &[])["release"]["tagSignature"]["signer"],
        "lead@example.org"
    );
    // git does not compare the name of a tag with the one that was signed.
    signed
        .repo
        .git(&["update-ref", "refs/tags/v1.2.0", "refs/tags/v1.1.0"]);
    signed.check("v1.2.0", true, "invalid", "tag-mismatch", "fail");
    signed.tag(&signed.other, "v1.3.0");
    signed.check("v1.3.0", false, "untrusted", "signer-unknown", "fail");
    signed.repo.git(&["tag", "v1.4.0"]);
    signed.check("v1.4.0", false, "", "", "fail");
    signed.repo.git(&["tag", "-a", "-m", "A release", "v1.5.0"]);
    signed.check("v1.5.0", false, "", "", "fail");
    // A tag of a signed tag is not the release.
    signed
        .repo
        .git(&["tag", "-a", "-m", "twice", "v1.6.0", "v1.1.0"]);
    signed.check("v1.6.0", false, "", "", "fail");
    // Another message under the same signature.
    let text = signed.repo.git(&["cat-file", "tag", "v1.1.0"]);
    let forged = signed.object("tag", text.replace("A release", "Another").as_bytes());
    signed
        .repo
        .git(&["update-ref", "refs/tags/v1.1.0", &forged]);
    signed.check("v1.1.0", false, "invalid", "signature-invalid", "fail");
    // Another commit under it.
    let head = signed.repo.git(&["rev-parse", "HEAD"]);
    let parent = signed.repo.git(&["rev-parse", "HEAD~1"]);
    let moved = signed.object("tag", text.replace(head.trim(), parent.trim()).as_bytes());
    signed.repo.git(&["update-ref", "refs/tags/v1.1.0", &moved]);
    signed.check("v1.1.0", false, "invalid", "signature-invalid", "fail");
    // A signature for another purpose.
    for (namespace, by_git, status, reason, gate) in [
        ("git", true, "valid", "", "pass"),
        (
            "relgate-evidence",
            false,
            "invalid",
            "namespace-wrong",
            "fail",
        ),
    ] {
        signed.assemble("v1.7.0", |file| {
            keys::sign(&signed.lead, namespace, file);
            std::fs::read_to_string(file.with_extension("sig")).unwrap()
        });
        signed.check("v1.7.0", by_git, status, reason, gate);
    }
    // Nothing that looks like a signature is one.
    signed.assemble("v1.8.0", |_| {
        "-----BEGIN SSH SIGNATURE-----\nAAAA\n".to_owned()
    });
    signed.check("v1.8.0", false, "invalid", "signature-malformed", "fail");
    signed.assemble("v1.9.0", |_| {
        "-----BEGIN SIGNED MESSAGE-----\nAAAA\n".to_owned()
    });
    signed.check(
        "v1.9.0",
        false,
        "not-verified",
        "not-verified",
        "not-evaluated",
    );
}

#[test]
fn the_lines_of_allowed_signers_count_for_tags() {
    let signed = Signed::new();
    signed.tag(&signed.lead, "v1.1.0");
    let cases = [
        ("* LEAD\n", true, "valid", "", "pass"),
        (
            "lead@example.org namespaces=\"relgate-evidence\" LEAD\n",
            false,
            "untrusted",
            "signer-namespace",
            "fail",
        ),
        // git asks whether the key counted when the tag says that it was made; relgate, whether it counts now.
        (
            "lead@example.org valid-before=\"20260501\" LEAD\n",
            true,
            "untrusted",
            "key-expired",
            "fail",
        ),
        (
            "lead@example.org valid-after=\"20260701\" LEAD\n",
            false,
            "untrusted",
            "key-not-yet-valid",
            "fail",
        ),
        (
            "lead@example.org cert-authority LEAD\n",
            false,
            "untrusted",
            "signer-unknown",
            "fail",
        ),
        ("", false, "untrusted", "signer-unknown", "fail"),
    ];
    for (lines, by_git, status, reason, gate) in cases {
        signed.signers(lines);
        signed.check("v1.1.0", by_git, status, reason, gate);
    }
    signed.signers("lead@example.org LEAD\n");
    signed
        .repo
        .write(".relgate/revoked_keys", &signed.lead.public);
    signed.check("v1.1.0", true, "invalid", "key-revoked", "fail");
}

#[test]
fn the_configuration_of_the_repository_is_not_believed() {
    use std::os::unix::fs::PermissionsExt;
    let signed = Signed::new();
    signed.tag(&signed.other, "v1.1.0");
    let ran = signed.home.join("ran");
    let program = signed.home.join("says-yes");
    let script = format!(
        "#!/bin/sh\ntouch {}\necho 'Good \"git\" signature for lead@example.org with ED25519 key SHA256:x'\n",
        ran.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = program.display().to_string();
    signed.repo.git(&["config", "gpg.ssh.program", &program]);
    signed.repo.git(&["config", "gpg.program", &program]);
    signed.repo.git(&["config", "gpg.format", "ssh"]);
    assert!(signed.git_verifies("v1.1.0"), "git believes the program");
    std::fs::remove_file(&ran).unwrap();
    signed.check_with(&[], "v1.1.0", "untrusted", "signer-unknown", "fail");
    assert!(!ran.exists(), "a program of the repository ran");
}

#[test]
fn signed_commits() {
    let signed = Signed::new();
    signed
        .repo
        .write("relgate.yaml", "params: { requireSignedCommits: true }\n");
    let commit = |key: &KeyPair, message: &str| {
        let key = format!("user.signingkey={}", key.private.display());
        signed.repo.git(&[
            "-c",
            "gpg.format=ssh",
            "-c",
            &key,
            "commit",
            "--allow-empty",
            "-S",
            "-q",
            "-m",
            message,
        ]);
    };
    signed.repo.git(&["checkout", "-q", "-B", "main", "v1.0.0"]);
    commit(&signed.lead, "fix: mine");
    signed.repo.git(&["tag", "v1.0.1"]);
    let found = |tag: &str| -> Vec<String> {
        let facts = signed.facts(tag, &[]);
        let report = signed.tool.report(&["--tag", tag]);
        let rules = report["findings"].as_array().unwrap().iter();
        let rules = rules.filter_map(|it| it["rule"].as_str());
        facts["commits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["signature"]["status"].as_str().unwrap())
            .chain(rules.filter(|rule| rule.starts_with("commit-")))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(found("v1.0.1"), ["valid"]);
    commit(&signed.other, "fix: of somebody");
    signed
        .repo
        .git(&["commit", "--allow-empty", "-q", "-m", "fix: of nobody"]);
    signed.repo.git(&["tag", "v1.0.2"]);
    assert_eq!(
        found("v1.0.2"),
        ["", "untrusted", "commit-unsigned", "commit-unsigned"]
    );
    let text = signed.repo.git(&["cat-file", "commit", "v1.0.1"]);
    let forged = signed.object("commit", text.replace("mine", "not mine").as_bytes());
    signed.repo.git(&["tag", "v1.0.3", &forged]);
    assert_eq!(found("v1.0.3"), ["invalid", "commit-signature-invalid"]);
}

#[test]
fn openpgp_counts_with_a_keyring_only() {
    let signed = Signed::new();
    let gpg = |arguments: &[&str]| -> Vec<u8> {
        let output = Command::new("gpg")
            .args(["--homedir", signed.home.join("gnupg").to_str().unwrap()])
            .args([
                "--batch",
                "--quiet",
                "--passphrase",
                "",
                "--pinentry-mode",
                "loopback",
            ])
            .args(arguments)
            .output()
            .expect("these tests need gpg");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    };
    std::fs::create_dir(signed.home.join("gnupg")).unwrap();
    std::fs::set_permissions(
        signed.home.join("gnupg"),
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    let mut keyrings = Vec::new();
    for name in ["lead@example.org", "other@example.org"] {
        gpg(&["--quick-generate-key", name, "ed25519", "sign", "never"]);
        let file = signed.home.join(format!("{name}.gpg"));
        std::fs::write(&file, gpg(&["--export", name])).unwrap();
        keyrings.push(file.display().to_string());
    }
    let sign = |file: &Path| {
        let file = file.to_str().unwrap();
        let lead = ["--local-user", "lead@example.org"];
        let out = ["--armor", "--detach-sign", "--output", "-", file];
        String::from_utf8(gpg(&[&lead[..], &out[..]].concat())).unwrap()
    };
    signed.assemble("v1.1.0", sign);
    let check = |name: &str, keyring: &str, status: &str, gate: &str| {
        let reason = match status {
            "untrusted" => "signer-unknown",
            "invalid" => "signature-invalid",
            _ => "",
        };
        signed.check_with(&["--gpg-keyring", keyring], name, status, reason, gate);
    };
    signed.check_with(
        &[],
        "v1.1.0",
        "not-verified",
        "not-verified",
        "not-evaluated",
    );
    check("v1.1.0", &keyrings[0], "valid", "pass");
    check("v1.1.0", &keyrings[1], "untrusted", "fail");
    let text = signed.repo.git(&["cat-file", "tag", "v1.1.0"]);
    let forged = signed.object("tag", text.replace("A release", "Another").as_bytes());
    signed
        .repo
        .git(&["update-ref", "refs/tags/v1.1.0", &forged]);
    check("v1.1.0", &keyrings[0], "invalid", "fail");
    let none = signed
        .tool
        .run(&["check", "--tag", "v1.1.0", "--gpg-keyring", "nowhere.gpg"]);
    assert_eq!(none.code, 2, "{}", none.text);
    gpg(&["--list-keys"]);
    let _ = Command::new("gpgconf")
        .args(["--homedir", signed.home.join("gnupg").to_str().unwrap()])
        .args(["--kill", "gpg-agent"])
        .status();
}
