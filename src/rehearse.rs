//! Rehearsal: the migrations of a release, and their rollback, on a real PostgreSQL server.
//!
//! A verdict over files is an opinion; this is a fact. The previous release's migrations make a database, rows are put
//! into it, and then the new ones run one by one while a second connection looks on. The way back, the way up again, a
//! dump and its restoration, and what happens to the previous release's statements are tried as well.
//!
//! ```text
//!  survey ──► script ──► apply, trace ──► rollback, dump ──► findings, evidence
//!             (statements   (on a server)    (catalog and
//!              as sent)                       checksums compared)
//! ```

pub mod apply;
pub mod compat;
pub mod concurrency;
pub mod connection;
pub mod evidence;
pub mod failure;
pub mod findings;
pub mod holds;
pub mod host;
pub mod prediction;
pub mod script;
mod seed;
pub mod server;
pub mod state;
pub mod trace;
mod walk;

use std::time::Duration;

use compat::{Break, Probe, Tried};
use concurrency::Traffic;
use connection::Refused;
use failure::Interrupted;
use host::Host;
use prediction::Difference;
use script::Script;
use state::SchemaDifference;
use trace::Trace;

/// What somebody wants to be tried.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long any statement, connection or program may take.
    pub patience: Duration,
    /// How many rows are put into each table of the previous release.
    pub rows: u64,
    /// SQL that fills its tables.
    pub seed: Option<String>,
    /// Statements of the previous release.
    pub probes: Vec<Probe>,
}

/// What was tried with one sequence of migrations, and what came of it.
#[derive(Debug)]
pub struct Rehearsal {
    /// The directory.
    pub directory: String,
    /// The runner whose ways were followed.
    pub runner: &'static str,
    /// How many migrations of the previous release made the database.
    pub released: usize,
    /// How long they took.
    pub released_took: Duration,
    /// The tables that were to be filled before the migrations ran.
    pub seeded: Vec<Seeded>,
    /// A new migration that rows that were made up were in the way of: everything was tried on empty tables instead.
    pub made_up_refused: Option<Failure>,
    /// Roles that migrations name and none creates; they were made beforehand.
    pub roles: Vec<String>,
    /// How many rows the tables held before the migrations ran.
    pub rows: u64,
    /// New files that no upgrade runs, and why.
    pub passed_over: Vec<(String, String)>,
    /// New baselines, which only a new installation may run.
    pub baselines: Vec<String>,
    /// The new migrations, in order.
    pub migrations: Vec<MigrationRun>,
    /// What is not as it was after the whole way back; `None` when not everything has one, or it was not reached.
    pub lost: Option<Vec<String>>,
    /// How many of the previous release's statements could be tried.
    pub tried: Tried,
    /// The dump that was taken before, restored.
    pub restore: Step,
    /// How the dump's restoration differs from what was there.
    pub restore_differences: Vec<String>,
    /// A new installation, and where it differs from an upgraded one.
    pub fresh: Step,
    /// See `fresh`.
    pub fresh_differences: Vec<SchemaDifference>,
}

/// What became of a table that was to be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeded {
    /// The table, with its schema.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// Why it has none, if it was refused.
    pub reason: String,
}

/// Whether something was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It was, and took this long.
    Done(Duration),
    /// It was refused.
    Failed(Failure),
    /// There is nothing to do.
    Absent(&'static str),
    /// It was not reached.
    NotReached,
}

impl Step {
    /// It was done.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// A statement that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Where it stands; `None` when no statement of a file is to blame.
    pub location: Option<crate::source::Location>,
    /// What the server said.
    pub refused: Refused,
}

/// One new migration.
#[derive(Debug)]
pub struct MigrationRun {
    /// The file that goes up.
    pub path: String,
    /// What the runner calls it.
    pub version: String,
    /// The way up.
    pub up: Step,
    /// Its statements.
    pub traces: Vec<Trace>,
    /// Where relgate said something else about them: the index of the statement in `traces`, and what.
    pub differences: Vec<(usize, Difference)>,
    /// Statements without a prediction: relgate could not read them.
    pub unpredicted: usize,
    /// The way down.
    pub down: Step,
    /// What the way down did not put back.
    pub left: Vec<SchemaDifference>,
    /// The way up after the way down.
    pub again: Step,
    /// How the schema after it differs from the one after the first time.
    pub again_differences: Vec<SchemaDifference>,
    /// Statements of the previous release that do not work any more.
    pub breaks: Vec<Break>,
    /// What it did to others at work.
    pub traffic: Traffic,
    /// It is no transaction, or not one only.
    pub stops_halfway: bool,
    /// What is left when it is interrupted.
    pub interrupted: Vec<Interrupted>,
}

/// Why nothing could be tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unready {
    /// The server did not do what has nothing to do with the migrations.
    #[error("the server refused: {0}")]
    Server(#[from] Refused),
    /// The database of the previous release could not be made.
    #[error("{path} of the previous release does not run here: {refused}")]
    Released {
        /// The file.
        path: String,
        /// What the server said.
        refused: Refused,
    },
    /// A new migration needs something that this server lacks.
    #[error("{path} needs something that this server does not have: {refused}")]
    Environment {
        /// The file.
        path: String,
        /// What the server said.
        refused: Refused,
    },
    /// The rows could not be put in.
    #[error("the SQL of --seed does not run: {0}")]
    Seed(Refused),
    /// A migration is a program.
    #[error("{path} is a program or cannot be read: relgate runs SQL only")]
    Program {
        /// The file.
        path: String,
    },
    /// A file or program on this machine.
    #[error("{0}")]
    Machine(String),
}

/// Rehearses one sequence of migrations.
pub fn rehearse(host: &mut Host, script: &Script, options: &Options) -> Result<Rehearsal, Unready> {
    let every = script.previous.iter().chain(&script.upcoming);
    if let Some(program) = every.clone().find(|migration| migration.opaque) {
        return Err(Unready::Program {
            path: program.path.clone(),
        });
    }
    let filled = walk::walk(host, script, options)?;
    let in_the_way = filled.migrations.iter().find_map(|run| match &run.up {
        // Class 23 of SQLSTATE: the rows violate a constraint.
        Step::Failed(failure) if failure.refused.code.starts_with("23") => Some(failure.clone()),
        _ => None,
    });
    match in_the_way {
        // Rows that nobody ever had say nothing against a migration: it is rehearsed without them.
        Some(failure) if options.rows > 0 && options.seed.is_none() => {
            let without = Options {
                rows: 0,
                ..options.clone()
            };
            let mut rehearsal = walk::walk(host, script, &without)?;
            rehearsal.made_up_refused = Some(failure);
            Ok(rehearsal)
        }
        _ => Ok(filled),
    }
}
