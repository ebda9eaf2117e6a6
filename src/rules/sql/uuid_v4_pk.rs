//! `uuid-v4-pk`.

use crate::finding::{Finding, Severity};
use crate::rules::Findings;
use crate::syntax::sql::operation::ConstraintKind;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "uuid-v4-pk",
    Severity::Info,
    "a primary key of random UUIDs (opt-in)",
    include_str!("uuid_v4_pk.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    for column in input.new_columns() {
        let key = column
            .constraints
            .iter()
            .any(|constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }));
        let random = column
            .default
            .as_deref()
            .is_some_and(|default| default.contains("gen_random_uuid") || default.contains("uuid_generate_v4"));
        if key && random {
            let at = input.location(column.span);
            findings.push(Finding::at(
                RULE.info.id,
                RULE.info.severity,
                at,
                format!("`{}`: every INSERT touches another page of the index", column.name),
            ));
        }
    }
}
