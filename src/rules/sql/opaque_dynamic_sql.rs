//! `opaque-dynamic-sql`.

use crate::effects::Compatibility;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, OpaqueReason};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "opaque-dynamic-sql",
    Severity::Warning,
    "a statement builds its SQL at run time, or does what the migrations do not show",
    include_str!("opaque_dynamic_sql.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let effect = input.effect();
    if effect.compatibility != Compatibility::Unknown || input.step.called {
        return;
    }
    let is_error = matches!(
        input.action(),
        Action::Opaque {
            reason: OpaqueReason::SyntaxError,
            ..
        }
    );
    // A syntax error is said as such, and an old type that is not known by the rules about types.
    if is_error || matches!(input.action(), Action::AlterColumnType { .. } | Action::ReplaceColumn { .. }) {
        return;
    }
    findings.push(
        input
            .report_class(&RULE.info, format!("not judged: {}", effect.reason))
            .help("somebody has to read it; plain statements can be judged"),
    );
}
