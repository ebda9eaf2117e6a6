//! `alter-domain-add-constraint`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "alter-domain-add-constraint",
    Severity::Warning,
    "a constraint of a domain is checked in every table that uses it",
    include_str!("alter_domain_add_constraint.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let (Action::AlterDomainAddConstraint { name, .. } | Action::AlterDomainValidate { name }) =
        input.action()
    else {
        return;
    };
    let tables: Vec<String> = input
        .effect()
        .touches
        .iter()
        .filter(|touch| touch.hot)
        .map(|touch| touch.relation.to_string())
        .collect();
    if tables.is_empty() {
        return;
    }
    findings.push(
        input
            .report_class(&RULE.info, format!("writes to every table with `{}` wait while it is scanned: {}", name.name, tables.join(", ")))
            .note("instead", "a CHECK on each table, added NOT VALID and validated one by one"),
    );
}
