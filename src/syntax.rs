//! Text to values. Parsing never fails: it returns what it could read and what it could not.

pub mod changelog;
pub mod commit;
pub mod dockerfile;
pub mod goreleaser;
pub mod mentions;
pub mod migration;
pub mod shell;
pub mod sql;
pub mod suppression;
pub mod template;
pub mod workflow;
pub mod yaml;

use crate::source::Span;

/// What could be read, and what could not.
#[derive(Debug, Clone)]
pub struct Parsed<T> {
    /// What could be read.
    pub value: T,
    /// What could not, in the order of the text.
    pub errors: Vec<SyntaxError>,
}

/// A part of a text that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// What is wrong, as one sentence without a full stop.
    pub message: String,
}
