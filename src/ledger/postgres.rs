//! The ledger in PostgreSQL: for many writers. Records are written through one function, by roles that can change nothing.

use std::error::Error as _;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator as _;
use postgres::{Client, Config, IsolationLevel, NoTls, Transaction};

use super::append::{self, Appended, Chain, Draft};
use super::{Access, Head, LedgerError, Row, STORE_HELP, Stamp, Wanted, without_password};

/// The tables, the function and the roles; users run the same file.
pub const SCHEMA: &str = include_str!("../../examples/fleet/schema.sql");
/// How often something is tried when the connection is lost.
const TRIES: u32 = 6;
/// The first pause between two tries; each is twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(200);

const SETTINGS: &str =
    "SET lock_timeout = '60s'; SET synchronous_commit = on; SET search_path = pg_catalog";
const INSTALLED: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'relgate' AND c.relname = 'record')";
const INSTALL_HELP: &str = "the database's owner runs the schema once: relgate schema ledger | psql --set ON_ERROR_STOP=1 …";

/// An open connection.
pub struct Store {
    config: Config,
    client: Option<Client>,
    shown: String,
}

impl Store {
    pub(super) fn open(address: &str, access: Access) -> Result<Self, LedgerError> {
        let shown = without_password(address);
        let config: Config = address.parse().map_err(|error: postgres::Error| {
            // The parser's message may quote what it could not read; its cause does not.
            LedgerError::Address {
                shown: shown.clone(),
                why: if error.to_string().contains("invalid connection string") {
                    "it cannot be read".to_owned()
                } else {
                    "a value in it is not allowed".to_owned()
                },
            }
        })?;
        refuse_open_wire(&config, address)?;
        let mut config = config;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        if config.get_application_name().is_none() {
            config.application_name("relgate");
        }
        let mut store = Self {
            config,
            client: None,
            shown,
        };
        store.retry("read", |client| client.simple_query("SELECT 1").map(|_| ()))?;
        store.install(access)?;
        Ok(store)
    }

    /// Makes the tables when they are not there and somebody wants to write.
    fn install(&mut self, access: Access) -> Result<(), LedgerError> {
        let installed = |client: &mut Client| client.query_one(INSTALLED, &[])?.try_get(0);
        if self.retry("read", installed)? {
            return Ok(());
        }
        if access == Access::Read {
            return Err(LedgerError::Absent {
                shown: self.shown.clone(),
            });
        }
        self.retry("written", |client| {
            let mut transaction = client.transaction()?;
            // Two that come first at the same time would both create the schema.
            transaction
                .batch_execute("SELECT pg_advisory_xact_lock(hashtextextended('relgate', 0))")?;
            transaction.batch_execute(SCHEMA)?;
            transaction.commit()
        })
        .map_err(|error| match error {
            LedgerError::Store {
                shown, verb, why, ..
            } => LedgerError::Store {
                shown,
                verb,
                why,
                help: INSTALL_HELP,
            },
            other => other,
        })
    }

    pub(super) fn append(
        &mut self,
        repository: &str,
        drafts: &[Draft],
        stamp: &Stamp,
    ) -> Result<Vec<Appended>, LedgerError> {
        let shown = self.shown.clone();
        // When the connection is lost while it commits, nobody knows whether it did. Trying again finds out: what is in the
        // chain is not written twice.
        self.retry("written", |client| {
            let mut transaction = client
                .build_transaction()
                .isolation_level(IsolationLevel::ReadCommitted)
                .start()?;
            transaction.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('relgate ' || $1, 0))",
                &[&repository],
            )?;
            let mut chain = Locked {
                transaction: &mut transaction,
                repository,
                shown: &shown,
                lost: None,
            };
            let appended = append::append(&mut chain, repository, drafts, stamp);
            if let Some(error) = chain.lost.take() {
                return Err(error);
            }
            if appended.is_ok() {
                transaction.commit()?;
            }
            Ok(appended)
        })?
    }

    pub(super) fn read(
        &mut self,
        wanted: Wanted<'_>,
        each: &mut dyn FnMut(Row) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        // What was handed out cannot be taken back, so a lost connection is tried again before the first row only.
        self.retry("read", |client| client.simple_query("SELECT 1").map(|_| ()))?;
        let shown = self.shown.clone();
        let failed = |error: postgres::Error| failed(&shown, "read", &error);
        let Some(client) = &mut self.client else {
            return Ok(());
        };
        let (repository, only_tags) = (wanted.repository(), matches!(wanted, Wanted::Tags(_)));
        let mut rows = client
            .query_raw(
                "SELECT repository, sequence, hash, tag, body FROM relgate.record
                 WHERE ($1::text IS NULL OR repository = $1) AND (NOT $2::bool OR tag = '')
                 ORDER BY repository COLLATE \"C\", sequence",
                [
                    &repository as &(dyn postgres::types::ToSql + Sync),
                    &only_tags,
                ],
            )
            .map_err(failed)?;
        while let Some(found) = rows.next().map_err(failed)? {
            each(row(&found).map_err(failed)?)?;
        }
        Ok(())
    }

    /// Does something on a connection, and again on a new one when it is lost.
    fn retry<T>(
        &mut self,
        verb: &'static str,
        mut work: impl FnMut(&mut Client) -> Result<T, postgres::Error>,
    ) -> Result<T, LedgerError> {
        let mut pause = PAUSE;
        for attempt in 1.. {
            let result = match &mut self.client {
                Some(client) if !client.is_closed() => work(client),
                _ => match connect(&self.config) {
                    Ok(client) => work(self.client.insert(client)),
                    Err(error) => Err(error),
                },
            };
            match result {
                Ok(value) => return Ok(value),
                Err(error) if attempt < TRIES && may_pass(&error) => {
                    self.client = None;
                    std::thread::sleep(pause);
                    pause = pause.saturating_mul(2);
                }
                Err(error) => return Err(failed(&self.shown, verb, &error)),
            }
        }
        Err(LedgerError::Absent {
            shown: self.shown.clone(),
        })
    }
}

fn connect(config: &Config) -> Result<Client, postgres::Error> {
    let mut client = config.connect(NoTls)?;
    client.batch_execute(SETTINGS)?;
    Ok(client)
}

/// One chain, while nobody else writes to it.
struct Locked<'t, 'c> {
    transaction: &'t mut Transaction<'c>,
    repository: &'t str,
    shown: &'t str,
    /// What the server or the connection said; whether it is worth another try is decided outside.
    lost: Option<postgres::Error>,
}

impl Locked<'_, '_> {
    fn failed(&mut self, error: postgres::Error) -> LedgerError {
        let failed = failed(self.shown, "written", &error);
        self.lost = Some(error);
        failed
    }
}

impl Chain for Locked<'_, '_> {
    fn head(&mut self) -> Result<Option<Head>, LedgerError> {
        let found = self
            .transaction
            .query_opt(
                "SELECT sequence, hash FROM relgate.record WHERE repository = $1
                 ORDER BY sequence DESC LIMIT 1",
                &[&self.repository],
            )
            .and_then(|row| {
                row.map(|row| {
                    Ok(Head {
                        sequence: row.try_get(0)?,
                        hash: row.try_get(1)?,
                    })
                })
                .transpose()
            });
        found.map_err(|error| self.failed(error))
    }

    fn of_tag(&mut self, tag: &str) -> Result<Vec<Row>, LedgerError> {
        let rows = self
            .transaction
            .query(
                "SELECT repository, sequence, hash, tag, body FROM relgate.record
                 WHERE repository = $1 AND tag = $2 ORDER BY sequence",
                &[&self.repository, &tag],
            )
            .and_then(|rows| rows.iter().map(row).collect::<Result<Vec<Row>, _>>());
        rows.map_err(|error| self.failed(error))
    }

    fn insert(&mut self, row: &Row) -> Result<(), LedgerError> {
        match self
            .transaction
            .execute("SELECT relgate.append($1)", &[&row.body])
        {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }
}

fn row(row: &postgres::Row) -> Result<Row, postgres::Error> {
    Ok(Row {
        repository: row.try_get(0)?,
        sequence: row.try_get(1)?,
        hash: row.try_get(2)?,
        tag: row.try_get(3)?,
        body: row.try_get(4)?,
    })
}

/// There is no TLS in here, so a server elsewhere is refused unless the address says that the wire may be open.
fn refuse_open_wire(config: &Config, address: &str) -> Result<(), LedgerError> {
    let elsewhere = config.get_hosts().iter().find_map(|host| match host {
        Host::Tcp(name) if !is_loopback(name) => Some(name.clone()),
        Host::Tcp(_) | Host::Unix(_) => None,
    });
    let address_elsewhere = config
        .get_hostaddrs()
        .iter()
        .find(|address| !address.is_loopback())
        .map(ToString::to_string);
    let said_so = config.get_ssl_mode() == SslMode::Disable;
    let demands = config.get_ssl_mode() == SslMode::Require;
    match elsewhere.or(address_elsewhere) {
        Some(host) if !said_so => Err(LedgerError::Tls { host }),
        _ if demands => Err(LedgerError::Tls {
            host: without_password(address),
        }),
        _ => Ok(()),
    }
}

fn is_loopback(name: &str) -> bool {
    name == "localhost"
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Another try may go well: the connection broke, the server restarts, or another writer was faster.
fn may_pass(error: &postgres::Error) -> bool {
    let Some(code) = error.code() else {
        // Without a code the server did not answer; a password that is missing in the address will not appear, though.
        return error.is_closed()
            || error
                .source()
                .is_some_and(|cause| cause.is::<std::io::Error>());
    };
    // Class 08 is "connection exception", 53300 "too many connections".
    code.code().starts_with("08")
        || [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
        ]
        .contains(code)
}

fn failed(shown: &str, verb: &'static str, error: &postgres::Error) -> LedgerError {
    let why = match error.as_db_error() {
        Some(answer) => answer.message().to_owned(),
        None => match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    };
    LedgerError::Store {
        shown: shown.to_owned(),
        verb,
        why,
        help: if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
            "the user needs the role relgate_writer to append, relgate_reader to read"
        } else {
            STORE_HELP
        },
    }
}
