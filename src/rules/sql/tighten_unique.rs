//! `tighten-unique`.

use crate::effects::Compatibility;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "tighten-unique",
    Severity::Warning,
    "a unique constraint or index may refuse what the running version writes",
    include_str!("tighten_unique.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let code = input.sqlstate("23505");
    let table = match input.action() {
        Action::AddConstraint { table, constraint }
            if matches!(
                constraint.kind,
                ConstraintKind::Unique { .. } | ConstraintKind::PrimaryKey { .. }
            ) =>
        {
            table
        }
        Action::CreateIndex {
            table,
            unique: true,
            ..
        } => table,
        Action::AddColumn { table, column, .. }
            if column.constraints.iter().any(|constraint| matches!(constraint.kind, ConstraintKind::Unique { .. })) =>
        {
            table
        }
        _ => return,
    };
    let effect = input.effect();
    if effect.compatibility < Compatibility::NeedsProof {
        return;
    }
    let message = if effect.compatibility == Compatibility::Breaking {
        format!("{} leaves the columns to their defaults, so its second INSERT into `{}` is refused{code}", input.release.running(), table.name)
    } else {
        format!("{} may write equal values to `{}`, which are refused from now on{code}", input.release.running(), table.name)
    };
    findings.push(
        input
            .report_class(&RULE.info, message)
            .help("release first a version that never does; and look for equal values that are there"),
    );
}
