//! Who has which role.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::syntax::yaml::{self, YamlError};

/// The roles of a project, as `roles.yaml` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles(BTreeMap<String, Vec<String>>);

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    roles: BTreeMap<String, Vec<String>>,
}

impl Roles {
    /// Reads `roles: { team-lead: [lead@example.org] }`.
    pub fn read(text: &str) -> Result<Self, Vec<YamlError>> {
        let blank = text
            .split('\n')
            .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        if blank {
            return Ok(Self::default());
        }
        yaml::from_str::<File>(text).map(|file| Self(file.roles))
    }

    /// Somebody has a role. Addresses compare without case, as people write them.
    pub fn has(&self, person: &str, role: &str) -> bool {
        self.0.get(role).is_some_and(|people| {
            people
                .iter()
                .any(|known| known.to_lowercase() == person.to_lowercase())
        })
    }

    /// The people that have a role.
    pub fn people(&self, role: &str) -> &[String] {
        self.0.get(role).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_strictly() {
        let roles = Roles::read("roles:\n  team-lead: [Lead@example.org]\n  qa: []\n").unwrap();
        assert!(roles.has("lead@example.org", "team-lead"));
        assert!(!roles.has("lead@example.org", "qa"));
        assert!(!roles.has("lead@example.org", "Team-Lead"));
        assert_eq!(roles.people("team-lead"), ["Lead@example.org"]);
        assert_eq!(Roles::read("# nobody yet\n"), Ok(Roles::default()));
        for bad in [
            "role: {}",
            "roles: [a]",
            "roles: { a: b }",
            "roles: { a: [b] }\nroles: {}",
        ] {
            assert!(Roles::read(bad).is_err(), "{bad}");
        }
    }
}
