//! `avoid-constrained-domain`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "avoid-constrained-domain",
    Severity::Info,
    "a domain with a constraint is created (opt-in)",
    include_str!("avoid_constrained_domain.md"),
    check,
)
.opt_in();

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::CreateDomain {
        name,
        checks,
        not_null,
        ..
    } = input.action()
    else {
        return;
    };
    if *not_null || !checks.is_empty() {
        findings.push(input.report(
            &RULE.info,
            format!("`{}`: adding a column of it rewrites the table, and changing its constraint scans all of them", name.name),
        ));
    }
}
