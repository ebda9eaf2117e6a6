//! `function-signature-change`.

use crate::effects::Compatibility;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "function-signature-change",
    Severity::Warning,
    "a function is replaced by one that does or returns something else",
    include_str!("function_signature_change.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateFunction { name, .. } = input.action() else {
        return;
    };
    let effect = input.effect();
    if effect.compatibility < Compatibility::NeedsProof {
        return;
    }
    let message = if effect.compatibility == Compatibility::Breaking {
        format!("`{}` returns something else than {} expects", name.name, input.release.running())
    } else {
        format!("`{}` does something else for {} from now on", name.name, input.release.running())
    };
    findings.push(
        input
            .report_class(&RULE.info, message)
            .note("instead", "a new function beside the old one, when callers notice the difference"),
    );
}
