//! The policy language: the only module that knows the engine.
//!
//! Expressions are read within limits (`parse`), their names are checked against the facts
//! (`check`), and they are evaluated over shared values within a counted budget ([`Program`]). What the
//! engine's recursion needs of the stack grows with an expression, so all of this runs on a thread with room
//! ([`with_room`]).

mod blame;
mod budget;
mod convert;
mod entries;
mod environment;
mod functions;
mod infer;
mod json;
mod macros;
mod mistake;
mod prefilter;
mod program;
mod regex;
mod rewrite;
mod semver;
mod signatures;
mod trace;
mod tree;
mod types;
mod value;

pub(super) use infer::{Names, fields_behind_a_dot, infer};
pub use mistake::Mistake;
#[cfg(test)]
pub(super) use program::read_built_in;
pub use program::{Bindings, Failure, MAX_DEPTH, MAX_LOOPS, MAX_SOURCE, Program, Value};
pub(super) use program::{parse, parse_built_in};
pub use trace::{Kindred, Step};
pub(super) use types::{Record, Type, from_schema};

/// The stack that the longest allowed expression needs, with a margin; the system hands out only what is touched.
const STACK_BYTES: usize = 128 << 20;

/// Runs `work` on a thread with room for any expression.
pub fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, NoRoom> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("policies".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| NoRoom(error.to_string()))?
            .join()
            .map_err(|_| NoRoom("it ended in a panic".to_owned()))
    })
}

/// The thread that policies are evaluated on could not be started, or failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no thread to evaluate policies on: {0}")]
pub struct NoRoom(String);

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod tests;
