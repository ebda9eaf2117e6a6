//! The ledger in a SQLite file: no server, one file that can be copied.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, TransactionBehavior};

use super::append::{self, Appended, Chain, Draft};
use super::{Access, Head, LedgerError, Row, STORE_HELP, Stamp, Wanted};

/// "RLGT", in the header of the file.
const APPLICATION_ID: i32 = 0x524c_4754;
/// The version of the tables.
const USER_VERSION: i32 = 1;
/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_mins(1);

const SCHEMA: &str = include_str!("sqlite.sql");

/// An open file.
pub struct Store {
    connection: Connection,
    shown: String,
}

impl Store {
    pub(super) fn open(path: &Path, access: Access) -> Result<Self, LedgerError> {
        let shown = path.display().to_string();
        let failed = |error: rusqlite::Error| failed(&shown, "read", &error);
        if access == Access::Read && !path.exists() {
            return Err(LedgerError::Absent { shown });
        }
        // SQLite waits for whoever writes into a pipe.
        if path.exists() && !path.is_file() {
            return Err(LedgerError::Foreign {
                shown,
                why: "it is not an ordinary file".to_owned(),
            });
        }
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if access == Access::Append {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let opened = Connection::open_with_flags(path, flags).or_else(|error| {
            // An archive may be on a medium that nobody can write to.
            if access == Access::Read {
                Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
            } else {
                Err(error)
            }
        });
        let mut connection = opened.map_err(failed)?;
        prepare(&connection).map_err(failed)?;
        if access == Access::Append {
            create(&mut connection).map_err(failed)?;
        }
        let pragma = |name: &str| -> rusqlite::Result<i32> {
            connection.pragma_query_value(None, name, |row| row.get(0))
        };
        let (application, version) = (
            pragma("application_id").map_err(failed)?,
            pragma("user_version").map_err(failed)?,
        );
        if application != APPLICATION_ID || version != USER_VERSION {
            let why = if application == APPLICATION_ID {
                format!("its tables have version {version}")
            } else {
                "it is another database, or a file that a ledger was never written to".to_owned()
            };
            return Err(LedgerError::Foreign { shown, why });
        }
        Ok(Self { connection, shown })
    }

    pub(super) fn append(
        &mut self,
        repository: &str,
        drafts: &[Draft],
        stamp: &Stamp,
    ) -> Result<Vec<Appended>, LedgerError> {
        let shown = self.shown.clone();
        let failed = |error: rusqlite::Error| failed(&shown, "written", &error);
        // An immediate transaction takes the write lock before anything is read.
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let mut chain = Locked {
            connection: &transaction,
            repository,
            shown: &shown,
        };
        let appended = append::append(&mut chain, repository, drafts, stamp)?;
        transaction.commit().map_err(failed)?;
        Ok(appended)
    }

    pub(super) fn read(
        &mut self,
        wanted: Wanted<'_>,
        each: &mut dyn FnMut(Row) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let failed = |error: rusqlite::Error| failed(&self.shown, "read", &error);
        let mut statement = self
            .connection
            .prepare(
                "SELECT repository, sequence, hash, tag, body FROM record
                 WHERE (?1 IS NULL OR repository = ?1) AND (?2 = 0 OR tag = '')
                 ORDER BY repository, sequence",
            )
            .map_err(failed)?;
        let only_tags = matches!(wanted, Wanted::Tags(_));
        let mut rows = statement
            .query((wanted.repository(), only_tags))
            .map_err(failed)?;
        while let Some(found) = rows.next().map_err(failed)? {
            each(row(found).map_err(failed)?)?;
        }
        Ok(())
    }
}

/// One chain, while nobody else can write.
struct Locked<'t> {
    connection: &'t Connection,
    repository: &'t str,
    shown: &'t str,
}

impl Locked<'_> {
    fn failed(&self, error: &rusqlite::Error) -> LedgerError {
        failed(self.shown, "written", error)
    }
}

impl Chain for Locked<'_> {
    fn head(&mut self) -> Result<Option<Head>, LedgerError> {
        self.connection
            .prepare_cached(
                "SELECT sequence, hash FROM record WHERE repository = ?1
                 ORDER BY sequence DESC LIMIT 1",
            )
            .and_then(|mut statement| {
                statement
                    .query_row([self.repository], |row| {
                        Ok(Head {
                            sequence: row.get(0)?,
                            hash: row.get(1)?,
                        })
                    })
                    .optional()
            })
            .map_err(|error| self.failed(&error))
    }

    fn of_tag(&mut self, tag: &str) -> Result<Vec<Row>, LedgerError> {
        self.connection
            .prepare_cached(
                "SELECT repository, sequence, hash, tag, body FROM record
                 WHERE repository = ?1 AND tag = ?2 ORDER BY sequence",
            )
            .and_then(|mut statement| {
                let rows = statement.query_map([self.repository, tag], row)?;
                rows.collect()
            })
            .map_err(|error| self.failed(&error))
    }

    fn insert(&mut self, row: &Row) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached(
                "INSERT INTO record (repository, sequence, hash, tag, body) VALUES (?1, ?2, ?3, ?4, ?5)",
            )
            .and_then(|mut statement| {
                statement.execute((
                    &row.repository,
                    row.sequence,
                    &row.hash,
                    &row.tag,
                    &row.body,
                ))
            })
            .map(|_| ())
            .map_err(|error| self.failed(&error))
    }
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        repository: row.get(0)?,
        sequence: row.get(1)?,
        hash: row.get(2)?,
        tag: row.get(3)?,
        body: row.get(4)?,
    })
}

/// A rollback journal, not a write-ahead log: the ledger stays one file between runs, also on network file systems. With
/// EXTRA the directory is synchronised too, so that what was committed outlives a loss of power.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    // Functions that the file itself names in views or triggers may do nothing outside of it.
    connection.pragma_update(None, "trusted_schema", false)
}

/// Makes the tables in an empty file, once, whoever comes first.
fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let objects: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if objects == 0 {
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", USER_VERSION)?;
    }
    transaction.commit()
}

fn failed(shown: &str, verb: &'static str, error: &rusqlite::Error) -> LedgerError {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) {
        return LedgerError::Foreign {
            shown: shown.to_owned(),
            why: "it is no SQLite file".to_owned(),
        };
    }
    LedgerError::Store {
        shown: shown.to_owned(),
        verb,
        why: error.to_string(),
        help: STORE_HELP,
    }
}
