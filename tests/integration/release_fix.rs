use crate::support::repo::Repo;
use crate::support::tool::Tool;

const HISTORY: &str = r#"
- branch: main
  commit: "feat: a list of casks"
  date: 2026-01-14T09:00:00Z
  write:
    relgate.yaml: |
      versionReferences: [{ path: README.md, pattern: "cellar:v{version}" }]
    README.md: |
      docker pull registry.example.org/cellar:v1.2.0
    Dockerfile: |
      FROM scratch
      LABEL org.opencontainers.image.version="1.2.0"
    CHANGELOG.md: |
      # Changelog

      ## [Unreleased]

      ### Added

      - A store for bottles.

      ## [1.2.0] - 2026-01-14

      ### Added

      - Casks.

      [Unreleased]: https://git.example.org/cellar/compare/v1.2.0...HEAD
      [1.2.0]: https://git.example.org/cellar/releases/tag/v1.2.0
    charts/cellar/Chart.yaml: |
      apiVersion: v2
      name: cellar # the chart
      version: 1.0.0   # ours
      appVersion: "1.2.0"
      maintainers: [{ name: ada }]
    charts/cellar/values.yaml: |
      image:
        repository: registry.example.org:5000/cellar
        tag: 'v1.2.0' # pinned
      service: { port: 8080 }
    charts/cellar/templates/deployment.yaml: |
      apiVersion: apps/v1
      kind: Deployment
      spec:
        image: {{ .Values.image.repository }}:{{ .Values.image.tag }}
        port: {{ .Values.service.port }}
  annotated: v1.2.0
  tag: v1.2.0

- commit: "feat: a store for bottles"
  date: 2026-02-14T09:00:00Z
  edit:
    charts/cellar/values.yaml: { "port:": "httpPort:" }
    charts/cellar/templates/deployment.yaml: { ".service.port": ".service.httpPort" }
"#;

/// Every place that holds the version of the release, and nothing else; a second time changes nothing.
#[test]
fn a_release_is_written_into_its_files() {
    let repo = Repo::inline(HISTORY);
    repo.git(&["checkout", "--quiet", "--force", "main"]);
    let fix = |more: &[&str]| {
        let mut arguments = vec!["fix", "--tag", "v1.3.0"];
        arguments.extend(more);
        Tool::within(repo.path()).run(&arguments)
    };
    let dry = fix(&["--dry-run"]);
    assert_eq!(dry.code, 1, "{}", dry.text);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    let done = fix(&[]);
    assert_eq!(done.code, 0, "{}", done.text);
    let diff = repo.git(&["diff", "--unified=0", "--no-color"]);
    let changed: Vec<&str> = diff
        .split('\n')
        .filter(|line| {
            line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---")
        })
        .collect();
    assert_eq!(
        changed,
        [
            "+## [1.3.0] - 2026-06-01",
            "+",
            "-[Unreleased]: https://git.example.org/cellar/compare/v1.2.0...HEAD",
            "+[Unreleased]: https://git.example.org/cellar/compare/v1.3.0...HEAD",
            "+[1.3.0]: https://git.example.org/cellar/compare/v1.2.0...v1.3.0",
            "-LABEL org.opencontainers.image.version=\"1.2.0\"",
            "+LABEL org.opencontainers.image.version=\"1.3.0\"",
            "-docker pull registry.example.org/cellar:v1.2.0",
            "+docker pull registry.example.org/cellar:v1.3.0",
            "-version: 1.0.0   # ours",
            "+version: 2.0.0   # ours",
            "-  tag: 'v1.2.0' # pinned",
            "+  tag: 'v1.3.0' # pinned",
        ]
    );
    repo.git(&[
        "commit",
        "--quiet",
        "--all",
        "--message",
        "chore: release 1.3.0",
    ]);
    let again = fix(&[]);
    assert_eq!(again.code, 0, "{}", again.text);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

/// What stood under Unreleased before the last release already becomes the section, and asks for more than the tag says: it is
/// written all the same, and that is told.
#[test]
fn a_section_that_asks_for_more_is_written() {
    let repo = Repo::inline(
        r#"
- commit: "feat: casks"
  write:
    CHANGELOG.md: |
      # Changelog

      ## [Unreleased]

      ### Changed

      - **BREAKING** Casks have a label.

      ## [1.2.0] - 2026-01-14

      ### Added

      - Casks.
  tag: v1.2.0
- commit: "fix: casks"
  write: { README.md: text }
  tag: v1.2.1
"#,
    );
    let tool = Tool::within(repo.path());
    let report = tool.report(&["--tag", "v1.2.1"]);
    let rules: Vec<&str> = (report["findings"].as_array().unwrap().iter())
        .map(|it| it["rule"].as_str().unwrap())
        .collect();
    assert!(rules.contains(&"changelog-section-missing"), "{rules:?}");
    assert!(!rules.contains(&"release-type-too-low"), "{rules:?}");
    let run = tool.run(&["fix", "--tag", "v1.2.1", "changelog-section-missing"]);
    assert_eq!(run.code, 0, "{}", run.text);
    assert!(
        run.stdout.contains("now     release-type-too-low"),
        "{}",
        run.text
    );
    let written = std::fs::read_to_string(repo.path().join("CHANGELOG.md")).unwrap();
    assert!(written.contains("## [1.2.1]"), "{written}");
}
