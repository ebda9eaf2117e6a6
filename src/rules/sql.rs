//! Rules over SQL migrations. Each looks at one operation at its place: the schema before it, the transaction around it,
//! what it does to a running release.
//!
//! Severity follows one policy ([`SqlInput::severity`]): what can never be right is an error; what breaks the running
//! version or loses data is an error while the release declares less than that is worth, else a warning; locks are
//! warnings.

mod downs;
mod input;
#[cfg(test)]
mod pages;
mod release;

use super::{Findings, RuleInfo, rule_table};

pub use downs::{DownInput, Reversibility};
pub use input::{FileContext, ReleaseContext, SqlInput, SqlOptions};
pub use release::{JudgedRelease, ReleaseInput, Site, check_release};

/// A rule over SQL.
pub struct SqlRule {
    /// What everybody may know about it.
    pub info: RuleInfo,
    /// What it looks at.
    pub check: Check,
}

/// What a rule looks at.
#[derive(Clone, Copy)]
pub enum Check {
    /// Each operation of the way up.
    Up(fn(&SqlInput<'_>, &mut Findings)),
    /// Each operation, up and down.
    Both(fn(&SqlInput<'_>, &mut Findings)),
    /// Each new migration with its way back.
    Down(fn(&DownInput<'_>, &mut Findings)),
}

rule_table! { SqlRule:
    add_check_without_not_valid,
    create_index_non_concurrent,
    drop_column,
    drop_table,
    rename_column,
    rename_table,
}
