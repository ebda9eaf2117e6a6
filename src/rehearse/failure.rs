//! The server connection is lost in the middle of a migration that is no transaction: what is left, and can it be run
//! again?

use std::time::{Duration, Instant};

use super::apply::{Place, Plainly, Sender, run_parts};
use super::connection::{Connection, Refused};
use super::host::Host;
use super::script::Script;
use super::trace::all_tables;
use super::{MigrationRun, Unready};

/// More statements than these are not interrupted, in one sequence.
const MOST_KILLS: usize = 12;
/// A statement that does not wait by then is interrupted where it is.
const MIDDLE: Duration = Duration::from_millis(100);

/// What is left when a migration was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    /// The part, and the statement in it, that ran when the connection was lost.
    pub at: (usize, usize),
    /// The statement had ended already.
    pub ended: bool,
    /// Indexes that are there and that no query uses.
    pub invalid: Vec<String>,
    /// Those of them that are still so after the migration ran again.
    pub still_invalid: Vec<String>,
    /// Running the migration again: it works, or the server says this.
    pub again: Result<(), Refused>,
}

/// Interrupts each new migration that can stop halfway, at each of its statements.
pub fn interrupt(
    host: &mut Host,
    work: &str,
    script: &Script,
    runs: &mut [MigrationRun],
) -> Result<(), Unready> {
    let mut kills = 0;
    for (number, migration) in script.upcoming.iter().enumerate() {
        let Some(run) = runs
            .get_mut(number)
            .filter(|run| run.stops_halfway && run.up.is_done())
        else {
            continue;
        };
        for (part_index, part) in migration.up.iter().enumerate() {
            for statement in 0..part.texts.len() {
                if kills >= MOST_KILLS {
                    return Ok(());
                }
                kills += 1;
                let name = host.make("killed", Some(work))?;
                let left = once(host, &name, script, number, (part_index, statement));
                host.unmake(&name)?;
                run.interrupted.extend(left?);
            }
        }
    }
    Ok(())
}

/// Runs everything up to the statement, and loses the connection there. `None` when it is not reached.
fn once(
    host: &Host,
    database: &str,
    script: &Script,
    number: usize,
    at: (usize, usize),
) -> Result<Option<Interrupted>, Unready> {
    let mut connection = host.connect(database)?;
    for migration in script.upcoming.iter().take(number) {
        if run_parts(&mut connection, &migration.up, &mut Plainly).is_err() {
            return Ok(None);
        }
    }
    let Some(migration) = script.upcoming.get(number) else {
        return Ok(None);
    };
    let mut killer = Killer {
        backend: connection.backend()?,
        observer: host.connect(database)?,
        holder: host.connect(database)?,
        statement: at.1,
        ended: None,
    };
    for (index, part) in migration.up.iter().enumerate() {
        let part = std::slice::from_ref(part);
        let result = if index == at.0 {
            run_parts(&mut connection, part, &mut killer)
        } else {
            run_parts(&mut connection, part, &mut Plainly)
        };
        if result.is_err() || index == at.0 {
            break;
        }
    }
    drop(connection);
    let Some(ended) = killer.ended else {
        return Ok(None);
    };
    let last = (
        migration.up.len().saturating_sub(1),
        migration
            .up
            .last()
            .map_or(0, |part| part.texts.len().saturating_sub(1)),
    );
    if ended && at == last {
        // Everything was done.
        return Ok(None);
    }
    let mut connection = host.connect(database)?;
    let invalid = invalid_indexes(&mut connection)?;
    let again = run_parts(&mut connection, &migration.up, &mut Plainly);
    Ok(Some(Interrupted {
        at,
        ended,
        still_invalid: invalid_indexes(&mut connection)?,
        invalid,
        again: again.map_err(|stopped| stopped.refused),
    }))
}

fn invalid_indexes(connection: &mut Connection) -> Result<Vec<String>, Refused> {
    let sql = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1";
    let rows = connection.rows(sql)?;
    Ok(rows
        .into_iter()
        .filter_map(|row| row.into_iter().next().flatten())
        .collect())
}

/// Ends the server process while it runs one statement.
struct Killer {
    backend: u32,
    observer: Connection,
    holder: Connection,
    statement: usize,
    /// The statement was reached, and had ended when the connection was lost.
    ended: Option<bool>,
}

impl Sender for Killer {
    fn send(&mut self, connection: &mut Connection, place: &Place<'_>) -> Result<u64, Refused> {
        if place.statement != self.statement || place.block.is_some() {
            return connection.run(place.text());
        }
        // What waits for other transactions (`CREATE INDEX CONCURRENTLY`) is caught while it does.
        let tables = all_tables(&mut self.observer)?;
        if !tables.is_empty() {
            let sql = format!(
                "BEGIN; LOCK TABLE {} IN ROW EXCLUSIVE MODE",
                tables.join(", ")
            );
            let _ = self.holder.run(&sql);
        }
        let text = place.text();
        let (result, ended) = std::thread::scope(|scope| {
            let worker = scope.spawn(|| connection.run(text));
            let begun = Instant::now();
            while !worker.is_finished() && begun.elapsed() < MIDDLE {
                let sql = format!(
                    "SELECT count(*) FROM pg_locks WHERE pid = {} AND NOT granted",
                    self.backend
                );
                let waits = self.observer.value(&sql).ok().flatten();
                if waits.is_some_and(|waits| waits != "0") {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            let ended = worker.is_finished();
            let _ = self.observer.run(&format!(
                "SELECT pg_terminate_backend({}, 5000)",
                self.backend
            ));
            let _ = self.holder.run("ROLLBACK");
            (worker.join(), ended)
        });
        self.ended = Some(ended);
        let lost = Refused {
            code: "57P01".to_owned(),
            message: "the connection was ended".to_owned(),
            detail: String::new(),
        };
        match result {
            Ok(Err(refused)) => Err(refused),
            // Nothing more is sent: the connection is gone.
            _ => Err(lost),
        }
    }
}
