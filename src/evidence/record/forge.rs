//! What forges know: reviews and deployments of GitHub, as `gh api` prints them, and approvals of GitLab.
//!
//! An approval is of a commit. It counts when that commit is what was merged: the release's own commit, the branch that a merge
//! commit of the release took in, or the head of a pull request (whose JSON is given as well) that became a commit of the
//! release. An approval of anything older is of something else.

pub(super) mod deployments;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Data, Purpose, list, text};

/// Changes that were merged, by what forges say of them beside reviews: pull requests and merge requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Merged {
    /// The last commit of each change that became part of the release.
    heads: Vec<String>,
    /// The merge requests of GitLab, by project and number, that became part of the release.
    requests: Vec<(u64, u64)>,
}

impl Merged {
    /// Looks for changes among the documents of a file.
    pub(super) fn learn(&mut self, documents: &[Value], purpose: &Purpose<'_>) {
        for item in items(documents) {
            let became = |names: &[&str]| {
                names
                    .iter()
                    .filter_map(|name| item.get(*name)?.as_str())
                    .any(|commit| is_released(commit, purpose))
            };
            if is_pull_request(item)
                && item.get("merged_at").is_some_and(Value::is_string)
                && became(&["merge_commit_sha"])
            {
                let head = item.pointer("/head/sha").and_then(Value::as_str);
                self.heads.extend(head.map(str::to_owned));
            }
            if is_merge_request(item)
                && text(item, "state") == "merged"
                && became(&["merge_commit_sha", "squash_commit_sha", "sha"])
            {
                self.requests.extend(request(item));
            }
        }
    }
}

fn is_released(commit: &str, purpose: &Purpose<'_>) -> bool {
    !commit.is_empty()
        && (commit == purpose.commit || purpose.commits.iter().any(|known| known == commit))
}

fn is_pull_request(item: &Value) -> bool {
    item.pointer("/head/sha").is_some() && item.get("merge_commit_sha").is_some()
}

fn is_merge_request(item: &Value) -> bool {
    item.get("iid").is_some() && item.get("sha").is_some() && item.get("source_branch").is_some()
}

/// Project and number of a merge request.
fn request(item: &Value) -> Option<(u64, u64)> {
    Some((
        item.get("project_id")?.as_u64()?,
        item.get("iid")?.as_u64()?,
    ))
}

/// The objects of documents. Several pages are several arrays; `--slurp` makes them one of arrays.
fn items(documents: &[Value]) -> Vec<&Value> {
    fn flat(value: &Value) -> Vec<&Value> {
        match value.as_array() {
            Some(items) => items.iter().collect(),
            None => vec![value],
        }
    }
    documents.iter().flat_map(flat).flat_map(flat).collect()
}

/// Reviews, approvals or deployments; `None` when it is none of them.
pub(super) fn read(
    documents: &[Value],
    purpose: &Purpose<'_>,
    merged: &Merged,
) -> Option<Result<Data, String>> {
    let first = documents.first()?;
    if first.get("approved_by").is_some_and(Value::is_array) {
        return Some(gitlab(documents, merged));
    }
    let items = items(documents);
    let all = |is: &dyn Fn(&Value) -> bool| !items.is_empty() && items.iter().all(|item| is(item));
    let has = |names: &'static [&'static str]| {
        move |item: &Value| names.iter().all(|name| item.get(*name).is_some())
    };
    // Alone, they say nothing; they say which commit a review was of.
    if all(&|item| is_pull_request(item) || is_merge_request(item)) {
        return Some(Ok(Data::new()));
    }
    if all(&has(&["user", "state", "commit_id"])) {
        return Some(reviews(&items, purpose, merged));
    }
    if all(&has(&["user", "state", "submitted_at"])) {
        return Some(Err(
            "its reviews do not say which commit they are of (`commit_id`)".to_owned(),
        ));
    }
    if all(&has(&["sha", "environment"])) {
        return Some(deployments::read(&items, purpose));
    }
    if all(&has(&["state", "deployment_url"])) {
        return Some(deployments::statuses(&items));
    }
    None
}

/// What somebody said last of a pull request.
struct Said<'v> {
    at: &'v str,
    state: &'v str,
    commit: &'v str,
    person: bool,
}

/// What each reviewer said last, as GitHub counts it (`latestOpinionatedReviews`): comments do not take back an approval, a
/// dismissal does. Each pull request needs an approval of its own.
fn reviews(items: &[&Value], purpose: &Purpose<'_>, merged: &Merged) -> Result<Data, String> {
    let mut last: BTreeMap<(&str, &str), Said<'_>> = BTreeMap::new();
    for review in items {
        let state = text(review, "state");
        match state {
            "COMMENTED" | "PENDING" => continue,
            "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED" => {}
            other => return Err(format!("a review in a state that nobody knows: `{other}`")),
        }
        let user = review.get("user").unwrap_or(&Value::Null);
        let said = Said {
            at: text(review, "submitted_at"),
            state,
            commit: text(review, "commit_id"),
            person: text(user, "type") != "Bot" && !text(user, "login").is_empty(),
        };
        // Of an account that is gone, the review stays.
        let login = Some(text(user, "login"))
            .filter(|login| !login.is_empty())
            .unwrap_or("ghost");
        let known = last
            .entry((text(review, "pull_request_url"), login))
            .or_insert(Said { ..said });
        if said.at >= known.at {
            *known = said;
        }
    }
    let against: Vec<&str> = last
        .iter()
        .filter(|(_, said)| said.state == "CHANGES_REQUESTED")
        .map(|((_, login), _)| *login)
        .collect();
    if !against.is_empty() {
        return Err(format!("changes are requested by {}", against.join(", ")));
    }
    let counts = |said: &Said<'_>| {
        said.person
            && (said.commit == purpose.commit
                || purpose.merged_heads.iter().any(|head| head == said.commit)
                || merged.heads.iter().any(|head| head == said.commit))
    };
    let mut reviewers: Vec<&str> = Vec::new();
    let mut requests: Vec<&str> = items
        .iter()
        .map(|review| text(review, "pull_request_url"))
        .collect();
    requests.sort_unstable();
    requests.dedup();
    for url in requests {
        let approvals: Vec<(&str, &Said<'_>)> = last
            .iter()
            .filter(|((of, _), said)| *of == url && said.state == "APPROVED")
            .map(|((_, login), said)| (*login, said))
            .collect();
        let fresh: Vec<&str> = approvals
            .iter()
            .filter(|(_, said)| counts(said))
            .map(|(login, _)| *login)
            .collect();
        if fresh.is_empty() {
            let which = url.rsplit('/').next().unwrap_or_default();
            let which = if which.is_empty() {
                String::new()
            } else {
                format!("pull request {which}: ")
            };
            return Err(match approvals.iter().find(|(_, said)| said.person) {
                Some((login, said)) => format!(
                    "{which}the approval of {login} is of {}, which is not what was released (review-outdated); \
                     of a change that was squashed or rebased, give the pull request's own JSON as well",
                    said.commit.get(..7).unwrap_or(said.commit)
                ),
                None => format!("{which}nobody approved"),
            });
        }
        reviewers.extend(fresh);
    }
    reviewers.sort_unstable();
    reviewers.dedup();
    approved(&reviewers)
}

/// GitLab's approvals do not say of which commit they are: the merge request has to be given as well, and to be part of the
/// release. That approvals go when commits come is a setting of the project.
fn gitlab(documents: &[Value], merged: &Merged) -> Result<Data, String> {
    let mut names: Vec<&str> = Vec::new();
    for document in documents {
        if document.get("approved") != Some(&Value::Bool(true)) {
            return Err("GitLab does not say that it is approved".to_owned());
        }
        if document
            .get("approvals_left")
            .and_then(Value::as_u64)
            .is_some_and(|left| left > 0)
        {
            return Err("approvals are missing".to_owned());
        }
        let known = request(document).is_some_and(|it| merged.requests.contains(&it));
        if !known {
            return Err(
                "it does not say which commit was approved (review-outdated): give the JSON of the merge request as well, \
                 which has to be merged, and part of this release"
                    .to_owned(),
            );
        }
        names.extend(
            list(document, "approved_by")
                .iter()
                .filter_map(|approval| approval.pointer("/user/username")?.as_str()),
        );
    }
    approved(&names)
}

fn approved(names: &[&str]) -> Result<Data, String> {
    if names.is_empty() {
        return Err("nobody approved".to_owned());
    }
    Ok(Data::from_iter([("reviewers".to_owned(), json!(names))]))
}

#[cfg(test)]
mod tests;
