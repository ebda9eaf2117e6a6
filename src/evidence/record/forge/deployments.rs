//! Deployments of GitHub and their statuses. A deployment says of which commit it is and not how it ended; a status says how it
//! ended and not of which commit: only both are evidence.

use serde_json::{Value, json};

use super::super::{Data, Purpose, text};

/// What a deployment and its statuses say of each other, until both were read.
const OPEN: &str = "deployment-without-status";
const ENDED: &str = "status-without-deployment";

/// Deployments of this commit: where, and under which number.
pub(super) fn read(items: &[&Value], purpose: &Purpose<'_>) -> Result<Data, String> {
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
    let id = only
        .get("id")
        .filter(|id| id.is_u64())
        .ok_or("a deployment without a number")?;
    Ok(Data::from_iter([
        ("environment".to_owned(), json!(text(only, "environment"))),
        ("deployment".to_owned(), json!(id.to_string())),
        (OPEN.to_owned(), json!(id.to_string())),
    ]))
}

/// The statuses of one deployment: the newest has to be a success.
pub(super) fn statuses(items: &[&Value]) -> Result<Data, String> {
    if items
        .iter()
        .any(|status| text(status, "created_at").is_empty())
    {
        return Err("a status without a time".to_owned());
    }
    let newest = items
        .iter()
        .max_by_key(|status| {
            let id = status.get("id").and_then(Value::as_u64).unwrap_or_default();
            (text(status, "created_at"), id)
        })
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
    let id = url.rsplit('/').next().unwrap_or_default();
    let mut data = Data::from_iter([
        ("state".to_owned(), json!(state)),
        ("deployment".to_owned(), json!(id)),
        (ENDED.to_owned(), json!(id)),
    ]);
    let environment = text(newest, "environment");
    if !environment.is_empty() {
        data.insert("environment".to_owned(), json!(environment));
    }
    Ok(data)
}

/// Takes the two halves together; one without the other is refused.
pub(in crate::evidence::record) fn join(data: &mut Data) -> Result<(), String> {
    match (data.remove(OPEN), data.remove(ENDED)) {
        (None, None) => Ok(()),
        (Some(open), Some(ended)) if open == ended => Ok(()),
        (Some(_), Some(_)) => Err("the statuses are of another deployment".to_owned()),
        (Some(_), None) => Err(
            "a deployment does not say how it ended: give its statuses as well (…/deployments/ID/statuses)"
                .to_owned(),
        ),
        (None, Some(_)) => Err(
            "a status does not say of which commit it is: give the deployments as well (…/deployments)"
                .to_owned(),
        ),
    }
}
