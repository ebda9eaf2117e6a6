use serde_json::{Value, json};

use super::super::tests::given;
use super::super::{Given, Purpose, read};

/// What was released, a branch that a merge took in, and what came of a squashed change.
const RELEASED: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const MERGED: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const SQUASHED: &str = "cccccccccccccccccccccccccccccccccccccccc";
const OLD: &str = "dddddddddddddddddddddddddddddddddddddddd";

#[track_caller]
fn check_forge(files: &[Value], expected: Result<Value, &str>) {
    let purpose = Purpose {
        kind: "review",
        tag: "v1.3.0",
        commit: RELEASED,
        commits: &[RELEASED.to_owned(), SQUASHED.to_owned()],
        merged_heads: &[MERGED.to_owned()],
        ..Purpose::default()
    };
    let files: Vec<Given> = files
        .iter()
        .map(|file| given("", &file.to_string()))
        .collect();
    let found = read(&files, &purpose).map(|mut data| {
        data.remove("files");
        Value::Object(data)
    });
    match (found, expected) {
        (Ok(found), Ok(expected)) => assert_eq!(found, expected),
        (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
        (found, expected) => panic!("{found:?}, not {expected:?}"),
    }
}

fn review(login: &str, state: &str, at: &str, commit: &str) -> Value {
    json!({ "user": { "login": login, "type": "User" }, "state": state, "commit_id": commit,
        "submitted_at": format!("2026-05-0{at}T00:00:00Z"), "pull_request_url": "https://x/pulls/7" })
}

#[test]
fn the_latest_review_of_each_person_counts() {
    let review = |login, state, at| review(login, state, at, RELEASED);
    let check = |reviews: Value, expected| check_forge(&[reviews], expected);
    let grace = || Ok(json!({ "reviewers": ["grace"] }));
    check(
        json!([
            review("grace", "CHANGES_REQUESTED", "1"),
            review("grace", "APPROVED", "2"),
            review("ada", "COMMENTED", "3")
        ]),
        grace(),
    );
    check(
        json!([
            review("grace", "COMMENTED", "2"),
            review("grace", "APPROVED", "1")
        ]),
        grace(),
    );
    check(
        json!([
            review("grace", "APPROVED", "1"),
            review("grace", "DISMISSED", "2")
        ]),
        Err("nobody approved"),
    );
    check(
        json!([
            review("grace", "APPROVED", "2"),
            review("bob", "CHANGES_REQUESTED", "1")
        ]),
        Err("changes are requested by bob"),
    );
    check(
        json!([
            review("grace", "APPROVED", "2"),
            review("bob", "DISMISSED", "1")
        ]),
        grace(),
    );
    check(
        json!([
            [review("grace", "APPROVED", "1")],
            [review("bob", "APPROVED", "1")]
        ]),
        Ok(json!({ "reviewers": ["bob", "grace"] })),
    );
    let mut bot = review("robot", "APPROVED", "1");
    bot["user"]["type"] = json!("Bot");
    check(json!([bot]), Err("nobody approved"));
    let mut pending = review("grace", "PENDING", "1");
    pending.as_object_mut().unwrap().remove("submitted_at");
    check(
        json!([pending, review("bob", "APPROVED", "1")]),
        Ok(json!({ "reviewers": ["bob"] })),
    );
    let mut gone = review("", "CHANGES_REQUESTED", "2");
    gone["user"] = Value::Null;
    check(
        json!([review("grace", "APPROVED", "1"), gone]),
        Err("requested by ghost"),
    );
    let mut other = review("bob", "COMMENTED", "1");
    other["pull_request_url"] = json!("https://x/pulls/8");
    check(
        json!([review("grace", "APPROVED", "1"), other]),
        Err("pull request 8: nobody approved"),
    );
    check(
        json!([review("grace", "LGTM", "1")]),
        Err("a state that nobody knows"),
    );
    check(json!([]), Err("of no form"));
}

#[test]
fn an_approval_counts_for_the_commit_that_was_reviewed() {
    let approved = |commit| json!([review("grace", "APPROVED", "1", commit)]);
    let grace = || Ok(json!({ "reviewers": ["grace"] }));
    check_forge(&[approved(RELEASED)], grace());
    check_forge(&[approved(MERGED)], grace());
    check_forge(
        &[approved(OLD)],
        Err("is of ddddddd, which is not what was released (review-outdated)"),
    );
    // A commit of the release may be an old one of the branch.
    check_forge(&[approved(SQUASHED)], Err("review-outdated"));
    let pull = |merged_as: &str, merged_at: Value| json!({ "number": 7, "head": { "sha": OLD }, "merge_commit_sha": merged_as, "merged_at": merged_at });
    let day = json!("2026-05-02T00:00:00Z");
    check_forge(&[approved(OLD), pull(SQUASHED, day.clone())], grace());
    check_forge(&[pull(SQUASHED, day.clone()), approved(OLD)], grace());
    check_forge(&[approved(OLD), pull(OLD, day)], Err("review-outdated"));
    check_forge(
        &[approved(OLD), pull(SQUASHED, Value::Null)],
        Err("review-outdated"),
    );
    check_forge(
        &[pull(SQUASHED, Value::Null)],
        Err("say nothing for this gate"),
    );
    // Of two approvals, the one of an older commit is not one.
    check_forge(
        &[json!([
            review("grace", "APPROVED", "1", OLD),
            review("bob", "APPROVED", "1", RELEASED)
        ])],
        Ok(json!({ "reviewers": ["bob"] })),
    );
    let mut silent = review("grace", "APPROVED", "1", OLD);
    silent.as_object_mut().unwrap().remove("commit_id");
    check_forge(&[json!([silent])], Err("which commit they are of"));
}

#[test]
fn approvals_of_gitlab_need_their_merge_request() {
    let approvals = |approved: bool, left: u64| json!({ "project_id": 3, "iid": 5, "approved": approved, "approvals_left": left, "approved_by": [{ "user": { "username": "grace" } }] });
    let request = |iid: u64, state: &str, sha: &str| json!({ "project_id": 3, "iid": iid, "state": state, "sha": sha, "source_branch": "x", "squash_commit_sha": null });
    check_forge(
        &[approvals(true, 0), request(5, "merged", SQUASHED)],
        Ok(json!({ "reviewers": ["grace"] })),
    );
    check_forge(&[approvals(true, 0)], Err("review-outdated"));
    check_forge(
        &[approvals(true, 0), request(6, "merged", SQUASHED)],
        Err("review-outdated"),
    );
    check_forge(
        &[approvals(true, 0), request(5, "opened", SQUASHED)],
        Err("review-outdated"),
    );
    check_forge(
        &[approvals(true, 0), request(5, "merged", OLD)],
        Err("review-outdated"),
    );
    check_forge(
        &[approvals(false, 0), request(5, "merged", SQUASHED)],
        Err("not say that it is approved"),
    );
    check_forge(
        &[approvals(true, 1), request(5, "merged", SQUASHED)],
        Err("approvals are missing"),
    );
}

#[test]
fn deployments_need_their_statuses() {
    let deployment = |sha: &str, id: u64| json!({ "sha": sha, "environment": "staging", "id": id });
    let status = |state: &str, at: &str, id: u64| json!({ "state": state, "created_at": at, "environment": "staging", "deployment_url": format!("https://x/{id}") });
    let good = || Ok(json!({ "environment": "staging", "deployment": "7", "state": "success" }));
    let both = [deployment(RELEASED, 7), deployment(OLD, 8)];
    check_forge(
        &[
            json!(both),
            json!([status("success", "2", 7), status("in_progress", "1", 7)]),
        ],
        good(),
    );
    check_forge(&[json!(both)], Err("does not say how it ended"));
    check_forge(
        &[json!([status("success", "2", 7)])],
        Err("of which commit it is"),
    );
    check_forge(
        &[json!(both), json!([status("success", "2", 8)])],
        Err("disagree on deployment"),
    );
    check_forge(
        &[
            json!([deployment(OLD, 7)]),
            json!([status("success", "2", 7)]),
        ],
        Err("0 deployments of aaaaaaa"),
    );
    for state in ["failure", "error", "inactive", "queued"] {
        let newest = json!([status(state, "2", 7), status("success", "1", 7)]);
        check_forge(&[json!(both), newest], Err(state));
    }
    let undated = json!([{ "state": "success", "deployment_url": "https://x/7" }]);
    check_forge(&[json!(both), undated], Err("without a time"));
}
