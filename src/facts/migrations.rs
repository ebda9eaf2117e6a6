//! What changed in the migrations since the previous release.

mod collect;
mod describe;

pub use collect::{OperationSite, collect};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Origin;

/// The migrations.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct MigrationsFacts {
    /// The directories that hold migrations, found or configured.
    pub directories: Vec<MigrationDirectoryFact>,
    /// New files, up and down.
    pub added: Vec<MigrationFact>,
    /// Released files whose SQL differs now; an edit of comments or white space does not count.
    pub modified: Vec<MigrationFact>,
    /// Released files that are gone.
    pub deleted: Vec<MigrationFact>,
    /// Released files that moved and kept their SQL.
    pub renamed: Vec<MigrationFact>,
    /// The operations of the added and modified up migrations, in the order in which they run.
    pub operations: Vec<OperationFact>,
}

/// A directory of migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct MigrationDirectoryFact {
    /// Its path.
    pub path: String,
    /// `postgresql`, `mysql`, `sqlite` or `generic`.
    pub dialect: String,
    /// `golang-migrate`, `goose`, `dbmate`, `sqlx`, `flyway`, `diesel`, `refinery`, `prisma`, `plain`, ...
    pub runner: String,
    /// `pre-upgrade` or `post-upgrade`.
    pub phase: String,
    /// The server's major version; 0 when it is not configured.
    pub server_version: u32,
    /// It stands in the configuration and was not found by itself.
    pub configured: bool,
    /// How many up migrations the subject has in it.
    pub count: u64,
    /// The highest version in it, as it is written; empty when there is none.
    pub latest: String,
}

/// A migration file (or, for runners with both directions in one file, one direction of it).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct MigrationFact {
    /// Its path in the subject (for a deleted one, in the previous release).
    pub path: String,
    /// Its path before it moved; empty when it did not.
    pub previous_path: String,
    /// The directory's path.
    pub directory: String,
    /// The version as it is written in the name.
    pub version: String,
    /// What the name says behind the version.
    pub title: String,
    /// `up` or `down`; a file that holds both is `up`.
    pub direction: String,
    /// The runner.
    pub runner: String,
    /// The dialect.
    pub dialect: String,
    /// `added`, `modified`, `deleted` or `renamed`.
    pub change: String,
    /// The way up is new, differs from the released one, is gone, or runs under another version.
    pub up_changed: bool,
    /// The way down is new, differs from the released one, or is gone.
    pub down_changed: bool,
    /// It has another version than the released file.
    pub renumbered: bool,
    /// It is a program and no SQL: what it does is not known.
    pub code: bool,
    /// For an up migration: there is a way down.
    pub has_down: bool,
    /// For an up migration: the way down holds no statement, or only ones that do nothing.
    pub down_is_empty: bool,
    /// What the way down gives back, by replay: `exact`, `schema-only`, `no`, `unknown`; empty for down and deleted files.
    pub reversible: String,
    /// The file holds no statement.
    pub empty: bool,
    /// The highest `releaseType` of its operations: `none`, `patch`, `minor`, `major`.
    pub release_type: String,
    /// What it does, in the order of the file.
    pub statements: Vec<OperationFact>,
    /// The place.
    pub origin: Origin,
}

/// One operation of a statement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct OperationFact {
    /// The file.
    pub path: String,
    /// The migration's version.
    pub version: String,
    /// `up` or `down`.
    pub direction: String,
    /// What it does: `create_table`, `drop_column`, `create_index`, ..., `opaque`.
    pub kind: String,
    /// The table it works on, without the schema; empty when it works on none.
    pub table: String,
    /// The column; empty when it works on none.
    pub column: String,
    /// The other object it names (index, constraint, type, function ...); else empty.
    pub object: String,
    /// The old code's view: `additive`, `needs-proof`, `breaking`, `unknown`.
    pub compatibility: String,
    /// Data is lost: `yes`, `no`, `unknown`.
    pub data_loss: String,
    /// It takes something away (a drop, a truncation, an unbounded delete).
    pub destructive: bool,
    /// The smallest release type that may carry it by its effects: `none`, `patch`, `minor`, `major`.
    pub release_type: String,
    /// Why, as a phrase; empty when there is nothing to say.
    pub reason: String,
    /// The strongest lock on an existing table, e.g. `ACCESS EXCLUSIVE`; empty when none or not known for the dialect.
    pub lock: String,
    /// `brief`, `scan`, `rewrite` or `unknown`; empty when it touches no existing table.
    pub work: String,
    /// What it works on was created in this release.
    pub created_in_release: bool,
    /// It could not be classified.
    pub opaque: bool,
    /// The place.
    pub origin: Origin,
}

#[cfg(test)]
mod tests;
