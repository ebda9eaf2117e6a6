//! `enum-add-value`.

use crate::effects::Compatibility;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "enum-add-value",
    Severity::Info,
    "a value is added that the running version does not know",
    include_str!("enum_add_value.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddEnumValue { name, value, .. } = input.action() else {
        return;
    };
    if input.effect().compatibility != Compatibility::NeedsProof {
        return;
    }
    findings.push(
        input
            .report(&RULE.info, format!("once '{value}' of `{}` is written, {} reads a value that it does not know", name.name, input.release.running()))
            .help("release first a version that can read it; there is no way down for an enum value"),
    );
}
