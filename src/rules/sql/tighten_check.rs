//! `tighten-check`.

use crate::effects::Compatibility;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "tighten-check",
    Severity::Warning,
    "a CHECK may refuse what the running version writes",
    include_str!("tighten_check.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let code = input.sqlstate("23514");
    let (on, what) = match input.action() {
        Action::AddConstraint { table, constraint } if matches!(constraint.kind, ConstraintKind::Check { .. }) => {
            (format!("`{}`", table.name), "CHECK")
        }
        Action::AlterDomainAddConstraint { name, .. } => (format!("the domain `{}`", name.name), "constraint"),
        _ => return,
    };
    if input.effect().compatibility != Compatibility::NeedsProof {
        return;
    }
    findings.push(
        input
            .report_class(&RULE.info, format!("{} may write what the new {what} on {on} refuses{code}", input.release.running()))
            .help("release first a version that keeps to it; NOT VALID spares old rows only"),
    );
}
