//! `drop-cascade`.

use std::collections::BTreeSet;

use crate::finding::Severity;
use crate::rules::Findings;
use crate::schema::{Relation, RelationId};
use crate::syntax::sql::operation::{Action, Name, ObjectKind};
use crate::version::ReleaseType;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "drop-cascade",
    Severity::Warning,
    "CASCADE drops things that the statement does not name",
    include_str!("drop_cascade.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let cascades = matches!(
        input.action(),
        Action::Drop { cascade: true, .. }
            | Action::DropColumn { cascade: true, .. }
            | Action::DropConstraint { cascade: true, .. }
    );
    if !cascades {
        return;
    }
    let effect = input.effect();
    let hot = effect.touches.iter().any(|touch| touch.hot) || effect.release_type >= ReleaseType::Minor;
    if !hot {
        return;
    }
    let victims: Vec<String> = match dependents(input) {
        Some(relations) => relations
            .into_iter()
            .filter(|relation| input.is_hot(&full_name(relation)))
            .map(|relation| input.before().display_name(relation))
            .collect(),
        None => {
            let locked = effect.touches.iter().filter(|touch| touch.hot);
            locked.map(|touch| touch.relation.to_string()).collect()
        }
    };
    let help = "drop each thing by its name";
    if victims.is_empty() {
        // Without CASCADE the statement does the same, as far as the migrations tell.
        let message = "CASCADE also drops what depends on it, whatever that is in the database at hand";
        findings.push(input.report(&RULE.info, message).help(help));
        return;
    }
    let message = format!("CASCADE reaches {}: views, foreign keys or columns there go too", victims.join(", "));
    findings.push(input.report_class(&RULE.info, message).help(help));
}

/// What depends on the relations that the operation names; `None` where all that it locks does. A lock alone says nothing: the
/// target of a dropped table's own foreign key is locked as well, and loses nothing.
fn dependents<'a>(input: &SqlInput<'a>) -> Option<Vec<&'a Relation>> {
    let (named, goes_whole): (Vec<&Name>, bool) = match input.action() {
        Action::Drop {
            kind: ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView,
            names,
            ..
        } => (names.iter().collect(), true),
        Action::DropColumn { table, .. } | Action::DropConstraint { table, .. } => (vec![table], false),
        _ => return None,
    };
    let named: BTreeSet<RelationId> = named.into_iter().filter_map(|name| Some(input.relation(name)?.id)).collect();
    let mut seen = named.clone();
    let mut open: Vec<RelationId> = named.iter().copied().collect();
    while let Some(id) = open.pop() {
        let Some(relation) = input.before().get(id) else {
            continue;
        };
        // Of a table that refers to it only the foreign key goes: nothing depends on that.
        seen.extend(&relation.referenced_by);
        let whole = goes_whole || !named.contains(&id);
        let inherits = relation.children.iter().filter(|_| whole);
        for &next in relation.read_by.iter().chain(inherits) {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    Some(seen.difference(&named).filter_map(|&id| input.before().get(id)).collect())
}

fn full_name(relation: &Relation) -> Name {
    Name {
        schema: Some(relation.key.schema.to_string()),
        name: relation.key.name.to_string(),
    }
}
