//! What relgate says beforehand about each statement, and where the server did something else.

use std::collections::{BTreeMap, BTreeSet};

use super::script::{Migration, Script};
use super::trace::Trace;
use crate::effects::{Effect, LockMode, Work};
use crate::migrations::replay::{Setting, fold, walk};
use crate::schema::Catalog;
use crate::syntax::sql::operation::{Action, ConstraintDef, ConstraintKind};

/// What is expected of one statement.
#[derive(Debug, Clone, Default)]
pub struct Predicted {
    /// The effects of its operations, those of functions that it calls too.
    pub effect: Effect,
    /// It was looked at.
    pub known: bool,
    /// It empties tables: their files are replaced, and nothing is written.
    pub truncates: bool,
    /// Tables that its foreign keys point at. The server checks them by a join, and may use an index or, when there is
    /// nothing to check, not read them at all.
    pub referenced: BTreeSet<String>,
    /// It reads or writes rows by a query, whose plan the server chooses.
    pub queries: bool,
}

/// Expectations, by the index of the migration, of its part, and of the statement.
pub type Predictions = BTreeMap<(usize, usize, usize), Predicted>;

/// Predicts the way up of every new migration, on the server's version.
pub fn predict(script: &Script, server_version: u32) -> Predictions {
    let mut released = Catalog::new(script.directory.dialect);
    for (number, migration) in script.previous.iter().enumerate() {
        take(&mut released, number, migration);
    }
    released.tick();
    let mut last = released.clone();
    for (number, migration) in script.upcoming.iter().enumerate() {
        take(&mut last, script.previous.len() + number, migration);
    }
    let setting = Setting {
        released: released.clock(),
        previous: Some(&released),
        last: Some(&last),
        server_version,
    };
    let mut predictions = Predictions::new();
    let mut catalog = released.clone();
    for (number, migration) in script.upcoming.iter().enumerate() {
        if migration.opaque {
            catalog.taint();
        }
        for (part_index, part) in migration.up.iter().enumerate() {
            let unit = part.unit(file_number(script.previous.len() + number));
            walk(&mut catalog, &unit, &setting, &mut |step| {
                let predicted = predictions
                    .entry((number, part_index, step.statement))
                    .or_default();
                if predicted.known {
                    predicted.effect.absorb(step.effect);
                } else {
                    predicted.effect = step.effect.clone();
                }
                predicted.known = true;
                predicted.truncates |= matches!(step.operation.action, Action::Truncate { .. });
                predicted
                    .referenced
                    .extend(referenced(&step.operation.action));
                predicted.queries |= is_query(&step.operation.action);
            });
        }
    }
    predictions
}

fn take(catalog: &mut Catalog, number: usize, migration: &Migration) {
    let units = migration
        .up
        .iter()
        .map(|part| part.unit(file_number(number)));
    fold(catalog, units);
    if migration.opaque {
        catalog.taint();
    }
}

fn file_number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The tables that the foreign keys of an action point at.
fn referenced(action: &Action) -> Vec<String> {
    let constraints: Vec<&ConstraintDef> = match action {
        Action::AddConstraint { constraint, .. } => vec![constraint],
        Action::AddColumn { column, .. } => column.constraints.iter().collect(),
        Action::CreateTable {
            columns,
            constraints,
            ..
        } => columns
            .iter()
            .flat_map(|column| &column.constraints)
            .chain(constraints)
            .collect(),
        _ => Vec::new(),
    };
    constraints
        .into_iter()
        .filter_map(|constraint| match &constraint.kind {
            ConstraintKind::ForeignKey { target, .. } => {
                let name = target.to_string();
                Some(name.strip_prefix("public.").unwrap_or(&name).to_owned())
            }
            _ => None,
        })
        .collect()
}

fn is_query(action: &Action) -> bool {
    matches!(
        action,
        Action::Insert { .. }
            | Action::Update { .. }
            | Action::Delete { .. }
            | Action::Select { .. }
            | Action::Other { .. }
    )
}

/// One thing that went another way than relgate said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The relation; empty when it is about the statement as a whole.
    pub relation: String,
    /// What relgate says.
    pub predicted: String,
    /// What the server did.
    pub observed: String,
    /// The server did more than relgate says: somebody who trusted the check would be surprised.
    pub harmful: bool,
}

/// Compares one statement. A statement that relgate could not read has no prediction, and so no difference.
pub fn differences(predicted: &Predicted, trace: &Trace) -> Vec<Difference> {
    if !predicted.known || predicted.effect.opaque {
        return Vec::new();
    }
    let mut found = Vec::new();
    let refusal = &predicted.effect.refusal;
    match (&trace.error, refusal) {
        (None, Some(refusal)) if !refusal.depends_on_data => {
            found.push(Difference {
                relation: String::new(),
                predicted: format!("refused with {}: {}", refusal.code, refusal.message),
                observed: "the server accepts it".to_owned(),
                harmful: false,
            });
        }
        (Some(error), _) => {
            // What a statement locked before it failed says nothing.
            if refusal
                .as_ref()
                .is_some_and(|refusal| refusal.code != error.code)
            {
                found.push(Difference {
                    relation: String::new(),
                    predicted: format!("refused with {}", refusal.as_ref().map_or("", |r| r.code)),
                    observed: format!("refused with {}", error.code),
                    harmful: false,
                });
            }
            return found;
        }
        _ => {}
    }
    locks(predicted, trace, &mut found);
    work(predicted, trace, &mut found);
    found.sort();
    found
}

/// Compares the locks that make others wait for more than other schema changes.
fn locks(predicted: &Predicted, trace: &Trace, found: &mut Vec<Difference>) {
    let mut expected: BTreeMap<String, LockMode> = BTreeMap::new();
    for touch in &predicted.effect.touches {
        if let Some(lock) = touch.lock {
            let strongest = expected.entry(touch.relation.to_string()).or_insert(lock);
            *strongest = lock.max(*strongest);
        }
    }
    let mut taken: BTreeMap<&str, LockMode> = BTreeMap::new();
    for lock in trace
        .locks
        .iter()
        .filter(|lock| lock.existed && lock.kind.holds_rows() && lock.mode >= WEAKEST)
    {
        let strongest = taken.entry(&lock.relation).or_insert(lock.mode);
        *strongest = lock.mode.max(*strongest);
    }
    for (relation, mode) in &taken {
        let known = expected.get(*relation).copied();
        if known.is_none_or(|known| known < *mode) {
            found.push(Difference {
                relation: (*relation).to_owned(),
                predicted: known.map_or("no lock".to_owned(), |known| known.to_string()),
                observed: mode.to_string(),
                harmful: true,
            });
        }
    }
    for (relation, mode) in expected.iter().filter(|(_, mode)| **mode >= WEAKEST) {
        let is_table = predicted
            .effect
            .touches
            .iter()
            .any(|touch| touch.is_table && touch.relation.to_string() == *relation);
        let held = trace.held.get(relation);
        let taken_now = taken.get(relation.as_str());
        if is_table
            && taken_now.is_none_or(|taken| taken < mode)
            && held.is_none_or(|held| held < mode)
            && existed(relation, trace)
        {
            found.push(Difference {
                relation: relation.clone(),
                predicted: mode.to_string(),
                observed: held.map_or("no lock".to_owned(), |held| held.to_string()),
                harmful: false,
            });
        }
    }
}

/// The weakest lock that is compared: weaker ones hold up schema changes only, and depend on triggers and plans.
const WEAKEST: LockMode = LockMode::ShareUpdateExclusive;

/// The relation was there before the statement, as far as the trace can tell: a lock on one that the statement itself
/// makes is nobody's.
fn existed(relation: &str, trace: &Trace) -> bool {
    !trace
        .locks
        .iter()
        .any(|lock| lock.relation == relation && !lock.existed)
}

fn work(predicted: &Predicted, trace: &Trace, found: &mut Vec<Difference>) {
    let mut expected: BTreeMap<String, Work> = BTreeMap::new();
    for touch in &predicted.effect.touches {
        let hardest = expected
            .entry(touch.relation.to_string())
            .or_insert(touch.work);
        *hardest = touch.work.max(*hardest);
    }
    for relation in &trace.rewritten {
        let known = expected.get(relation).copied();
        if !predicted.truncates && !matches!(known, Some(Work::Rewrite | Work::Unknown)) {
            found.push(Difference {
                relation: relation.clone(),
                predicted: format!("no rewrite ({})", known.map_or("not touched", Work::as_str)),
                observed: "rewrite: its file was replaced".to_owned(),
                harmful: true,
            });
        }
    }
    for (relation, rows) in trace
        .scanned
        .iter()
        .filter(|_| !predicted.queries && !predicted.truncates)
    {
        let known = expected.get(relation).copied();
        // A statement that any row would stop (a required column without a default) reads until the first one.
        let stops_at_a_row = *rows == 0
            && predicted
                .effect
                .refusal
                .as_ref()
                .is_some_and(|refusal| refusal.depends_on_data);
        if !stops_at_a_row && !matches!(known, Some(Work::Scan | Work::Rewrite | Work::Unknown)) {
            found.push(Difference {
                relation: relation.clone(),
                predicted: format!("no scan ({})", known.map_or("not touched", Work::as_str)),
                observed: format!("scan: {rows} rows were read"),
                harmful: true,
            });
        }
    }
    for (relation, work) in &expected {
        // What is done to a partitioned table is done to its partitions.
        if !trace.held.contains_key(relation) || trace.partitioned.contains(relation) {
            continue;
        }
        let rewritten = trace.rewritten.contains(relation);
        if *work == Work::Rewrite && !rewritten {
            found.push(Difference {
                relation: relation.clone(),
                predicted: "rewrite".to_owned(),
                observed: "its file stayed".to_owned(),
                harmful: false,
            });
        }
        let scanned = trace.scanned.contains_key(relation);
        if *work == Work::Scan
            && !predicted.referenced.contains(relation)
            && trace.counted
            && !scanned
            && !rewritten
            && !predicted.queries
        {
            found.push(Difference {
                relation: relation.clone(),
                predicted: "scan".to_owned(),
                observed: "it was not read from end to end".to_owned(),
                harmful: false,
            });
        }
    }
}
