//! `down-enum-value-irreversible`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::TypeKind;
use crate::syntax::sql::operation::Action;
use super::{DownInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::down(
    "down-enum-value-irreversible",
    Severity::Info,
    "an added enum value has no way down",
    include_str!("down_enum_value_irreversible.md"),
    check,
);

fn check(input: &DownInput<'_>, findings: &mut Findings) {
    let added = input.up_operations().find_map(|operation| match &operation.action {
        Action::AddEnumValue { name, value, .. } => Some((name, value)),
        _ => None,
    });
    let Some((name, value)) = added else {
        return;
    };
    let stays = input
        .back
        .type_entry(name.schema.as_deref(), &name.name)
        .found()
        .is_some_and(|entry| matches!(&entry.kind, TypeKind::Enum(values) if values.iter().any(|(known, _)| known == value)));
    let was_there = input.before.type_entry(name.schema.as_deref(), &name.name).found().is_some();
    if stays && was_there {
        findings.push(input.report(
            &RULE.info,
            format!("'{value}' of `{}` stays: there is no DROP VALUE, and an unused value does no harm", name.name),
        ));
    }
}
