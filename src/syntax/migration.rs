//! What migration runners make of a file: of its name, of the directives in it, and of the transaction around it.
//!
//! Each runner's conventions are one row of [`PROFILES`]; `names` reads paths by it and `sections` reads texts. Nothing
//! here opens a file or knows a release.

mod names;
mod profile;
mod sections;

pub use names::{FileName, Order, Recognition, Role, is_callback, recognize};
pub use profile::{Down, Layout, OptOut, OutOfOrder, PROFILES, Profile, Sent, Wrapped};
pub use sections::{Changeset, Section, Sections, TransactionMode, sections};

use serde::{Deserialize, Serialize};

/// A program that applies migrations, or a convention that several share.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Runner {
    /// golang-migrate/migrate, and those that share its names.
    GolangMigrate,
    /// pressly/goose.
    Goose,
    /// amacneil/dbmate.
    Dbmate,
    /// launchbadge/sqlx.
    Sqlx,
    /// rust-db/refinery.
    Refinery,
    /// diesel-rs/diesel.
    Diesel,
    /// Flyway, and those that share its names.
    Flyway,
    /// Liquibase's formatted SQL.
    Liquibase,
    /// Prisma Migrate.
    Prisma,
    /// Atlas's own directory format.
    Atlas,
    /// gobuffalo/pop and ory's popx.
    Popx,
    /// rubenv/sql-migrate.
    SqlMigrate,
    /// jackc/tern.
    Tern,
    /// Drizzle Kit.
    Drizzle,
    /// Numbered SQL files whose runner is not known.
    Plain,
}

impl Runner {
    /// The word that configuration, facts and reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GolangMigrate => "golang-migrate",
            Self::Goose => "goose",
            Self::Dbmate => "dbmate",
            Self::Sqlx => "sqlx",
            Self::Refinery => "refinery",
            Self::Diesel => "diesel",
            Self::Flyway => "flyway",
            Self::Liquibase => "liquibase",
            Self::Prisma => "prisma",
            Self::Atlas => "atlas",
            Self::Popx => "popx",
            Self::SqlMigrate => "sql-migrate",
            Self::Tern => "tern",
            Self::Drizzle => "drizzle",
            Self::Plain => "plain",
        }
    }

    /// The runner that a word of the configuration names.
    pub fn from_word(word: &str) -> Option<Self> {
        PROFILES
            .iter()
            .map(|profile| profile.runner)
            .find(|runner| runner.as_str() == word)
    }

    /// Its conventions.
    pub fn profile(self) -> &'static Profile {
        PROFILES
            .iter()
            .find(|profile| profile.runner == self)
            .unwrap_or(&profile::PLAIN)
    }
}

impl std::fmt::Display for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which way a piece of SQL leads.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub enum Direction {
    /// To the newer schema.
    #[default]
    Up,
    /// Back to the older one.
    Down,
}

impl Direction {
    /// The word that facts and reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runner_has_one_profile_and_one_word() {
        let words: std::collections::BTreeSet<_> = PROFILES
            .iter()
            .map(|profile| profile.runner.as_str())
            .collect();
        assert_eq!(words.len(), PROFILES.len());
        for profile in PROFILES {
            assert_eq!(
                Runner::from_word(profile.runner.as_str()),
                Some(profile.runner)
            );
            assert_eq!(profile.runner.profile().runner, profile.runner);
            assert_eq!(
                serde_json::to_string(&profile.runner).unwrap(),
                format!("\"{}\"", profile.runner)
            );
        }
    }
}
