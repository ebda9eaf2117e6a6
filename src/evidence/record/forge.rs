//! What forges know: reviews and deployments of GitHub, as `gh api` prints them, and approvals of GitLab.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Data, Purpose, list, text};

/// Reviews, approvals or deployments; `None` when it is none of them.
pub(super) fn read(documents: &[Value], purpose: &Purpose<'_>) -> Option<Result<Data, String>> {
    let first = documents.first()?;
    if first.get("approved_by").is_some_and(Value::is_array) {
        return Some(gitlab(documents));
    }
    // Several pages are several arrays; `--slurp` makes them one of arrays.
    let items: Vec<&Value> = documents
        .iter()
        .flat_map(|document| match document.as_array() {
            Some(items) => items.iter().collect(),
            None => vec![document],
        })
        .flat_map(|item| match item.as_array() {
            Some(items) => items.iter().collect(),
            None => vec![item],
        })
        .collect();
    let all_have = |names: &[&str]| {
        !items.is_empty()
            && items
                .iter()
                .all(|item| names.iter().all(|name| item.get(name).is_some()))
    };
    if all_have(&["user", "state", "submitted_at"]) {
        return Some(reviews(&items));
    }
    if all_have(&["sha", "environment"]) {
        return Some(deployments(&items, purpose));
    }
    if all_have(&["state", "deployment_url"]) {
        return Some(statuses(&items));
    }
    None
}

/// What each reviewer said last: comments do not take back an approval, a dismissal does.
fn reviews(items: &[&Value]) -> Result<Data, String> {
    let mut last: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for review in items {
        let login = review
            .pointer("/user/login")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let state = text(review, "state");
        if login.is_empty() || ["COMMENTED", "PENDING"].contains(&state) {
            continue;
        }
        let said = (text(review, "submitted_at"), state);
        let known = last.entry(login).or_insert(said);
        if said.0 >= known.0 {
            *known = said;
        }
    }
    let of = |wanted: &str| -> Vec<&str> {
        last.iter()
            .filter(|(_, (_, state))| *state == wanted)
            .map(|(login, _)| *login)
            .collect()
    };
    let against = of("CHANGES_REQUESTED");
    if !against.is_empty() {
        return Err(format!("changes are requested by {}", against.join(", ")));
    }
    approved(&of("APPROVED"))
}

fn gitlab(documents: &[Value]) -> Result<Data, String> {
    for document in documents {
        if document.get("approved") == Some(&Value::Bool(false)) {
            return Err("GitLab says that it is not approved".to_owned());
        }
    }
    let names: Vec<&str> = documents
        .iter()
        .flat_map(|document| list(document, "approved_by"))
        .filter_map(|approval| approval.pointer("/user/username")?.as_str())
        .collect();
    approved(&names)
}

fn approved(names: &[&str]) -> Result<Data, String> {
    if names.is_empty() {
        return Err("nobody approved".to_owned());
    }
    Ok(Data::from_iter([("reviewers".to_owned(), json!(names))]))
}

/// Deployments of this commit: where, and under which number.
fn deployments(items: &[&Value], purpose: &Purpose<'_>) -> Result<Data, String> {
    let own: Vec<&&Value> = items
        .iter()
        .filter(|item| text(item, "sha") == purpose.commit)
        .collect();
    let [only] = own.as_slice() else {
        return Err(format!(
            "it holds {} deployments of {}, not one",
            own.len(),
            purpose.commit.get(..7).unwrap_or_default()
        ));
    };
    let mut data = Data::new();
    data.insert("environment".to_owned(), json!(text(only, "environment")));
    if let Some(id) = only.get("id") {
        data.insert("deployment".to_owned(), json!(id.to_string()));
    }
    if let Some(state) = only.get("state").and_then(Value::as_str)
        && state != "success"
    {
        return Err(format!("the deployment's state is {state}"));
    }
    Ok(data)
}

/// The statuses of one deployment: the newest has to be a success.
fn statuses(items: &[&Value]) -> Result<Data, String> {
    let newest = items
        .iter()
        .max_by_key(|status| text(status, "created_at"))
        .ok_or("it holds no status")?;
    let state = text(newest, "state");
    if state != "success" {
        return Err(format!("the deployment's state is {state}"));
    }
    let url = text(newest, "deployment_url");
    if items
        .iter()
        .any(|status| text(status, "deployment_url") != url)
    {
        return Err("it holds the statuses of several deployments".to_owned());
    }
    let mut data = Data::new();
    data.insert("state".to_owned(), json!(state));
    let environment = text(newest, "environment");
    if !environment.is_empty() {
        data.insert("environment".to_owned(), json!(environment));
    }
    let id = url.rsplit('/').next().unwrap_or_default();
    data.insert("deployment".to_owned(), json!(id));
    Ok(data)
}
