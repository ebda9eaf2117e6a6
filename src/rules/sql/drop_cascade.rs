//! `drop-cascade`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::sql::operation::Action;
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
    let named: Vec<&str> = match input.action() {
        Action::Drop { names, .. } => names.iter().map(|name| name.name.as_str()).collect(),
        Action::DropColumn { table, .. } | Action::DropConstraint { table, .. } => vec![table.name.as_str()],
        _ => Vec::new(),
    };
    let victims: Vec<String> = input
        .effect()
        .touches
        .iter()
        .filter(|touch| touch.hot && !named.iter().any(|name| touch.relation.name.ends_with(name)))
        .map(|touch| touch.relation.to_string())
        .collect();
    let hot = input.effect().touches.iter().any(|touch| touch.hot) || input.effect().release_type >= ReleaseType::Minor;
    if !hot {
        return;
    }
    let message = if victims.is_empty() {
        "CASCADE also drops what depends on it, whatever that is in the database at hand".to_owned()
    } else {
        format!("CASCADE reaches {}: views, foreign keys or columns there go too", victims.join(", "))
    };
    findings.push(input.report_class(&RULE.info, message).help("drop each thing by its name"));
}
