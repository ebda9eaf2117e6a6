use super::*;
use crate::git::tests::played;

const STEPS: &str = "
- commit: one
  write: { a: one }
  tag: [v1.0.0, v.1.0.1, nightly]
- commit: two
  write: { a: two }
  tag: v1.1.0
- branch: release/v1.0
  from: v1.0.0
- commit: fix
  write: { a: fixed }
- branch: main
- commit: three
  write: { a: three }
  tag_tree: v1.2.0
";

fn tag(name: &str, at: Option<&str>) -> SubjectRequest {
    SubjectRequest::Tag {
        name: name.to_owned(),
        at: at.map(str::to_owned),
    }
}

fn range(base: &str, head: Option<&str>) -> SubjectRequest {
    SubjectRequest::Range {
        base: base.to_owned(),
        head: head.map(str::to_owned),
    }
}

fn found(steps: &str, request: &SubjectRequest) -> Result<(Subject, History), SubjectError> {
    let (_directory, repository) = played(steps);
    load(
        &repository,
        &TagScheme::default(),
        &BranchScheme::default(),
        request,
    )
}

/// Label, commit's message, kind, version, stage, whether proposed, previous and ancestor.
fn told(steps: &str, request: &SubjectRequest) -> String {
    let (_directory, repository) = played(steps);
    let (subject, history) = load(
        &repository,
        &TagScheme::default(),
        &BranchScheme::default(),
        request,
    )
    .unwrap();
    let lineage = subject
        .point()
        .map(|point| history.lineage(&point))
        .unwrap_or_default();
    let name = |tag: Option<&Tag>| tag.map_or("-".to_owned(), |tag| tag.name.name.clone());
    let message = subject
        .commit
        .map_or("-".to_owned(), |id| repository.commit(id).unwrap().message);
    format!(
        "{} · {} · {} · {} · {} · {}{} {}",
        subject.label,
        message.trim(),
        subject.kind().map_or("-", TagKind::as_str),
        subject
            .version
            .as_ref()
            .map_or("-".to_owned(), ToString::to_string),
        subject.stage,
        if subject.proposed { "proposed · " } else { "" },
        name(lineage.previous),
        name(lineage.ancestor),
    )
}

#[test]
fn head_is_the_content_of_the_next_release() {
    assert_eq!(
        told(STEPS, &SubjectRequest::Head),
        "HEAD · three · - · - · change · v1.1.0 v1.1.0"
    );
}

#[test]
fn a_tagged_head_is_the_content_of_the_next_release() {
    let steps = "
- commit: one
  write: { a: one }
  tag: v1.0.0
";
    assert_eq!(
        told(steps, &SubjectRequest::Head),
        "HEAD · one · - · - · change · v1.0.0 v1.0.0"
    );
}

#[test]
fn a_release_branch_says_which_version_is_meant() {
    let on = |branch: &str| {
        told(
            &format!("{STEPS}- branch: {branch}\n  from: v1.1.0\n"),
            &SubjectRequest::Head,
        )
    };
    assert_eq!(
        on("release/v1.3.0"),
        "HEAD · two · - · 1.3.0 · change · v1.1.0 v1.1.0"
    );
    assert_eq!(
        on("release/v1.0.7"),
        "HEAD · two · - · 1.0.7 · change · v1.0.0 v1.0.0"
    );
    // What is released already is not what comes next.
    assert_eq!(
        on("release/v1.1.0"),
        "HEAD · two · - · - · change · v1.1.0 v1.1.0"
    );
    assert_eq!(
        told(
            &format!("{STEPS}- branch: release/v1.0\n"),
            &SubjectRequest::Head
        ),
        "HEAD · fix · - · - · change · v1.0.0 v1.0.0"
    );
}

#[test]
fn a_hotfix_branch_starts_from_its_own_past() {
    let steps = format!(
        "{STEPS}- branch: hotfix/label\n  from: v1.0.0\n- commit: late\n  write: {{ a: late }}\n"
    );
    assert_eq!(
        told(&steps, &SubjectRequest::Head),
        "HEAD · late · - · - · change · v1.0.0 v1.0.0"
    );
}

#[test]
fn existing_tags_are_judged_where_they_are() {
    assert_eq!(
        told(STEPS, &tag("v1.1.0", None)),
        "v1.1.0 · two · final · 1.1.0 · release · v1.0.0 v1.0.0"
    );
    assert_eq!(
        told(STEPS, &tag("refs/tags/v1.1.0", Some("v1.1.0"))),
        "v1.1.0 · two · final · 1.1.0 · release · v1.0.0 v1.0.0"
    );
    assert_eq!(
        told(STEPS, &tag("v.1.0.1", None)),
        "v.1.0.1 · one · malformed · - · release · - -"
    );
    assert_eq!(
        told(STEPS, &tag("nightly", None)),
        "nightly · one · unrelated · - · release · - -"
    );
}

#[test]
fn proposed_tags_are_judged_at_head_or_where_they_would_be() {
    assert_eq!(
        told(STEPS, &tag("v1.3.0-rc1", None)),
        "v1.3.0-rc1 · three · candidate · 1.3.0-rc1 · candidate · proposed · v1.1.0 v1.1.0"
    );
    assert_eq!(
        told(STEPS, &tag("v1.0.1", Some("release/v1.0"))),
        "v1.0.1 · fix · final · 1.0.1 · release · proposed · v1.0.0 v1.0.0"
    );
    assert_eq!(
        told(STEPS, &tag("v1.1.0-hotfix1", Some("v1.0.0"))),
        "v1.1.0-hotfix1 · one · hotfix · 1.1.0-hotfix1 · release · proposed · v1.1.0 v1.0.0"
    );
    let first = "- commit: one\n  write: { a: one }\n";
    assert_eq!(
        told(first, &tag("v0.1.0", None)),
        "v0.1.0 · one · final · 0.1.0 · release · proposed · - -"
    );
}

#[test]
fn a_pull_request_starts_where_the_branches_part() {
    let (_directory, repository) = played(STEPS);
    let (subject, _) = load(
        &repository,
        &TagScheme::default(),
        &BranchScheme::default(),
        &range("main", Some("release/v1.0")),
    )
    .unwrap();
    assert_eq!(
        subject.changes_since,
        Some(repository.resolve("v1.0.0").unwrap())
    );
    assert_eq!(
        told(STEPS, &range("v1.1.0", None)),
        "HEAD · three · - · - · change · v1.1.0 v1.1.0"
    );
    // What is merged into an old line is compared with that line's releases.
    assert_eq!(
        told(STEPS, &range("release/v1.0", None)),
        "HEAD · three · - · - · change · v1.0.0 v1.0.0"
    );
}

#[test]
fn the_index_is_judged_with_and_without_commits() {
    assert_eq!(
        told(STEPS, &SubjectRequest::Staged),
        "the index · three · - · - · change · v1.1.0 v1.1.0"
    );
    let unborn = "- write: { a: one }\n  stage: true\n";
    assert_eq!(
        told(unborn, &SubjectRequest::Staged),
        "the index · - · - · - · change · - -"
    );
}

#[test]
fn errors_say_what_mends_them() {
    let check = |steps: &str, request: &SubjectRequest, message: &str, help: &[&str]| {
        let error = found(steps, request).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        let advice = miette::Diagnostic::help(&error).unwrap().to_string();
        for part in help {
            assert!(advice.contains(part), "{advice}");
        }
    };
    let untagged = "- commit: one\n  write: { a: one }\n";
    let tags = ["git fetch --tags", "relgate check --tag v0.1.0"];
    let none = "no release tag";
    check(untagged, &SubjectRequest::Head, none, &tags);
    check(untagged, &range("HEAD", None), none, &tags);
    let prefixed = format!("{untagged}  tag: [api/v1.0.0, web/v2.0.0]\n");
    check(
        &prefixed,
        &SubjectRequest::Head,
        none,
        &["`api/v`", "`web/v`", "relgate.yaml"],
    );
    let unborn = "- write: { a: one }\n  stage: true\n";
    check(
        unborn,
        &SubjectRequest::Head,
        "branch `main` has no commit yet",
        &["first commit"],
    );
    check(
        STEPS,
        &tag("v.2.0.0", None),
        "no tag `v.2.0.0`",
        &["did you mean v2.0.0?", "git fetch --tags"],
    );
    check(
        STEPS,
        &tag("stable", None),
        "no tag `stable`",
        &["git fetch --tags"],
    );
    check(
        STEPS,
        &tag("v1.1.0", Some("v1.0.0")),
        "is another commit",
        &["--at"],
    );
    check(
        STEPS,
        &tag("v1.2.0", None),
        "leads to no commit (tree)",
        &["tag the commit"],
    );
    check(
        STEPS,
        &tag("v9.0.0", Some("nowhere")),
        "no revision `nowhere`",
        &["git fetch"],
    );
    let shallow = format!("{untagged}- commit: two\n  write: {{ a: two }}\n  shallow: 1\n");
    let unshallow = ["git fetch --unshallow --tags", "fetch-depth: 0"];
    for request in [
        SubjectRequest::Head,
        tag("v0.1.0", None),
        range("HEAD", None),
        SubjectRequest::Staged,
    ] {
        check(&shallow, &request, "shallow", &unshallow);
    }
    let apart =
        format!("{STEPS}- branch: apart\n  orphan: true\n- commit: other\n  write: {{ b: b }}\n");
    check(
        &apart,
        &range("main", Some("apart")),
        "no commit in common",
        &["--base"],
    );
}
