use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Repo, Tool};

const EXAMPLES: [&str; 4] = ["chart-only", "goose-sqlite", "lakerunner", "story"];

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
        // What has no history is no repository: the manifests of the fleet have their tests elsewhere.
        .filter(|path| path.join("history.yaml").exists())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, EXAMPLES);
}

#[test]
fn good_releases_pass_at_stage_change() {
    let check = |example: &str, tag: &str, release_type: &str| {
        let report = report(example, &["--tag", tag, "--stage", "change"]);
        let decision = &report["decision"];
        assert_eq!(decision["verdict"], "pass", "{example} {tag}");
        assert_eq!(decision["declaredType"], release_type, "{example} {tag}");
        assert_eq!(decision["requiredType"], release_type, "{example} {tag}");
        assert_eq!(rules(&report), BTreeSet::new(), "{example} {tag}");
        assert_eq!(
            report["coverage"]["notExamined"],
            serde_json::json!([]),
            "{example} {tag}"
        );
    };
    check("lakerunner", "v1.2.4", "patch");
    check("lakerunner", "v1.3.0", "minor");
    check("goose-sqlite", "v1.0.1", "patch");
    check("goose-sqlite", "v1.1.0", "minor");
    check("chart-only", "0.4.1", "patch");
    check("chart-only", "0.5.0", "minor");
}

/// What the repository can show is closed; what somebody has to vouch for is open.
#[test]
fn good_releases_wait_for_evidence_alone() {
    let everybody = "ci-tests docs-build merged-changes-reviewed performance-regression security-scan tag-published";
    let minor = "load-test migration-tests security-review staging-deployment staging-tests team-lead-approval validation";
    for (tag, evidenced) in [
        ("v1.2.4", everybody.to_owned()),
        ("v1.3.0", format!("{everybody} {minor}")),
    ] {
        let report = report("lakerunner", &["--tag", tag, "--stage", "release"]);
        assert_eq!(report["decision"]["verdict"], "fail", "{tag}");
        assert_eq!(rules(&report), BTreeSet::new(), "{tag}");
        let open: BTreeSet<&str> = gates(&report, &["candidate", "change", "release"])
            .filter(|gate| !["pass", "not-required"].contains(&gate["status"].as_str().unwrap()))
            .inspect(|gate| assert_eq!(gate["status"], "not-evaluated", "{gate}"))
            .map(|gate| gate["id"].as_str().unwrap())
            .collect();
        assert_eq!(open, evidenced.split(' ').collect(), "{tag}");
    }
}

#[test]
fn unsafe_releases_are_blocked_for_what_is_wrong_with_them() {
    let check = |example: &str, tag: &str, required: &str, expected: &[&str]| {
        let report = report(example, &["--tag", tag]);
        assert_eq!(report["decision"]["verdict"], "fail", "{example} {tag}");
        assert_eq!(
            report["decision"]["requiredType"], required,
            "{example} {tag}"
        );
        let expected: BTreeSet<String> = expected.iter().map(|&rule| rule.to_owned()).collect();
        assert_eq!(rules(&report), expected, "{example} {tag}");
    };
    check(
        "lakerunner",
        "v1.3.1",
        "major",
        &[
            "error candidate-differs",
            "error changelog-section-missing CHANGELOG.md:6",
            "error drop-column lrdb/migrations/000006_forget_source_label.up.sql:3",
            "error migration-edited-after-release configdb/migrations/000001_organizations.up.sql:1",
            "error release-type-too-low lrdb/migrations/000006_forget_source_label.up.sql:3",
            "warning changelog-unreleased-not-promoted CHANGELOG.md:6",
            "warning chart-bump-too-small charts/lakerunner/Chart.yaml:5",
            "warning create-index-non-concurrent lrdb/migrations/000005_segments_by_day.up.sql:1",
            "warning require-lock-timeout lrdb/migrations/000005_segments_by_day.up.sql:1",
            "warning require-lock-timeout lrdb/migrations/000006_forget_source_label.up.sql:3",
            "warning schema-drift-between-fresh-and-upgraded configdb/migrations/000001_organizations.up.sql:1",
            "warning values-key-removed charts/lakerunner/values.yaml:20",
        ],
    );
    check(
        "goose-sqlite",
        "v1.2.0",
        "major",
        &[
            "error release-type-too-low CHANGELOG.md:8",
            "error rename-column db/migrations/20260216081500_cask_names.sql:2",
        ],
    );
    check(
        "chart-only",
        "0.5.1",
        "minor",
        &[
            "error release-type-too-low values.yaml:7",
            "warning chart-bump-too-small Chart.yaml:5",
            "warning image-floating-tag values.yaml:3",
            "warning rolling-update-off templates/deployment.yaml:9",
            "warning set-key-unknown README.md:4",
            "warning values-key-renamed values.yaml:7",
            "warning values-type-changed values.yaml:12",
        ],
    );
}

#[track_caller]
fn report(example: &str, arguments: &[&str]) -> Value {
    let repo = Repo::play(example);
    Tool::within(repo.path()).report(arguments)
}

/// The first run fills the cache, the second lives from it, and nobody can tell which is which.
#[test]
fn a_warm_cache_gives_the_same_bytes() {
    let repo = Repo::play("lakerunner");
    let tool = Tool::within(repo.path());
    let run = || {
        tool.run(&["check", "--tag", "v1.3.1", "--format", "json"])
            .stdout
    };
    let cold = run();
    assert!(cold.contains("000001_segments.down.sql"), "{cold}");
    assert_eq!(run(), cold);
}

/// Every error and warning as severity, rule and place; remarks say nothing against a release.
fn rules(report: &Value) -> BTreeSet<String> {
    let findings = report["findings"].as_array().unwrap();
    let line = |finding: &Value| {
        let place = &finding["location"];
        let [severity, rule, path] = [&finding["severity"], &finding["rule"], &place["path"]]
            .map(|word| word.as_str().unwrap_or_default());
        let place = if path.is_empty() {
            String::new()
        } else {
            format!(" {path}:{}", place["line"])
        };
        format!("{severity} {rule}{place}")
    };
    findings
        .iter()
        .filter(|finding| finding["severity"] != "info")
        .map(line)
        .collect()
}

fn gates<'r>(report: &'r Value, stages: &'r [&str]) -> impl Iterator<Item = &'r Value> {
    let gates = report["gates"].as_array().unwrap();
    gates
        .iter()
        .filter(|gate| stages.contains(&gate["stage"].as_str().unwrap()))
}
