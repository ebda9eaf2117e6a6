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
        &["(patch)   from v1.1.0 · 1 commit\n", "1 commit "],
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
