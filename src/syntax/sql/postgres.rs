//! PostgreSQL: one statement's text to its operations, by way of squawk's syntax tree.
//!
//! The tree is lossless and the parser lenient: it takes forms that no server takes and leaves parts out. So a part that is
//! not there makes the statement opaque, and nothing is guessed.

mod alter;
mod alter_other;
mod body;
mod create;
mod drop;
mod names;
mod plpgsql;
mod query;
mod session;
mod table;
mod types;
mod write;

use std::ops::Range;

use rowan::TextRange;
use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SourceFile, SyntaxKind};

use crate::source::Span;
use crate::syntax::SyntaxError;

use super::length::Shortened;
use super::operation::{Action, Dialect, OpaqueReason, Operation, Spanned};
use super::text::normalise;
use super::token::found_at;

/// How deep bodies may stand in bodies: a `DO` that creates a function that runs a literal.
const MAX_BODIES: u8 = 4;

/// What a statement does that stands at `span` of a file.
pub(super) fn operations(
    source: &Shortened<'_>,
    span: Span,
    errors: &mut Vec<SyntaxError>,
) -> Vec<Operation> {
    let map = |range: Range<usize>| {
        let range = Span::new(source.original(range.start), source.original(range.end));
        range.shifted(span.start as usize)
    };
    let place = Place {
        text: &source.text,
        map: &map,
        bodies: 0,
    };
    statements(&place, false, errors)
}

/// Where the nodes of a tree stand in the file.
struct Place<'p> {
    /// The text that was parsed.
    text: &'p str,
    /// From offsets in it to offsets in the file.
    map: &'p dyn Fn(Range<usize>) -> Span,
    /// In how many bodies of routines this is.
    bodies: u8,
}

impl Place<'_> {
    /// Where a node stands, without white space around it.
    fn span(&self, node: &impl AstNode) -> Span {
        self.span_of(node.syntax().text_range())
    }

    fn span_of(&self, range: TextRange) -> Span {
        let range: Range<usize> = range.into();
        let text = self.text.get(range.clone()).unwrap_or("");
        let start = range.start + (text.len() - text.trim_start().len());
        let end = range.end - (text.len() - text.trim_end().len());
        (self.map)(start.min(range.end)..end.max(start))
    }

    /// A node's text as it was written.
    fn raw(&self, node: &impl AstNode) -> &str {
        let range: Range<usize> = node.syntax().text_range().into();
        self.text.get(range).unwrap_or("")
    }

    /// A node's text in its one spelling.
    fn text(&self, node: &impl AstNode) -> String {
        normalise(self.raw(node), Dialect::Postgresql)
    }

    /// A node's text and its place.
    fn spanned(&self, node: &impl AstNode) -> Spanned {
        Spanned {
            text: self.text(node),
            span: self.span(node),
        }
    }
}

/// Collects the operations of one text.
struct Sink<'s, 'p> {
    place: &'s Place<'p>,
    nested: bool,
    operations: Vec<Operation>,
    errors: Vec<SyntaxError>,
}

impl Sink<'_, '_> {
    fn push(&mut self, node: &impl AstNode, action: Action) {
        let span = self.place.span(node);
        self.push_at(span, action);
    }

    fn push_at(&mut self, span: Span, action: Action) {
        self.operations.push(Operation {
            span,
            action,
            nested: self.nested,
        });
    }

    fn opaque(&mut self, span: Span, reason: OpaqueReason, detail: impl Into<String>) {
        self.push_at(
            span,
            Action::Opaque {
                reason,
                detail: detail.into(),
            },
        );
    }
}

/// Parses a text that the guard has let pass, and lowers every statement in it.
fn statements(place: &Place<'_>, nested: bool, errors: &mut Vec<SyntaxError>) -> Vec<Operation> {
    let whole = (place.map)(0..place.text.len());
    let parse = SourceFile::parse(place.text);
    let mut sink = Sink {
        place,
        nested,
        operations: Vec::new(),
        errors: Vec::new(),
    };
    if let Some(error) = parse.errors().first() {
        sink.syntax_error(whole, error);
    } else if let Some(file) = SourceFile::cast(parse.syntax_node()) {
        for statement in file.stmts() {
            sink.statement(&statement);
        }
    }
    if sink.operations.is_empty() {
        sink.opaque(
            whole,
            OpaqueReason::Unknown,
            "relgate finds no statement in it",
        );
    }
    errors.append(&mut sink.errors);
    sink.operations
}

impl Sink<'_, '_> {
    fn syntax_error(&mut self, statement: Span, error: &squawk_syntax::syntax_error::SyntaxError) {
        let message = humane(error.message());
        let range = found_at(self.place.text, error.range().into(), Dialect::Postgresql);
        self.errors.push(SyntaxError {
            span: (self.place.map)(range),
            message: message.clone(),
        });
        self.opaque(statement, OpaqueReason::SyntaxError, message);
    }

    /// Lowers one statement. Where a part is missing that its kind must have, all of it is opaque.
    fn statement(&mut self, statement: &ast::Stmt) {
        if matches!(statement, ast::Stmt::EmptyStmt(_)) {
            return;
        }
        let before = self.operations.len();
        if self.lower(statement).is_none() {
            self.operations.truncate(before);
            let span = self.place.span(statement);
            let words = leading_words(statement);
            self.opaque(
                span,
                OpaqueReason::Unknown,
                format!("relgate does not know this form of {words}"),
            );
        }
    }

    fn lower(&mut self, statement: &ast::Stmt) -> Option<()> {
        use ast::Stmt;
        match statement {
            Stmt::CreateTable(s) => self.create_table(s),
            Stmt::CreateForeignTable(s) => self.create_foreign_table(s),
            Stmt::CreateTableAs(s) => self.create_table_as(s),
            Stmt::AlterTable(s) => self.alter_table(s),
            Stmt::AlterForeignTable(s) => self.alter_foreign_table(s),
            Stmt::CreateIndex(s) => self.create_index(s),
            Stmt::CreateView(s) => self.create_view(s),
            Stmt::CreateMaterializedView(s) => self.create_materialized_view(s),
            Stmt::CreateSequence(s) => self.create_sequence(s),
            Stmt::CreateType(s) => self.create_type(s),
            Stmt::CreateDomain(s) => self.create_domain(s),
            Stmt::CreateFunction(s) => self.create_function(s),
            Stmt::CreateProcedure(s) => self.create_procedure(s),
            Stmt::CreateTrigger(s) => self.create_trigger(s),
            Stmt::CreateSchema(s) => self.create_schema(s),
            Stmt::Do(s) => self.do_block(s),
            Stmt::Select(_)
            | Stmt::SelectInto(_)
            | Stmt::CompoundSelect(_)
            | Stmt::ParenSelect(_)
            | Stmt::Values(_)
            | Stmt::Table(_)
            | Stmt::Explain(_)
            | Stmt::Prepare(_)
            | Stmt::Declare(_)
            | Stmt::Call(_) => self.query(statement),
            Stmt::Insert(_)
            | Stmt::Update(_)
            | Stmt::Delete(_)
            | Stmt::Merge(_)
            | Stmt::Copy(_)
            | Stmt::Truncate(_) => self.write(statement),
            _ => self
                .drop_object(statement)
                .or_else(|| self.alter_object(statement))
                .or_else(|| self.create_object(statement))
                .or_else(|| self.session(statement)),
        }
    }
}

/// The first keywords of a node, in upper case.
fn leading_words(node: &impl AstNode) -> String {
    let words: Vec<String> = node
        .syntax()
        .descendants_with_tokens()
        .filter_map(rowan::NodeOrToken::into_token)
        .filter(|t| !t.kind().is_trivia())
        .take(2)
        .filter(|t| t.kind() != SyntaxKind::IDENT && !t.text().starts_with('('))
        .map(|t| t.text().to_ascii_uppercase())
        .collect();
    words.join(" ")
}

/// The parser's words for kinds of tokens, in SQL.
fn humane(message: &str) -> String {
    let words: Vec<String> = message
        .trim_end_matches('.')
        .split(' ')
        .map(|word| {
            let (word, comma) = match word.strip_suffix(',') {
                Some(word) => (word, ","),
                None => (word, ""),
            };
            let plain = match word {
                "L_PAREN" => "(",
                "R_PAREN" => ")",
                "L_BRACK" => "[",
                "R_BRACK" => "]",
                "COMMA" => "a comma",
                "SEMICOLON" => "a semicolon",
                "DOT" => "a dot",
                "EQ" => "=",
                "STAR" => "*",
                "IDENT" => "a name",
                "STRING" => "a string",
                "INT_NUMBER" | "NUMERIC_NUMBER" => "a number",
                "EOF" => "the end of the statement",
                other => other.strip_suffix("_KW").unwrap_or(other),
            };
            format!("{plain}{comma}")
        })
        .collect();
    words.join(" ")
}
