//! `fk-locks-referenced-table`.

use crate::effects::LockMode;
use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::{Action, ConstraintKind, Name, ObjectKind};
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "fk-locks-referenced-table",
    Severity::Info,
    "a foreign key locks the table that it points at",
    include_str!("fk_locks_referenced_table.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let own = match input.action() {
        Action::CreateTable { table, .. }
        | Action::AddColumn { table, .. }
        | Action::DropConstraint { table, .. } => std::slice::from_ref(table),
        Action::Drop {
            kind: ObjectKind::Table,
            names,
            ..
        } => names.as_slice(),
        _ => return,
    };
    let is_own = |name: &Name| own.iter().any(|own| own.name == name.name || name.name.ends_with(&format!(".{}", own.name)));
    let other = input.effect().touches.iter().find(|touch| {
        touch.hot
            && touch.is_table
            && touch.lock.is_some_and(LockMode::blocks_writes)
            && !is_own(&touch.relation)
            && is_referenced(input, &touch.relation)
    });
    let Some((other, lock)) = other.and_then(|other| Some((other, other.lock?))) else {
        return;
    };
    let mut finding = input.report(
        &RULE.info,
        format!("`{}` is locked too ({lock}), because of the foreign key", other.relation),
    );
    if lock == LockMode::AccessExclusive {
        finding.severity = Severity::Warning;
        finding = finding.help("drop foreign keys one by one, with a lock_timeout, before the table");
    }
    findings.push(finding);
}

/// A foreign key of what is created or dropped points at the table; a partitioned parent is locked for another reason.
fn is_referenced(input: &SqlInput<'_>, name: &Name) -> bool {
    let targets = |constraints: &[crate::syntax::sql::operation::ConstraintDef]| {
        constraints.iter().any(|constraint| {
            matches!(&constraint.kind, ConstraintKind::ForeignKey { target, .. } if target.name == name.name)
        })
    };
    match input.action() {
        Action::CreateTable {
            columns,
            constraints,
            ..
        } => targets(constraints) || columns.iter().any(|column| targets(&column.constraints)),
        Action::AddColumn { column, .. } => targets(&column.constraints),
        Action::DropConstraint { table, .. } => refers(input, table, name),
        Action::Drop { names, .. } => names.iter().any(|table| refers(input, table, name)),
        _ => false,
    }
}

fn refers(input: &SqlInput<'_>, table: &Name, to: &Name) -> bool {
    input.relation(table).is_some_and(|relation| {
        relation
            .foreign_targets()
            .filter_map(|id| input.before().get(id))
            .any(|target| input.before().display_name(target) == to.name)
    })
}
