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
use crate::finding::Severity;

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

impl SqlRule {
    /// A rule over each operation of the way up.
    const fn up(
        id: &'static str,
        severity: Severity,
        summary: &'static str,
        page: &'static str,
        check: fn(&SqlInput<'_>, &mut Findings),
    ) -> Self {
        Self {
            info: RuleInfo {
                id,
                summary,
                severity,
                page,
            },
            check: Check::Up(check),
        }
    }

    /// A rule over each operation, up and down.
    const fn both(
        id: &'static str,
        severity: Severity,
        summary: &'static str,
        page: &'static str,
        check: fn(&SqlInput<'_>, &mut Findings),
    ) -> Self {
        Self {
            check: Check::Both(check),
            ..Self::up(id, severity, summary, page, check)
        }
    }

    /// A rule over each new migration with its way back.
    const fn down(
        id: &'static str,
        severity: Severity,
        summary: &'static str,
        page: &'static str,
        check: fn(&DownInput<'_>, &mut Findings),
    ) -> Self {
        Self {
            info: RuleInfo {
                id,
                summary,
                severity,
                page,
            },
            check: Check::Down(check),
        }
    }
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
    /// What the parser and the runner object to: one finding each.
    Errors,
}

rule_table! { SqlRule:
    add_check_without_not_valid,
    attach_partition_scan,
    cluster_or_vacuum_full,
    concurrently_in_transaction,
    create_index_non_concurrent,
    create_partition_of_lock,
    create_trigger_lock,
    detach_partition_non_concurrent,
    drop_column,
    drop_index_non_concurrent,
    drop_table,
    enum_value_used_in_same_transaction,
    explicit_lock_table,
    fk_locks_referenced_table,
    invalid_index_masked,
    multiple_tables_access_exclusive,
    partial_failure_not_retryable,
    refresh_matview_non_concurrent,
    reindex_non_concurrent,
    rename_column,
    rename_table,
    replica_identity_full,
    require_lock_timeout,
    require_statement_timeout,
    statement_after_access_exclusive,
    transaction_nesting,
    uncommitted_transaction,
}
