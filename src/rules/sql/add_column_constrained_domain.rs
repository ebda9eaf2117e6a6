//! `add-column-constrained-domain`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::{Lookup, TypeKind};
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "add-column-constrained-domain",
    Severity::Warning,
    "a column of a domain with constraints is added, so the table is rewritten",
    include_str!("add_column_constrained_domain.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::AddColumn { table, column, .. } = input.action() else {
        return;
    };
    let entry = input
        .before()
        .type_entry(column.type_name.schema.as_deref(), &column.type_name.name);
    let Lookup::Found(entry) = entry else {
        return;
    };
    let constrained = matches!(&entry.kind, TypeKind::Domain(domain) if domain.is_constrained());
    if !constrained || input.hot_touch(table).is_none() {
        return;
    }
    findings.push(
        input
            .report(
                &RULE.info,
                format!(
                    "the domain `{}` has a constraint, so all of `{}` is written anew, even for NULL",
                    column.type_name.name, table.name
                ),
            )
            .note("instead", "a column of the base type, and a CHECK that is added NOT VALID and then validated"),
    );
}
