//! A history of decisions that cannot be quietly changed: canonical records in one hash chain per repository, in a SQLite
//! file or in PostgreSQL.
//!
//! A record is canonical JSON (RFC 8785) that holds its repository, its number and the hash of the record before it; its
//! hash is the SHA-256 of those bytes. The store has the same facts in columns, so that it can be searched, and
//! [`chain::Verifier`] compares every column with what the record says. Whoever owns the store can still cut off the end or
//! write all of it anew: that is what a [`Checkpoint`] kept elsewhere shows.

mod append;
mod chain;
mod checkpoint;
mod export;
mod postgres;
mod record;
mod sqlite;
pub mod show;
mod tags;

use std::path::PathBuf;

pub use append::{Appended, Draft};
pub use chain::{Head, Problem, Verified, Verifier};
pub use checkpoint::Checkpoint;
pub use postgres::SCHEMA as POSTGRES_SCHEMA;
pub use record::{
    Actor, Decision, Entry, Evidence, Exception, FindingLine, Inputs, Mode, MovedTag, Policy,
    Record, ReleasePoint, Stamp, TOOL_VERSION, TagsSeen,
};
pub use tags::{Direction, TagState};

/// Why a ledger cannot be read or written. Every variant ends in exit status 2.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum LedgerError {
    /// The address names no ledger.
    #[error("{shown} is no address of a ledger: {why}")]
    #[diagnostic(help(
        "a path or sqlite:PATH is a SQLite file, postgres://user@host/database is PostgreSQL, jsonl:PATH is an export"
    ))]
    Address {
        /// The address without its password.
        shown: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is no ledger to read.
    #[error("there is no ledger at {shown}")]
    #[diagnostic(help("relgate ledger record --tag TAG --ledger {shown}        makes it"))]
    Absent {
        /// The address.
        shown: String,
    },
    /// What is there is something else.
    #[error("{shown} is not a ledger of this version of relgate: {why}")]
    #[diagnostic(help("nothing was changed; name another file, or use the version that made it"))]
    Foreign {
        /// The address.
        shown: String,
        /// What it is instead.
        why: String,
    },
    /// The connection would be open to everybody on the way.
    #[error(
        "relgate would talk to the PostgreSQL server {host} without TLS, which it does not speak"
    )]
    #[diagnostic(help(
        "connect through a Unix socket or through an encrypting proxy on localhost, or write ?sslmode=disable if the network itself is encrypted"
    ))]
    Tls {
        /// The server.
        host: String,
    },
    /// It cannot be read or written.
    #[error("the ledger {shown} cannot be {verb}: {why}")]
    #[diagnostic(help("{help}"))]
    Store {
        /// The address without its password.
        shown: String,
        /// `read` or `written`.
        verb: &'static str,
        /// What the store says.
        why: String,
        /// What to do.
        help: &'static str,
    },
    /// A record would not fit into the format.
    #[error("a record cannot be written as canonical JSON: {why}")]
    Canonical {
        /// Why not.
        why: String,
    },
    /// A record that the store holds cannot be understood, and so nothing can be appended to it.
    #[error("record {sequence} of {repository} in the ledger cannot be read: {why}")]
    #[diagnostic(help("relgate ledger verify --ledger … says what happened to it"))]
    Record {
        /// The chain.
        repository: String,
        /// The number.
        sequence: i64,
        /// Why not.
        why: String,
    },
    /// A checkpoint is not one.
    #[error("{path} is not a checkpoint of a ledger: {why}")]
    #[diagnostic(help("relgate ledger export --ledger URL --checkpoint FILE        writes one"))]
    Checkpoint {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}

/// What help says when the store itself may be in the way.
const STORE_HELP: &str =
    "nothing was recorded halfway: what is in the ledger is whole; mend the cause and run it again";

/// A record as a store holds it. The columns repeat what the body says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The chain it belongs to.
    pub repository: String,
    /// Its number in the chain, from 1. A store that was tampered with may hold any number.
    pub sequence: i64,
    /// `sha256:` and the SHA-256 of the body.
    pub hash: String,
    /// The tag of a decision; empty for other records.
    pub tag: String,
    /// The record as canonical JSON.
    pub body: String,
}

/// Which records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// All.
    All,
    /// Those of one chain.
    Chain(&'a str),
    /// The observations of tags in one chain.
    Tags(&'a str),
}

impl Wanted<'_> {
    fn repository(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::Chain(repository) | Self::Tags(repository) => Some(repository),
        }
    }

    fn includes(&self, row: &Row) -> bool {
        match self {
            Self::All => true,
            Self::Chain(repository) => row.repository == *repository,
            Self::Tags(repository) => row.repository == *repository && row.tag.is_empty(),
        }
    }
}

/// What somebody wants with a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To read one that exists.
    Read,
    /// To append to it, and to make it when it is not there.
    Append,
}

/// An open ledger.
pub enum Ledger {
    /// A file.
    Sqlite(sqlite::Store),
    /// A server.
    Postgres(Box<postgres::Store>),
    /// What `ledger export` wrote; it can only be read.
    Export(export::Store),
}

impl Ledger {
    /// Opens the ledger at an address: a path or `sqlite:PATH`, `postgres://…`, `jsonl:PATH`.
    pub fn open(address: &str, access: Access) -> Result<Self, LedgerError> {
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            return postgres::Store::open(address, access)
                .map(|store| Self::Postgres(Box::new(store)));
        }
        if let Some(path) = address.strip_prefix("jsonl:") {
            return export::Store::open(path, access).map(Self::Export);
        }
        let path = address.strip_prefix("sqlite:").unwrap_or(address);
        let wrong = |why: &str| LedgerError::Address {
            shown: without_password(address),
            why: why.to_owned(),
        };
        if path.is_empty() {
            return Err(wrong("the path is missing"));
        }
        if path.contains("://") {
            return Err(wrong("relgate does not know this kind of address"));
        }
        sqlite::Store::open(&PathBuf::from(path), access).map(Self::Sqlite)
    }

    /// Appends what is not in the chain yet, in this order, all or nothing; says what became of each draft.
    pub fn append(
        &mut self,
        repository: &str,
        drafts: &[Draft],
        stamp: &Stamp,
    ) -> Result<Vec<Appended>, LedgerError> {
        match self {
            Self::Sqlite(store) => store.append(repository, drafts, stamp),
            Self::Postgres(store) => store.append(repository, drafts, stamp),
            Self::Export(store) => Err(store.read_only()),
        }
    }

    /// Hands out the records, chain by chain in the order of their numbers, as one consistent state.
    pub fn read(
        &mut self,
        wanted: Wanted<'_>,
        each: &mut dyn FnMut(Row) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        match self {
            Self::Sqlite(store) => store.read(wanted, each),
            Self::Postgres(store) => store.read(wanted, each),
            Self::Export(store) => store.read(wanted, each),
        }
    }

    /// The records that are wanted, understood.
    pub fn records(&mut self, wanted: Wanted<'_>) -> Result<Vec<Record>, LedgerError> {
        let mut records = Vec::new();
        self.read(wanted, &mut |row| {
            records.push(Record::read(&row)?);
            Ok(())
        })?;
        Ok(records)
    }
}

/// The address without its password, fit for a message.
fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    // Parameters may hold a password too.
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{host}")
}

/// Tests of the stores and of the chain share what they record.
#[cfg(test)]
mod tests;
