#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::disallowed_methods,
    reason = "a test may fail"
)]
//! Tests of the whole: the program as people run it, on repositories that a history or git itself made.

/// Repositories and the program, without anything of the machine around them.
mod support;

/// Every release of a history.
mod audit;
/// Whatever stands in a file, there is an answer.
mod bad_input;
/// Pages of the documentation are generated, and lead somewhere.
mod docs;
/// Evidence closes gates, and nothing else does.
mod evidence;
/// The examples play, and are what their pages say.
mod examples;
/// What could not be looked at does not pass.
mod fail_closed;
/// What somebody sees who runs it on a repository that never heard of it.
mod first_use;
/// Every release of many repositories, in shards.
mod fleet;
/// Every format, read by programs that are not ours.
mod formats;
/// Evidence that somebody forged, with every kind of signature.
mod forged;
/// Repositories in a state that a naive reading answers wrongly.
mod git_cases;
/// Where people work: pre-commit, the action, recipes, set-up.
mod hooks;
/// Decisions are kept, and nothing is lost, doubled or quietly changed.
mod ledger;
/// What the configuration says about migrations, and what a server knows of functions.
mod migrations;
/// The picture in the README.
mod named_files;
mod picture;
/// Policies as their authors use them: check, test, eval, and the schemas for editors.
mod policies;
/// A release is written into its files.
mod release_fix;
/// Charts as the real engine of Helm renders them.
mod render;
/// The source code keeps to the architecture.
mod layering;
/// Every row of the process has its gate.
mod process;
/// A release's migrations on a real server.
mod rehearse;
/// What an audit remembers is what it would find.
mod remembered;
/// What is written for SQL does on a server what was meant.
mod sql_fix;
/// Signed tags and commits, beside what git says of them.
mod signatures;
/// Releases from change to closed.
mod story;
