use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::support::{Repo, Tool};

/// Two releases; the second one drops a table.
const CELLAR: &str = "
- commit: 'feat: casks'
  write:
    db/migrations/0001_casks.up.sql: 'CREATE TABLE casks (id bigint PRIMARY KEY);'
    db/migrations/0001_casks.down.sql: 'DROP TABLE casks;'
  tag: v1.0.0
- commit: 'fix: no casks'
  write:
    db/migrations/0002_none.up.sql: 'DROP TABLE casks;'
    db/migrations/0002_none.down.sql: 'CREATE TABLE casks (id bigint PRIMARY KEY);'
  tag: v1.0.1
";

/// Runs the program and gives its exit status with what it wrote.
fn run(repo: &Repo, arguments: &[&str]) -> (i32, String) {
    let run = Tool::within(repo.path()).run(arguments);
    (run.code, run.text)
}

#[track_caller]
fn cannot_judge(repo: &Repo, arguments: &[&str], says: &str) {
    let (code, text) = run(repo, arguments);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains(says), "{says:?} is not in {text}");
}

#[test]
fn an_audit_does_not_pass_a_tag_that_leads_to_no_commit() {
    let repo = Repo::inline(CELLAR);
    repo.git(&["update-ref", "refs/tags/v1.0.2", "HEAD^{tree}"]);
    let (code, text) = run(&repo, &["audit", "--since", "v1.0.1", "--format", "json"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains(r#""verdict": "error""#), "{text}");
    assert!(text.contains("leads to no commit (tree)"), "{text}");
    std::fs::create_dir_all(repo.path().join(".git/refs/tags")).unwrap();
    repo.write(".git/refs/tags/v1.0.3", &format!("{}\n", "1".repeat(40)));
    let (code, text) = run(&repo, &["audit", "--format", "json"]);
    assert_ne!(code, 0, "{text}");
}

/// What was released is judged with, wherever its files are now.
#[test]
fn a_directory_that_moves_keeps_what_was_released() {
    for configured in [false, true] {
        let repo = Repo::inline(CELLAR);
        let configure = |path: &str| {
            if configured {
                let dialect = "dialect: postgresql";
                repo.write(
                    "relgate.yaml",
                    &format!("migrations: [{{ path: {path}, {dialect} }}]\n"),
                );
            }
        };
        repo.git(&["reset", "-q", "--hard", "v1.0.0"]);
        configure("db/migrations");
        repo.git(&["add", "--all"]);
        repo.git(&[
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "build: where the migrations are",
        ]);
        repo.git(&["tag", "-f", "v1.0.0"]);
        repo.git(&["tag", "-d", "v1.0.1"]);
        repo.git(&["mv", "db/migrations", "db/sql"]);
        configure("db/sql");
        repo.write("db/sql/0002_none.up.sql", "DROP TABLE casks;");
        repo.write(
            "db/sql/0002_none.down.sql",
            "CREATE TABLE casks (id bigint PRIMARY KEY);",
        );
        repo.git(&["add", "--all"]);
        repo.git(&["commit", "-q", "--allow-empty", "-m", "fix: no casks"]);
        repo.git(&["tag", "v1.0.1"]);
        let (code, text) = run(&repo, &["check", "--tag", "v1.0.1"]);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("drop-table"), "{configured} {text}");
    }
}

#[test]
fn an_audit_of_nothing_is_no_success() {
    let shallow = Repo::inline(CELLAR).cloned(&["--depth", "1"]);
    cannot_judge(&shallow, &["audit"], "git fetch --unshallow --tags");
    let without_tags = Repo::inline(CELLAR).cloned(&["--no-tags"]);
    cannot_judge(&without_tags, &["audit"], "git fetch --tags");
    let repo = Repo::inline(CELLAR);
    cannot_judge(
        &repo,
        &["audit", "--since", "v1.0.1", "--until", "v1.0.0"],
        "--since v1.0.1 is not before --until v1.0.0",
    );
}

/// Without its tags, a clone would take each release for the first one.
#[test]
fn a_clone_without_tags_has_no_first_release() {
    let repo = Repo::inline(CELLAR).cloned(&["--no-tags"]);
    cannot_judge(
        &repo,
        &["check", "--tag", "v1.0.1", "--stage", "change"],
        "git config --unset remote.origin.tagOpt",
    );
}

#[test]
fn a_migration_whose_name_is_no_text_blocks() {
    let repo = Repo::inline(CELLAR);
    let name = OsStr::from_bytes(b"0003_\xff.up.sql");
    std::fs::write(
        repo.path().join("db/migrations").join(name),
        "DROP TABLE a;",
    )
    .unwrap();
    repo.write("db/migrations/0003_x.down.sql", "SELECT 1;");
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--message", "feat: x"]);
    repo.git(&["tag", "v2.0.0"]);
    let commands: [&[&str]; 3] = [
        &["check", "--tag", "v2.0.0", "--stage", "change"],
        &["check", "--base", "v1.0.1"],
        &["audit", "--since", "v1.0.1"],
    ];
    for command in commands {
        let (code, text) = run(&repo, command);
        assert_eq!(code, 1, "{text}");
    }
    let (_, text) = run(&repo, &["check", "--base", "v1.0.1"]);
    assert!(text.contains("error[input-unreadable]"), "{text}");
}

/// The answer does not depend on what a cache still knows of content that this clone does not have.
#[test]
fn a_plan_that_misses_content_is_no_plan() {
    let full = Repo::inline(CELLAR);
    full.write("db/migrations/0003_vats.up.sql", "DROP TABLE vats;");
    full.git(&["add", "--all"]);
    full.git(&["commit", "--quiet", "--message", "feat: no vats"]);
    full.git(&["config", "uploadpack.allowFilter", "true"]);
    let tool = Tool::within(full.path());
    assert_eq!(tool.run(&["check"]).code, 0);
    let repo = full.cloned(&["--bare", "--filter=blob:none"]);
    let path = repo.path().to_str().unwrap();
    for command in ["plan", "facts", "check"] {
        let warm = tool.run(&["--repo", path, command]);
        let cold = Tool::within(repo.path()).run(&["--repo", path, command]);
        assert_eq!(cold.code, 2, "{}", cold.text);
        assert_eq!(
            (warm.code, &warm.stdout),
            (cold.code, &cold.stdout),
            "{command}"
        );
    }
}

#[test]
fn damaged_content_cannot_be_judged() {
    let repo = Repo::inline(CELLAR);
    repo.write("db/migrations/0003_vats.up.sql", "DROP TABLE vats;");
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--message", "feat: no vats"]);
    let id = repo.git(&["rev-parse", "HEAD:db/migrations/0003_vats.up.sql"]);
    let (folder, file) = id.trim().split_at(2);
    let object = repo.path().join(".git/objects").join(folder).join(file);
    std::fs::remove_file(&object).unwrap();
    std::fs::write(&object, "nothing that zlib made").unwrap();
    cannot_judge(&repo, &["check"], "git fsck");
}

/// What stands at the path of a report and is no file stays what it is.
#[test]
fn a_report_goes_through_links_and_into_pipes() {
    let repo = Repo::inline(CELLAR);
    let file = repo.beside("report.json");
    std::fs::write(&file, "old").unwrap();
    let link = repo.beside("link.json");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let output = format!("json={}", link.display());
    assert!(run(&repo, &["check", "--output", &output]).0 < 2);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(std::fs::read_to_string(&file).unwrap().starts_with('{'));
    let (code, text) = run(&repo, &["check", "--output", "json=/dev/full"]);
    assert_eq!(code, 2, "{text}");
    assert!(!std::fs::metadata("/dev/full").unwrap().is_file());
}

/// A policy or a statement counts where it is linked to, whether by its own link or by one of its directory; from a commit,
/// links are refused.
#[test]
fn links_hide_no_policy_and_no_evidence() {
    let policy = |name: &str, expression: &str| {
        format!(
            "apiVersion: relgate.dev/v1alpha1\nkind: ReleasePolicy\nmetadata: {{ name: {name} }}\nspec:\n  validations:\n    - {{ id: {name}, expression: '{expression}', message: never, severity: error }}\n"
        )
    };
    let link = |repo: &Repo, path: &str, target: &str| {
        let path = repo.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    };
    for (path, target) in [
        ("policies/strict.yaml", "../shared/strict.yaml"),
        ("policies/more", "../shared"),
        ("policies/more", "../again"),
    ] {
        let repo = Repo::inline(CELLAR);
        repo.write("relgate.yaml", "policies: [policies/]\n");
        repo.write("policies/a.yaml", &policy("loose", "true"));
        repo.write("shared/strict.yaml", &policy("strict", "false"));
        repo.write("elsewhere/reject.json", "no statement");
        link(&repo, "again", "shared");
        link(&repo, path, target);
        link(
            &repo,
            ".relgate/evidence/v1.0.1/a.json",
            "../../../elsewhere/reject.json",
        );
        link(&repo, ".relgate/evidence/v1.0.1/more", "../../../elsewhere");
        repo.git(&["add", "--all"]);
        repo.git(&["commit", "--quiet", "--message", "feat: policies"]);
        let (code, text) = run(&repo, &["check"]);
        assert_eq!(code, 1, "{path} -> {target}: {text}");
        assert!(text.contains("error[strict]"), "{path} -> {target}: {text}");
        cannot_judge(&repo, &["check", "--policy-ref", "HEAD"], "symbolic link");
        let (_, text) = run(&repo, &["policy", "check", "policies"]);
        assert!(text.contains("2 policies"), "{path} -> {target}: {text}");
        let (_, facts) = run(&repo, &["facts", "--tag", "v1.0.1"]);
        for statement in ["v1.0.1/a.json", "v1.0.1/more/reject.json"] {
            assert!(facts.contains(statement), "{statement}: {facts}");
        }
    }
    let repo = Repo::inline(CELLAR);
    repo.write("relgate.yaml", "policies: [policies/]\n");
    repo.write("policies/a.yaml", &policy("loose", "true"));
    link(&repo, "policies/more", "/usr");
    cannot_judge(&repo, &["check"], "leads out of the repository");
}

#[test]
fn everything_that_a_role_owns_is_lost() {
    let repo = Repo::inline(CELLAR);
    repo.write(
        "relgate.yaml",
        "migrations: [{ path: db/migrations, dialect: postgresql }]\n",
    );
    repo.write(
        "db/migrations/0003_own.up.sql",
        "DROP OWNED BY CURRENT_USER;",
    );
    repo.write("db/migrations/0003_own.down.sql", "SELECT 1;");
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--message", "feat: own"]);
    let (_, text) = run(&repo, &["check", "--format", "json"]);
    assert!(text.contains(r#""requiredType": "major""#), "{text}");
    assert!(text.contains(r#""rule": "drop-owned""#), "{text}");
}

/// Without its directory of migrations nothing can be judged.
#[test]
fn a_configured_directory_that_is_nowhere_is_named() {
    let repo = Repo::inline(CELLAR);
    repo.write("relgate.yaml", "migrations: [{ path: nope/migrations }]\n");
    cannot_judge(&repo, &["check"], "`nope/migrations` (`migrations: path`)");
}

/// Of sources that are not in the clone nobody knows what they use.
#[test]
fn sources_that_cannot_be_read_are_not_searched() {
    let repo = Repo::inline(
        "
- commit: 'feat: casks'
  write:
    db/migrations/0001_casks.up.sql: 'CREATE TABLE casks (id bigint PRIMARY KEY);'
    db/migrations/0001_casks.down.sql: 'DROP TABLE casks;'
    cmd/a.go: 'package a'
    cmd/b.go: 'package b'
    cmd/c.go: 'package c'
  tag: v1.0.0
- commit: 'fix: no casks'
  write:
    db/migrations/0002_none.up.sql: 'DROP TABLE casks;'
    db/migrations/0002_none.down.sql: 'CREATE TABLE casks (id bigint PRIMARY KEY);'
",
    );
    let searched = |repo: &Repo| {
        let report = Tool::within(repo.path()).report(&[]);
        let text = report.to_string();
        (
            report["coverage"]["examined"]["searched sources"].as_u64(),
            text.contains("no source of v1.0.0 names it"),
            text.contains("not searched for what is taken away, and 1 more files"),
        )
    };
    assert_eq!(searched(&repo), (Some(3), true, false));
    for name in ["a", "b"] {
        let id = repo.git(&["rev-parse", &format!("HEAD:cmd/{name}.go")]);
        let (folder, file) = id.trim().split_at(2);
        let object = repo.path().join(".git/objects").join(folder).join(file);
        std::fs::remove_file(&object).unwrap();
    }
    assert_eq!(searched(&repo), (Some(1), false, true));
}

/// What a runner runs is judged, whatever its name ends with or it stands for.
#[test]
fn what_a_runner_runs_is_judged() {
    const FIRST: &str = "CREATE TABLE casks (id bigint PRIMARY KEY);";
    for (runner, first, file, says) in [
        ("golang-migrate", "1_a.up.sql", "2_z.up.psql", "drop-table"),
        ("golang-migrate", "1_a.up.sql", "2_z.up.txt", "drop-table"),
        (
            "golang-migrate",
            "1_a.up.sql",
            "2_z.up.sql.bak",
            "drop-table",
        ),
        (
            "golang-migrate",
            "1_a.up.sql",
            "2_z.up.json",
            "release-type-too-low",
        ),
        ("flyway", "V1__a.sql", "afterMigrate.sql", "drop-table"),
        ("flyway", "V1__a.sql", "beforeMigrate__x.sql", "drop-table"),
        ("flyway", "V1__a.sql", "beforeClean.sql", "input-unreadable"),
    ] {
        let repo = Repo::inline("[{ commit: 'feat: cellar', write: { README.md: cellar } }]");
        let at = |file: &str| format!("db/migrations/{file}");
        repo.write(
            "relgate.yaml",
            &format!(
                "migrations: [{{ path: db/migrations, dialect: postgresql, runner: {runner} }}]\n"
            ),
        );
        for (file, text, tag) in [
            (first, FIRST, "v1.0.0"),
            (file, "DROP TABLE casks;", "v1.0.1"),
        ] {
            repo.write(&at(file), text);
            repo.git(&["add", "--all"]);
            repo.git(&["commit", "--quiet", "--message", "fix: x"]);
            repo.git(&["tag", tag]);
        }
        let (code, text) = run(&repo, &["check", "--tag", "v1.0.1"]);
        assert_eq!(code, 1, "{file}: {text}");
        assert!(text.contains(&format!("[{says}]")), "{file}: {text}");
    }
}

/// Time and memory follow the number of statements; what is beyond the limit is no pass.
#[test]
fn a_migration_of_too_many_statements_is_not_judged() {
    for (runner, name, mark) in [
        ("golang-migrate", "2_a.up.sql", ""),
        ("liquibase", "2_a.sql", "--changeset ada:1\n"),
        ("liquibase", "2_a.sql", ""),
    ] {
        let repo =
            Repo::inline("[{ commit: 'feat: cellar', write: { README.md: cellar }, tag: v1.0.0 }]");
        repo.write(
            "relgate.yaml",
            &format!(
                "migrations: [{{ path: db/migrations, dialect: postgresql, runner: {runner} }}]\n"
            ),
        );
        let text = if mark.is_empty() {
            "DROP TABLE a;\n".repeat(20_001)
        } else {
            format!("{mark}DROP TABLE a;\n").repeat(20_001)
        };
        let start = "--liquibase formatted sql\n--changeset ada:0\n";
        repo.write(&format!("db/migrations/{name}"), &format!("{start}{text}"));
        repo.git(&["add", "--all"]);
        repo.git(&["commit", "--quiet", "--message", "feat: x"]);
        let (code, text) = run(&repo, &["check", "--base", "v1.0.0"]);
        assert_eq!(code, 1, "{name}: {text}");
        assert!(
            text.contains("more than 20000 statements"),
            "{name}: {text}"
        );
    }
}
