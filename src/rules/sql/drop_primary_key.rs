//! `drop-primary-key`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-primary-key",
    Severity::Warning,
    "the primary key of an existing table is dropped",
    include_str!("drop_primary_key.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::DropConstraint {
        table,
        constraint,
        cascade,
        ..
    } = input.action()
    else {
        return;
    };
    let Some(relation) = input.relation(table).filter(|_| input.is_hot(table)) else {
        return;
    };
    let is_key = relation.primary_key().is_some_and(|key| key.name == *constraint);
    if !is_key {
        return;
    }
    let mut finding = input.report_class(
        &RULE.info,
        format!("`{}` has no primary key from here on, and its replicas cannot follow updates", table.name),
    );
    let referring: Vec<String> = relation
        .referenced_by
        .iter()
        .filter_map(|id| input.before().get(*id))
        .map(|other| input.before().display_name(other))
        .collect();
    if *cascade && !referring.is_empty() {
        finding = finding.note("also", format!("CASCADE drops the foreign keys of {}", referring.join(", ")));
    }
    findings.push(finding.help("build the new key's index concurrently first, and swap in one statement"));
}
