//! Places in the text of a migration: where a statement begins with what belongs to it, and where it ends.

use std::rc::Rc;

use crate::rules::sql::SqlInput;
use crate::source::{SourceId, Span};
use crate::syntax::migration::Runner;
use crate::syntax::sql::operation::Dialect;
use crate::syntax::sql::statement_spans;

/// A migration's text, and how it is read.
#[derive(Debug, Clone)]
#[allow(
    clippy::struct_field_names,
    reason = "the text of a text file is its text"
)]
pub(super) struct Text<'a> {
    text: &'a str,
    comments: Rc<[Span]>,
    dialect: Dialect,
    runner: Runner,
}

impl<'a> Text<'a> {
    /// The text that the operation stands in.
    pub(super) fn of(input: &SqlInput<'a>) -> Self {
        Self::other(input, input.file.source)
    }

    /// The text of another file of the same sequence.
    pub(super) fn other(input: &SqlInput<'a>, source: SourceId) -> Self {
        let (text, dialect) = (&*input.file.sources.get(source).text, input.file.dialect);
        Self {
            text,
            comments: input.release.cut.comments(source, text, dialect),
            dialect,
            runner: input.file.runner,
        }
    }
}

/// `\r\n` where the text has it.
pub(super) fn line_ending(text: &str) -> &'static str {
    match text.find('\n').and_then(|at| text.get(..at)) {
        Some(line) if line.ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Where a statement begins with the comments directly above it, which speak of it: the start of a line. `None` when
/// something else stands before it on its line.
pub(super) fn attached_start(file: &Text<'_>, statement: Span) -> Option<usize> {
    let text = file.text;
    let mut start = line_start(text, statement.start as usize)?;
    let before = file
        .comments
        .partition_point(|comment| comment.start < statement.start);
    for comment in file.comments.iter().take(before).rev() {
        let gap = text.get(comment.end as usize..start)?;
        let is_near = gap.trim().is_empty() && gap.matches('\n').count() <= 1;
        let Some(line) = line_start(text, comment.start as usize).filter(|_| is_near) else {
            break;
        };
        let words = text.get(comment.range())?;
        if is_directive(words, file.runner) {
            // What stands between the marks of a runner belongs together.
            if words.contains("StatementBegin") || words.contains("statement begin") {
                start = line;
                continue;
            }
            break;
        }
        start = line;
    }
    Some(start)
}

/// A comment that the runner obeys.
fn is_directive(comment: &str, runner: Runner) -> bool {
    runner.profile().obeys(comment) || comment.trim_end() == "-- no-transaction"
}

/// The start of the line, if nothing but white space stands before the offset on it.
fn line_start(text: &str, offset: usize) -> Option<usize> {
    let before = text.get(..offset)?;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let prefix = before.get(start..)?.trim_start_matches('\u{feff}');
    // A byte-order mark stays where it is.
    prefix
        .trim()
        .is_empty()
        .then(|| start + before.get(start..).unwrap_or_default().len() - prefix.len())
}

/// The lines of a statement, with the comments above and behind it, if nothing else stands on them.
pub(super) fn lines(file: &Text<'_>, statement: Span) -> Option<Span> {
    let text = file.text;
    let start = attached_start(file, statement)?;
    let rest = text.get(statement.end as usize..)?;
    let terminator = rest
        .find(|c: char| !c.is_whitespace())
        .filter(|&at| rest.as_bytes().get(at) == Some(&b';'))?;
    let behind = statement.end as usize + terminator + 1;
    let end = text
        .get(behind..)?
        .find('\n')
        .map_or(text.len(), |at| behind + at + 1);
    let tail = text.get(behind..end)?;
    let is_free = statement_spans(tail, file.dialect).is_empty();
    // A block comment that goes on below is not cut.
    let is_whole = tail.matches("/*").count() == tail.matches("*/").count();
    (is_free && is_whole).then(|| Span::new(start, end))
}

/// The lines of a statement with another text in its place.
pub(super) fn moved(text: &str, place: Span, statement: Span, with: &str) -> String {
    let part = |start: u32, end: u32| text.get(start as usize..end as usize).unwrap_or_default();
    let moved = format!(
        "{}{with}{}",
        part(place.start, statement.start),
        part(statement.end, place.end)
    );
    moved.trim_end().to_owned()
}
