//! What an operation does to a running system: locks, work, compatibility with the running version, data loss, the way
//! back, and the smallest release type that may carry it.
//!
//! One function, [`effect`], computes all of it from the operation, the schema before it, the server's version and the
//! session. For PostgreSQL it is tested row by row against measurements on real servers (`tests/data/postgres-locks*.tsv`).

mod compatibility;
mod lock;
mod locks;
#[cfg(test)]
mod measured;
mod mysql;
mod refusal;
mod retype;

use serde::{Deserialize, Serialize};

use crate::schema::{Catalog, Truth};
use crate::syntax::sql::operation::{Dialect, Name, Operation};
use crate::version::ReleaseType;

pub use lock::LockMode;
pub use refusal::autocommit_only;
pub use retype::{Retype, Storage};

/// How long a lock is held, by what is done under it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Work {
    /// The catalog only: brief, but it queues behind running transactions, and others queue behind it.
    #[default]
    Brief,
    /// It cannot be told.
    Unknown,
    /// Every row is read, or an index is built.
    Scan,
    /// Every row is written anew, and every index with it.
    Rewrite,
}

impl Work {
    /// The word that facts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Brief => "brief",
            Self::Unknown => "unknown",
            Self::Scan => "scan",
            Self::Rewrite => "rewrite",
        }
    }
}

/// What the running version, which knows the schema before, makes of the schema after.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Compatibility {
    /// It does not notice.
    #[default]
    Additive,
    /// It works if its code keeps to something that the files do not say.
    NeedsProof,
    /// Nobody can tell: the operation could not be read.
    Unknown,
    /// Its code fails.
    Breaking,
}

impl Compatibility {
    /// The word that facts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Additive => "additive",
            Self::NeedsProof => "needs-proof",
            Self::Unknown => "unknown",
            Self::Breaking => "breaking",
        }
    }
}

/// What has to be kept before the operation runs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Backup {
    /// Nothing.
    #[default]
    None,
    /// The dump that every upgrade with migrations takes.
    Routine,
    /// A dump without which a rollback loses data.
    Required,
}

/// Why nothing is known of an operation of which no more can be said.
pub const UNCLASSIFIED: &str = "it could not be classified";

/// What an operation does to one relation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// The relation, without the default schema.
    pub relation: Name,
    /// It is a table, and no index, view or sequence.
    pub is_table: bool,
    /// It is a view or a materialized view, which others read as they read a table.
    pub is_view: bool,
    /// The lock on it; `None` for none, or where the dialect's are not known.
    pub lock: Option<LockMode>,
    /// What is done to it under the lock.
    pub work: Work,
    /// It exists since before this release, so that somebody may be waiting.
    pub hot: bool,
}

/// Why the server would refuse the operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The SQLSTATE.
    pub code: &'static str,
    /// What the server would say, in our words.
    pub message: String,
    /// It depends on the rows that are there.
    pub depends_on_data: bool,
}

/// All that an operation does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Effect {
    /// What it does to which relation; the one it names first, if it locks it.
    pub touches: Vec<Touch>,
    /// What the running version makes of it.
    pub compatibility: Compatibility,
    /// Data is lost.
    pub data_loss: Truth,
    /// It takes something away.
    pub destructive: bool,
    /// A down migration can give back what was there, data included.
    pub reversible: Truth,
    /// The smallest release type that its effects allow.
    pub release_type: ReleaseType,
    /// What has to be kept.
    pub backup: Backup,
    /// Why it breaks or loses something, as a phrase; empty when it does not.
    pub reason: String,
    /// What it works on did not exist at the previous release.
    pub created_in_release: bool,
    /// The server would refuse it. Rules have looked at it by the time that an effect is kept.
    #[serde(skip)]
    pub refusal: Option<Refusal>,
    /// It could not be classified.
    pub opaque: bool,
}

impl Effect {
    /// Takes in the effect of something that the operation runs: a function that it calls.
    pub fn absorb(&mut self, other: &Self) {
        self.touches.extend(other.touches.iter().cloned());
        if other.compatibility > self.compatibility {
            self.compatibility = other.compatibility;
            self.reason.clone_from(&other.reason);
        }
        self.data_loss = self.data_loss.max(other.data_loss);
        self.destructive |= other.destructive;
        self.reversible = self.reversible.min(other.reversible);
        self.release_type = self.release_type.max(other.release_type);
        self.backup = self.backup.max(other.backup);
        self.created_in_release &= other.created_in_release;
        self.opaque |= other.opaque;
        if self.refusal.is_none() {
            self.refusal.clone_from(&other.refusal);
        }
    }

    /// The strongest lock on a relation that existed before this release.
    pub fn strongest_hot(&self) -> Option<&Touch> {
        self.touches
            .iter()
            .filter(|touch| touch.hot && touch.is_table && touch.lock.is_some())
            .rev()
            .max_by_key(|touch| (touch.lock, touch.work))
    }

    /// The strongest lock for which others have to wait who work with what existed before this release: writers of a table,
    /// or readers of a view.
    pub fn strongest_in_the_way(&self) -> Option<&Touch> {
        let is_in_the_way = |touch: &Touch| {
            touch.lock.is_some_and(|lock| {
                (touch.is_table && lock.blocks_writes()) || (touch.is_view && lock.blocks_reads())
            })
        };
        self.touches
            .iter()
            .filter(|touch| touch.hot && is_in_the_way(touch))
            .rev()
            .max_by_key(|touch| (touch.lock, touch.work))
    }

    /// The hardest work on a relation that existed before this release.
    pub fn hot_work(&self) -> Option<Work> {
        self.touches
            .iter()
            .filter(|touch| touch.hot)
            .map(|touch| touch.work)
            .max()
    }

    /// Readers of a relation that existed before this release wait for it.
    pub fn blocks_reads(&self) -> bool {
        self.hot_locks().any(LockMode::blocks_reads)
    }

    /// Writers to a relation that existed before this release wait for it.
    pub fn blocks_writes(&self) -> bool {
        self.hot_locks().any(LockMode::blocks_writes)
    }

    fn hot_locks(&self) -> impl Iterator<Item = LockMode> {
        self.touches
            .iter()
            .filter(|touch| touch.hot)
            .filter_map(|touch| touch.lock)
    }
}

/// What an operation's effect depends on, beside the operation.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The schema before the operation.
    pub before: &'a Catalog,
    /// The clock of the schema that the previous release left: what is younger was created in this release. 0 when there
    /// is no previous release.
    pub released: u32,
    /// The schema that the previous release left, when there is one.
    pub previous: Option<&'a Catalog>,
    /// The schema at the end of the release, when it is known: a view under the old name, an object made anew.
    pub last: Option<&'a Catalog>,
    /// The server's major version.
    pub server_version: u32,
    /// The operation runs inside a transaction block, explicit or implicit.
    pub in_transaction: bool,
}

/// The server version that is assumed when none is configured: the oldest that the PostgreSQL project supports.
pub const DEFAULT_SERVER_VERSION: u32 = 14;

/// What the operation does.
pub fn effect(operation: &Operation, situation: &Situation<'_>) -> Effect {
    let verdict = compatibility::judge(operation, situation);
    let touches = match situation.before.dialect() {
        Dialect::Postgresql => locks::touches(operation, situation),
        Dialect::Mysql => mysql::touches(&operation.action, situation),
        Dialect::Sqlite | Dialect::Generic => Vec::new(),
    };
    let hot_work = touches
        .iter()
        .filter(|touch| touch.hot)
        .map(|touch| touch.work)
        .max()
        .unwrap_or_default();
    let release_type = match verdict.compatibility {
        Compatibility::Breaking => ReleaseType::Major,
        Compatibility::NeedsProof | Compatibility::Unknown => ReleaseType::Minor,
        Compatibility::Additive if verdict.at_least_minor || hot_work > Work::Brief => {
            ReleaseType::Minor
        }
        Compatibility::Additive if verdict.data_loss == Truth::Yes => ReleaseType::Minor,
        Compatibility::Additive if verdict.nothing => ReleaseType::None,
        Compatibility::Additive => ReleaseType::Patch,
    };
    let backup = if release_type >= ReleaseType::Minor {
        verdict.backup.max(Backup::Routine)
    } else {
        verdict.backup
    };
    Effect {
        touches,
        compatibility: verdict.compatibility,
        data_loss: verdict.data_loss,
        destructive: verdict.destructive,
        reversible: verdict.reversible,
        release_type,
        backup,
        reason: verdict.reason,
        created_in_release: verdict.created_in_release,
        refusal: refusal::refusal(operation, situation),
        opaque: verdict.opaque,
    }
}
