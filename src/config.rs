//! The configuration file: as it is written, with every key optional and every unknown key an error.
//!
//! What is absent is discovered. The collectors take their own plain settings; this module only says what was written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::syntax::migration::Runner;
use crate::syntax::sql::operation::Dialect;

/// The names under which the file is looked for, in this order.
pub const FILE_NAMES: [&str; 2] = ["relgate.yaml", ".relgate.yaml"];

/// The packs that are in force when the configuration names none.
pub const DEFAULT_POLICIES: [&str; 3] = [
    "builtin:release-process",
    "builtin:migration-safety",
    "builtin:helm",
];

/// `relgate.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Config {
    /// How tags are written.
    pub tags: TagsConfig,
    /// How branches are named.
    pub branches: BranchesConfig,
    /// The last release that is history: an audit starts behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// The changelog's path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changelog: Option<String>,
    /// The directories that hold migrations.
    pub migrations: Vec<MigrationsConfig>,
    /// The Helm charts.
    pub charts: Vec<ChartConfig>,
    /// The rules that the forge protects tags with, for `relgate simulate`.
    pub protections: Vec<ProtectionConfig>,
    /// The scripts that make a release of a candidate, for `relgate simulate`.
    pub promotions: Vec<PromotionConfig>,
    /// Places that hold the version and must be updated with it.
    pub version_references: Vec<VersionReference>,
    /// The documents that people follow while they release, deploy or roll back, as paths or globs; found by their names when
    /// absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runbooks: Option<Vec<String>>,
    /// The policies that are in force: `builtin:<pack>`, a file, or a directory of files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<String>>,
    /// Values of policy parameters.
    pub params: BTreeMap<String, serde_json::Value>,
    /// The directory of evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// The file of allowed signers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signers: Option<String>,
    /// The file of keys that do not count any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<String>,
    /// The file of roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<String>,
    /// The file of waivers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waivers: Option<String>,
    /// Which rules run.
    #[serde(skip_serializing_if = "RulesConfig::is_default")]
    pub rules: RulesConfig,
    /// Findings that are suppressed by path and rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppressions: Vec<SuppressionConfig>,
}

/// How tags are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct TagsConfig {
    /// What stands before the version; found from the tags when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The word of candidates; `rc` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate: Option<String>,
    /// The word of hotfixes; `hotfix` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hotfix: Option<String>,
}

/// How branches are named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct BranchesConfig {
    /// The main branch; found when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main: Option<String>,
    /// The release branch of a version, with `{major}`, `{minor}` and `{patch}`; `release/v{major}.{minor}.{patch}` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The hotfix branches as a glob; `hotfix/*` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hotfix: Option<String>,
}

/// A directory of migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MigrationsConfig {
    /// Its path from the root of the repository.
    #[serde(deserialize_with = "repository_path")]
    pub path: String,
    /// The database's language; found when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<Dialect>,
    /// The program that runs the files; found when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<Runner>,
    /// The server's major version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_version: Option<u32>,
    /// The connection string, the role or the runner sets a `lock_timeout`: `require-lock-timeout` says nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub assume_lock_timeout: bool,
    /// The connection string, the role or the runner sets a `statement_timeout`: `require-statement-timeout` says nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub assume_statement_timeout: bool,
    /// When the migrations run; `pre-upgrade` when absent.
    #[serde(default)]
    pub phase: Phase,
}

/// When migrations run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Before the new pods start: the old version runs on the new schema.
    #[default]
    PreUpgrade,
    /// After they start: the new version runs on the old schema.
    PostUpgrade,
}

impl Phase {
    /// The word that configuration and facts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
        }
    }
}

/// A rule that protects tags: a ruleset of GitHub, or a protected tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ProtectionConfig {
    /// Its name.
    pub name: String,
    /// The tags that it protects, as fnmatch patterns.
    pub include: Vec<String>,
    /// The tags that it leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
}

/// A script that makes a release of a tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PromotionConfig {
    /// Its name.
    pub name: String,
    /// The regular expression that the tag has to match, as in bash's `[[ $TAG =~ ... ]]`: anywhere, unless it says `^` and `$`.
    pub pattern: String,
    /// What it makes of it, with `$1` for the first group; the first group, else the whole match, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub makes: Option<String>,
}

/// A Helm chart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ChartConfig {
    /// The directory that holds `Chart.yaml`.
    #[serde(deserialize_with = "repository_path")]
    pub path: String,
    /// The dotted key of the image tag that carries the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_tag: Option<String>,
    /// The values files; the chart's own `values.yaml` when absent.
    #[serde(
        default,
        deserialize_with = "repository_paths",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub values: Vec<String>,
}

/// A place that holds the version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct VersionReference {
    /// The file.
    #[serde(deserialize_with = "repository_path")]
    pub path: String,
    /// The text around the version, with `{version}` where it stands.
    pub pattern: String,
}

/// Which rules run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct RulesConfig {
    /// Rules to run that are off by themselves: choices of types and style (`relgate explain --list` marks them opt-in).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub enable: Vec<String>,
}

impl RulesConfig {
    /// Nothing is set.
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Findings that are suppressed by path and rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SuppressionConfig {
    /// The ids of the rules and validations.
    pub rules: Vec<String>,
    /// Patterns of the paths, with `*`, `?` and `**`.
    pub paths: Vec<String>,
    /// Why. Without a reason nothing is suppressed.
    #[serde(default)]
    pub reason: String,
}

impl Config {
    /// The policies in force.
    pub fn policies(&self) -> Vec<String> {
        self.policies
            .clone()
            .unwrap_or_else(|| DEFAULT_POLICIES.iter().map(|&p| p.to_owned()).collect())
    }

    /// The path of the waivers.
    pub fn waivers(&self) -> &str {
        self.waivers.as_deref().unwrap_or(".relgate/waivers.yaml")
    }

    /// The directory of evidence.
    pub fn evidence(&self) -> &str {
        self.evidence
            .as_deref()
            .map_or(".relgate/evidence", |path| path.trim_end_matches('/'))
    }

    /// The file of allowed signers.
    pub fn signers(&self) -> &str {
        self.signers
            .as_deref()
            .unwrap_or(".relgate/allowed_signers")
    }

    /// The file of revoked keys.
    pub fn revoked(&self) -> &str {
        self.revoked.as_deref().unwrap_or(".relgate/revoked_keys")
    }

    /// The file of roles.
    pub fn roles(&self) -> &str {
        self.roles.as_deref().unwrap_or(".relgate/roles.yaml")
    }
}

/// A path as git has it: nothing stands before its first component or behind its last; empty for the root.
pub fn plain_path(written: &str) -> String {
    let components = written.split('/');
    let named: Vec<&str> = components
        .filter(|component| !matches!(*component, "" | "."))
        .collect();
    named.join("/")
}

fn repository_path<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    String::deserialize(from).map(|written| plain_path(&written))
}

fn repository_paths<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let written = Vec::<String>::deserialize(from)?;
    Ok(written.iter().map(|path| plain_path(path)).collect())
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_as_git_has_them() {
        for (written, expected) in [
            ("db/migrations", "db/migrations"),
            ("./db/migrations/", "db/migrations"),
            ("/db//migrations", "db/migrations"),
            ("././db/./migrations", "db/migrations"),
            (".", ""),
            ("./", ""),
            ("/", ""),
            (".hidden/x", ".hidden/x"),
            ("../db", "../db"),
        ] {
            assert_eq!(plain_path(written), expected, "{written}");
        }
    }
}
