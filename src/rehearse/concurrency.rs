//! Other people's work while a migration runs: how long readers and writers of its tables wait, and what happens when the
//! migration itself will not wait for long.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::apply::{Plainly, run_parts};
use super::compat::{Probe, Probes, Tried};
use super::connection::{Connection, Refused};
use super::holds::holds;
use super::host::Host;
use super::script::Script;
use super::trace::{Kind, qualified};
use super::{MigrationRun, Unready};

/// More tables than these are not read and written at once.
const MOST_TABLES: usize = 6;
/// How long the impatient migration waits for a lock.
pub const LOCK_TIMEOUT: &str = "250ms";

/// What a migration did to others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// For each of its tables: the longest that one reader and one writer waited.
    pub waits: Vec<Wait>,
    /// What happened behind a writer that does not end, with a `lock_timeout`; `None` when it was not tried.
    pub impatient: Option<Impatient>,
}

/// How long others waited for a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The table.
    pub table: String,
    /// The longest that a reader waited.
    pub reader: Duration,
    /// The longest that a writer waited.
    pub writer: Duration,
}

/// A migration with a `lock_timeout`, behind a transaction that holds its tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Impatient {
    /// It did not have to wait.
    NotHeldUp,
    /// It gave up, and ran when it was tried again.
    GaveUpAndRepeats,
    /// It gave up, and cannot be tried again as it is.
    GaveUpForGood(Refused),
    /// It failed in another way.
    Failed(Refused),
}

/// The tables that others may be waiting for: they were there before, and a new migration locks them against writers.
pub fn hot_tables(run: &MigrationRun) -> Vec<String> {
    let tables: BTreeSet<String> = holds(run)
        .into_iter()
        .filter(|hold| hold.existed && hold.mode.blocks_writes())
        .map(|hold| hold.relation)
        .collect();
    tables.into_iter().take(MOST_TABLES).collect()
}

/// Runs the new migrations in a copy of the database while others read and write, and tries the previous release's
/// statements after each. Returns how many of the statements could be tried.
pub fn with_traffic(
    host: &mut Host,
    work: &str,
    script: &Script,
    statements: &[Probe],
    runs: &mut [MigrationRun],
) -> Result<Tried, Unready> {
    let name = host.make("traffic", Some(work))?;
    let mut connection = host.connect(&name)?;
    // Without a previous release nothing runs that could break.
    let mut probes = if script.previous.is_empty() {
        None
    } else {
        Some(Probes::prepare(host.connect(&name)?, statements)?)
    };
    for (migration, run) in script.upcoming.iter().zip(runs.iter_mut()) {
        let tables = existing(&mut connection, hot_tables(run))?;
        let workers = tables
            .iter()
            .map(|table| Ok((host.connect(&name)?, host.connect(&name)?, table.clone())))
            .collect::<Result<Vec<_>, Refused>>()?;
        let stop = AtomicBool::new(false);
        let (result, waits) = std::thread::scope(|scope| {
            let stop = &stop;
            let handles: Vec<_> = workers
                .into_iter()
                .map(|(reader, writer, table)| {
                    let read = format!("SELECT 1 FROM {} LIMIT 1", qualified(&table));
                    let write = format!("DELETE FROM {} WHERE false", qualified(&table));
                    let reader = scope.spawn(move || work_on(reader, &read, stop));
                    let writer = scope.spawn(move || work_on(writer, &write, stop));
                    (table, reader, writer)
                })
                .collect();
            if !handles.is_empty() {
                // Everybody is at work before the migration comes.
                std::thread::sleep(Duration::from_millis(20));
            }
            let result = run_parts(&mut connection, &migration.up, &mut Plainly);
            stop.store(true, Ordering::Relaxed);
            let waits: Vec<Wait> = handles
                .into_iter()
                .map(|(table, reader, writer)| Wait {
                    table,
                    reader: reader.join().unwrap_or_default(),
                    writer: writer.join().unwrap_or_default(),
                })
                .collect();
            (result, waits)
        });
        run.traffic.waits = waits;
        if result.is_err() {
            break;
        }
        if let Some(probes) = &mut probes {
            run.breaks = probes.after_migration();
        }
    }
    drop(connection);
    host.unmake(&name)?;
    Ok(probes.map(|probes| probes.tried).unwrap_or_default())
}

/// Repeats a statement until it is over, or until the table is gone, and returns the longest that it took.
fn work_on(mut connection: Connection, sql: &str, stop: &AtomicBool) -> Duration {
    let mut longest = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let result = connection.run(sql);
        longest = longest.max(begun.elapsed());
        if result.is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    longest
}

/// Those of the tables that are there.
fn existing(connection: &mut Connection, tables: Vec<String>) -> Result<Vec<String>, Refused> {
    let mut found = Vec::new();
    for table in tables {
        let sql = format!(
            "SELECT to_regclass({}) IS NOT NULL",
            super::connection::literal(&qualified(&table))
        );
        if connection.value(&sql)?.as_deref() == Some("t") {
            found.push(table);
        }
    }
    Ok(found)
}

/// Runs each new migration with a `lock_timeout` behind a writer that does not end, and then once more without it.
pub fn impatiently(
    host: &mut Host,
    work: &str,
    script: &Script,
    runs: &mut [MigrationRun],
) -> Result<(), Unready> {
    if runs
        .iter()
        .all(|run| hot_tables(run).is_empty() && !run.stops_halfway)
    {
        return Ok(());
    }
    let name = host.make("impatient", Some(work))?;
    let mut connection = host.connect(&name)?;
    let mut holder = host.connect(&name)?;
    for (migration, run) in script.upcoming.iter().zip(runs.iter_mut()) {
        let mut tables: Vec<String> = hot_tables(run);
        if run.stops_halfway {
            tables.extend(run.traces.iter().flat_map(|trace| {
                trace
                    .locks
                    .iter()
                    .filter(|lock| {
                        lock.existed && matches!(lock.kind, Kind::Table | Kind::PartitionedTable)
                    })
                    .map(|lock| lock.relation.clone())
            }));
            tables.sort();
            tables.dedup();
        }
        let tables = existing(&mut connection, tables)?;
        if !tables.is_empty() {
            let names: Vec<String> = tables.iter().map(|table| qualified(table)).collect();
            holder.run(&format!(
                "BEGIN; LOCK TABLE {} IN ROW EXCLUSIVE MODE",
                names.join(", ")
            ))?;
        }
        connection.run(&format!("SET lock_timeout = '{LOCK_TIMEOUT}'"))?;
        let first = run_parts(&mut connection, &migration.up, &mut Plainly);
        holder.run("ROLLBACK")?;
        connection.run("RESET lock_timeout")?;
        let outcome = match first {
            Ok(()) => Impatient::NotHeldUp,
            Err(stopped) if stopped.refused.code == "55P03" => {
                match run_parts(&mut connection, &migration.up, &mut Plainly) {
                    Ok(()) => Impatient::GaveUpAndRepeats,
                    Err(again) => Impatient::GaveUpForGood(again.refused),
                }
            }
            Err(stopped) => Impatient::Failed(stopped.refused),
        };
        let over = matches!(outcome, Impatient::GaveUpForGood(_) | Impatient::Failed(_));
        if !tables.is_empty() {
            run.traffic.impatient = Some(outcome);
        }
        if over {
            break;
        }
    }
    drop(connection);
    drop(holder);
    host.unmake(&name)?;
    Ok(())
}
