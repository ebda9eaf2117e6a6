//! Every place of the command line that names a file, with what is none: a pipe that nobody writes to or reads from, and a
//! device without an end.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Repo, Tool};

/// Command lines by command and option (or the value's name); `@` is the file, `%` a ledger.
const READ: &[(&str, &str, &str)] = &[
    ("check", "--repo", "check --repo @"),
    ("check", "--config", "check --config @"),
    ("check", "--gpg-keyring", "check --gpg-keyring @"),
    ("check", "--ledger", "check --ledger @"),
    ("check", "--app-repo", "check --app-repo @"),
    ("audit", "--repos", "audit --repos @"),
    ("audit", "--ledger", "audit --ledger @"),
    (
        "ledger record",
        "--ledger",
        "ledger record --tag v1.0.0 --ledger @",
    ),
    ("ledger verify", "--ledger", "ledger verify --ledger @"),
    (
        "ledger verify",
        "--ledger",
        "ledger verify --ledger jsonl:@",
    ),
    (
        "ledger verify",
        "--checkpoint",
        "ledger verify --ledger % --checkpoint @",
    ),
    ("ledger export", "--ledger", "ledger export --ledger @"),
    (
        "gate record",
        "--from-file",
        "gate record security-scan --tag v1.0.0 --approver ada --from-file @",
    ),
    (
        "gate record",
        "--from-file",
        "gate record performance-regression --tag v1.0.0 --approver ada --from-file p95=@",
    ),
    (
        "gate record",
        "--key",
        "gate record security-scan --tag v1.0.0 --approver ada --dry-run --key @",
    ),
    ("gate verify", "FILE", "gate verify @"),
    ("policy check", "POLICY", "policy check @"),
    ("policy test", "POLICY", "policy test @"),
    ("policy eval", "--facts", "policy eval true --facts @"),
    (
        "rehearse",
        "--server-programs",
        "rehearse --server-programs @",
    ),
    ("rehearse", "--seed", "rehearse --seed @"),
    ("rehearse", "--probe", "rehearse --probe @"),
    ("hook commit-msg", "FILE", "hook commit-msg @"),
];

/// The same for files that are written. A device is written to.
const WRITTEN: &[(&str, &str, &str)] = &[
    ("check", "--output", "check --output json=@"),
    ("audit", "--output", "audit --output json=@"),
    (
        "ledger export",
        "--checkpoint",
        "ledger export --ledger % --checkpoint @",
    ),
    (
        "gate record",
        "--output",
        "gate record security-scan --tag v1.0.0 --approver ada --output @",
    ),
    ("policy test", "--output", "policy test --output junit=@"),
];

/// What names a file and is not tried: paths in git's index, and the writer of `check` behind a rehearsal.
const NOT_TRIED: &[(&str, &str)] = &[("check", "FILE"), ("rehearse", "--output")];

fn repo() -> Repo {
    Repo::inline(
        "
- commit: 'feat: casks'
  write:
    db/migrations/0001_casks.up.sql: 'CREATE TABLE casks (id bigint PRIMARY KEY);'
    db/migrations/0001_casks.down.sql: 'DROP TABLE casks;'
  tag: v1.0.0
",
    )
}

fn pipe(path: &Path) {
    let status = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(status.success());
}

/// The exit status and what was written; nothing that is tried here waits.
#[track_caller]
fn status(mut command: Command) -> (Option<i32>, String) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_mins(1) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{command:?} waits");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

#[test]
fn what_is_no_file_is_refused() {
    let repo = repo();
    let tool = Tool::within(repo.path());
    let ledger = repo.beside("ledger.db").display().to_string();
    let recorded = tool.run(&["ledger", "record", "--tag", "v1.0.0", "--ledger", &ledger]);
    assert!(recorded.code < 2, "{}", recorded.text);
    let fifo = repo.beside("fifo");
    pipe(&fifo);
    let fifo = fifo.display().to_string();
    let cases = READ
        .iter()
        .flat_map(|case| [(case, fifo.as_str()), (case, "/dev/zero")])
        .chain(WRITTEN.iter().map(|case| (case, fifo.as_str())));
    for ((_, _, line), file) in cases {
        let arguments: Vec<String> = line
            .split(' ')
            .map(|word| word.replace('@', file).replace('%', &ledger))
            .collect();
        let (code, said) = status(tool.command(&arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
        assert!(said.contains("help"), "{arguments:?}: {said}");
    }
}

/// The tables above hold every option and argument whose value is a file, a path or an address.
#[test]
fn every_name_of_a_file_is_tried() {
    let tool = Tool::within(Path::new("."));
    let mut commands: BTreeSet<&str> = READ.iter().chain(WRITTEN).map(|case| case.0).collect();
    commands.extend([
        "plan",
        "simulate",
        "gate list",
        "facts",
        "explain",
        "fix",
        "schema",
        "init",
        "hook pre-push",
        "completions",
        "man",
    ]);
    let mut named = BTreeSet::new();
    for command in commands {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.push("--help");
        let help = tool.run(&arguments);
        assert_eq!(help.code, 0, "{}", help.text);
        for line in help.stdout.lines().map(str::trim) {
            let line = line
                .strip_prefix("-")
                .filter(|rest| !rest.starts_with('-'))
                .and_then(|rest| rest.split_once(", "))
                .map_or(line, |(_, rest)| rest);
            let mut words = line.split(' ');
            let first = words.next().unwrap_or("");
            let value = if first.starts_with("--") {
                words.next().unwrap_or("")
            } else {
                first
            };
            let is_value = value.starts_with(['<', '[']) && value.contains(['>', ']']);
            let is_file = ["FILE", "PATH", "DIR", "URL", "POLICY"]
                .iter()
                .any(|word| value.contains(word));
            let is_global =
                command != "check" && ["--repo", "--config", "--gpg-keyring"].contains(&first);
            if is_value && is_file && !is_global && first != "--database-url" {
                let name = if first.starts_with("--") {
                    first.to_owned()
                } else {
                    value.trim_matches(['<', '>', '[', ']', '.']).to_owned()
                };
                named.insert((command.to_owned(), name));
            }
        }
    }
    let tried: BTreeSet<(String, String)> = READ
        .iter()
        .chain(WRITTEN)
        .map(|case| (case.0, case.1))
        .chain(NOT_TRIED.iter().copied())
        .map(|(command, name)| (command.to_owned(), name.to_owned()))
        .collect();
    assert_eq!(named, tried);
}

/// `-` is standard input, and a pipe that somebody reads is written to.
#[test]
fn streams_still_work() {
    let repo = repo();
    let tool = Tool::within(repo.path());
    let facts = tool.run(&["facts"]);
    let fed = tool.fed(
        facts.stdout.as_bytes(),
        &["policy", "eval", "release.tag", "--facts", "-"],
    );
    assert_eq!(fed.code, 0, "{}", fed.text);
    let sarif = br#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"scan"}},"results":[]}]}"#;
    let recorded = tool.fed(
        sarif,
        &[
            "gate",
            "record",
            "security-scan",
            "--tag",
            "v1.0.0",
            "--approver",
            "ada@example.org",
            "--dry-run",
            "--from-file",
            "-",
        ],
    );
    assert_eq!(recorded.code, 0, "{}", recorded.text);
    let fifo = repo.beside("read");
    pipe(&fifo);
    let reader = std::thread::spawn({
        let fifo = fifo.clone();
        move || std::fs::read_to_string(fifo).unwrap()
    });
    // The reader opens the pipe when its thread gets its turn.
    let output = format!("json={}", fifo.display());
    let written = (0..600).any(|_| {
        let run = tool.run(&["check", "--output", &output]);
        if run.code == 2 {
            std::thread::sleep(Duration::from_millis(50));
        }
        run.code < 2
    });
    assert!(written);
    assert!(reader.join().unwrap().starts_with('{'));
}
