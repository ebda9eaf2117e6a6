//! SQL to operations.
//!
//! A text is cut into statements by `split`, each is kept from recursive parsers when it is nested too deep for them
//! (`guard`), parsed by the dialect's parser and lowered to [`operation::Operation`]s. No syntax tree leaves this module.

mod comments;
mod digest;
mod generic;
mod guard;
mod length;
pub mod operation;
mod postgres;
mod split;
mod stack;
mod text;
#[cfg(test)]
mod tests;
mod token;
mod words;

pub use comments::comments;
pub use digest::{TokenDigest, token_digest, token_digest_range, token_digest_where};
pub use stack::in_parallel;
use stack::with_big_stack;
pub use words::{each_word, quoted, words, words_of_name};

use crate::source::Span;
use crate::syntax::{Parsed, SyntaxError};
use operation::{Action, Dialect, OpaqueReason, Operation, Statement};
use split::{Piece, PieceKind};

/// Parses all statements of `text`; spans are relative to it.
///
/// Every statement is in the result. One that does not parse is [`Action::Opaque`] and has an entry in the errors; it never
/// hides the next one.
pub fn parse(text: &str, dialect: Dialect) -> Parsed<Vec<Statement>> {
    parse_range(text, Span::new(0, text.len()), dialect)
}

/// Parses the statements of one part of a text, such as the section of a file that goes up; spans are relative to `text`.
pub fn parse_range(text: &str, range: Span, dialect: Dialect) -> Parsed<Vec<Statement>> {
    lowered(text, &split::split(text, range, dialect), dialect)
}

/// The same, unless there are more than `most` statements: then nothing is parsed.
pub fn parse_at_most(
    text: &str,
    range: Span,
    dialect: Dialect,
    most: usize,
) -> Option<Parsed<Vec<Statement>>> {
    let pieces = split::split(text, range, dialect);
    (pieces.len() <= most).then(|| lowered(text, &pieces, dialect))
}

fn lowered(text: &str, pieces: &[Piece], dialect: Dialect) -> Parsed<Vec<Statement>> {
    let lower = || {
        let mut parsed = Parsed {
            value: Vec::with_capacity(pieces.len()),
            errors: Vec::new(),
        };
        for piece in pieces {
            let operations = operations(text, piece, dialect, &mut parsed.errors);
            parsed.value.push(Statement {
                span: piece.span,
                operations,
            });
        }
        parsed
    };
    if pieces.iter().any(|p| p.complexity.needs_big_stack()) {
        with_big_stack(lower)
    } else {
        lower()
    }
}

/// Where the statements of a text are, without parsing them.
pub fn statement_spans(text: &str, dialect: Dialect) -> Vec<Span> {
    let pieces = split::split(text, Span::new(0, text.len()), dialect);
    pieces.into_iter().map(|piece| piece.span).collect()
}

/// What one piece of a text does; never empty.
fn operations(
    text: &str,
    piece: &Piece,
    dialect: Dialect,
    errors: &mut Vec<SyntaxError>,
) -> Vec<Operation> {
    let refused = |reason, detail: &str| {
        vec![Operation {
            span: piece.span,
            action: Action::Opaque {
                reason,
                detail: detail.to_owned(),
            },
            nested: false,
        }]
    };
    match piece.kind {
        PieceKind::MetaCommand => {
            return refused(
                OpaqueReason::ClientCommand,
                "a command of psql, which no server knows",
            );
        }
        PieceKind::CopyData => {
            return refused(
                OpaqueReason::ClientCommand,
                "data for COPY, which only psql sends",
            );
        }
        PieceKind::Statement => {}
    }
    if let Some(opening) = piece.unclosed {
        let message = unclosed(text.get(opening.range()).unwrap_or(""));
        errors.push(SyntaxError {
            span: Span::new(opening.start as usize, opening.start as usize + 1),
            message: message.to_owned(),
        });
        return refused(OpaqueReason::SyntaxError, message);
    }
    if let Some(placeholder) = piece.template {
        let detail = text.get(placeholder.range()).unwrap_or("");
        return refused(
            OpaqueReason::Template,
            &format!(
                "the placeholder {detail} is filled in by something that relgate does not run"
            ),
        );
    }
    if let Some(why) = piece.complexity.refusal() {
        return refused(OpaqueReason::TooComplex, why);
    }
    if piece.complexity.needs_big_stack() && !stack::is_big() {
        return refused(
            OpaqueReason::TooComplex,
            "it needs a larger stack than this system gives",
        );
    }
    let source = text.get(piece.span.range()).unwrap_or("");
    let Some(source) = length::shortened(source, dialect) else {
        return refused(OpaqueReason::TooComplex, "it is longer than relgate reads");
    };
    let mut operations = match dialect {
        Dialect::Postgresql => postgres::operations(&source, piece.span, errors),
        Dialect::Mysql | Dialect::Sqlite | Dialect::Generic => {
            generic::operations(&source, piece.span, dialect, errors)
        }
    };
    for operation in &mut operations {
        if let Action::Insert { calls, .. } = &mut operation.action {
            calls.extend(source.calls.iter().cloned());
        }
    }
    operations
}

fn unclosed(opening: &str) -> &'static str {
    match opening.as_bytes().first() {
        Some(b'/') => "the comment that begins here is not closed",
        Some(b'$') => "the dollar-quoted string that begins here is not closed",
        Some(b'"' | b'`' | b'[') => "the quoted name that begins here is not closed",
        _ => "the string that begins here is not closed",
    }
}
