//! Cuts texts into tokens. It never fails, and it looks at no byte more than a fixed number of times.

use crate::syntax::sql::operation::Dialect;

use super::{Token, TokenKind};

/// Cuts a part of a text into tokens that cover it without gaps.
#[derive(Debug, Clone)]
pub(in crate::syntax::sql) struct Lexer<'t> {
    text: &'t str,
    dialect: Dialect,
    at: usize,
    end: usize,
    delimiter: Option<String>,
    /// Nothing but trivia since the last terminator.
    at_statement: bool,
}

impl<'t> Lexer<'t> {
    /// The tokens of `start..end`, which is moved to character boundaries inside of `text`.
    pub(in crate::syntax::sql) fn new(
        text: &'t str,
        start: usize,
        end: usize,
        dialect: Dialect,
    ) -> Self {
        let end = text.floor_char_boundary(end.min(text.len()));
        let at = text.floor_char_boundary(start.min(end));
        Self {
            text,
            dialect,
            at,
            end,
            delimiter: None,
            at_statement: true,
        }
    }

    /// The tokens of a whole text.
    pub(in crate::syntax::sql) fn whole(text: &'t str, dialect: Dialect) -> Self {
        Self::new(text, 0, text.len(), dialect)
    }

    /// Goes on at `offset`; never backwards.
    pub(in crate::syntax::sql) fn skip_to(&mut self, offset: usize) {
        self.at = self
            .text
            .ceil_char_boundary(offset.max(self.at).min(self.end))
            .min(self.end);
    }

    /// A delimiter other than the semicolon ends statements now.
    pub(in crate::syntax::sql) fn has_delimiter(&self) -> bool {
        self.delimiter.is_some()
    }

    /// Offset of the line behind the one that `offset` is in.
    pub(in crate::syntax::sql) fn after_line(&self, offset: usize) -> usize {
        let end = self.end_of_line(offset);
        match (self.byte(end), self.byte(end + 1)) {
            (b'\r', b'\n') => end + 2,
            (b'\r' | b'\n', _) => end + 1,
            _ => self.end,
        }
    }

    /// Offset behind the line that `offset` is in, without its line ending.
    pub(in crate::syntax::sql) fn end_of_line(&self, offset: usize) -> usize {
        let rest = self
            .text
            .as_bytes()
            .get(offset..self.end)
            .unwrap_or_default();
        rest.iter()
            .position(|&b| b == b'\n' || b == b'\r')
            .map_or(self.end, |n| offset + n)
    }

    fn byte(&self, offset: usize) -> u8 {
        if offset < self.end {
            self.text.as_bytes().get(offset).copied().unwrap_or(0)
        } else {
            0
        }
    }

    fn while_byte(&self, mut at: usize, accept: impl Fn(u8) -> bool) -> usize {
        while at < self.end && accept(self.byte(at)) {
            at += 1;
        }
        at
    }

    fn is_postgres_like(&self) -> bool {
        matches!(self.dialect, Dialect::Postgresql | Dialect::Generic)
    }

    fn longest(&self) -> (TokenKind, usize, bool) {
        let at = self.at;
        let first = self.byte(at);
        let second = self.byte(at + 1);
        let closed = |(end, closed): (usize, bool), kind| (kind, end, closed);
        match first {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => {
                (TokenKind::Space, self.while_byte(at, is_space), true)
            }
            0xef if at == 0 && self.text.starts_with('\u{feff}') && self.end >= 3 => {
                (TokenKind::Space, self.while_byte(3, is_space), true)
            }
            b'-' if second == b'-' && self.dashes_are_a_comment(at) => {
                (TokenKind::LineComment, self.end_of_line(at), true)
            }
            b'#' if self.dialect == Dialect::Mysql => {
                (TokenKind::LineComment, self.end_of_line(at), true)
            }
            b'/' if second == b'*' => {
                let is_run = self.byte(at + 2) == b'!'
                    // MariaDB alone runs these; which of the two servers it is, the files do not say.
                    || (self.byte(at + 2) == b'M' && self.byte(at + 3) == b'!');
                let kind = if self.dialect == Dialect::Mysql && is_run {
                    TokenKind::Executable
                } else {
                    TokenKind::BlockComment
                };
                closed(self.block_comment(at), kind)
            }
            b'\'' => {
                let escapes = self.dialect == Dialect::Mysql;
                closed(self.quoted(at, b'\'', escapes), TokenKind::String)
            }
            b'"' if self.dialect == Dialect::Mysql => {
                closed(self.quoted(at, b'"', true), TokenKind::String)
            }
            b'"' => closed(self.quoted(at, b'"', false), TokenKind::QuotedName),
            b'`' if self.dialect != Dialect::Postgresql => {
                closed(self.quoted(at, b'`', false), TokenKind::QuotedName)
            }
            b'[' if self.dialect == Dialect::Sqlite => {
                closed(self.to_closing(at + 1, "]"), TokenKind::QuotedName)
            }
            b'$' if second == b'{' => (TokenKind::Template, self.on_line(at + 2, "}"), true),
            b'{' if second == b'{' => (TokenKind::Template, self.on_line(at + 2, "}}"), true),
            b'{' if second == b'%' => (TokenKind::Template, self.on_line(at + 2, "%}"), true),
            b'$' if self.is_postgres_like() => self.dollar(at),
            b'0'..=b'9' => (TokenKind::Number, self.number(at), true),
            b'.' if second.is_ascii_digit() => (TokenKind::Number, self.number(at), true),
            b'.' if second == b'.' => (TokenKind::Punctuation, at + 2, true),
            b'(' | b')' | b'[' | b']' | b',' | b'.' | b';' => {
                (TokenKind::Punctuation, at + 1, true)
            }
            b':' => {
                let length = if matches!(second, b':' | b'=') { 2 } else { 1 };
                (TokenKind::Operator, at + length, true)
            }
            b'\\' if self.dialect == Dialect::Postgresql && second != b';' => {
                (TokenKind::Meta, self.end_of_line(at), true)
            }
            _ if is_word_start(first) || (first == b'$' && self.dialect == Dialect::Mysql) => {
                self.word(at)
            }
            _ if is_operator(first) => (TokenKind::Operator, self.operator(at), true),
            _ => (
                TokenKind::Unknown,
                self.text.ceil_char_boundary(at + 1),
                true,
            ),
        }
    }

    /// MySQL wants white space behind the two dashes, so that `1--1` is a subtraction.
    fn dashes_are_a_comment(&self, at: usize) -> bool {
        self.dialect != Dialect::Mysql || at + 2 >= self.end || self.byte(at + 2) <= b' '
    }

    /// Block comments nest in PostgreSQL only.
    fn block_comment(&self, start: usize) -> (usize, bool) {
        if self.dialect != Dialect::Postgresql {
            return self.to_closing(start + 2, "*/");
        }
        let mut depth = 1_usize;
        let mut at = start + 2;
        while at < self.end {
            match (self.byte(at), self.byte(at + 1)) {
                (b'/', b'*') => {
                    depth += 1;
                    at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        return (at, true);
                    }
                }
                _ => at += 1,
            }
        }
        (self.end, false)
    }

    fn quoted(&self, start: usize, quote: u8, backslash: bool) -> (usize, bool) {
        let mut at = start + 1;
        while at < self.end {
            let byte = self.byte(at);
            if byte == b'\\' && backslash {
                at += 2;
            } else if byte == quote {
                if self.byte(at + 1) != quote {
                    return (at + 1, true);
                }
                at += 2;
            } else {
                at += 1;
            }
        }
        (self.end, false)
    }

    fn to_closing(&self, from: usize, closing: &str) -> (usize, bool) {
        match self.text.get(from..self.end).and_then(|t| t.find(closing)) {
            Some(n) => (from + n + closing.len(), true),
            None => (self.end, false),
        }
    }

    /// Behind `closing` if it stands on the same line and not too far away, else `from`: an unclosed placeholder hides
    /// nothing, and a long line of them costs no more than a short one.
    fn on_line(&self, from: usize, closing: &str) -> usize {
        const REACH: usize = 200;
        let reach = (from + REACH).min(self.end);
        let line = self.text.as_bytes().get(from..reach).unwrap_or_default();
        for (i, &byte) in line.iter().enumerate() {
            if byte == b'\n' || byte == b'\r' {
                break;
            }
            if line
                .get(i..)
                .is_some_and(|rest| rest.starts_with(closing.as_bytes()))
            {
                return from + i + closing.len();
            }
        }
        from
    }

    fn dollar(&self, at: usize) -> (TokenKind, usize, bool) {
        let second = self.byte(at + 1);
        if second.is_ascii_digit() {
            let end = self.while_byte(at + 1, |b| b.is_ascii_digit());
            return (TokenKind::Parameter, end, true);
        }
        let tag_end = if is_word_start(second) {
            self.while_byte(at + 1, |b| is_word_start(b) || b.is_ascii_digit())
        } else {
            at + 1
        };
        if self.byte(tag_end) != b'$' {
            return (TokenKind::Unknown, at + 1, true);
        }
        let body = tag_end + 1;
        let tag = self.text.get(at..body).unwrap_or("$$");
        let (end, closed) = self.to_closing(body, tag);
        (TokenKind::DollarString, end, closed)
    }

    /// Digits with what may stand in and behind them; `1..10` ends before the dots.
    fn number(&self, start: usize) -> usize {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let mut at = self.while_byte(start, word);
        if self.byte(at) == b'.' && self.byte(at + 1) != b'.' {
            at = self.while_byte(at + 1, word);
        }
        let hexadecimal = matches!(self.byte(start + 1), b'x' | b'X');
        if matches!(self.byte(at - 1), b'e' | b'E')
            && !hexadecimal
            && matches!(self.byte(at), b'+' | b'-')
            && self.byte(at + 1).is_ascii_digit()
        {
            at = self.while_byte(at + 1, word);
        }
        at
    }

    fn word(&self, at: usize) -> (TokenKind, usize, bool) {
        let second = self.byte(at + 1);
        let string = |start, escapes| {
            let (end, closed) = self.quoted(start, b'\'', escapes);
            (TokenKind::String, end, closed)
        };
        match self.byte(at) {
            b'e' | b'E' if second == b'\'' && self.is_postgres_like() => {
                return string(at + 1, true);
            }
            b'b' | b'B' | b'x' | b'X' | b'n' | b'N' if second == b'\'' => {
                return string(at + 1, self.dialect == Dialect::Mysql);
            }
            b'u' | b'U' if second == b'&' && self.is_postgres_like() => {
                if self.byte(at + 2) == b'\'' {
                    return string(at + 2, false);
                }
                if self.byte(at + 2) == b'"' {
                    let (end, closed) = self.quoted(at + 2, b'"', false);
                    return (TokenKind::QuotedName, end, closed);
                }
            }
            _ => {}
        }
        let end = self.while_byte(at, |b| is_word_start(b) || b.is_ascii_digit() || b == b'$');
        (TokenKind::Word, end, true)
    }

    /// PostgreSQL's rule: the longest run of operator characters that does not run into a comment, and that ends in `+` or
    /// `-` only if it holds one of the characters that SQL itself does not use.
    fn operator(&self, start: usize) -> usize {
        let mut end = start + 1;
        while is_operator(self.byte(end)) && end < self.end {
            let pair = (self.byte(end), self.byte(end + 1));
            if pair == (b'-', b'-') || pair == (b'/', b'*') {
                break;
            }
            if self.dialect == Dialect::Mysql && pair.0 == b'#' {
                break;
            }
            if self.dialect != Dialect::Postgresql && pair.0 == b'`' {
                break;
            }
            end += 1;
        }
        let run = self.text.as_bytes().get(start..end).unwrap_or_default();
        if run.iter().any(|b| b"~!@#%^&|`?".contains(b)) {
            return end;
        }
        while end > start + 1 && matches!(self.byte(end - 1), b'+' | b'-') {
            end -= 1;
        }
        end
    }

    /// MySQL's client takes the rest of a line that begins with `DELIMITER` as the new terminator.
    fn delimiter_line(&mut self, kind: TokenKind, end: usize) -> (TokenKind, usize) {
        let is_line = self.dialect == Dialect::Mysql
            && self.at_statement
            && kind == TokenKind::Word
            && (self.text.get(self.at..end)).is_some_and(|w| w.eq_ignore_ascii_case("delimiter"));
        if !is_line {
            return (kind, end);
        }
        let line_end = self.end_of_line(end);
        let delimiter = self.text.get(end..line_end).unwrap_or("").trim();
        self.delimiter = (!delimiter.is_empty() && delimiter != ";").then(|| delimiter.to_owned());
        (TokenKind::DelimiterLine, line_end)
    }

    /// MySQL's client looks for its delimiter at every character outside of quotes and comments.
    fn delimited(&self, kind: TokenKind, end: usize) -> (TokenKind, usize) {
        let Some(delimiter) = &self.delimiter else {
            return (kind, end);
        };
        let rest = self.text.get(self.at..self.end).unwrap_or("");
        if rest.starts_with(delimiter.as_str()) {
            return (TokenKind::Delimiter, self.at + delimiter.len());
        }
        if !matches!(
            kind,
            TokenKind::Word | TokenKind::Operator | TokenKind::Number
        ) {
            return (kind, end);
        }
        // The mark may begin inside of the token and reach beyond it.
        let cut = (self.at + 1..end).find(|&i| {
            self.text
                .get(i..self.end)
                .is_some_and(|t| t.starts_with(delimiter.as_str()))
        });
        (kind, cut.unwrap_or(end))
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if self.at >= self.end {
            return None;
        }
        let start = self.at;
        let (kind, end, closed) = self.longest();
        // An escape may step over the end or into a character; every token covers at least one byte.
        let end = self
            .text
            .ceil_char_boundary(end.max(start + 1).min(self.end))
            .min(self.end);
        let (kind, end) = self.delimited(kind, end);
        let (kind, end) = self.delimiter_line(kind, end);
        self.at = end;
        let token = Token {
            kind,
            start,
            end,
            closed,
        };
        if kind == TokenKind::Delimiter || token.is_mark(self.text, b';') {
            self.at_statement = true;
        } else if !token.is_trivia() {
            self.at_statement = false;
        }
        Some(token)
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_operator(byte: u8) -> bool {
    b"+-*/<>=~!@#%^&|`?".contains(&byte)
}
