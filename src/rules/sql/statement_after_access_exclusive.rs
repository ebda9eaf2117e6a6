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
    if !state.block.is_certain() || input.step.called {
        return;
    }
    if input.effect().hot_work().is_none_or(|work| work < Work::Scan) {
        return;
    }
    let held = state
        .held
        .iter()
        .filter(|held| held.statement < input.step.statement && held.lock.blocks_writes())
        .max_by_key(|held| held.lock);
    let Some(held) = held else {
        return;
    };
    let reported_before = state.held.iter().any(|other| {
        other.work >= Work::Scan && other.statement > held.statement && other.statement < input.step.statement
    });
    if reported_before {
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
