//! MySQL, SQLite and the generic dialect: one statement's text to its operations, by way of `sqlparser`.
//!
//! The parser keeps no exact places. So the places of parts come from the tokens: the pieces between commas stand in the
//! order of the tree.

mod alter;
mod column;
mod create;
mod items;
mod mend;
mod other;
mod parts;
mod plain;
mod session;
mod table;

use sqlparser::ast::{self, Ident, ObjectName};
use sqlparser::dialect::{GenericDialect, MySqlDialect, SQLiteDialect};
use sqlparser::parser::{Parser, ParserError};

use crate::source::Span;
use crate::syntax::SyntaxError;

use super::length::Shortened;
use super::operation::{Action, Dialect, Name, OpaqueReason, Operation};
use super::text::normalise;
use super::token::found_at;

/// Far above what the guard lets pass; it speaks first.
const RECURSION_LIMIT: usize = 4_000;

/// A keyword of SQL.
pub(super) fn is_keyword(word: &str) -> bool {
    let upper = word.to_ascii_uppercase();
    sqlparser::keywords::ALL_KEYWORDS
        .binary_search(&upper.as_str())
        .is_ok()
}

/// What a statement does that stands at `span` of a file.
pub(super) fn operations(
    source: &Shortened<'_>,
    span: Span,
    dialect: Dialect,
    errors: &mut Vec<SyntaxError>,
) -> Vec<Operation> {
    let written = source.text.as_ref();
    let mended = mend::mend(written, dialect);
    let mut sink = Sink {
        source: &mended.text,
        fulltext: mended.fulltext,
        span,
        dialect,
        operations: Vec::new(),
    };
    if sink.plain().is_some() {
        return sink.operations;
    }
    match parse(&mended.text, dialect) {
        Ok(statements) => {
            for statement in &statements {
                if sink.statement(statement).is_none() {
                    sink.opaque(
                        OpaqueReason::Unknown,
                        "relgate does not know this form of statement",
                    );
                }
            }
        }
        Err(ParserError::RecursionLimitExceeded) => {
            sink.opaque(
                OpaqueReason::TooComplex,
                "it is nested deeper than relgate reads",
            );
        }
        Err(ParserError::ParserError(message) | ParserError::TokenizerError(message)) => {
            if sink.unparsed().is_none() {
                let (message, place) = located(&message);
                let offset = place.map_or(0, |(line, column)| offset_of(written, line, column));
                let at = found_at(written, offset..offset, dialect);
                errors.push(SyntaxError {
                    span: Span::new(source.original(at.start), source.original(at.end))
                        .shifted(span.start as usize),
                    message: message.to_owned(),
                });
                sink.opaque(OpaqueReason::SyntaxError, message);
            }
        }
    }
    if sink.operations.is_empty() {
        sink.opaque(OpaqueReason::Unknown, "relgate finds no statement in it");
    }
    sink.operations
}

fn parse(sql: &str, dialect: Dialect) -> Result<Vec<ast::Statement>, ParserError> {
    let (mysql, sqlite, generic) = (MySqlDialect {}, SQLiteDialect {}, GenericDialect {});
    let dialect: &dyn sqlparser::dialect::Dialect = match dialect {
        Dialect::Mysql => &mysql,
        Dialect::Sqlite => &sqlite,
        Dialect::Postgresql | Dialect::Generic => &generic,
    };
    Parser::new(dialect)
        .with_recursion_limit(RECURSION_LIMIT)
        .try_with_sql(sql)?
        .parse_statements()
}

/// The parser ends its messages with the place.
fn located(message: &str) -> (&str, Option<(usize, usize)>) {
    let Some((text, place)) = message.rsplit_once(" at Line: ") else {
        return (message, None);
    };
    let numbers = place
        .split_once(", Column: ")
        .and_then(|(line, column)| Some((line.trim().parse().ok()?, column.trim().parse().ok()?)));
    (text, numbers)
}

/// Lines and columns of the parser count from one, columns in characters.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match text.get(start..).and_then(|rest| rest.find('\n')) {
            Some(n) => start += n + 1,
            None => return text.len(),
        }
    }
    let rest = text.get(start..).unwrap_or("");
    rest.char_indices()
        .nth(column.saturating_sub(1))
        .map_or(text.len(), |(n, _)| start + n)
}

/// Collects the operations of one statement.
struct Sink<'s> {
    /// The statement's text, mended; of the same length as what was written.
    source: &'s str,
    /// `FULLTEXT` or `SPATIAL` stood before `INDEX`.
    fulltext: Option<String>,
    span: Span,
    dialect: Dialect,
    operations: Vec<Operation>,
}

impl Sink<'_> {
    fn push(&mut self, action: Action) {
        self.push_at(self.span, action);
    }

    fn push_at(&mut self, span: Span, action: Action) {
        self.operations.push(Operation {
            span,
            action,
            nested: false,
        });
    }

    fn opaque(&mut self, reason: OpaqueReason, detail: &str) {
        self.push(Action::Opaque {
            reason,
            detail: detail.to_owned(),
        });
    }

    /// A name of a table or of anything else that a database keeps.
    ///
    /// MySQL keeps the case of tables, as most of its systems do; SQLite compares all names without case.
    fn name(&self, name: &ObjectName) -> Option<Name> {
        let mut parts = name.0.iter().map(|part| match part {
            ast::ObjectNamePart::Identifier(ident) => Some(self.folded(ident)),
            ast::ObjectNamePart::Function(_) => None,
        });
        let last = parts.next_back()??;
        let schema = match parts.next_back() {
            Some(schema) => Some(schema?),
            None => None,
        };
        Some(Name { schema, name: last })
    }

    fn folded(&self, ident: &Ident) -> String {
        match self.dialect {
            Dialect::Sqlite => ident.value.to_lowercase(),
            Dialect::Postgresql | Dialect::Generic if ident.quote_style.is_none() => {
                ident.value.to_lowercase()
            }
            Dialect::Mysql | Dialect::Postgresql | Dialect::Generic => ident.value.clone(),
        }
    }

    /// A name of a column, an index or a constraint: MySQL compares those without case.
    fn inner_name(&self, ident: &Ident) -> String {
        match self.dialect {
            Dialect::Mysql => ident.value.to_lowercase(),
            _ => self.folded(ident),
        }
    }

    /// Only the last part of a name that a parser takes for a qualified one.
    fn last_name(&self, name: &ObjectName) -> Option<String> {
        match name.0.last()? {
            ast::ObjectNamePart::Identifier(ident) => Some(self.inner_name(ident)),
            ast::ObjectNamePart::Function(_) => None,
        }
    }

    /// An expression in its one spelling.
    fn text(&self, expression: &impl std::fmt::Display) -> String {
        normalise(&expression.to_string(), self.dialect)
    }
}
