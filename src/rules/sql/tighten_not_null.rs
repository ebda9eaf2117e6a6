//! `tighten-not-null`.

use crate::effects::Compatibility;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "tighten-not-null",
    Severity::Warning,
    "a column that the running version may leave NULL becomes NOT NULL",
    include_str!("tighten_not_null.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let code = input.sqlstate("23502");
    let (table, column) = match input.action() {
        Action::SetNotNull { table, column } => (table, column),
        Action::AddConstraint { table, constraint } => match &constraint.kind {
            ConstraintKind::NotNull { column } => (table, column),
            _ => return,
        },
        Action::ReplaceColumn {
            table,
            column,
            definition,
        } => {
            let was_null = input
                .relation(table)
                .and_then(|relation| relation.column(column))
                .is_some_and(|known| !known.not_null);
            if !definition.not_null || !was_null {
                return;
            }
            (table, column)
        }
        _ => return,
    };
    if input.effect().compatibility != Compatibility::NeedsProof {
        return;
    }
    findings.push(
        input
            .report_class(&RULE.info, format!("{} may leave `{column}` of `{}` NULL, and is refused then{code}", input.release.running(), table.name))
            .help("release first a version that always writes it; nothing in the migrations says that it does"),
    );
}
