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
        "signatures",
    ),
    pack!("migration-safety": "release-types", "locks"),
    pack!("helm": "chart-version", "app-version", "image", "values", "deploy-safety"),
    pack!("semver": "versions", "release-types"),
    pack!("change-management": "change-record", "calendar"),
    pack!("trunk-based": "release-types", "trunk", "gates"),
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
    use crate::policy::examples::{coverage, run_examples};
    use crate::policy::load::{PolicySet, PolicySource, load_with_examples};

    fn pack(name: &str) -> PolicySet {
        let source = PolicySource::Builtin(name.to_owned());
        match load_with_examples(&[source], &BTreeMap::new(), None) {
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
        for known in PACKS {
            let results = run_examples(&pack(known.name));
            let wrong: Vec<String> = results
                .iter()
                .filter(|result| !result.differences.is_empty())
                .map(|result| {
                    let differences: Vec<String> =
                        result.differences.iter().map(ToString::to_string).collect();
                    format!(
                        "{} / {}:\n  {}",
                        result.suite,
                        result.name,
                        differences.join("\n  ")
                    )
                })
                .collect();
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
            assert!(!results.is_empty());
        }
    }

    /// A gate that never closes is no gate, and one that never blocks is none either.
    #[test]
    fn every_built_in_gate_passes_in_one_example_and_blocks_in_another() {
        let mut missing = Vec::new();
        let set = pack("release-process");
        for loaded in set.policies() {
            for gate in &loaded.policy.gates {
                // One without a source of facts yet has no subject, ever.
                if gate
                    .subject_when
                    .as_ref()
                    .is_some_and(|when| &*when.text == "false")
                    || gate
                        .evaluable_when
                        .as_ref()
                        .is_some_and(|when| &*when.text == "false")
                {
                    continue;
                }
                let statuses: BTreeSet<&str> = loaded
                    .policy
                    .examples
                    .iter()
                    .filter_map(|example| example.expect.gates.get(&gate.id))
                    .map(String::as_str)
                    .collect();
                for wanted in ["pass", "fail"] {
                    if !statuses.contains(wanted) {
                        missing.push(format!("{}: {wanted}", gate.id));
                    }
                }
            }
        }
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    }

    /// What no example makes fire may never fire, and what no example leaves silent may always fire.
    #[test]
    fn every_built_in_demand_validation_and_gate_fires_in_one_example_and_is_silent_in_another() {
        let mut missing = Vec::new();
        for known in PACKS {
            let set = pack(known.name);
            for part in coverage(&set, &run_examples(&set)) {
                if !part.fired {
                    missing.push(format!("{}/{} never fires", part.policy, part.id));
                }
                if !part.silent {
                    missing.push(format!("{}/{} is never silent", part.policy, part.id));
                }
            }
        }
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    }
}
