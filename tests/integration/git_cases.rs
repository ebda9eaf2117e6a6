use serde_json::{Value, json};

use crate::support::{Repo, Tool, repo::git};

/// What a report says about a tag, without what depends on where the clone is: its name, and whether the policies are
/// read from a work tree or, without one, from HEAD.
#[track_caller]
fn judgement(repo: &Repo, tag: &str) -> Value {
    let mut report = Tool::within(repo.path()).report(&["--tag", tag]);
    report["subject"]["repository"] = Value::Null;
    report["policy"]["ref"] = Value::Null;
    report
}

/// The program ends with "could not judge" and says what mends it, for people and for machines alike.
#[track_caller]
fn could_not_judge(repo: &Repo, arguments: &[&str], says: &[&str]) {
    let tool = Tool::within(repo.path());
    let with_format = [arguments, &["--format", "json"]].concat();
    let as_json = arguments
        .contains(&"check")
        .then_some(with_format.as_slice());
    for arguments in [Some(arguments), as_json].into_iter().flatten() {
        let run = tool.run(arguments);
        assert_eq!(run.code, 2, "{}", run.text);
        for phrase in says {
            assert!(
                run.text.contains(phrase),
                "does not say `{phrase}`:\n{}",
                run.text
            );
        }
        assert!(!run.text.contains("panicked"), "{}", run.text);
    }
}

/// The answer in another kind of clone is the one in the repository itself.
#[track_caller]
fn same_answers(repo: Repo, change: impl FnOnce(Repo) -> Repo) {
    let expected = ["v1.0.0", "v1.0.1", "v1.1.0", "v1.1.1"].map(|tag| (tag, judgement(&repo, tag)));
    let changed = change(repo);
    for (tag, expected) in expected {
        assert_eq!(judgement(&changed, tag), expected, "{tag}");
    }
}

#[test]
fn a_plain_repository_is_judged() {
    let repo = Repo::play("cellar");
    let report = judgement(&repo, "v1.1.1");
    assert_eq!(report["decision"]["verdict"], "fail");
    assert_eq!(report["decision"]["declaredType"], "patch");
    assert_eq!(report["decision"]["requiredType"], "major");
    assert_eq!(report["subject"]["previous"]["tag"], "v1.1.0");
    let report = judgement(&repo, "v1.0.1");
    assert_eq!(report["decision"]["requiredType"], "patch");
    assert_eq!(report["subject"]["previous"]["tag"], "v1.0.0");
}

#[test]
fn no_repository() {
    let repo = Repo::nothing();
    std::fs::create_dir(repo.path()).unwrap();
    could_not_judge(&repo, &["check"], &["git"]);
    could_not_judge(&repo, &["--repo", "missing", "check"], &["missing"]);
}

#[test]
fn an_unborn_branch() {
    let repo = Repo::nothing();
    git(repo.path().parent().unwrap(), &["init", "-q", "cellar"]);
    could_not_judge(&repo, &["check"], &["commit"]);
    could_not_judge(&repo, &["check", "--tag", "v1.0.0"], &[]);
    could_not_judge(&repo, &["plan"], &[]);
}

#[test]
fn no_release_tags() {
    let repo = Repo::play("cellar").cloned(&["--no-tags"]);
    could_not_judge(
        &repo,
        &["check"],
        &["git fetch --tags", "check --tag v0.1.0"],
    );
    could_not_judge(
        &repo,
        &["plan"],
        &["git fetch --tags", "check --tag v0.1.0"],
    );
}

#[test]
fn a_tag_that_is_not_there() {
    let repo = Repo::play("cellar");
    could_not_judge(&repo, &["check", "--tag", "nonsense"], &["nonsense"]);
    // Well-formed: a proposal for HEAD.
    assert_eq!(judgement(&repo, "v2.0.0")["subject"]["proposed"], true);
}

#[test]
fn a_shallow_clone_that_lacks_the_previous_release() {
    let full = Repo::play("cellar");
    let expected = judgement(&full, "v1.1.1");
    let repo = full.cloned(&["--depth=1"]);
    for arguments in [
        &["check"][..],
        &["check", "--tag", "v1.1.1"],
        &["plan"],
        &["facts", "--tag", "v1.1.1"],
    ] {
        could_not_judge(&repo, arguments, &["git fetch --unshallow --tags"]);
    }
    repo.git(&["fetch", "-q", "--unshallow", "--tags"]);
    assert_eq!(judgement(&repo, "v1.1.1"), expected);
}

/// The tag of the previous release was fetched, but not the commits between: it looks like a parallel line.
#[test]
fn a_shallow_clone_with_tags_but_not_the_way_to_them() {
    let repo = Repo::play("cellar").cloned(&["--depth=1"]);
    repo.git(&["fetch", "-q", "--depth=1", "origin", "tag", "v1.0.1"]);
    could_not_judge(
        &repo,
        &["check", "--tag", "v1.1.1"],
        &["git fetch --unshallow --tags"],
    );
}

/// Deep enough or not: the answer is the full clone's, or none.
#[test]
fn a_shallow_clone_never_answers_wrongly() {
    let full = Repo::play("cellar");
    let expected = judgement(&full, "v1.1.1");
    let clone = full.cloned(&["--depth=3", "--no-single-branch"]);
    clone.git(&["fetch", "-q", "--depth=3", "--tags"]);
    let run = Tool::within(clone.path()).run(&["check", "--tag", "v1.1.1", "--format", "json"]);
    if run.code == 2 {
        assert!(
            run.text.contains("git fetch --unshallow --tags"),
            "{}",
            run.text
        );
    } else {
        assert_eq!(judgement(&clone, "v1.1.1"), expected);
    }
}

#[test]
fn a_bare_repository() {
    same_answers(Repo::play("cellar"), |repo| repo.cloned(&["--bare"]));
}

#[test]
fn a_mirror_with_packed_references() {
    same_answers(Repo::play("cellar"), |repo| {
        let mirror = repo.cloned(&["--mirror"]);
        mirror.git(&["pack-refs", "--all"]);
        mirror.git(&["gc", "-q"]);
        mirror
    });
}

#[test]
fn a_work_tree_of_its_own() {
    same_answers(Repo::play("cellar"), |repo| {
        let path = repo.beside("tree");
        repo.git(&[
            "worktree",
            "add",
            "-q",
            "--detach",
            path.to_str().unwrap(),
            "v1.0.0",
        ]);
        repo.moved_to(path)
    });
}

#[test]
fn a_repository_that_is_a_submodule() {
    same_answers(Repo::play("cellar"), |repo| {
        let outer = repo.beside("outer");
        std::fs::create_dir(&outer).unwrap();
        git(&outer, &["init", "-q"]);
        let url = repo.path().to_str().unwrap().to_owned();
        git(&outer, &["submodule", "add", "-q", &url, "inner"]);
        repo.moved_to(outer.join("inner"))
    });
}

#[test]
fn objects_in_another_repository() {
    same_answers(Repo::play("cellar"), |repo| {
        let shared = repo.beside("shared");
        repo.git(&["clone", "-q", "--shared", ".", shared.to_str().unwrap()]);
        repo.moved_to(shared)
    });
}

#[test]
fn a_subdirectory() {
    same_answers(Repo::play("cellar"), |repo| {
        let below = repo.path().join("db/migrations");
        repo.moved_to(below)
    });
}

#[test]
fn a_detached_head_on_another_commit() {
    same_answers(Repo::play("cellar"), |repo| {
        repo.git(&["checkout", "-q", "--detach", "v1.0.0"]);
        repo
    });
}

/// The contents of the files are elsewhere, and relgate does not fetch them: what it needs and has not is said.
#[test]
fn a_partial_clone() {
    let source = Repo::play("cellar");
    source.git(&["config", "uploadpack.allowFilter", "true"]);
    let expected = judgement(&source, "v1.1.1");
    let repo = source.cloned(&["--filter=blob:none", "--no-checkout"]);
    let remedy = "git fetch --refetch --filter=blob:limit=32m";
    could_not_judge(&repo, &["check", "--tag", "v1.1.1"], &[remedy]);
    repo.git(&remedy.split(' ').skip(1).collect::<Vec<_>>());
    assert_eq!(judgement(&repo, "v1.1.1"), expected);
}

/// What HEAD needs was fetched with it; what only older releases need was not, and nobody asks for it.
#[test]
fn a_partial_clone_that_has_what_is_needed() {
    let source = Repo::play("cellar");
    source.git(&["config", "uploadpack.allowFilter", "true"]);
    let expected = judgement(&source, "v1.1.0");
    let repo = source.cloned(&["--filter=blob:none", "--no-checkout"]);
    for tag in ["v1.0.1", "v1.1.0"] {
        repo.git(&["checkout", "-q", tag]);
    }
    assert_eq!(judgement(&repo, "v1.1.0"), expected);
}

#[test]
fn a_sha256_repository() {
    let repo = Repo::nothing();
    let outside = repo.path().parent().unwrap();
    git(outside, &["init", "-q", "--object-format=sha256", "cellar"]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    could_not_judge(&repo, &["check", "--tag", "v1.0.0"], &[]);
}

#[test]
fn a_tag_that_points_at_a_tree() {
    let repo = Repo::play("cellar");
    let expected = judgement(&repo, "v1.1.1");
    repo.git(&["tag", "v1.1.0-rc1", "v1.0.1^{tree}"]);
    repo.git(&["tag", "-a", "-m", "a tree", "v1.0.9", "v1.0.1^{tree}"]);
    repo.git(&["tag", "notes", "v1.0.1:CHANGELOG.md"]);
    could_not_judge(&repo, &["check", "--tag", "v1.0.9"], &["v1.0.9", "commit"]);
    let report = judgement(&repo, "v1.1.1");
    assert_eq!(report["decision"], expected["decision"]);
    assert_eq!(report["subject"]["previous"]["tag"], "v1.1.0");
}

/// A tag whose commit is not in the repository is a broken clone, not a release that never was.
#[test]
fn a_tag_whose_object_is_gone() {
    let repo = Repo::play("cellar");
    repo.write(
        ".git/refs/tags/v1.0.5",
        "0123456789012345678901234567890123456789\n",
    );
    could_not_judge(&repo, &["check", "--tag", "v1.0.5"], &["v1.0.5"]);
}

#[test]
fn entries_that_are_no_files() {
    let repo = Repo::inline(
        "
- commit: base
  write:
    CHANGELOG.md: |
      ## [1.0.0] - 2026-01-05

      - Casks.
    db/migrations/000001_casks.up.sql: 'CREATE TABLE casks (id bigint PRIMARY KEY);'
    db/migrations/000001_casks.down.sql: 'DROP TABLE casks;'
  tag: v1.0.0
- commit: links
  delete: [CHANGELOG.md]
  write: { notes.md: '## [1.1.0] - 2026-01-05' }
  symlink:
    CHANGELOG.md: notes.md
    db/migrations/000002_orders.up.sql: ../../../outside.sql
  submodule:
    db/migrations/000003_taps.up.sql: 0123456789012345678901234567890123456789
  tag: v1.1.0
",
    );
    std::fs::write(repo.beside("outside.sql"), "DROP TABLE casks;").unwrap();
    let report = judgement(&repo, "v1.1.0");
    let not_examined = report["coverage"]["notExamined"].to_string();
    for (path, word) in [
        ("CHANGELOG.md", "symbolic link"),
        ("db/migrations/000002_orders.up.sql", "symbolic link"),
        ("db/migrations/000003_taps.up.sql", "submodule"),
    ] {
        assert!(
            not_examined.contains(path) && not_examined.contains(word),
            "{path}: {not_examined}"
        );
    }
    assert_ne!(report["decision"]["verdict"], "pass");
    assert!(
        !report.to_string().contains("drop_table"),
        "the link was followed"
    );
}

#[test]
fn names_with_control_characters() {
    let repo = Repo::inline(
        r###"
- commit: base
  write: { "db/migrations/000001_casks.up.sql": "CREATE TABLE casks (id bigint PRIMARY KEY, label text);" }
  tag: v1.0.0
- commit: "names \x1b[2J\u202e\r that move the cursor"
  author: { name: "E \x1b[31mve", email: eve@example.org }
  write:
    "db/migrations/000002_a\nb\x1b[2J.up.sql": "ALTER TABLE casks DROP COLUMN label;"
    "db/migrations/000003_\u202elqs.up.sql": "DROP TABLE casks;"
    "CHANGELOG.md": "## [1.0.1] - 2026-01-05\n\n- \x1b]0;title\a\u202e\n"
  tag: v1.0.1
"###,
    );
    let tool = Tool::within(repo.path());
    for format in ["human", "json"] {
        let run = tool.run(&["check", "--tag", "v1.0.1", "--format", format]);
        assert_eq!(run.code, 1, "{}", run.text);
        let bad: Vec<char> = (run.stdout + &run.stderr)
            .chars()
            .filter(|c| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c))
            .collect();
        assert!(bad.is_empty(), "{format} lets {bad:?} through");
        assert!(run.text.contains("000002_a"), "{}", run.text);
    }
}

/// Everything in a repository's own configuration that makes git run a program.
#[test]
fn a_hostile_configuration_runs_nothing() {
    let repo = Repo::play("cellar");
    repo.write(
        "db/migrations/000004_taps.up.sql",
        "CREATE TABLE taps (id bigint PRIMARY KEY);",
    );
    repo.git(&["add", "."]);
    let marker = repo.beside("ran");
    let script = repo.beside("script");
    std::fs::write(
        &script,
        format!("#!/bin/sh\ntouch '{}'\ncat\n", marker.display()),
    )
    .unwrap();
    std::process::Command::new("chmod")
        .arg("+x")
        .arg(&script)
        .status()
        .unwrap();
    let script = script.display().to_string();
    for key in [
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.gitProxy",
        "core.askPass",
        "core.alternateRefsCommand",
        "credential.helper",
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "filter.evil.clean",
        "filter.evil.smudge",
        "merge.evil.driver",
        "gpg.program",
        "gpg.ssh.program",
        "uploadpack.packObjectsHook",
        "remote.origin.uploadpack",
        "alias.check",
    ] {
        repo.git(&["config", key, &script]);
    }
    let hooks = repo.beside("hooks");
    std::fs::create_dir(&hooks).unwrap();
    for hook in [
        "pre-commit",
        "post-checkout",
        "reference-transaction",
        "post-index-change",
    ] {
        std::fs::copy(&script, hooks.join(hook)).unwrap();
    }
    repo.git(&["config", "core.hooksPath", hooks.to_str().unwrap()]);
    repo.write(".gitattributes", "* filter=evil diff=evil merge=evil\n");
    repo.write("src/cask.txt", "changed");
    // The trap is armed: git itself runs it.
    git(repo.path(), &["status", "--porcelain"]);
    assert!(
        marker.exists(),
        "git did not run anything, so this test shows nothing"
    );
    std::fs::remove_file(&marker).unwrap();
    repo.git(&["config", "filter.evil.process", &script]);

    let tool = Tool::within(repo.path());
    for arguments in [
        &["check"][..],
        &["check", "--tag", "v1.1.1"],
        &["check", "--base", "v1.1.0"],
        &["check", "--staged"],
        &["plan"],
        &["facts"],
    ] {
        let run = tool.run(arguments);
        assert_ne!(run.code, 2, "{}", run.text);
        assert!(
            !marker.exists(),
            "ran a program of the repository: {}",
            run.text
        );
    }
}

/// `git replace` lets one commit stand for another: what is released is what was committed.
#[test]
fn replaced_objects_are_ignored() {
    same_answers(Repo::play("cellar"), |repo| {
        repo.git(&["replace", "v1.1.1", "v1.0.1"]);
        let shown = repo.git(&["log", "-1", "--format=%s", "v1.1.1"]);
        assert_eq!(
            shown.trim(),
            "Say which oak",
            "git itself follows the replacement"
        );
        repo
    });
}

#[test]
fn grafts_are_ignored_or_refused() {
    let repo = Repo::play("cellar");
    let expected = judgement(&repo, "v1.1.1");
    let orphan = repo.git(&["rev-parse", "v1.1.1"]);
    repo.write(".git/info/grafts", &orphan);
    let run = Tool::within(repo.path()).run(&["check", "--tag", "v1.1.1", "--format", "json"]);
    assert!(
        run.code == 2 || judgement(&repo, "v1.1.1") == expected,
        "{}",
        run.text
    );
}

/// The same repository gives the same bytes, whatever was run on it before.
#[test]
fn a_second_run_gives_the_same_bytes() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    for format in ["human", "json"] {
        let first = tool.run(&["check", "--tag", "v1.3.1", "--format", format]);
        let second = tool.run(&["check", "--tag", "v1.3.1", "--format", format]);
        assert_eq!(first.code, 1, "{}", first.text);
        assert_eq!(first.stdout, second.stdout);
    }
    assert_eq!(
        repo.git(&["status", "--porcelain"]),
        "",
        "nothing is left in the work tree"
    );
}

/// An origin's URL names the repository, without what is secret in it; a path names nothing.
#[test]
fn the_repository_is_named_without_secrets() {
    let check = |url: &str, expected: &str| {
        let repo = Repo::play("cellar");
        repo.git(&["remote", "add", "origin", url]);
        let report = Tool::within(repo.path()).report(&["--tag", "v1.1.1"]);
        assert_eq!(report["subject"]["repository"], json!(expected));
        assert!(!report.to_string().contains("hunter2"));
    };
    check(
        "https://ada:hunter2@git.example.org/cellar.git",
        "https://git.example.org/cellar.git",
    );
    check(
        "git@git.example.org:cellar/cellar.git",
        "git@git.example.org:cellar/cellar.git",
    );
    let elsewhere = std::env::temp_dir().join("somewhere").display().to_string();
    check(&elsewhere, "cellar");
}
