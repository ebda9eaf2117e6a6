use serde_json::Value;

use crate::audit::audit;
use crate::support::{Repo, Tool, keys};

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
    let waiver = |tag: &str| {
        let text = format!(
            "apiVersion: relgate.dev/v1alpha1\nkind: PolicyException\nmetadata: {{ name: one }}\nspec: {{ policyRefs: [{{ name: rules, ids: [drop-column] }}], match: {{ tags: [{tag}] }}, reason: known, approvedBy: lead@example.org, effectiveOn: 2026-01-01, expiresAt: 2026-12-31 }}\n"
        );
        repo.write(".relgate/waivers.yaml", &text);
    };
    waiver("v1.2.3");
    changes("a waiver");
    waiver("v1.3.1");
    changes("a waiver for another release");
    let record = |gate: &str, file: &str| {
        let run = tool.run(&[
            "gate",
            "record",
            gate,
            "--tag",
            "v1.3.0",
            "--approver",
            "lead@example.org",
            "--role",
            "team-lead",
            "--output",
            file,
        ]);
        assert_eq!(run.code, 0, "{}", run.text);
    };
    record("team-lead-approval", ".relgate/evidence/lead.json");
    changes("evidence");
    let evidence = repo.path().join(".relgate/evidence/lead.json");
    let key = keys::make(&repo.beside(""), "lead", "ed25519");
    let run = std::process::Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", "relgate-evidence", "-f"])
        .args([&key.private, &evidence])
        .status();
    assert!(run.unwrap().success());
    changes("a signature beside it");
    repo.write(
        ".relgate/allowed_signers",
        &format!("lead@example.org {}\n", key.public),
    );
    changes("somebody who may sign");
    repo.write(
        ".relgate/roles.yaml",
        "roles: { team-lead: [lead@example.org] }\n",
    );
    changes("a role");
    std::fs::remove_file(evidence).unwrap();
    changes("evidence that is gone");
    let config = "policies: [builtin:release-process]\n";
    repo.write("relgate.yaml", &format!("{config}evidence: vouched\n"));
    changes("another directory of evidence");
    repo.write("vouched/README", "Nothing yet.\n");
    changes("a directory of evidence that is there now");
    repo.write("relgate.yaml", &format!("{config}versionReferences: [{{ path: docs/install.md, pattern: 'cellar:{{version}}' }}]\n"));
    changes("a named path");
}

/// A clock before the releases judges as of itself, and what it says is not kept for later ones.
#[test]
fn what_is_remembered_is_of_no_other_time() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let at = |now: &str| said(&tool, &["--now", now]);
    let early = "2026-01-01T00:00:00Z";
    let late = "2026-06-01T12:00:00Z";
    let (first, then) = (at(early), at(late));
    assert_eq!(at(early), first);
    assert_eq!(at(late), then);
    let without = Tool::within(repo.path()).with("RELGATE_CACHE_DIR", "");
    assert_eq!(said(&without, &["--now", early]), first);
    assert_eq!(said(&without, &["--now", late]), then);
}
