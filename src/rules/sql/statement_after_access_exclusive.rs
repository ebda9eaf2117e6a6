//! `statement-after-access-exclusive`.

use crate::effects::Work;
use crate::finding::Severity;
use crate::rules::Findings;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "statement-after-access-exclusive",
    Severity::Warning,
    "long work runs while an earlier statement of the transaction keeps a table locked",
    include_str!("statement_after_access_exclusive.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    let state = input.transaction();
    if !state.block.is_certain() || input.step.called || !input.is_postgresql() {
        return;
    }
    if input.effect().hot_work().is_none_or(|work| work < Work::Scan) {
        return;
    }
    let held = state
        .strongest
        .as_ref()
        .filter(|held| held.statement < input.step.statement);
    let Some(held) = held else {
        return;
    };
    // The first long statement behind the lock is enough.
    if state.long_since {
        return;
    }
    findings.push(
        input
            .report(
                &RULE.info,
                format!("`{}` stays locked ({}) until this is done", held.relation, held.lock),
            )
            .related(input.location(held.span), format!("{} is taken here, until the transaction ends", held.lock))
            .help("put it into a file of its own"),
    );
}
