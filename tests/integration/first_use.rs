//! What somebody sees who runs it on a repository that never heard of it: every word has to be true there.

use crate::support::{Repo, Run, Tool};

fn run(repo: &Repo, arguments: &[&str]) -> Run {
    Tool::within(repo.path()).run(arguments)
}

/// Runs it in a repository and looks for what it says, and for what it must not say.
#[track_caller]
fn check(repo: &Repo, arguments: &[&str], code: i32, says: &[&str], says_not: &[&str]) {
    let run = run(repo, arguments);
    assert_eq!(run.code, code, "{}", run.text);
    for text in says {
        assert!(run.text.contains(text), "{text:?} is not in {}", run.text);
    }
    for text in says_not {
        assert!(!run.text.contains(text), "{text:?} is in {}", run.text);
    }
}

/// The breaking change was released on the other line already.
const PARALLEL: &str = "
- commit: 'feat: casks'
  write: { a: a }
  tag: v1.0.0
- commit: 'feat!: litres are decilitres'
  author: { name: Ada, email: ada@example.org }
  write: { a: b }
- branch: release/v1.1.0
- commit: 'fix: the bung'
  write: { b: b }
  tag: v1.1.0
- branch: main
- commit: 'fix: the spigot'
  write: { c: c }
";

#[test]
fn what_the_previous_release_has_is_not_new() {
    let repo = Repo::inline(PARALLEL);
    check(
        &repo,
        &["plan"],
        0,
        &["(patch)   from v1.1.0 · 1 commit\n", "because  1 commit\n"],
        &["litres", "2 commits"],
    );
    let run = run(&repo, &["facts"]);
    let facts: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let commits: Vec<(&str, bool)> = facts["commits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let summary = it["summary"].as_str().unwrap();
            (summary, it["inPrevious"].as_bool().unwrap())
        })
        .collect();
    assert_eq!(
        commits,
        [
            ("fix: the spigot", false),
            ("feat!: litres are decilitres", true)
        ]
    );
}

#[test]
fn cascade_reaches_what_depends_and_nothing_else() {
    let drops = |sql: &str, says: &[&str], says_not: &[&str]| {
        let repo = Repo::inline(&format!(
            "
- commit: 'feat: casks'
  write:
    db/migrations/0001_a.up.sql: |
      CREATE TABLE cellars (id bigint PRIMARY KEY);
      CREATE TABLE casks (id bigint PRIMARY KEY, cellar bigint REFERENCES cellars);
      CREATE VIEW full_casks AS SELECT id FROM casks;
      CREATE VIEW fullest AS SELECT id FROM full_casks;
  tag: v1.0.0
- commit: 'feat: less'
  write: {{ db/migrations/0002_b.up.sql: '{sql}' }}
  tag: v1.1.0
"
        ));
        let arguments = ["check", "--tag", "v1.1.0", "--stage", "change", "-v"];
        check(&repo, &arguments, 1, says, says_not);
    };
    drops(
        "DROP TABLE casks CASCADE;",
        &["error[drop-cascade]: CASCADE reaches full_casks, fullest: views"],
        &["reaches cellars", "fullest, cellars"],
    );
    drops(
        "DROP TABLE cellars CASCADE;",
        &["error[drop-cascade]: CASCADE reaches casks: views"],
        &[],
    );
    drops(
        "DROP VIEW fullest CASCADE;",
        &["warning[drop-cascade]: CASCADE also drops what depends on it"],
        &["CASCADE reaches"],
    );
}

/// One release, and a fix behind it.
const CELLAR: &str = "
- commit: 'feat: casks'
  write:
    CHANGELOG.md: |
      # Changelog

      ## [Unreleased]

      ## [1.0.0] - 2026-01-01

      - Casks.
    db/migrations/0001_a.up.sql: 'CREATE TABLE casks (id bigint PRIMARY KEY);'
    charts/cellar/Chart.yaml: |
      apiVersion: v2
      name: cellar
      version: 1.0.0
      appVersion: 1.0.0
    charts/cellar/values.yaml: 'image: { tag: v1.0.0 }'
  tag: v1.0.0
- commit: 'fix: the bung'
  write: { a: a }
";

/// A path or a tag that is misspelled must not take its gates with it.
#[test]
fn what_the_configuration_names_has_to_be_there() {
    let repo = Repo::inline(CELLAR);
    for (config, says) in [
        ("changelog: CHANGES.md", "`CHANGES.md` (`changelog`)"),
        (
            "migrations: [{ path: db/migration }]",
            "`db/migration` (`migrations: path`)",
        ),
        (
            "charts: [{ path: charts/celar }]",
            "`charts/celar/Chart.yaml` (`charts: path`)",
        ),
        (
            "charts: [{ path: charts/cellar, values: [deploy.yaml] }]",
            "`deploy.yaml` (`charts: values`)",
        ),
        (
            "versionReferences: [{ path: READM, pattern: 'v{version}' }]",
            "`READM` (`versionReferences: path`)",
        ),
        ("baseline: v9", "`v9` (`baseline`)"),
        ("signers: signers", "signers does not exist"),
        ("revoked: revoked", "revoked does not exist"),
        ("roles: roles.yaml", "roles.yaml does not exist"),
        ("waivers: waivers.yaml", "waivers.yaml does not exist"),
        ("policies: [policies/]", "policies does not exist"),
    ] {
        repo.write("relgate.yaml", config);
        for arguments in [
            &["check"][..],
            &["check", "--tag", "v1.0.0"],
            &["plan"],
            &["facts"],
        ] {
            check(&repo, arguments, 2, &[says], &[]);
        }
    }
    repo.write("relgate.yaml", "evidence: proofs");
    let says = "proofs: the configured directory of evidence does not exist";
    check(&repo, &["check", "--tag", "v1.0.1"], 1, &[says], &[]);
    repo.write(
        "relgate.yaml",
        "changelog: changelog.md\ncharts: [{ path: ./charts/cellar/ }]",
    );
    check(&repo, &["check"], 0, &[], &[]);
}

/// A revision that was made before the file was says nothing about the configuration; one that takes the file away does.
#[test]
fn a_configured_file_may_be_younger_than_a_release() {
    let repo = Repo::inline(
        "
- commit: 'feat: casks'
  write: { a: a }
  tag: v1.0.0
- commit: 'docs: changes'
  write: { CHANGES.md: '# Changes', relgate.yaml: 'changelog: CHANGES.md' }
  tag: v1.0.1
- commit: 'docs: none'
  delete: [CHANGES.md]
  tag: v1.0.2
- commit: 'docs: changes again'
  write: { CHANGES.md: '# Changes' }
",
    );
    check(
        &repo,
        &["check", "--tag", "v1.0.0", "--stage", "change"],
        0,
        &[],
        &[],
    );
    check(
        &repo,
        &["check", "--tag", "v1.0.2", "--stage", "change"],
        1,
        &["error[input-unreadable]: CHANGES.md is gone, and the configuration names it"],
        &[],
    );
    repo.git(&["checkout", "--quiet", "--force", "main"]);
    repo.git(&["rm", "--quiet", "CHANGES.md"]);
    check(
        &repo,
        &["check", "--staged"],
        2,
        &["`CHANGES.md` (`changelog`)"],
        &[],
    );
}

/// What a report says can be typed.
#[test]
fn a_fix_that_is_suggested_works() {
    let repo = Repo::inline(CELLAR);
    repo.git(&["checkout", "--quiet", "--force", "main"]);
    let text = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Bungs.\n\n## [1.0.0] - 2026-01-01\n\n- Casks.\n";
    repo.write("CHANGELOG.md", text);
    repo.git(&["commit", "--quiet", "--all", "--message", "docs: bungs"]);
    let suggested = "relgate fix --tag v1.0.1 changelog-section-missing";
    check(&repo, &["check", "--tag", "v1.0.1"], 1, &[suggested], &[]);
    let words: Vec<&str> = suggested.split(' ').skip(1).collect();
    check(
        &repo,
        &["fix", "changelog-section-missing"],
        0,
        &[
            "nothing to mend in HEAD for changelog-section-missing",
            "relgate fix --tag TAG",
        ],
        &[],
    );
    check(
        &repo,
        &words,
        0,
        &[
            "mended  changelog-section-missing  1",
            "relgate check --tag v1.0.1 says",
        ],
        &["please report"],
    );
    assert!(repo.git(&["diff"]).contains("+## [1.0.1] - 2026-06-01"));
    // A file that is not what was judged is not written to.
    repo.git(&["commit", "--quiet", "--all", "--message", "docs: 1.0.1"]);
    repo.git(&["tag", "v1.0.1", "HEAD~1"]);
    check(&repo, &["check", "--tag", "v1.0.1"], 1, &[suggested], &[]);
    check(
        &repo,
        &words,
        2,
        &[
            "CHANGELOG.md is not as it was judged",
            "git switch --detach",
        ],
        &[],
    );
}

#[test]
fn the_next_steps_of_init_work() {
    let repo = Repo::inline("- commit: first\n  write: { README.md: casks }\n");
    repo.git(&["checkout", "--quiet", "--force", "main"]);
    let next = ["relgate check --tag v0.1.0", "relgate plan --tag v0.1.0"];
    check(&repo, &["init"], 0, &next, &["relgate check  "]);
    check(
        &repo,
        &["check", "--tag", "v0.1.0", "--stage", "change"],
        0,
        &[],
        &[],
    );
    check(&repo, &["plan", "--tag", "v0.1.0"], 0, &[], &[]);
    repo.write("relgate.yaml", "# mine\n");
    let files = [
        ("--hooks", "wrote .pre-commit-config.yaml"),
        ("--workflow", "wrote .github/workflows/relgate.yml"),
    ];
    for (flag, says) in files {
        check(&repo, &["init", flag], 0, &[says], &["wrote relgate.yaml"]);
        check(&repo, &["init", flag], 2, &[" exists"], &[]);
    }
    let mine = std::fs::read_to_string(repo.path().join("relgate.yaml")).unwrap();
    assert_eq!(mine, "# mine\n");
}

/// A library has no stages; versions that are dates follow from nothing.
#[test]
fn init_chooses_policies_that_fit() {
    let library = Repo::inline(
        "
- commit: 'feat: casks'
  date: 2024-03-01T00:00:00Z
  write: { a: a }
  tag: 24.1.0
- commit: 'feat: bungs'
  date: 2025-03-01T00:00:00Z
  write: { a: b }
  tag: 25.1.0
- commit: 'feat!: spigots'
  date: 2026-03-01T00:00:00Z
  write: { a: c }
  tag: 26.2.0
",
    );
    check(&library, &["init"], 0, &["wrote relgate.yaml"], &[]);
    let text = std::fs::read_to_string(library.path().join("relgate.yaml")).unwrap();
    for says in [
        "policies: [builtin:semver]\n",
        "params: { versions: calendar }\n",
        "release: \"release/{major}.{minor}.{patch}\"",
        "trunk-based",
    ] {
        assert!(text.contains(says), "{says}\n{text}");
    }
    check(
        &library,
        &["check", "--tag", "26.2.0"],
        0,
        &[],
        &["skips", "step"],
    );
    check(&library, &["check"], 0, &[], &[]);
    let deployed = Repo::inline(CELLAR);
    check(&deployed, &["init"], 0, &[], &[]);
    let text = std::fs::read_to_string(deployed.path().join("relgate.yaml")).unwrap();
    assert!(
        text.contains("policies: [builtin:release-process"),
        "{text}"
    );
    assert!(!text.contains("calendar"), "{text}");
}

#[test]
fn words_without_an_option_are_understood() {
    let repo = Repo::inline(CELLAR);
    for (arguments, says) in [
        (&["check", "v1.0.0"][..], "relgate check --tag v1.0.0 "),
        (&["check", "v1.0.1"], "relgate check --tag v1.0.1 "),
        (&["check", "HEAD~1"], "relgate check --base HEAD~1 "),
        (&["check", "a.sql"], "relgate check --staged a.sql "),
        (
            &["check", "--staged", "nofile"],
            "`nofile` is neither staged nor in HEAD",
        ),
        (&["check", "--tag", "v1.0.O"], "did you mean v1.0.0?"),
    ] {
        check(&repo, arguments, 2, &[says], &[]);
    }
    check(
        &repo,
        &["check", "--staged", "a"],
        0,
        &["asks for no gate"],
        &["0 gates"],
    );
    let github = ["check", "--format", "github"];
    check(
        &repo,
        &github,
        0,
        &["relgate, the next release: PASS: "],
        &["is PASS"],
    );
}

#[test]
fn mistakes_of_the_configuration_are_shown_in_it() {
    let repo = Repo::inline(CELLAR);
    for (config, says) in [
        (
            "policies: [builtin:helm, builtin:smever]\n",
            "relgate.yaml:1:26",
        ),
        (
            "policies: [builtin:semver]\nparams: { patchMigration: none }\n",
            "relgate.yaml:2:11",
        ),
        ("params: { patchMigrations: 3 }\n", "relgate.yaml:1:11"),
    ] {
        repo.write("relgate.yaml", config);
        check(&repo, &["check"], 2, &[says], &["the configuration:1:1"]);
    }
}

/// A plan for a tag says what belongs to that tag.
#[test]
fn a_plan_for_a_tag() {
    let repo = Repo::inline(
        "
- commit: 'feat: casks'
  write:
    db/migrations/0001_a.up.sql: 'CREATE TABLE casks (id bigint PRIMARY KEY);'
    .github/workflows/test.yml: 'on: push'
    .github/workflows/rc.yml: 'on: { push: { tags: [v*-rc*] } }'
  tag: v1.0.0
- commit: 'fix: no casks'
  write: { db/migrations/0002_b.up.sql: 'DROP TABLE casks;' }
",
    );
    let says = [
        "Next release: v1.0.1 says patch, what it holds asks for a major (v2.0.0)",
        "relgate check --tag v1.0.1 shows them",
        "no workflow that filters tags starts for v1.0.1, only what starts for every push: .github/workflows/test.yml",
    ];
    check(
        &repo,
        &["plan", "--tag", "v1.0.1"],
        0,
        &says,
        &["v1.0.1 (major)"],
    );
    let starts = ["✓ .github/workflows/test.yml  starts"];
    check(&repo, &["simulate", "v1.0.1"], 0, &starts, &[]);
    repo.git(&["tag", "v1.1.0"]);
    let says = ["Release: v1.1.0 says minor, what it holds asks for a major (v2.0.0)"];
    check(&repo, &["plan", "--tag", "v1.1.0"], 0, &says, &[]);
}

/// A workflow that cannot be read may start: nothing is claimed of it.
#[test]
fn a_simulation_that_could_not_read_everything_says_so() {
    let repo = Repo::inline(
        "
- commit: 'feat: casks'
  write:
    .github/workflows/release.yml: 'on: { push: { tags: [ v* '
    relgate.yaml: \"promotions: [{ name: promote, pattern: '^(v[0-9.]+)-rc', makes: $1rc }]\"
  tag: v1.0.0
- commit: 'feat: more'
  write: { a: b }
",
    );
    let says = [
        "○ .github/workflows/release.yml  cannot be told",
        "whether a workflow starts is not known",
        "v1.0.0 exists at",
    ];
    let arguments = ["simulate", "v1.0.0", "--at", "HEAD"];
    check(&repo, &arguments, 2, &says, &["no workflow starts"]);
    repo.write(
        ".github/workflows/release.yml",
        "on: { push: { tags: [v*] } }\n",
    );
    repo.git(&["commit", "-qam", "mend"]);
    let says = ["release.yml  starts", "promote  would make v1.1rc"];
    let says_not = ["exists at", "not known"];
    check(&repo, &["simulate", "v1.1-rc1"], 0, &says, &says_not);
}

/// A directory of references that cannot be read may hold any tag.
#[test]
fn references_that_cannot_be_read_are_an_error() {
    let repo = Repo::inline(CELLAR);
    std::os::unix::fs::symlink("loop", repo.path().join(".git/refs/tags/loop")).unwrap();
    check(&repo, &["check"], 2, &[], &[]);
}

/// A pipe that nobody writes to is never read.
#[test]
fn a_pipe_is_no_file() {
    let repo = Repo::inline(CELLAR);
    let pipe = |path: &str| {
        let path = repo.path().join(path);
        let status = std::process::Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap();
        assert!(status.success());
        path
    };
    let config = pipe("relgate.yaml");
    check(
        &repo,
        &["check"],
        2,
        &["relgate.yaml cannot be read: it is not an ordinary file"],
        &[],
    );
    std::fs::remove_file(config).unwrap();
    pipe("notes");
    repo.git(&["config", "--local", "user.name", "Ada"]);
    let path = repo.path().join(".git/config");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}\n[include]\n\tpath = ../notes\n")).unwrap();
    check(
        &repo,
        &["check"],
        2,
        &["includes, notes, which is no ordinary file"],
        &[],
    );
}

/// Of tags that fit no prefix it is said what they are, and which setting judges them.
#[test]
fn other_ways_to_name_tags() {
    let repo = Repo::inline(
        "
- commit: 'feat: casks'
  write: { a: a }
  tag: ['@cellar/api@1.0.0', '@cellar/web@1.0.0', 'app/v1.0.0']
- commit: 'feat: bungs'
  write: { a: b }
  tag: ['@cellar/api@1.1.0', '2.0.0', 'v2.0.0', 'v1.9.0', 'v1.8.0']
",
    );
    let says = ["prefix is `app/v`, as that of 1 tag here", "no release · "];
    check(
        &repo,
        &["check", "--tag", "app/v1.0.0"],
        1,
        &says,
        &["first release", "delete"],
    );
    let says = ["tags: { prefix: \"@cellar/api@\" } in relgate.yaml"];
    check(
        &repo,
        &["check", "--tag", "@cellar/api@1.1.0"],
        1,
        &says,
        &["delete"],
    );
    check(
        &repo,
        &["check", "--tag", "@cellar/api@1.2.0"],
        2,
        &says,
        &[],
    );
    let says = ["`2.0.0` is a second name of v2.0.0, which is the release"];
    check(&repo, &["check", "--tag", "2.0.0"], 1, &says, &["delete"]);
    check(
        &repo,
        &["check", "--tag", "v2.0.0", "--stage", "change"],
        1,
        &[],
        &["tag-malformed"],
    );
    repo.write("relgate.yaml", "tags: { prefix: \"@cellar/api@\" }");
    check(
        &repo,
        &["check", "--tag", "@cellar/api@1.1.0", "--stage", "change"],
        1,
        &["minor", "candidate-missing"],
        &[],
    );

    let repo = Repo::inline(
        "
- commit: 'feat: casks'
  write: { a: a }
  tag: ['web/v1.0.0', 'api/v1.0.0', 'api/v1.1.0']
",
    );
    let says = [
        "`api/v` (2 tags), `web/v` (1 tag)",
        "tags: { prefix: \"api/v\" } in relgate.yaml",
        "git fetch --tags",
        "relgate check --tag v0.1.0",
    ];
    check(&repo, &["check"], 2, &says, &[]);
    let repo = Repo::inline("- commit: a\n  write: { a: a }\n  tag: [release-1.2, release-1.3]\n");
    let says = ["no tag of the 2 here is a version of three numbers (X.Y.Z): `release-1.2`"];
    check(&repo, &["check"], 2, &says, &[]);
}

/// What a change does not touch counts neither among the findings nor for the gates.
#[test]
fn gates_and_findings_of_a_change_agree() {
    let repo = Repo::inline(
        "
- commit: 'feat: casks'
  write:
    db/migrations/0001_a.up.sql: 'CREATE TABLE casks (id bigint PRIMARY KEY, label text);'
  tag: v1.0.0
- commit: 'fix: labels'
  write: { db/migrations/0002_b.up.sql: 'ALTER TABLE casks RENAME COLUMN label TO title; ALTER TABLE casks ADD COLUMN label text;' }
- commit: 'docs: casks'
  write: { a: a }
",
    );
    let report = Tool::within(repo.path()).report(&["--base", "HEAD~1"]);
    assert_eq!(report["findings"], serde_json::json!([]));
    let open = |gate: &&serde_json::Value| gate["status"] == "fail";
    assert_eq!(report["gates"].as_array().unwrap().iter().find(open), None);
    let says = [
        "a new `label` takes its place, so that statements of v1.0.0 that name it read and write something else",
    ];
    check(&repo, &["check"], 0, &says, &[]);
}

/// What others wrote is not replaced, and what is there is not suggested.
#[test]
fn hooks_are_suggested_where_they_are_not() {
    let check = |hooks: Option<&str>, suggests: Option<&str>| {
        let repo = Repo::play("cellar");
        let _ = std::fs::remove_file(repo.path().join("relgate.yaml"));
        if let Some(hooks) = hooks {
            repo.write(".pre-commit-config.yaml", hooks);
        }
        let run = Tool::within(repo.path()).run(&["init"]);
        assert_eq!(run.code, 0, "{}", run.text);
        let suggested = run.stdout.lines().find(|line| line.contains("--hooks"));
        assert_eq!(suggested.is_some(), suggests.is_some(), "{}", run.text);
        if let (Some(line), Some(suggests)) = (suggested, suggests) {
            assert!(line.contains(suggests), "{line}");
        }
    };
    check(None, Some("before each commit"));
    check(Some("repos: []\n"), Some("--dry-run"));
    check(
        Some("repos: [{ repo: local, hooks: [{ id: relgate }] }]\n"),
        None,
    );
}
