//! `down-uses-cascade`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::migration::Direction;
use crate::syntax::sql::operation::Action;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "down-uses-cascade",
    Severity::Info,
    "a way down uses CASCADE",
    include_str!("down_uses_cascade.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if input.file.direction != Direction::Down {
        return;
    }
    let cascades = matches!(
        input.action(),
        Action::Drop { cascade: true, .. }
            | Action::DropColumn { cascade: true, .. }
            | Action::DropConstraint { cascade: true, .. }
    );
    if cascades {
        findings.push(
            input
                .report(&RULE.info, "it also drops what later migrations, or people, made of it")
                .help("drop each thing by its name"),
        );
    }
}
