//! `down-wrong-order`.

use crate::finding::Severity;
use crate::rules::Findings;
use crate::syntax::migration::Direction;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::both(
    "down-wrong-order",
    Severity::Warning,
    "a way down drops something while other things depend on it",
    include_str!("down_wrong_order.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if input.file.direction != Direction::Down {
        return;
    }
    let Some(refusal) = input.effect().refusal.as_ref().filter(|refusal| refusal.code == "2BP01") else {
        return;
    };
    findings.push(
        input
            .report(&RULE.info, format!("the server refuses it (2BP01): {}", refusal.message))
            .help("undo in the reverse order of the way up"),
    );
}
