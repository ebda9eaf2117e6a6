//! What the running version, which knows the schema before, makes of an operation; what is lost by it; and what a
//! rollback needs. The same for every dialect.
//!
//! A drop, a rename, another type and a constraint that the running version's own writes violate break it. What depends
//! on its code, which the files do not show, needs proof. What was created in the same release nobody uses yet.

mod column;
mod constraint;
mod drops;
mod object;
mod rows;

use crate::schema::{Column, Lookup, Relation, Truth};
use crate::syntax::sql::operation::{Action, Name, Operation, Persistence};

use super::{Backup, Compatibility, Situation};

/// What is said about an operation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Verdict {
    pub(super) compatibility: Compatibility,
    pub(super) data_loss: Truth,
    pub(super) destructive: bool,
    pub(super) reversible: Truth,
    pub(super) backup: Backup,
    pub(super) reason: String,
    pub(super) created_in_release: bool,
    pub(super) opaque: bool,
    /// It needs a minor although it is compatible.
    pub(super) at_least_minor: bool,
    /// It changes nothing that a release could notice.
    pub(super) nothing: bool,
}

impl Verdict {
    /// The running version does not notice, and a down can undo it.
    fn additive() -> Self {
        Self {
            data_loss: Truth::No,
            reversible: Truth::Yes,
            ..Self::default()
        }
    }

    /// Nothing is changed.
    fn nothing() -> Self {
        Self {
            nothing: true,
            ..Self::additive()
        }
    }

    /// What it works on is new in this release.
    fn fresh() -> Self {
        Self {
            created_in_release: true,
            ..Self::additive()
        }
    }

    /// It depends on the running version's code.
    fn needs_proof(reason: impl Into<String>) -> Self {
        Self {
            compatibility: Compatibility::NeedsProof,
            reason: reason.into(),
            ..Self::additive()
        }
    }

    /// The running version's code fails.
    fn breaking(reason: impl Into<String>) -> Self {
        Self {
            compatibility: Compatibility::Breaking,
            reason: reason.into(),
            ..Self::additive()
        }
    }

    /// Nobody can tell.
    fn unknown(reason: impl Into<String>) -> Self {
        Self {
            compatibility: Compatibility::Unknown,
            data_loss: Truth::Unknown,
            reversible: Truth::Unknown,
            reason: reason.into(),
            ..Self::default()
        }
    }

    /// The worse of both, and what either of them loses.
    fn worse(self, other: Self) -> Self {
        let rank = |verdict: &Self| (verdict.compatibility, verdict.data_loss);
        let (mut worse, other) = if rank(&other) > rank(&self) {
            (other, self)
        } else {
            (self, other)
        };
        worse.data_loss = worse.data_loss.max(other.data_loss);
        worse.destructive |= other.destructive;
        worse.reversible = worse.reversible.min(other.reversible);
        worse.backup = worse.backup.max(other.backup);
        worse.created_in_release &= other.created_in_release;
        worse.at_least_minor |= other.at_least_minor;
        worse.nothing &= other.nothing;
        worse
    }

    /// Rows or values go with it.
    fn losing(mut self, loss: Truth) -> Self {
        self.data_loss = loss;
        if loss != Truth::No {
            self.reversible = Truth::No;
            self.backup = Backup::Required;
        }
        self
    }

    fn destructive(mut self) -> Self {
        self.destructive = true;
        self
    }

    fn reversible(mut self, reversible: Truth) -> Self {
        self.reversible = reversible;
        self
    }

    fn at_least_minor(mut self, reason: impl Into<String>) -> Self {
        self.at_least_minor = true;
        self.reason = reason.into();
        self
    }
}

/// What is said about the operation.
pub(super) fn judge(operation: &Operation, situation: &Situation<'_>) -> Verdict {
    let action = &operation.action;
    match action {
        Action::AddColumn { .. }
        | Action::DropColumn { .. }
        | Action::RenameColumn { .. }
        | Action::AlterColumnType { .. }
        | Action::ReplaceColumn { .. }
        | Action::SetNotNull { .. }
        | Action::DropNotNull { .. }
        | Action::SetDefault { .. }
        | Action::DropDefault { .. }
        | Action::AddIdentity { .. }
        | Action::SetIdentity { .. }
        | Action::DropIdentity { .. }
        | Action::SetExpression { .. }
        | Action::DropExpression { .. }
        | Action::SetStorage { .. }
        | Action::SetCompression { .. }
        | Action::SetStatistics { .. }
        | Action::SetColumnOptions { .. } => column::judge(action, situation),
        Action::AddConstraint { .. }
        | Action::ValidateConstraint { .. }
        | Action::DropConstraint { .. }
        | Action::RenameConstraint { .. }
        | Action::AlterConstraint { .. }
        | Action::CreateIndex { .. } => constraint::judge(action, situation),
        Action::Truncate { .. }
        | Action::Insert { .. }
        | Action::Update { .. }
        | Action::Delete { .. }
        | Action::Copy { .. }
        | Action::Select { .. }
        | Action::Call { .. } => rows::judge(action, situation),
        Action::Do { dynamic: true } => Verdict {
            opaque: true,
            ..Verdict::unknown("it builds SQL at run time")
        },
        Action::Opaque { .. } => Verdict {
            opaque: true,
            ..Verdict::unknown(crate::effects::UNCLASSIFIED)
        },
        Action::Set { .. }
        | Action::Transaction(_)
        | Action::Comment { .. }
        | Action::Do { dynamic: false }
        | Action::Analyze { .. }
        | Action::Vacuum { .. }
        | Action::LockTable { .. }
        | Action::Other { .. } => Verdict::nothing(),
        _ => object::judge(action, situation),
    }
}

/// A table, seen from the running version.
#[derive(Clone, Copy)]
enum Seen<'a> {
    /// It was created in this release, or for one session.
    Fresh,
    /// The running version may use it.
    Old(&'a Relation),
    /// No migration created it, so somebody else did, and the running version may use it.
    Foreign,
    /// It is certainly not there.
    Absent,
}

fn seen<'a>(situation: &Situation<'a>, name: &Name) -> Seen<'a> {
    match situation.before.relation(name) {
        Lookup::Found(relation)
            if relation.persistence == Persistence::Temporary
                || relation.is_younger_than(situation.released) =>
        {
            Seen::Fresh
        }
        Lookup::Found(relation) => Seen::Old(relation),
        Lookup::Missing => Seen::Absent,
        Lookup::Unknown => Seen::Foreign,
    }
}

/// The column was added in this release.
fn is_fresh(situation: &Situation<'_>, column: &Column) -> bool {
    column.born.clock >= situation.released
}

/// The relation that has the name at the end of the release, unless it is the same one as before.
fn successor<'a>(
    situation: &Situation<'a>,
    name: &Name,
    of: Option<&Relation>,
) -> Option<&'a Relation> {
    let relation = situation.last?.relation(name).found()?;
    of.is_none_or(|of| of.id != relation.id).then_some(relation)
}
