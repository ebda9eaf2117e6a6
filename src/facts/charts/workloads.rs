//! What a chart runs, and how an upgrade treats it.

use super::{ImmutableFact, MigrationRunFact, WorkloadFact};
use crate::charts::{Chart, Manifest, Strategy, update_strategy as strategy_of};
use crate::facts::{Origin, Origins};
use crate::syntax::yaml::{KeyPath, Value};

/// Kinds whose pods an upgrade replaces.
const ROLLED: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];

/// The objects that run pods.
pub(super) fn facts(chart: &Chart, origins: &mut Origins) -> Vec<WorkloadFact> {
    chart
        .manifests
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
    for value in chart
        .state
        .values
        .iter()
        .filter_map(|file| file.value.as_ref())
    {
        strategies(value, &mut in_values);
    }
    let rolled: Vec<&Manifest> = chart
        .manifests
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
    for made in &chart.manifests {
        let inside = |path: &str, directory: &str| path.strip_prefix(directory).map(str::to_owned);
        let before = chart.previous.as_ref().and_then(|previous| {
            let place = inside(&made.path, &chart.state.directory)?;
            chart.previous_manifests.iter().find(|old| {
                old.kind == made.kind
                    && inside(&old.path, &previous.directory).as_ref() == Some(&place)
            })
        });
        let fact = |field: &str, versioned: bool, origin: Origin| ImmutableFact {
            path: made.path.clone(),
            kind: made.kind.clone(),
            field: field.to_owned(),
            versioned,
            origin,
        };
        for (field, text) in &made.immutable {
            let old = before.and_then(|old| old.immutable.iter().find(|(name, _)| name == field));
            if before.is_some() && old.is_none_or(|(_, old)| old != text) {
                found.push(fact(field, false, origins.add(made.location)));
            }
        }
        if let Some(place) = made.versioned_claims {
            found.push(fact("volumeClaimTemplates", true, origins.add(place)));
        }
    }
    found
}

/// The first Job whose text speaks of migrations; one that is a hook is preferred.
pub(super) fn migration(chart: &Chart, origins: &mut Origins) -> MigrationRunFact {
    let jobs = || {
        chart
            .manifests
            .iter()
            .filter(|made| made.kind == "Job" && made.migrates)
    };
    let Some(job) = jobs()
        .find(|made| !made.hooks.is_empty())
        .or_else(|| jobs().next())
    else {
        return MigrationRunFact::default();
    };
    let has = |phase: &str| job.hooks.iter().any(|hook| hook == phase);
    let phase = match (has("pre-upgrade"), has("post-upgrade")) {
        (true, _) => "pre-upgrade",
        (false, true) => "post-upgrade",
        (false, false) => "",
    };
    let enabled = if job.enabled_by.is_empty() {
        "yes"
    } else {
        let path = KeyPath::parse(&job.enabled_by);
        let mut files = chart.state.values.iter().rev();
        let value = files.find_map(|file| file.value.as_ref()?.at(&path));
        match value.and_then(Value::as_bool) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        }
    };
    MigrationRunFact {
        found: true,
        path: job.path.clone(),
        phase: phase.to_owned(),
        key: job.enabled_by.clone(),
        enabled: enabled.to_owned(),
        deadline: job.deadline,
        origin: origins.add(job.location),
    }
}
