//! Rules over SQL migrations. Each looks at one operation at its place: the schema before it, the transaction around it,
//! what it does to a running release.
//!
//! Severity follows one policy (`SqlInput::report_class`): what can never be right is an error; what breaks the running
//! version or loses data is an error while the release declares less than that is worth, else a warning; locks are
//! warnings.

mod downs;
mod fixes;
mod input;
#[cfg(test)]
mod pages;
mod release;
mod removal;
mod texts;

use super::{Findings, RuleInfo, rule_table};
use crate::finding::Severity;

pub use downs::{DownInput, Reversibility};
pub use input::{DownFile, FileContext, ReleaseContext, SqlInput, Use, Uses};
pub use release::{JudgedRelease, ReleaseInput, Site, check_release, taken_names};

/// A rule over SQL.
pub struct SqlRule {
    /// What everybody may know about it.
    pub info: RuleInfo,
    /// What it looks at.
    pub check: Check,
    /// It is a matter of taste, and off unless the configuration enables it.
    pub opt_in: bool,
}

/// The rules that are off unless the configuration enables them.
pub fn opt_in_ids() -> impl Iterator<Item = &'static str> {
    RULES
        .iter()
        .filter(|rule| rule.opt_in)
        .map(|rule| rule.info.id)
}

impl SqlRule {
    /// The same rule, off unless somebody asks for it.
    const fn opt_in(mut self) -> Self {
        self.opt_in = true;
        self
    }

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
            opt_in: false,
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
            opt_in: false,
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
    /// What the released files lead to now, beside what they led to when they were released.
    Drift,
}

rule_table! { SqlRule:
    add_check_without_not_valid,
    add_column_constrained_domain,
    add_column_default_pre11,
    add_column_fk_default,
    add_column_generated_stored,
    add_column_serial,
    add_column_unique,
    add_column_volatile_default,
    add_column_with_check,
    add_exclusion_constraint,
    add_fk_without_not_valid,
    add_primary_key_builds_index,
    add_required_column,
    add_unique_constraint_builds_index,
    advisory_lock_or_sleep,
    alter_constraint_deferrable,
    alter_domain_add_constraint,
    attach_partition_scan,
    avoid_constrained_domain,
    avoid_enum,
    backfill_in_migration,
    ban_char,
    cached_plan_invalidation,
    change_column_type_no_rewrite,
    change_column_type_rewrite,
    change_default,
    cluster_or_vacuum_full,
    concurrently_in_transaction,
    constraint_never_validated,
    constraint_without_name,
    contract_too_early,
    create_index_non_concurrent,
    create_partition_of_lock,
    create_policy,
    create_table_as_select,
    create_trigger_lock,
    create_unique_index_may_fail,
    ddl_and_dml_mixed,
    delete_without_where,
    detach_partition_non_concurrent,
    disable_row_level_security,
    disable_trigger,
    down_adds_not_null,
    down_column_order_differs,
    down_dml_not_inverse,
    down_does_not_drop_created,
    down_does_not_restore_dropped,
    down_drops_too_much,
    down_enum_value_irreversible,
    down_narrows_type,
    down_noop,
    down_re_adds_unique,
    down_rename_not_reversed,
    down_restores_differently,
    down_uses_cascade,
    down_wrong_order,
    drop_cascade,
    drop_column,
    drop_constraint,
    drop_database,
    drop_default,
    drop_extension,
    drop_foreign_key,
    drop_function,
    drop_index_non_concurrent,
    drop_index_supporting_query,
    drop_matview,
    drop_not_null,
    drop_owned,
    drop_primary_key,
    drop_schema,
    drop_sequence,
    drop_table,
    drop_type,
    drop_unique_used_by_on_conflict,
    drop_view,
    duplicate_index,
    enable_row_level_security,
    enum_add_value,
    enum_value_removal,
    enum_value_used_in_same_transaction,
    explicit_lock_table,
    fk_cascade,
    fk_locks_referenced_table,
    fk_type_mismatch,
    fk_without_index,
    float_for_money,
    function_signature_change,
    identifier_too_long,
    identity_always,
    index_without_name,
    invalid_index_masked,
    money_type,
    multiple_alter_table,
    multiple_tables_access_exclusive,
    mysql_table_copy,
    mysql_table_rebuild,
    narrowing_type_change,
    opaque_dynamic_sql,
    partial_failure_not_retryable,
    prefer_bigint_over_int,
    prefer_bigint_over_smallint,
    prefer_identity,
    prefer_jsonb,
    prefer_text,
    prefer_timestamptz,
    primary_key_missing,
    redundant_prefix_index,
    refresh_matview_non_concurrent,
    reindex_non_concurrent,
    rename_column,
    rename_enum_value,
    rename_function,
    rename_schema,
    rename_sequence,
    rename_table,
    rename_type,
    rename_view,
    replica_identity_full,
    require_lock_timeout,
    require_statement_timeout,
    required_by_check,
    revoke,
    schema_drift_between_fresh_and_upgraded,
    server_refuses,
    session_replication_role,
    session_setting_leak,
    set_access_method,
    set_local_outside_transaction,
    set_logged_unlogged,
    set_not_null_scan,
    set_tablespace,
    short_primary_key,
    statement_after_access_exclusive,
    syntax_error,
    tighten_check,
    tighten_fk,
    tighten_not_null,
    tighten_unique,
    transaction_nesting,
    truncate,
    truncate_cascade,
    type_change_visible,
    uncommitted_transaction,
    unqualified_name,
    update_without_where,
    uuid_v4_pk,
    validate_constraint_same_transaction,
    view_shape_change,
    wide_index,
}
