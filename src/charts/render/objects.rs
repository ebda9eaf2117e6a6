//! Objects in what Helm wrote.

use std::collections::BTreeSet;

use crate::source::Location;
use crate::syntax::yaml::{Data, Value, parse_helm, resolve_helm};

use super::super::manifests::{Manifest, Strategy};

/// More documents are no release that somebody installs.
const MAX_DOCUMENTS: usize = 10_000;
/// Kinds whose pods an upgrade replaces.
const ROLLED: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];
/// Labels that change with every release of a chart.
const VERSIONED: [&str; 2] = ["helm.sh/chart", "app.kubernetes.io/version"];

/// The objects, in the order of the text. `place` says the path and the place of a template by the name that Helm gives it.
///
/// The error says what is there instead: Kubernetes would not take it either.
pub(super) fn read(
    text: &str,
    mut place: impl FnMut(&str) -> (String, Location),
) -> Result<Vec<Manifest>, String> {
    let documents = documents(text);
    if documents.len() > MAX_DOCUMENTS {
        return Err(format!("Helm wrote more than {MAX_DOCUMENTS} documents"));
    }
    let mut objects: Vec<Manifest> = Vec::new();
    // Kind and name of what autoscalers scale.
    let mut scaled: BTreeSet<(String, String)> = BTreeSet::new();
    for document in documents {
        let parsed = parse_helm(document.text);
        if let Some(error) = parsed.errors.first() {
            return Err(format!("what Helm wrote is no YAML: {}", error.message));
        }
        let Some(tree) = parsed.value.first() else {
            continue;
        };
        let value = resolve_helm(tree).value;
        if !matches!(value.data, Data::Null | Data::Map(_)) {
            return Err("what Helm wrote is no object of Kubernetes".to_owned());
        }
        let speaks = [document.template, document.text]
            .iter()
            .any(|text| text.to_ascii_lowercase().contains("migrat"));
        let (path, location) = place(document.template);
        if let Some(object) = object(&value, path, location, speaks) {
            if object.kind == "HorizontalPodAutoscaler" {
                let target =
                    |key: &str| text_at(&value, &["spec", "scaleTargetRef", key]).to_owned();
                scaled.insert((target("kind"), target("name")));
            }
            objects.push(object);
        }
    }
    Ok(objects
        .into_iter()
        .map(|mut object| {
            // How many pods it has is then the autoscaler's matter.
            if scaled.contains(&(object.kind.clone(), object.name.clone())) {
                object.replicas = None;
            }
            object
        })
        .collect())
}

/// A document, and the template that Helm says it comes from.
struct Document<'t> {
    template: &'t str,
    text: &'t str,
}

/// Helm writes `---` and `# Source: cellar/templates/a.yaml` before each object.
fn documents(text: &str) -> Vec<Document<'_>> {
    let mut found = Vec::new();
    let (mut template, mut start, mut at) = ("", 0, 0);
    let mut push = |template, range: std::ops::Range<usize>| {
        let text = text.get(range).unwrap_or("");
        if !text.trim().is_empty() {
            found.push(Document { template, text });
        }
    };
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            push(template, start..at);
            start = at + line.len();
        } else if let Some(path) = line.strip_prefix("# Source: ") {
            template = path.trim_end();
        }
        at += line.len();
    }
    push(template, start..at);
    found
}

fn object(value: &Value, path: String, location: Location, speaks: bool) -> Option<Manifest> {
    let kind = value.get("kind")?.as_str()?.to_owned();
    let rolled = ROLLED.contains(&kind.as_str());
    let job = match kind.as_str() {
        "CronJob" => at(value, &["spec", "jobTemplate", "spec"]),
        _ => at(value, &["spec"]),
    };
    let hooks: Vec<String> = at(value, &["metadata", "annotations", "helm.sh/hook"])
        .and_then(Value::as_str)
        .map_or_else(Vec::new, |hooks| {
            hooks
                .split(',')
                .map(|hook| hook.trim().to_owned())
                .collect()
        });
    let strategy = ["strategy", "updateStrategy"]
        .iter()
        .map(|key| text_at(value, &["spec", key, "type"]))
        .find(|word| rolled && !word.is_empty());
    let replicas = match kind.as_str() {
        "Deployment" | "StatefulSet" => match at(value, &["spec", "replicas"]) {
            Some(replicas) if !replicas.is_null() => {
                replicas.rendered().and_then(|text| text.parse().ok())
            }
            // What Kubernetes takes when nothing is said.
            _ => Some(1),
        },
        _ => None,
    };
    let mut immutable = Vec::new();
    let mut keep = |key: &'static str| {
        if let Some(part) = at(value, &["spec", key]) {
            immutable.push((key, part.to_json().to_string()));
        }
    };
    if rolled {
        keep("selector");
    }
    if kind == "StatefulSet" {
        keep("serviceName");
        keep("volumeClaimTemplates");
    }
    if kind == "Job" && hooks.is_empty() {
        keep("template");
    }
    let is_versioned = |claim: &Value| {
        at(claim, &["metadata", "labels"])
            .is_some_and(|labels| VERSIONED.iter().any(|label| labels.get(label).is_some()))
    };
    let versioned = at(value, &["spec", "volumeClaimTemplates"])
        .is_some_and(|claims| claims.items().iter().any(is_versioned));
    Some(Manifest {
        path,
        name: text_at(value, &["metadata", "name"]).to_owned(),
        api: text_at(value, &["apiVersion"]).to_owned(),
        hooks,
        strategy: strategy.map_or(Strategy::Default, |word| Strategy::Named(word.to_owned())),
        replicas,
        deadline: job.is_some_and(|job| job.get("activeDeadlineSeconds").is_some()),
        migrates: speaks,
        enabled_by: String::new(),
        immutable,
        versioned_claims: versioned.then_some(location),
        location,
        strategy_location: location,
        kind,
    })
}

fn at<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Value> {
    keys.iter().try_fold(value, |value, key| value.get(key))
}

fn text_at<'v>(value: &'v Value, keys: &[&str]) -> &'v str {
    at(value, keys).and_then(Value::as_str).unwrap_or("")
}
