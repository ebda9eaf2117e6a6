use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::support::{Repo, Tool, root};

const HISTORY: &str = r#"
- branch: main
  commit: "feat: a list of casks"
  date: 2026-01-14T09:00:00Z
  write:
    charts/cellar/Chart.yaml: |
      apiVersion: v2
      name: cellar
      version: 1.0.0
      appVersion: "1.2.0"
      maintainers: [{ name: ada }]
    charts/cellar/values.yaml: |
      replicas: 2
      strategy: RollingUpdate
      tier: web
      password: canary-7f3a
      migrations: { enabled: true }
    charts/cellar/templates/deployment.yaml: |
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: {{ .Release.Name }}-cellar }
      spec:
        replicas: {{ .Values.replicas | int }}
        strategy:
          {{- dict "type" .Values.strategy | toYaml | nindent 4 }}
        selector:
          matchLabels: { tier: {{ .Values.tier }} }
    charts/cellar/templates/migrate.yaml: |
      {{- if .Values.migrations.enabled }}
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: migrate
        annotations: { "helm.sh/hook": {{ list "pre-install" "pre-upgrade" | join "," }} }
      spec: { activeDeadlineSeconds: 60 }
      {{- end }}
  annotated: v1.2.0
  tag: v1.2.0

- commit: "feat: a store for bottles"
  date: 2026-02-14T09:00:00Z
  edit:
    charts/cellar/Chart.yaml: { "version: 1.0.0": "version: 2.0.0" }
    charts/cellar/values.yaml: { EDIT }
"#;

/// The program with a `helm` on its path, or with none.
fn tool(repo: &Repo, helm: bool) -> Tool {
    let bin = repo.beside("bin");
    std::fs::create_dir_all(&bin).unwrap();
    if helm {
        let root = root();
        let python = root.join(".venv/bin/python");
        assert!(
            python.exists(),
            "tests/prerequisites.sh installs the engine"
        );
        let script = format!(
            "#!/bin/sh\nexec {} {} \"$@\"\n",
            python.display(),
            root.join("tests/helm.py").display()
        );
        let program = bin.join("helm");
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    Tool::within(repo.path()).with("PATH", bin.to_str().unwrap())
}

/// The findings about what is deployed after one edit of the values: id and place.
fn findings(edit: &str, helm: bool, arguments: &[&str]) -> Vec<String> {
    let repo = Repo::inline(&HISTORY.replace("EDIT", edit));
    let mut all = vec!["--render"];
    all.extend(arguments);
    let run = tool(&repo, helm).run(&[&["check", "--format", "json"], all.as_slice()].concat());
    assert!(!run.stdout.contains("canary"), "{}", run.text);
    let report: Value = serde_json::from_str(&run.stdout).expect(&run.text);
    let about = [
        "chart-not-rendered",
        "rolling-update-off",
        "immutable-field-changed",
        "zero-downtime-unproven",
        "migration-disabled",
    ];
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|found| about.contains(&found["rule"].as_str().unwrap()))
        .map(|found| {
            format!(
                "{} {}:{}",
                found["rule"].as_str().unwrap(),
                found["location"]["path"].as_str().unwrap(),
                found["location"]["line"]
            )
        })
        .collect()
}

#[test]
fn what_helm_makes_is_judged() {
    let deployment = "charts/cellar/templates/deployment.yaml";
    let deploy: &[&str] = &["--stage", "deploy"];
    for (edit, arguments, expected) in [
        // Computed, and right.
        ("\"replicas: 2\": \"replicas: 3\"", deploy, vec![]),
        (
            "\"strategy: RollingUpdate\": \"strategy: Recreate\"",
            deploy,
            vec![format!("rolling-update-off {deployment}:1")],
        ),
        (
            "\"tier: web\": \"tier: cellar\"",
            deploy,
            vec![format!("immutable-field-changed {deployment}:1")],
        ),
        (
            "\"replicas: 2\": \"replicas: 1\"",
            deploy,
            vec!["zero-downtime-unproven charts/cellar/Chart.yaml:3".to_owned()],
        ),
        (
            "\"strategy: RollingUpdate\": \"strategy: { a: b\"",
            deploy,
            vec!["chart-not-rendered charts/cellar/Chart.yaml:3".to_owned()],
        ),
        (
            "\"migrations: { enabled: true }\": \"\"",
            deploy,
            vec!["chart-not-rendered charts/cellar/templates/migrate.yaml:1".to_owned()],
        ),
    ] {
        assert_eq!(findings(edit, true, arguments), expected, "{edit}");
    }
}

#[test]
fn without_helm_nothing_is_passed() {
    let expected = ["chart-not-rendered charts/cellar/Chart.yaml:3"];
    assert_eq!(
        findings("\"replicas: 2\": \"replicas: 3\"", false, &[]),
        expected
    );
    let repo = Repo::inline(&HISTORY.replace("EDIT", "\"replicas: 2\": \"replicas: 3\""));
    let run = tool(&repo, false).run(&["check", "--render", "--stage", "change"]);
    assert_eq!(run.code, 1, "{}", run.text);
    assert!(
        run.stdout.contains("helm is not on the PATH"),
        "{}",
        run.text
    );
    // Nobody asked.
    let run = tool(&repo, false).run(&["check", "--stage", "change"]);
    assert!(!run.stdout.contains("helm is not"), "{}", run.text);
}

#[test]
fn a_helm_that_is_found_by_a_relative_path_is_not_run() {
    let repo = Repo::inline(&HISTORY.replace("EDIT", "\"replicas: 2\": \"replicas: 3\""));
    let program = Path::new(repo.path()).join("helm");
    std::fs::write(&program, "#!/bin/sh\ntouch ran\nprintf v3.0.0\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let run = Tool::within(repo.path()).run_with(
        &[("PATH", OsStr::new(".:"))],
        &["check", "--render", "--stage", "change"],
    );
    assert_eq!(run.code, 1, "{}", run.text);
    assert!(!repo.path().join("ran").exists(), "{}", run.text);
}

/// Helm follows links, which a commit does not: such a chart is another one.
#[test]
fn a_chart_with_a_link_is_not_rendered() {
    let repo = Repo::inline(&HISTORY.replace("EDIT", "\"replicas: 2\": \"replicas: 3\""));
    let link = repo.path().join("charts/cellar/templates/shared.yaml");
    std::os::unix::fs::symlink("../values.yaml", link).unwrap();
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "-m", "feat: a link"]);
    let run = tool(&repo, true).run(&["check", "--render"]);
    assert_eq!(run.code, 1, "{}", run.text);
    let said = "templates/shared.yaml cannot be handed to Helm: a symbolic link";
    assert!(
        run.text.contains("error[chart-not-rendered]"),
        "{}",
        run.text
    );
    assert!(run.text.contains(said), "{}", run.text);
}
