//! What a statement does to the server while it runs, seen from a second connection: locks, rewritten files, scans, rows
//! and write-ahead log.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::apply::{Place, Sender};
use super::connection::{Connection, Refused, Row, quoted};
use crate::effects::{LockMode, autocommit_only};
use crate::source::Location;
use crate::syntax::sql::operation::Action;

/// How long a statement that waits for others by design (`CREATE INDEX CONCURRENTLY`) is held back so that its locks can
/// be seen.
const HELD_BACK: Duration = Duration::from_millis(300);
/// How often a statement is looked at that cannot run in a transaction.
const INTERVAL: Duration = Duration::from_millis(1);
/// The first id of objects that are not the server's own (`FirstNormalObjectId`).
const FIRST_OWN: u32 = 16_384;

/// What one statement did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Where it stands.
    pub location: Location,
    /// Its part and its index in it.
    pub index: (usize, usize),
    /// The number of the transaction block, within the part; `None` when it stood for itself.
    pub block: Option<u32>,
    /// How long it took.
    pub took: Duration,
    /// How many rows the server says that it touched.
    pub rows: u64,
    /// Bytes of write-ahead log.
    pub wal: u64,
    /// Locks on relations that it took and did not hold before, sorted.
    pub locks: Vec<SeenLock>,
    /// The strongest lock that its transaction holds after it on each relation that was there before it.
    pub held: BTreeMap<String, LockMode>,
    /// Tables and materialized views whose file was replaced.
    pub rewritten: Vec<String>,
    /// Tables that were read from end to end, and how many rows that were.
    pub scanned: BTreeMap<String, u64>,
    /// Scans could be counted.
    pub counted: bool,
    /// Partitioned tables that it locked: they hold no rows themselves, their partitions do.
    pub partitioned: BTreeSet<String>,
    /// Why it was refused, if it was.
    pub error: Option<Refused>,
}

/// A lock that was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeenLock {
    /// The relation, without the schema `public`.
    pub relation: String,
    /// The mode.
    pub mode: LockMode,
    /// What the relation is.
    pub kind: Kind,
    /// It was there before the statement.
    pub existed: bool,
}

/// What a relation is to a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A table.
    Table,
    /// A partitioned table.
    PartitionedTable,
    /// A materialized view.
    MaterializedView,
    /// A view.
    View,
    /// An index.
    Index,
    /// Anything else.
    Other,
}

impl Kind {
    fn of(relkind: &str) -> Self {
        match relkind {
            "r" => Self::Table,
            "p" => Self::PartitionedTable,
            "m" => Self::MaterializedView,
            "v" => Self::View,
            "i" | "I" => Self::Index,
            _ => Self::Other,
        }
    }

    /// It holds rows, itself or in its partitions.
    pub fn holds_rows(self) -> bool {
        matches!(
            self,
            Self::Table | Self::PartitionedTable | Self::MaterializedView
        )
    }
}

/// A relation at a moment.
#[derive(Debug, Clone)]
struct Seen {
    name: String,
    kind: Kind,
    file: u32,
    scans: u64,
    read: u64,
}

/// Looks on from a second connection.
#[derive(Debug)]
pub struct Tracer {
    observer: Connection,
    /// A third one, which holds statements back that wait for others by design.
    holder: Connection,
    backend: u32,
    part: usize,
    server_version: u32,
    /// What was seen, in order.
    pub traces: Vec<Trace>,
}

impl Tracer {
    /// Looks on at what runs on `watched`.
    pub fn new(
        watched: &mut Connection,
        observer: Connection,
        holder: Connection,
        server_version: u32,
    ) -> Result<Self, Refused> {
        Ok(Self {
            backend: watched.backend()?,
            observer,
            holder,
            part: 0,
            server_version,
            traces: Vec::new(),
        })
    }

    /// Says which part runs next.
    pub fn begin_part(&mut self, part: usize) {
        self.part = part;
    }

    fn wal(&mut self) -> u64 {
        let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint";
        let value = self.observer.value(sql).ok().flatten();
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    }

    /// The locks on relations that the watched connection has or waits for, and whether it waits for anything.
    fn locks(&mut self) -> (Vec<(u32, LockMode)>, bool) {
        let sql = format!(
            "SELECT relation, mode, granted FROM pg_locks WHERE pid = {} AND (NOT granted OR locktype = 'relation' \
             AND relation >= {FIRST_OWN})",
            self.backend
        );
        let rows = self.observer.rows(&sql).unwrap_or_default();
        let waits = rows.iter().any(|row| field(row, 2) == "f");
        let locks = rows
            .iter()
            .filter_map(|row| Some((field(row, 0).parse().ok()?, mode(field(row, 1))?)))
            .collect();
        (locks, waits)
    }

    /// Runs a statement inside a transaction block, where its locks stay until somebody has looked.
    fn inside(
        &mut self,
        connection: &mut Connection,
        place: &Place<'_>,
    ) -> Result<(Result<u64, Refused>, Moments), Refused> {
        let before = relations(connection)?;
        let (had, _) = self.locks();
        let wal = self.wal();
        let begun = Instant::now();
        let result = connection.run(place.text());
        let took = begun.elapsed();
        let wal = self.wal().saturating_sub(wal);
        let (has, _) = self.locks();
        // A transaction that failed answers no more questions, and neither does one that the statement ended.
        let after = match &result {
            Ok(_) => relations(connection).unwrap_or_else(|_| before.clone()),
            Err(_) => before.clone(),
        };
        Ok((
            result,
            Moments {
                before,
                after,
                had,
                has,
                took,
                wal,
                counted: true,
            },
        ))
    }

    /// Runs a statement that cannot run inside a transaction block, and looks again and again.
    fn alone(
        &mut self,
        connection: &mut Connection,
        place: &Place<'_>,
    ) -> Result<(Result<u64, Refused>, Moments), Refused> {
        let before = relations(connection)?;
        let tables = all_tables(&mut self.observer)?;
        let mut holding = !tables.is_empty()
            && self
                .holder
                .run(&format!(
                    "BEGIN; LOCK TABLE {} IN ROW EXCLUSIVE MODE",
                    tables.join(", ")
                ))
                .is_ok();
        let wal = self.wal();
        let text = place.text();
        let begun = Instant::now();
        let mut has: Vec<(u32, LockMode)> = Vec::new();
        let mut lost = Duration::ZERO;
        let result = std::thread::scope(|scope| {
            let worker = scope.spawn(|| connection.run(text));
            let mut waiting_since = None;
            while !worker.is_finished() {
                let (seen, waits) = self.locks();
                has.extend(seen);
                if waits && waiting_since.is_none() {
                    waiting_since = Some(Instant::now());
                    // Once more, so that what it took last is seen too.
                    has.extend(self.locks().0);
                }
                if holding && (waits || begun.elapsed() > HELD_BACK) {
                    let _ = self.holder.run("ROLLBACK");
                    holding = false;
                    lost = waiting_since.map_or(Duration::ZERO, |since| since.elapsed());
                }
                std::thread::sleep(INTERVAL);
            }
            worker.join().unwrap_or_else(|_| {
                Err(Refused {
                    code: "08006".to_owned(),
                    message: "the connection was lost".to_owned(),
                    detail: String::new(),
                })
            })
        });
        let took = begun.elapsed().saturating_sub(lost);
        if holding {
            let _ = self.holder.run("ROLLBACK");
        }
        has.sort_unstable();
        has.dedup();
        let wal = self.wal().saturating_sub(wal);
        let after = relations(connection).unwrap_or_else(|_| before.clone());
        Ok((
            result,
            Moments {
                before,
                after,
                had: Vec::new(),
                has,
                took,
                wal,
                counted: false,
            },
        ))
    }

    fn record(&mut self, place: &Place<'_>, result: &Result<u64, Refused>, moments: &Moments) {
        let mut locks = Vec::new();
        let mut held: BTreeMap<String, LockMode> = BTreeMap::new();
        for &(id, mode) in &moments.has {
            let existed = moments.before.get(&id);
            let Some(seen) = existed.or_else(|| moments.after.get(&id)) else {
                continue;
            };
            if existed.is_some() {
                let strongest = held.entry(seen.name.clone()).or_insert(mode);
                *strongest = mode.max(*strongest);
            }
            if !moments.had.contains(&(id, mode)) {
                locks.push(SeenLock {
                    relation: seen.name.clone(),
                    mode,
                    kind: seen.kind,
                    existed: existed.is_some(),
                });
            }
        }
        locks.sort();
        let partitioned = moments
            .has
            .iter()
            .filter_map(|(id, _)| moments.before.get(id).or_else(|| moments.after.get(id)))
            .filter(|seen| seen.kind == Kind::PartitionedTable)
            .map(|seen| seen.name.clone())
            .collect();
        let mut rewritten = Vec::new();
        let mut scanned = BTreeMap::new();
        for (id, before) in &moments.before {
            let Some(after) = moments.after.get(id).filter(|_| before.kind.holds_rows()) else {
                continue;
            };
            if after.file != before.file && before.file != 0 {
                rewritten.push(before.name.clone());
            }
            if after.scans > before.scans {
                scanned.insert(before.name.clone(), after.read.saturating_sub(before.read));
            }
        }
        rewritten.sort();
        self.traces.push(Trace {
            location: place.part.location(place.statement),
            index: (self.part, place.statement),
            block: place.block,
            took: moments.took,
            rows: *result.as_ref().unwrap_or(&0),
            wal: moments.wal,
            locks,
            held,
            rewritten,
            scanned,
            counted: moments.counted,
            partitioned,
            error: result.as_ref().err().cloned(),
        });
    }
}

/// What is known before and after a statement.
struct Moments {
    before: BTreeMap<u32, Seen>,
    after: BTreeMap<u32, Seen>,
    had: Vec<(u32, LockMode)>,
    has: Vec<(u32, LockMode)>,
    took: Duration,
    wal: u64,
    counted: bool,
}

impl Sender for Tracer {
    fn send(&mut self, connection: &mut Connection, place: &Place<'_>) -> Result<u64, Refused> {
        let (result, moments) = if place.block.is_some() {
            self.inside(connection, place)?
        } else if self.may_be_wrapped(place) {
            // A statement that stands for itself is a transaction: with BEGIN and COMMIT around it, it does the same,
            // and can be looked at before it ends.
            connection.run("BEGIN")?;
            let (result, moments) = self.inside(connection, place)?;
            let ended = connection.run(if result.is_ok() { "COMMIT" } else { "ROLLBACK" });
            (result.and_then(|rows| ended.map(|_| rows)), moments)
        } else {
            self.alone(connection, place)?
        };
        self.record(place, &result, &moments);
        result
    }
}

impl Tracer {
    /// The statement does the same inside a transaction block. One that relgate cannot read, or that may commit by
    /// itself, is not tried.
    fn may_be_wrapped(&self, place: &Place<'_>) -> bool {
        let Some(statement) = place.part.statements.get(place.statement) else {
            return false;
        };
        statement.operations.iter().all(|operation| {
            !matches!(
                operation.action,
                Action::Opaque { .. }
                    | Action::Transaction(_)
                    | Action::Set { .. }
                    | Action::Other { .. }
            ) && !operation.nested
                && autocommit_only(&operation.action, self.server_version).is_none()
        })
    }
}

/// The names of all tables, as SQL.
pub(super) fn all_tables(connection: &mut Connection) -> Result<Vec<String>, Refused> {
    let rows = connection.rows(
        "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') \
         AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ORDER BY 1",
    )?;
    Ok(rows
        .into_iter()
        .filter_map(|row| row.into_iter().next().flatten())
        .collect())
}

/// All relations that are not the server's own, as the connection sees them.
fn relations(connection: &mut Connection) -> Result<BTreeMap<u32, Seen>, Refused> {
    let sql = format!(
        "SELECT c.oid, CASE n.nspname WHEN 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END, \
         c.relkind, c.relfilenode, pg_catalog.pg_stat_get_xact_numscans(c.oid), \
         pg_catalog.pg_stat_get_xact_tuples_returned(c.oid) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.oid >= {FIRST_OWN} AND c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S', 'i', 'I') \
         AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'"
    );
    let rows = connection.rows(&sql)?;
    Ok(rows
        .iter()
        .filter_map(|row| {
            let seen = Seen {
                name: field(row, 1).to_owned(),
                kind: Kind::of(field(row, 2)),
                file: field(row, 3).parse().unwrap_or(0),
                scans: field(row, 4).parse().unwrap_or(0),
                read: field(row, 5).parse().unwrap_or(0),
            };
            Some((field(row, 0).parse().ok()?, seen))
        })
        .collect())
}

fn field(row: &Row, index: usize) -> &str {
    row.get(index).and_then(Option::as_deref).unwrap_or("")
}

/// A displayed name as SQL. Names that hold a dot of their own do not come out right, and cannot be locked by it.
pub(super) fn qualified(name: &str) -> String {
    match name.split_once('.') {
        Some((schema, name)) => format!("{}.{}", quoted(schema), quoted(name)),
        None => format!("public.{}", quoted(name)),
    }
}

/// The mode that `pg_locks` names.
fn mode(name: &str) -> Option<LockMode> {
    let wanted = name.strip_suffix("Lock")?;
    LockMode::ALL.into_iter().find(|mode| {
        let words = mode.as_str().split(' ');
        words.map(str::len).sum::<usize>() == wanted.len()
            && mode.as_str().replace(' ', "").eq_ignore_ascii_case(wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_as_the_server_writes_them() {
        let check =
            |name: &str, expected: Option<LockMode>| assert_eq!(mode(name), expected, "{name}");
        check("AccessShareLock", Some(LockMode::AccessShare));
        check(
            "ShareUpdateExclusiveLock",
            Some(LockMode::ShareUpdateExclusive),
        );
        check("ShareLock", Some(LockMode::Share));
        check("ExclusiveLock", Some(LockMode::Exclusive));
        check("AccessExclusiveLock", Some(LockMode::AccessExclusive));
        check("SIReadLock", None);
    }
}
