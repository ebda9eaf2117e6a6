use crate::support::Repo;

const EXAMPLES: [&str; 3] = ["chart-only", "goose-sqlite", "lakerunner"];

/// The commits of the examples are fixed: pages, snapshots and the demonstration may name them.
#[test]
fn examples_are_what_they_were() {
    let mut text = String::new();
    for example in EXAMPLES {
        let repo = Repo::play(example);
        repo.git(&["fsck", "--strict", "--no-progress"]);
        assert_eq!(
            repo.git(&["status", "--porcelain"]),
            "",
            "{example} has a clean work tree"
        );
        let log = repo.git(&[
            "log",
            "--all",
            "--graph",
            "--format=%h%d %s",
            "--decorate=short",
        ]);
        text.push_str(&format!("{example}\n{log}\n"));
    }
    crate::support::snapshot::assert_snapshot("examples", "histories", &text);
}

#[test]
fn every_example_has_a_page_and_a_test() {
    let mut found: Vec<String> = std::fs::read_dir(crate::support::root().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .inspect(|path| assert!(path.join("README.md").exists(), "{}", path.display()))
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, EXAMPLES);
}
