//! The policies that relgate brings: one line for each document.

/// A pack of policies, which a configuration names as `builtin:<name>`.
#[derive(Debug)]
pub struct Pack {
    /// Its name.
    pub name: &'static str,
    /// Its files: name and content.
    files: &'static [(&'static str, &'static str)],
}

macro_rules! pack {
    ($name:literal: $($file:literal),* $(,)?) => {
        Pack {
            name: $name,
            files: &[$(($file, include_str!(concat!("../../policies/", $name, "/", $file, ".yaml")))),*],
        }
    };
}

/// All packs.
pub static PACKS: &[Pack] = &[
    pack!(
        "release-process":
        "changelog",
        "release-types",
        "tags",
        "candidates",
        "change-gates",
        "candidate-gates",
        "release-gates",
        "deploy-gates",
        "after-gates",
        "hotfix",
        "release-config",
    ),
    pack!("migration-safety": "release-types", "locks"),
    pack!("helm": "chart-version", "app-version", "image", "values", "deploy-safety"),
];

/// The files of a pack, as `(path, content)`; none when there is no such pack.
pub(super) fn files(pack: &str) -> Vec<(String, &'static str)> {
    let found = PACKS.iter().find(|candidate| candidate.name == pack);
    found
        .into_iter()
        .flat_map(|pack| {
            pack.files
                .iter()
                .map(|(file, text)| (format!("builtin:{}/{file}.yaml", pack.name), *text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::PACKS;
    use crate::policy::examples::run_examples;
    use crate::policy::load::{PolicySet, PolicySource, load_with_examples};

    fn everything() -> PolicySet {
        let sources: Vec<PolicySource> = PACKS
            .iter()
            .map(|pack| PolicySource::Builtin(pack.name.to_owned()))
            .collect();
        match load_with_examples(&sources, &BTreeMap::new()) {
            Ok(set) => set,
            Err(errors) => panic!(
                "{:#?}",
                errors
                    .0
                    .iter()
                    .map(|e| (e.document.name(), &e.message, e.span))
                    .collect::<Vec<_>>()
            ),
        }
    }

    #[test]
    fn the_examples_of_the_built_in_policies_hold() {
        let results = run_examples(&everything());
        let wrong: Vec<String> = results
            .iter()
            .filter(|result| !result.differences.is_empty())
            .map(|result| {
                format!(
                    "{} / {}:\n  {}",
                    result.policy,
                    result.example,
                    result.differences.join("\n  ")
                )
            })
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(!results.is_empty());
    }

    /// What no example makes fire may never fire, and what no example leaves silent may always fire.
    #[test]
    fn every_built_in_demand_validation_and_gate_fires_in_one_example_and_is_silent_in_another() {
        let set = everything();
        let results = run_examples(&set);
        let mut fired = BTreeSet::new();
        let mut silent = BTreeSet::new();
        for result in &results {
            fired.extend(
                result
                    .fired
                    .iter()
                    .map(|id| (result.policy.as_str(), id.as_str())),
            );
            silent.extend(
                result
                    .silent
                    .iter()
                    .map(|id| (result.policy.as_str(), id.as_str())),
            );
        }
        let mut missing = Vec::new();
        for loaded in set.policies() {
            let policy = &loaded.policy;
            let ids = policy.demands.iter().map(|demand| (&demand.id, true));
            let ids = ids.chain(
                policy
                    .validations
                    .iter()
                    .map(|validation| (&validation.id, true)),
            );
            // A gate without a source of facts yet has no subject, ever.
            let gates = policy.gates.iter().filter(|gate| {
                gate.subject_when
                    .as_ref()
                    .is_none_or(|when| &*when.text != "false")
            });
            let ids = ids.chain(gates.map(|gate| {
                (
                    &gate.id,
                    gate.required_when.is_some() || gate.subject_when.is_some(),
                )
            }));
            for (id, may_be_silent) in ids {
                if !fired.contains(&(policy.name.as_str(), id.as_str())) {
                    missing.push(format!("{}/{id} never fires", policy.name));
                }
                if may_be_silent && !silent.contains(&(policy.name.as_str(), id.as_str())) {
                    missing.push(format!("{}/{id} is never silent", policy.name));
                }
            }
        }
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    }
}
