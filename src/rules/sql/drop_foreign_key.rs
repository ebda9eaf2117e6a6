//! `drop-foreign-key`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::ConstraintRule;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-foreign-key",
    Severity::Warning,
    "a foreign key is dropped",
    include_str!("drop_foreign_key.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let Action::DropConstraint {
        table, constraint, ..
    } = input.action()
    else {
        return;
    };
    let known = input.relation(table).and_then(|relation| relation.constraint(constraint));
    let Some(ConstraintRule::ForeignKey {
        target, on_delete, ..
    }) = known.map(|known| &known.rule)
    else {
        return;
    };
    if input.effect().created_in_release || !input.is_hot(table) {
        return;
    }
    let other = input.before().get(*target).map_or_else(String::new, |target| input.before().display_name(target));
    let lost = if on_delete.is_empty() || on_delete == "no action" {
        String::new()
    } else {
        format!(", and ON DELETE {} does not happen any more", on_delete.to_uppercase())
    };
    findings.push(
        input
            .report_class(&RULE.info, format!("rows of `{}` may come to refer to nothing in `{other}`{lost}", table.name))
            .help("it locks both tables completely: set a lock_timeout"),
    );
}
