//! Cuts a text into statements, by the rules of the databases' own command line clients.

#[cfg(test)]
mod tests;

use crate::source::Span;

use super::guard::{Complexity, Gauge, measure_body};
use super::operation::Dialect;
use super::token::{Lexer, Token, TokenKind};

/// What a piece of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// A statement.
    Statement,
    /// A line that only psql understands.
    MetaCommand,
    /// Lines of data behind `COPY ... FROM STDIN`.
    CopyData,
}

/// A statement, or something that stands in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// From its first to its last token, without the terminator.
    pub(super) span: Span,
    pub(super) kind: PieceKind,
    /// The first placeholder in it.
    pub(super) template: Option<Span>,
    /// The first quote or comment in it that is not closed.
    pub(super) unclosed: Option<Span>,
    pub(super) complexity: Complexity,
}

/// The statements in `range` of a text, in order. What lies between them is white space, comments, terminators and
/// `DELIMITER` lines.
pub(super) fn split(text: &str, range: Span, dialect: Dialect) -> Vec<Piece> {
    let mut splitter = Splitter {
        text,
        dialect,
        lexer: Lexer::new(text, range.start as usize, range.end as usize, dialect),
        pieces: Vec::new(),
        current: None,
        blocks: true,
    };
    loop {
        splitter.run();
        // A routine that never ends would hide everything behind it: read the rest again without that notion.
        let Some(current) = splitter.current.take_if(|c| c.blocks > 0) else {
            break;
        };
        splitter.blocks = false;
        splitter.lexer = Lexer::new(text, current.start, range.end as usize, dialect);
    }
    splitter.finish_statement();
    splitter.pieces
}

struct Splitter<'t> {
    text: &'t str,
    dialect: Dialect,
    lexer: Lexer<'t>,
    pieces: Vec<Piece>,
    current: Option<Current>,
    /// `BEGIN ... END` in routines holds statements together.
    blocks: bool,
}

/// The statement that is being read.
struct Current {
    start: usize,
    end: usize,
    gauge: Gauge,
    /// The worst of the bodies that it holds as strings.
    bodies: Complexity,
    template: Option<Span>,
    unclosed: Option<Span>,
    head: Head,
    /// Blocks that are open in the routine's body.
    blocks: u32,
    parentheses: u32,
    previous: Previous,
}

/// What the first words say, as far as it decides where the statement ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    /// Nothing read yet.
    Empty,
    /// `CREATE`, and no word yet that says what.
    Create,
    /// A statement whose body holds statements between `BEGIN` and `END`.
    Routine,
    /// `CREATE RULE`, whose actions stand in parentheses.
    Rule,
    /// `DO`.
    Do,
    /// `COPY`.
    Copy,
    /// `COPY ... FROM STDIN`.
    CopyFromStdin,
    Other,
}

/// The word before, as far as it changes the meaning of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Previous {
    Begin,
    End,
    From,
    Other,
}

impl Splitter<'_> {
    fn run(&mut self) {
        while let Some(token) = self.lexer.next() {
            match token.kind {
                TokenKind::Space | TokenKind::LineComment | TokenKind::DelimiterLine => {}
                TokenKind::BlockComment => {
                    if !token.closed {
                        self.unclosed_comment(token);
                    }
                }
                TokenKind::Meta => {
                    self.finish_statement();
                    self.push(token, PieceKind::MetaCommand);
                }
                TokenKind::Delimiter => self.finish_statement(),
                TokenKind::Punctuation if token.is_mark(self.text, b';') => self.semicolon(token),
                _ => self.token(token),
            }
        }
    }

    /// A database reports an unclosed comment; so it is a statement that does not parse.
    fn unclosed_comment(&mut self, token: Token) {
        self.finish_statement();
        self.push(token, PieceKind::Statement);
        if let Some(piece) = self.pieces.last_mut() {
            piece.unclosed = Some(span(token));
        }
    }

    fn token(&mut self, token: Token) {
        let current = self
            .current
            .get_or_insert_with(|| Current::new(token.start));
        current.take(token, self.text, self.dialect, self.blocks);
    }

    fn semicolon(&mut self, token: Token) {
        if let Some(current) = &mut self.current {
            let inside = current.blocks > 0
                || self.lexer.has_delimiter()
                || (current.head == Head::Rule && current.parentheses > 0);
            if inside {
                current.take(token, self.text, self.dialect, self.blocks);
                return;
            }
            let copies = current.head == Head::CopyFromStdin && self.dialect == Dialect::Postgresql;
            self.finish_statement();
            if copies {
                self.copy_data(token.end);
            }
        }
    }

    /// The lines up to `\.` belong to `COPY`.
    fn copy_data(&mut self, after: usize) {
        let mut start = self.lexer.after_line(after);
        let first = self
            .lexer
            .clone()
            .find(|token| token.kind != TokenKind::Space)
            .map_or(start, |token| token.start);
        loop {
            let end = self.lexer.end_of_line(start);
            let next = self.lexer.after_line(start);
            let last = self.text.get(start..end) == Some("\\.");
            if last || next <= start {
                self.lexer.skip_to(end);
                let data = self.text.get(first..end).unwrap_or("");
                if !data.trim().is_empty() {
                    let token = Token {
                        kind: TokenKind::Unknown,
                        start: first,
                        end,
                        closed: true,
                    };
                    self.push(token, PieceKind::CopyData);
                }
                return;
            }
            start = next;
        }
    }

    fn push(&mut self, token: Token, kind: PieceKind) {
        self.pieces.push(Piece {
            span: span(token),
            kind,
            template: None,
            unclosed: None,
            complexity: Complexity::default(),
        });
    }

    fn finish_statement(&mut self) {
        if let Some(current) = self.current.take() {
            self.pieces.push(Piece {
                span: Span::new(current.start, current.end),
                kind: PieceKind::Statement,
                template: current.template,
                unclosed: current.unclosed,
                complexity: current.gauge.complexity().max(current.bodies),
            });
        }
    }
}

impl Current {
    fn new(start: usize) -> Self {
        Self {
            start,
            end: start,
            gauge: Gauge::of_statement(),
            bodies: Complexity::default(),
            template: None,
            unclosed: None,
            head: Head::Empty,
            blocks: 0,
            parentheses: 0,
            previous: Previous::Other,
        }
    }

    fn take(&mut self, token: Token, text: &str, dialect: Dialect, blocks: bool) {
        self.end = token.end;
        self.gauge.step(&token, text);
        match token.kind {
            TokenKind::Template => {
                self.template.get_or_insert(span(token));
            }
            TokenKind::DollarString => self.body(token.text(text), dialect),
            TokenKind::String if matches!(self.head, Head::Routine | Head::Do) => {
                self.body(token.text(text), dialect);
            }
            TokenKind::QuotedName if is_templated(token.text(text)) => {
                self.template.get_or_insert(span(token));
            }
            TokenKind::Word => {
                self.word(token.text(text), dialect, blocks);
                return;
            }
            TokenKind::Punctuation => match token.text(text) {
                "(" => self.parentheses = self.parentheses.saturating_add(1),
                ")" => self.parentheses = self.parentheses.saturating_sub(1),
                _ => {}
            },
            _ => {}
        }
        if !token.closed {
            self.unclosed.get_or_insert(span(token));
        }
        if self.head == Head::Empty {
            self.head = Head::Other;
        }
        self.previous = Previous::Other;
    }

    /// Bodies are parsed too.
    fn body(&mut self, quoted: &str, dialect: Dialect) {
        let inner = match quoted.strip_prefix('$') {
            Some(rest) => rest.find('$').and_then(|tag| rest.get(tag + 1..)),
            None => quoted.find('\'').and_then(|open| quoted.get(open + 1..)),
        };
        let complexity = if hides_characters(quoted) {
            Complexity::unknown()
        } else {
            measure_body(inner.unwrap_or(""), dialect)
        };
        self.bodies = self.bodies.max(complexity);
    }

    fn word(&mut self, word: &str, dialect: Dialect, blocks: bool) {
        let is = |w: &str| word.eq_ignore_ascii_case(w);
        let previous = std::mem::replace(&mut self.previous, Previous::Other);
        match self.head {
            Head::Empty if is("create") => self.head = Head::Create,
            Head::Empty if is("copy") => self.head = Head::Copy,
            Head::Empty if is("do") => self.head = Head::Do,
            Head::Empty => self.head = Head::Other,
            Head::Create => self.head = object_of_create(word, dialect),
            Head::Copy if is("from") && self.parentheses == 0 => self.previous = Previous::From,
            Head::Copy if previous == Previous::From && is("stdin") => {
                self.head = Head::CopyFromStdin;
            }
            Head::Routine if blocks => self.block(word, dialect, previous),
            _ => {}
        }
    }

    /// Counts the blocks of a routine's body. `END IF`, `END LOOP` and their like close what never was counted.
    fn block(&mut self, word: &str, dialect: Dialect, previous: Previous) {
        let is = |w: &str| word.eq_ignore_ascii_case(w);
        if previous == Previous::End {
            if ["if", "loop", "while", "repeat"].into_iter().any(is) {
                self.blocks = self.blocks.saturating_add(1);
                return;
            }
            if is("case") {
                return;
            }
        }
        let postgres = dialect == Dialect::Postgresql;
        let opens = if postgres {
            (is("atomic") && previous == Previous::Begin) || (is("case") && self.blocks > 0)
        } else {
            is("begin") || is("case")
        };
        if opens {
            self.blocks = self.blocks.saturating_add(1);
        } else if is("begin") {
            self.previous = Previous::Begin;
        } else if is("end") && self.blocks > 0 {
            self.blocks -= 1;
            self.previous = Previous::End;
        }
    }
}

/// What a word behind `CREATE` makes of the statement.
fn object_of_create(word: &str, dialect: Dialect) -> Head {
    let is = |list: &[&str]| list.iter().any(|w| word.eq_ignore_ascii_case(w));
    let routine: &[&str] = match dialect {
        Dialect::Postgresql => &["function", "procedure"],
        Dialect::Mysql => &["function", "procedure", "trigger", "event"],
        Dialect::Sqlite => &["trigger"],
        Dialect::Generic => &["function", "procedure", "trigger"],
    };
    if is(routine) {
        Head::Routine
    } else if dialect == Dialect::Postgresql && is(&["rule"]) {
        Head::Rule
    } else if is(&[
        "table",
        "index",
        "view",
        "type",
        "sequence",
        "schema",
        "database",
        "user",
        "role",
        "trigger",
        "extension",
        "policy",
        "domain",
        "event",
    ]) {
        Head::Other
    } else {
        Head::Create
    }
}

/// Escapes that spell characters as numbers, so that the body is not what the text shows.
fn hides_characters(quoted: &str) -> bool {
    let escapes = quoted.starts_with(['e', 'E', 'u', 'U']);
    escapes
        && quoted.as_bytes().windows(2).any(|w| {
            w[0] == b'\\' && (matches!(w[1], b'x' | b'u' | b'U' | b'+') || w[1].is_ascii_hexdigit())
        })
}

fn is_templated(name: &str) -> bool {
    name.contains("{{") || name.contains("${")
}

fn span(token: Token) -> Span {
    Span::new(token.start, token.end)
}
