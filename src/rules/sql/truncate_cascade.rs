//! `truncate-cascade`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "truncate-cascade",
    Severity::Warning,
    "TRUNCATE ... CASCADE empties tables that it does not name",
    include_str!("truncate_cascade.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::Truncate {
        tables,
        cascade: true,
    } = input.action()
    else {
        return;
    };
    if !tables.iter().any(|table| input.is_hot(table)) {
        return;
    }
    let all: Vec<String> = input
        .effect()
        .touches
        .iter()
        .filter(|touch| touch.hot)
        .map(|touch| touch.relation.to_string())
        .collect();
    let emptied = if all.is_empty() {
        tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    } else {
        all.join(", ")
    };
    findings.push(
        input
            .report_class(&RULE.info, format!("it empties {emptied}, and whatever else refers to them"))
            .help("name the tables; take a backup"),
    );
}
