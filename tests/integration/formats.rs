use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use relgate::report::FORMATS;
use serde_json::{Value, json};

use crate::support::{Repo, Tool, root};

/// A value that no report may show.
const CANARY: &str = "kw7-canary-Zq93x";

/// What is judged: a blocked release, one that may go, a change, and one in which every name is an attack.
const CASES: [&str; 4] = ["blocked", "good", "change", "hostile"];

/// A file name with an escape, a workflow command, HTML, Markdown, a mention, a formula and a right-to-left mark.
const HOSTILE_NAME: &str = "000002_=1+1,\n::error file=x::y ##[error]z \u{1b}]0;t\u{7} <img src=x onerror=alert(1)> | `@ada` @ada [a](b) \u{202e}.up.sql";

/// Every case in every format, made once.
fn reports() -> &'static Path {
    static REPORTS: OnceLock<tempfile::TempDir> = OnceLock::new();
    REPORTS
        .get_or_init(|| {
            let directory = tempfile::tempdir().unwrap();
            for case in CASES {
                let (repo, arguments, code) = repository(case);
                let mut all = vec!["check".to_owned()];
                all.extend(arguments.iter().map(|&argument| argument.to_owned()));
                for format in FORMATS {
                    let path = file(directory.path(), format.name, case);
                    all.push(format!("--output={}={}", format.name, path.display()));
                }
                let run = Tool::within(repo.path()).run(&all);
                assert_eq!(run.code, code, "{case}: {}", run.text);
            }
            directory
        })
        .path()
}

fn file(directory: &Path, format: &str, case: &str) -> PathBuf {
    directory.join(format!("{case}.{format}"))
}

fn repository(case: &str) -> (Repo, &'static [&'static str], i32) {
    match case {
        "blocked" => (Repo::play("lakerunner"), &["--tag", "v1.3.1"], 1),
        "good" => (
            Repo::play("lakerunner"),
            &["--tag", "v1.2.4", "--stage", "change"],
            0,
        ),
        "change" => (Repo::play("lakerunner"), &["--base", "HEAD~3"], 1),
        _ => (hostile(), &["--tag", "v1.1.0"], 1),
    }
}

/// A release whose file names, keys, messages and values are what an attacker would choose.
fn hostile() -> Repo {
    let repo = Repo::play("every-kind");
    let values = format!(
        "image:\n  repository: registry.example.org/cellar\n  tag: latest\npassword: {CANARY}\n\"<b>@ada|`x` \u{202e}\": {CANARY}\nenv:\n  - name: DSN\n    value: {CANARY}\nblock: |\n  {CANARY}\n"
    );
    repo.write("charts/cellar/values.yaml", &values);
    repo.git(&["add", "--all"]);
    repo.git(&[
        "commit",
        "-q",
        "-m",
        "fix: values\n\n::error::x ##[error]y @ada",
    ]);
    repo.git(&["tag", "v1.0.1"]);
    let changed = format!(
        "image:\n  repository: registry.example.org/cellar\n  tag: latest\npassword: [{CANARY}]\nenv: {CANARY}\nzip: 0123\n"
    );
    repo.write("charts/cellar/values.yaml", &changed);
    repo.write(
        &format!("db/migrations/{HOSTILE_NAME}"),
        &format!("ALTER TABLE casks DROP COLUMN label; -- ##[error]x @ada <b> \u{202e}\nCREATE ROLE x PASSWORD '{CANARY}';\n"),
    );
    repo.write(
        "CHANGELOG.md",
        "## [1.1.0] - 2026-13-45\n\n- <script>alert(1)</script> @ada ::error::x\n\n## [1.0.0] - 2026-01-05\n\n- Casks.\n",
    );
    repo.git(&["add", "--all"]);
    repo.git(&[
        "commit",
        "-q",
        "-m",
        "feat!: <script>alert(1)</script> @ada\n\n::stop-commands::x",
    ]);
    repo.git(&["tag", "v1.1.0"]);
    repo
}

/// Lets a program that is not ours read all cases of a format: what it saw, case by case.
#[track_caller]
fn read(format: &str) -> Vec<Value> {
    let mut command = Command::new(root().join(".venv/bin/python"));
    command.arg(root().join("tests/validate.py")).arg(format);
    command.args(CASES.iter().map(|case| file(reports(), format, case)));
    let output = command
        .output()
        .expect("tests/prerequisites.sh installs what reads the reports");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{format}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[track_caller]
fn text(format: &str, case: &str) -> String {
    std::fs::read_to_string(file(reports(), format, case)).unwrap()
}

/// How much there is to say about a case: findings that are open, by severity; an open gate is an error.
fn counts(case: &str) -> [u64; 3] {
    let report: Value = serde_json::from_str(&text("json", case)).unwrap();
    let list = |name: &str| report[name].as_array().unwrap().clone();
    let of = |severity: &str| {
        let open = list("findings")
            .into_iter()
            .filter(|finding| finding["severity"] == severity && finding["status"] == "open");
        open.count() as u64
    };
    let due = ["change", "candidate", "release"];
    let stage = report["subject"]["stage"].as_str().unwrap();
    let due = &due[..=due.iter().position(|one| *one == stage).unwrap()];
    let open = list("gates").into_iter().filter(|gate| {
        due.contains(&gate["stage"].as_str().unwrap())
            && ["fail", "not-evaluated"].contains(&gate["status"].as_str().unwrap())
    });
    [of("error") + open.count() as u64, of("warning"), of("info")]
}

/// What a program saw, by its words for the three severities.
#[track_caller]
fn assert_counts(seen: &[Value], field: &str, words: [&str; 3], most: u64) {
    for (case, seen) in CASES.iter().zip(seen) {
        let numbers = words.map(|word| seen[field][word].as_u64().unwrap_or(0));
        assert_eq!(numbers, counts(case).map(|n| n.min(most)), "{case}");
    }
    assert!(counts("blocked").iter().all(|&n| n > 0));
    assert_eq!(counts("good")[0], 0);
}

#[test]
fn sarif_is_read_by_the_multitool() {
    let seen = read("sarif");
    assert_counts(&seen, "levels", ["error", "warning", "note"], u64::MAX);
    assert!(seen.iter().all(|seen| seen["judged"] == true));
}

#[test]
fn junit_is_read_by_junitparser() {
    let seen = read("junit");
    for case in &seen {
        assert_eq!(case["suites"], json!(["judgement", "gates", "findings"]));
    }
    // What blocks, and the judgement itself.
    assert_eq!(
        seen[0]["states"]["failure"].as_u64(),
        Some(counts("blocked")[0] + 1)
    );
    assert_eq!(seen[1]["states"]["failure"], Value::Null);
}

#[test]
fn github_annotations_are_commands_and_nothing_else() {
    let seen = read("github");
    assert_counts(&seen, "levels", ["error", "warning", "notice"], 10);
}

#[test]
fn gitlab_code_quality_is_as_documented() {
    let seen = read("gitlab");
    assert_counts(&seen, "severities", ["blocker", "minor", "info"], u64::MAX);
}

#[test]
fn rdjsonl_is_as_reviewdog_defines_it() {
    let seen = read("rdjsonl");
    assert_counts(&seen, "severities", ["ERROR", "WARNING", "INFO"], u64::MAX);
}

#[test]
fn markdown_renders_as_tables_and_text() {
    let seen = read("markdown");
    assert_eq!(seen[0]["headings"], 2);
    assert!(text("markdown", "good").contains("✅ relgate: `v1.2.4` may go"));
}

#[test]
fn html_is_valid_and_inert() {
    let seen = read("html");
    let hostile = text("html", "hostile");
    assert!(
        !hostile.contains("<img") && !hostile.contains("<script"),
        "{hostile}"
    );
    for (case, seen) in CASES.iter().zip(seen) {
        let found = serde_json::from_str::<Value>(&text("json", case)).unwrap()["findings"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(seen, json!({ "findings": found, "sections": 7 }), "{case}");
    }
}

/// No errors on the console, nothing asked for, axe-core content, in both colour schemes and on a small screen. `make picture`
/// takes the picture in the README.
#[test]
fn html_is_at_home_in_a_browser() {
    let mut command = Command::new(root().join(".venv/bin/python"));
    command.arg(root().join("tests/browser.py"));
    let picture = root().join("examples/lakerunner/report.png");
    if std::env::var_os("UPDATE").is_some() {
        command.arg("--picture").arg(&picture);
    }
    command.args(CASES.iter().map(|case| file(reports(), "html", case)));
    let output = command
        .output()
        .expect("tests/prerequisites.sh installs what opens the pages");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(picture.exists(), "make picture takes it");
}

#[test]
fn svr_claims_what_holds() {
    let seen = read("svr");
    assert_eq!(seen[0]["passed"], false);
    assert_eq!(seen[1]["passed"], true);
}

#[test]
fn vsa_is_read_by_the_attestation_package() {
    let seen = read("vsa");
    assert_eq!(seen[0], json!({ "passed": false, "levels": [] }));
    assert_eq!(
        seen[1],
        json!({ "passed": true, "levels": ["RELGATE_PATCH_RELEASE"] })
    );
}

#[test]
fn oscal_is_read_by_trestle() {
    let seen = read("oscal");
    assert!(
        seen[0]["states"]["not-satisfied"].as_u64() > Some(0),
        "{seen:?}"
    );
    assert_eq!(seen[1]["states"]["not-satisfied"], Value::Null);
}

#[test]
fn json_and_text_are_read_too() {
    let verdicts: Vec<Value> = read("json")
        .iter()
        .map(|seen| seen["verdict"].clone())
        .collect();
    assert_eq!(verdicts, ["fail", "pass", "fail", "fail"]);
    assert!(
        read("human")
            .iter()
            .all(|seen| seen["lines"].as_u64() > Some(1))
    );
}

/// Nothing steers a terminal or a reader, and no value of a chart is told.
#[test]
fn hostile_names_are_harmless_in_every_format() {
    for format in FORMATS {
        let report = text(format.name, "hostile");
        assert!(
            !report.contains(CANARY),
            "{} tells a secret:\n{report}",
            format.name
        );
        let steering =
            |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}');
        assert!(!report.contains(steering), "{}:\n{report}", format.name);
        assert!(
            report.contains("drop-column") || matches!(format.name, "svr" | "vsa"),
            "{} does not show the finding:\n{report}",
            format.name
        );
    }
}

/// Lines that move do not make new findings of old ones.
#[test]
fn fingerprints_survive_shifts_of_lines() {
    let repo = Repo::play("goose-sqlite");
    let prints = |report: &Value| -> Vec<String> {
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["rule"] == "rename-column")
            .map(|finding| finding["fingerprint"].as_str().unwrap().to_owned())
            .collect()
    };
    let tool = Tool::within(repo.path());
    let before = prints(&tool.report(&["--tag", "v1.2.0"]));
    assert_eq!(before.len(), 1);
    let path = "db/migrations/20260216081500_cask_names.sql";
    let sql = std::fs::read_to_string(repo.path().join(path)).unwrap();
    repo.write(path, &sql.replacen('\n', "\n\n\n\n", 1));
    repo.git(&["commit", "-q", "-a", "-m", "style: space"]);
    repo.git(&["tag", "--force", "v1.2.0"]);
    assert_eq!(prints(&tool.report(&["--tag", "v1.2.0"])), before);
}

/// A path that cannot be written is "could not judge", and leaves nothing.
#[test]
fn an_unwritable_path_leaves_no_half_file() {
    let repo = Repo::play("goose-sqlite");
    let tool = Tool::within(repo.path());
    for path in ["missing/report.sarif", "db"] {
        let run = tool.run(&[
            "check",
            "--tag",
            "v1.1.0",
            "--output",
            &format!("sarif={path}"),
        ]);
        assert_eq!(run.code, 2, "{}", run.text);
        assert!(run.stderr.contains(path), "{}", run.text);
    }
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

/// What is staged has no commit that a statement could be bound to.
#[test]
fn staged_changes_are_not_attested() {
    let repo = Repo::play("goose-sqlite");
    for format in ["svr", "vsa"] {
        let run = Tool::within(repo.path()).run(&["check", "--staged", "--format", format]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.text);
    }
}

/// The runner shows what is appended to this file.
#[test]
fn annotations_come_with_a_job_summary() {
    let repo = Repo::play("goose-sqlite");
    let summary = repo.beside("summary.md");
    std::fs::write(&summary, "before\n").unwrap();
    let run = Tool::within(repo.path())
        .with("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())
        .run(&["check", "--tag", "v1.2.0", "--format", "github"]);
    assert_eq!(run.code, 1, "{}", run.text);
    let text = std::fs::read_to_string(&summary).unwrap();
    assert!(
        text.starts_with("before\n") && text.contains("rename-column"),
        "{text}"
    );
    assert!(text.len() < 1024 * 1024);
}

/// A report of thousands of findings stays within what GitHub takes.
#[test]
fn long_reports_are_cut_where_they_must_be() {
    let repo = Repo::play("every-kind");
    for number in 2..900 {
        repo.write(
            &format!("db/migrations/{number:06}_drop.up.sql"),
            "DROP TABLE casks; DROP TABLE taps;\n",
        );
    }
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "-q", "-m", "feat: much"]);
    repo.git(&["tag", "v1.0.1"]);
    let tool = Tool::within(repo.path());
    let markdown = tool
        .run(&["check", "--tag", "v1.0.1", "--format", "markdown"])
        .stdout;
    assert!(markdown.len() < 65_536, "{}", markdown.len());
    assert!(
        markdown.contains("findings not shown here"),
        "{}",
        &markdown[..2000]
    );
    assert!(markdown.trim_end().ends_with("</sub>"));
    let annotations = tool
        .run(&["check", "--tag", "v1.0.1", "--format", "github"])
        .stdout;
    assert_eq!(annotations.matches("::error ").count(), 10);
    assert!(annotations.contains("more of this level"), "{annotations}");
}
