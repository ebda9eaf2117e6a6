//! `drop-unique-used-by-on-conflict`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ObjectKind};
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-unique-used-by-on-conflict",
    Severity::Warning,
    "a unique constraint or index is dropped that ON CONFLICT of the running version needs",
    include_str!("drop_unique_used_by_on_conflict.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let dropped = match input.action() {
        Action::DropConstraint {
            table, constraint, ..
        } => input
            .relation(table)
            .and_then(|relation| relation.index(constraint))
            .map(|index| (table.name.clone(), index)),
        Action::Drop {
            kind: ObjectKind::Index,
            names,
            ..
        } => names.iter().find_map(|name| {
            let (relation, index) = input.before().index(name).found()?;
            Some((input.before().display_name(relation), index))
        }),
        _ => return,
    };
    let Some((table, index)) = dropped else {
        return;
    };
    if !index.unique || input.effect().release_type < ReleaseType::Major {
        return;
    }
    let columns = index.columns().map_or_else(String::new, |columns| columns.join(", "));
    findings.push(
        input
            .report_class(
                &RULE.info,
                format!("ON CONFLICT ({columns}) on `{table}` in {} fails without it (42P10)", input.release.running()),
            )
            .note("instead", "create another unique index on the same columns before, or drop it one release later"),
    );
}
