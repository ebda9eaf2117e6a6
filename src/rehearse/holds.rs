//! How long locks were held: from the statement that took one to the end of its transaction.

use std::time::Duration;

use super::MigrationRun;
use crate::effects::LockMode;

/// A lock over time, on the clock of the migration: only its statements count, not what was asked in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The relation.
    pub relation: String,
    /// The mode.
    pub mode: LockMode,
    /// It was there before the statement that locked it.
    pub existed: bool,
    /// When it was taken at the earliest.
    pub start: Duration,
    /// When the transaction ended.
    pub end: Duration,
    /// The index of the statement that took it.
    pub statement: usize,
}

/// The locks on tables and materialized views of a migration's way up, in the order in which they were taken.
pub fn holds(run: &MigrationRun) -> Vec<Hold> {
    let mut ends = Vec::with_capacity(run.traces.len());
    let mut clock = Duration::ZERO;
    for trace in &run.traces {
        clock += trace.took;
        ends.push(clock);
    }
    let mut found = Vec::new();
    let mut start = Duration::ZERO;
    for (statement, trace) in run.traces.iter().enumerate() {
        let last = match trace.block {
            None => statement,
            Some(_) => run
                .traces
                .iter()
                .enumerate()
                .skip(statement)
                .take_while(|(_, later)| {
                    later.block == trace.block && later.index.0 == trace.index.0
                })
                .last()
                .map_or(statement, |(index, _)| index),
        };
        let end = ends.get(last).copied().unwrap_or(clock);
        for lock in &trace.locks {
            if lock.kind.holds_rows() {
                found.push(Hold {
                    relation: lock.relation.clone(),
                    mode: lock.mode,
                    existed: lock.existed,
                    start,
                    end,
                    statement,
                });
            }
        }
        start = ends.get(statement).copied().unwrap_or(clock);
    }
    found
}
