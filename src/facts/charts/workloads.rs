//! What a chart runs, and how an upgrade treats it.

use std::collections::BTreeMap;

use super::{ImmutableFact, MigrationRunFact, WorkloadFact};
use crate::charts::{Chart, Manifest, Rendering, Strategy, update_strategy as strategy_of};
use crate::facts::{Origin, Origins};
use crate::syntax::yaml::{KeyPath, Value};

/// Kinds whose pods an upgrade replaces.
const ROLLED: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];

/// The objects that run pods.
pub(super) fn facts(chart: &Chart, origins: &mut Origins) -> Vec<WorkloadFact> {
    chart
        .objects()
        .iter()
        .filter(|made| {
            ROLLED.contains(&made.kind.as_str()) || matches!(made.kind.as_str(), "Job" | "CronJob")
        })
        .map(|made| WorkloadFact {
            path: made.path.clone(),
            kind: made.kind.clone(),
            strategy: match &made.strategy {
                Strategy::Default => "RollingUpdate",
                Strategy::Named(name) => name,
                Strategy::Computed => "unknown",
            }
            .to_owned(),
            replicas: made.replicas.unwrap_or(-1),
            hooks: made.hooks.clone(),
            deadline: made.deadline,
            origin: origins.add(made.location),
        })
        .collect()
}

/// `Recreate` where the values or a template ask for anything but a rolling update, `RollingUpdate` where the values ask for it or
/// nothing is said anywhere, which is what Kubernetes does then; else empty.
pub(super) fn update_strategy(chart: &Chart) -> String {
    let mut in_values = Vec::new();
    let is_rendered = matches!(chart.rendering, Rendering::Done { .. });
    for value in chart
        .state
        .values
        .iter()
        .filter_map(|file| file.value.as_ref())
        // What the values say is in what was rendered, or does nothing.
        .filter(|_| !is_rendered)
    {
        strategies(value, &mut in_values);
    }
    let rolled: Vec<&Manifest> = chart
        .objects()
        .iter()
        .filter(|made| ROLLED.contains(&made.kind.as_str()))
        .collect();
    let in_templates = rolled.iter().filter_map(|made| match &made.strategy {
        Strategy::Named(name) => Some(name.as_str()),
        Strategy::Default | Strategy::Computed => None,
    });
    let named: Vec<&str> = in_values
        .iter()
        .map(String::as_str)
        .chain(in_templates)
        .collect();
    let all_default =
        !rolled.is_empty() && rolled.iter().all(|made| made.strategy == Strategy::Default);
    if named.iter().any(|name| *name != "RollingUpdate") {
        "Recreate".to_owned()
    } else if !named.is_empty() || all_default {
        "RollingUpdate".to_owned()
    } else {
        String::new()
    }
}

/// Every update strategy that values name.
fn strategies(value: &Value, found: &mut Vec<String>) {
    for entry in value.entries() {
        match strategy_of(entry) {
            Some(strategy) => found.push(strategy.to_owned()),
            None => strategies(&entry.value, found),
        }
    }
}

/// Fields that no upgrade can change: those that differ, and claim templates that hold the chart's version.
pub(super) fn immutable(chart: &Chart, origins: &mut Origins) -> Vec<ImmutableFact> {
    let mut found = Vec::new();
    let previous = chart.previous.as_ref();
    let old_directory = previous.map_or("", |previous| previous.directory.as_str());
    let mut before: BTreeMap<(&str, &str), &Manifest> = BTreeMap::new();
    for old in chart.previous_objects().unwrap_or_default() {
        before
            .entry(identity(chart, old, old_directory))
            .or_insert(old);
    }
    for made in chart.objects() {
        let before = before.get(&identity(chart, made, &chart.state.directory));
        let fact = |field: &str, versioned: bool, origin: Origin| ImmutableFact {
            path: made.path.clone(),
            kind: made.kind.clone(),
            field: field.to_owned(),
            versioned,
            origin,
        };
        for (field, text) in &made.immutable {
            let old = before.and_then(|old| old.immutable.iter().find(|(name, _)| name == field));
            // A Job that was a hook is made anew, and so was none before.
            let is_new = *field == "template" && old.is_none();
            if before.is_some() && !is_new && old.is_none_or(|(_, old)| old != text) {
                found.push(fact(field, false, origins.add(made.location)));
            }
        }
        if let Some(place) = made.versioned_claims {
            found.push(fact("volumeClaimTemplates", true, origins.add(place)));
        }
    }
    found
}

/// What makes an object the same one in two releases: its name where it was rendered, else its template.
fn identity<'m>(chart: &Chart, made: &'m Manifest, directory: &str) -> (&'m str, &'m str) {
    let name = if matches!(chart.rendering, Rendering::Done { .. }) {
        &made.name
    } else {
        made.path.strip_prefix(directory).unwrap_or(&made.path)
    };
    (&made.kind, name)
}

/// The first Job whose text speaks of migrations; one that is a hook is preferred. Where the chart was rendered, one that the
/// templates have and Helm did not make is off.
pub(super) fn migration(chart: &Chart, origins: &mut Origins) -> MigrationRunFact {
    let is_rendered = matches!(chart.rendering, Rendering::Done { .. });
    let in_template = migration_job(&chart.manifests);
    let Some(job) = migration_job(chart.objects()).or(in_template) else {
        return MigrationRunFact::default();
    };
    let key = in_template.map_or("", |job| job.enabled_by.as_str());
    let has = |phase: &str| job.hooks.iter().any(|hook| hook == phase);
    let phase = match (has("pre-upgrade"), has("post-upgrade")) {
        (true, _) => "pre-upgrade",
        (false, true) => "post-upgrade",
        (false, false) => "",
    };
    let enabled = if is_rendered {
        if migration_job(chart.objects()).is_some() {
            "yes"
        } else {
            "no"
        }
    } else {
        by_default(chart, key)
    };
    MigrationRunFact {
        found: true,
        path: job.path.clone(),
        phase: phase.to_owned(),
        key: key.to_owned(),
        enabled: enabled.to_owned(),
        deadline: job.deadline,
        origin: origins.add(job.location),
    }
}

fn migration_job(objects: &[Manifest]) -> Option<&Manifest> {
    let mut jobs = objects
        .iter()
        .filter(|made| made.kind == "Job" && made.migrates);
    jobs.clone()
        .find(|made| !made.hooks.is_empty())
        .or_else(|| jobs.next())
}

/// The value that turns something on, as the values have it.
fn by_default(chart: &Chart, key: &str) -> &'static str {
    if key.is_empty() {
        return "yes";
    }
    let path = KeyPath::parse(key);
    let mut files = chart.state.values.iter().rev();
    let value = files.find_map(|file| file.value.as_ref()?.at(&path));
    match value.and_then(Value::as_bool) {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
}
