//! `tighten-fk`.

use crate::effects::Compatibility;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "tighten-fk",
    Severity::Warning,
    "a foreign key may refuse what the running version writes or deletes",
    include_str!("tighten_fk.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let code = input.sqlstate("23503");
    let Action::AddConstraint { table, constraint } = input.action() else {
        return;
    };
    let ConstraintKind::ForeignKey { target, .. } = &constraint.kind else {
        return;
    };
    if input.effect().compatibility != Compatibility::NeedsProof {
        return;
    }
    findings.push(
        input
            .report_class(
                &RULE.info,
                format!(
                    "{} may write rows of `{}` that refer to nothing, or delete rows of `{}` that are referred to{code}",
                    input.release.running(),
                    table.name,
                    target.name
                ),
            )
            .help("release first a version that keeps to it; NOT VALID spares old rows only"),
    );
}
