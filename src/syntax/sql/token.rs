//! Tokens of SQL as databases and their clients cut it: enough to find statements, to compare texts and to normalise
//! expressions, and no more. See [`Lexer`].

mod lexer;
#[cfg(test)]
mod tests;

pub(super) use lexer::Lexer;

use std::ops::Range;

use super::operation::Dialect;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// White space, and the byte-order mark at the start of a text.
    Space,
    /// `-- ...` or MySQL's `# ...`, without the line ending.
    LineComment,
    /// `/* ... */`.
    BlockComment,
    /// MySQL's `/*! ... */`, which the server runs.
    Executable,
    /// A keyword or an unquoted name.
    Word,
    /// A quoted name, quotes included.
    QuotedName,
    /// A string in quotes, with its prefix.
    String,
    /// `$tag$ ... $tag$`.
    DollarString,
    /// A number.
    Number,
    /// `$1`.
    Parameter,
    /// One of `( ) [ ] , . ;` and `..`.
    Punctuation,
    /// An operator, `::` and `:=` included.
    Operator,
    /// A `DELIMITER` line of MySQL's client, to the end of the line.
    DelimiterLine,
    /// The terminator that such a line has set.
    Delimiter,
    /// A line of psql's own, from the backslash to the end of the line.
    Meta,
    /// A placeholder that a template engine or a runner fills in: `{{ ... }}`, `{% ... %}`, `${...}`.
    Template,
    /// A character that has no place in SQL.
    Unknown,
}

/// A token: `start..end` in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Quotes and comments: the closing mark is there.
    pub(super) closed: bool,
}

impl Token {
    /// Its text.
    pub(super) fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or("")
    }

    /// White space or a comment.
    pub(super) fn is_trivia(&self) -> bool {
        matches!(
            self.kind,
            TokenKind::Space
                | TokenKind::LineComment
                | TokenKind::BlockComment
                | TokenKind::DelimiterLine
        )
    }

    /// It is the unquoted word `word`, in any case.
    pub(super) fn is_word(&self, text: &str, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text(text).eq_ignore_ascii_case(word)
    }

    /// It is the punctuation mark `mark`.
    pub(super) fn is_mark(&self, text: &str, mark: u8) -> bool {
        self.kind == TokenKind::Punctuation
            && self.end - self.start == 1
            && text.as_bytes().get(self.start) == Some(&mark)
    }
}

/// Where a parser's message points to: parsers say that something is missing at a place, and people look for the token that
/// stands there instead, or for the last one.
pub(super) fn found_at(text: &str, error: Range<usize>, dialect: Dialect) -> Range<usize> {
    if !error.is_empty() {
        return error;
    }
    let mut last = error.clone();
    for token in Lexer::whole(text, dialect) {
        if token.is_trivia() {
            continue;
        }
        last = token.start..token.end;
        if token.start >= error.start {
            break;
        }
    }
    last
}
