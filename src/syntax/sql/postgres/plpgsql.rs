//! Finds the SQL in bodies in PL/pgSQL.
//!
//! The language wraps statements of SQL in control flow and adds `INTO targets` to them. Which branch runs is not known, so
//! all of them count. The structure itself is not checked: the server does that when it creates the function.

#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::syntax::sql::operation::Dialect;
use crate::syntax::sql::token::{Lexer, Token, TokenKind};

/// What stands before an expression when it is read as a query.
pub(super) const SELECT: &str = "SELECT ";

/// Something in a body that runs SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A statement; `text` has the length of what stands in the body from `start`.
    Sql { start: usize, text: String },
    /// An expression.
    Expression { start: usize, text: String },
    /// `EXECUTE`, with the text that it runs if that can be told.
    Execute {
        range: Range<usize>,
        constant: Option<Constant>,
    },
}

/// A text that is the same at every run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Constant {
    pub(super) text: String,
    /// Where it begins in the body, if it stands there letter by letter.
    pub(super) start: Option<usize>,
}

/// What a body runs, in the order of the text.
pub(super) fn parts(body: &str) -> Vec<Part> {
    let mut scanner = Scanner {
        body,
        tokens: Lexer::whole(body, Dialect::Postgresql)
            .filter(|t| !t.is_trivia())
            .collect(),
        at: 0,
        declares: false,
        parts: Vec::new(),
    };
    while scanner.at < scanner.tokens.len() {
        let before = scanner.at;
        scanner.statement();
        // Whatever the text is, it ends.
        scanner.at = scanner.at.max(before + 1);
    }
    scanner.parts
}

struct Scanner<'b> {
    body: &'b str,
    tokens: Vec<Token>,
    at: usize,
    /// Between `DECLARE` and `BEGIN`.
    declares: bool,
    parts: Vec<Part>,
}

impl Scanner<'_> {
    fn statement(&mut self) {
        let word = self.word(self.at);
        match word.as_str() {
            "begin" => {
                self.declares = false;
                self.at += 1;
            }
            "declare" => {
                self.declares = true;
                self.at += 1;
            }
            "else" | "loop" | "then" | "exception" => self.at += 1,
            "end" => self.at = self.semicolon() + 1,
            "" => self.no_word(),
            _ if self.declares => self.declaration(),
            "if" | "elsif" | "elseif" | "when" => self.condition("then"),
            "while" => self.condition("loop"),
            "case" => {
                if self.word(self.at + 1) == "when" {
                    self.at += 1;
                } else {
                    let end = self.find(self.at + 1, &["when"]);
                    self.expression(self.at + 1, end);
                    self.at = end;
                }
            }
            "for" => self.for_loop(),
            "foreach" => {
                let array = self.find(self.at + 1, &["array"]);
                let end = self.find(array, &["loop"]);
                self.expression(array + 1, end);
                self.at = end + 1;
            }
            "return" => self.return_statement(),
            "perform" => {
                let end = self.semicolon();
                let start = self.start(self.at);
                // `PERFORM` and `SELECT ` have the same length.
                let rest = self.start(self.at) + "perform".len();
                let text = format!("SELECT {}", self.text(rest, self.end_before(end)));
                self.parts.push(Part::Sql { start, text });
                self.at = end + 1;
            }
            "execute" => {
                let end = self.semicolon();
                self.execute(self.at, end);
                self.at = end + 1;
            }
            "open" => {
                let end = self.semicolon();
                let query = self.find(self.at, &["for"]) + 1;
                if self.word(query) == "execute" {
                    self.execute(query, end);
                } else if query < end {
                    self.sql(query, end);
                } else {
                    self.cursor_arguments(self.at + 2, end);
                }
                self.at = end + 1;
            }
            "raise" => self.raise(),
            "assert" => {
                let end = self.semicolon();
                self.expression(self.at + 1, end);
                self.at = end + 1;
            }
            "exit" | "continue" => {
                let end = self.semicolon();
                let when = self.find_before(self.at + 1, end, &["when"]);
                self.expression(when + 1, end);
                self.at = end + 1;
            }
            "null" | "get" | "close" | "fetch" | "move" => self.at = self.semicolon() + 1,
            _ => {
                let end = self.semicolon();
                match self.assigned(end) {
                    Some(value) if value < end => self.expression(value, end),
                    _ => self.sql(self.at, end),
                }
                self.at = end + 1;
            }
        }
    }

    /// Labels, compiler options and surplus semicolons; a quoted variable is assigned to.
    fn no_word(&mut self) {
        let text = self.token_text(self.at).to_owned();
        match text.as_str() {
            "<<" => {
                let end = (self.at..self.tokens.len()).find(|&i| self.token_text(i) == ">>");
                self.at = end.map_or(self.tokens.len(), |i| i + 1);
            }
            "#" => {
                let end = (self.at..self.tokens.len()).find(|&i| {
                    matches!(self.word(i).as_str(), "declare" | "begin")
                        || self.token_text(i) == "<<"
                });
                self.at = end.unwrap_or(self.tokens.len());
            }
            ";" => self.at += 1,
            _ => {
                let end = self.semicolon();
                if self.declares {
                    self.declaration();
                } else if let Some(value) = self.assigned(end).filter(|&v| v < end) {
                    self.expression(value, end);
                } else {
                    self.sql(self.at, end);
                }
                self.at = end + 1;
            }
        }
    }

    /// `RAISE level 'format', expression, ... USING option = expression, ...`.
    fn raise(&mut self) {
        let end = self.semicolon();
        let using = self.find_before(self.at + 1, end, &["using"]);
        let arguments = self.comma(self.at + 1, using);
        self.expression(arguments + 1, using);
        let mut option = using + 1;
        while option < end {
            let next = self.comma(option, end);
            // `option =` is the language's own.
            self.expression(option + 2, next);
            option = next + 1;
        }
        self.at = end + 1;
    }

    /// `c(expression, name := expression)`, where a cursor is opened; arguments by name become comparisons.
    fn cursor_arguments(&mut self, from: usize, end: usize) {
        if self.token_text(from) == "(" && from < end {
            let start = self.start(from);
            let text = self.text(start, self.end_before(end));
            let text = text.replace(":=", "= ").replace("=>", "= ");
            self.parts.push(Part::Expression { start, text });
        }
    }

    /// `name type := expression`, `name CURSOR (arguments) FOR query`.
    fn declaration(&mut self) {
        let end = self.semicolon();
        let cursor = (self.at + 1..end.min(self.at + 4)).find(|&i| self.word(i) == "cursor");
        if let Some(cursor) = cursor {
            let query = self.find_before(cursor + 1, end, &["for", "is"]) + 1;
            self.sql(query, end);
            self.at = end + 1;
            return;
        }
        let value = (self.at..end)
            .find(|&i| matches!(self.token_text(i), ":=" | "=") || self.word(i) == "default");
        if let Some(value) = value {
            self.expression(value + 1, end);
        }
        self.at = end + 1;
    }

    /// An expression up to a keyword of the language's own.
    fn condition(&mut self, keyword: &str) {
        let end = self.find(self.at + 1, &[keyword]);
        self.expression(self.at + 1, end);
        self.at = end + 1;
    }

    fn for_loop(&mut self) {
        let from = self.find(self.at + 1, &["in"]) + 1;
        let end = self.find(from, &["loop"]);
        match self.word(from).as_str() {
            "execute" => self.execute(from, end),
            "select" | "with" | "values" | "insert" | "update" | "delete" | "merge" | "table"
            | "explain" | "show" | "fetch" => self.sql(from, end),
            _ => {
                let range = (from..end).any(|i| self.token_text(i) == "..");
                if range {
                    self.range(from, end);
                } else if self.token_text(from) == "(" {
                    self.sql(from, end);
                } else {
                    self.cursor_arguments(from + 1, end);
                }
            }
        }
        self.at = end + 1;
    }

    /// `REVERSE a..b BY c`: three expressions, which commas of the same length make one query of.
    fn range(&mut self, from: usize, end: usize) {
        let from = from + usize::from(self.word(from) == "reverse");
        let start = self.start(from);
        let mut text = self.text(start, self.end_before(end)).to_owned();
        for i in from..end {
            if self.token_text(i) == ".." || self.word(i) == "by" {
                let at = self.start(i) - start;
                text.replace_range(at..at + 2, ", ");
            }
        }
        if from < end {
            self.parts.push(Part::Expression { start, text });
        }
    }

    fn return_statement(&mut self) {
        let end = self.semicolon();
        let next = self.at + 1;
        match (self.word(next).as_str(), self.word(next + 1).as_str()) {
            ("query", "execute") => self.execute(next + 1, end),
            ("query", _) => self.sql(next + 1, end),
            ("next", _) => self.expression(next + 1, end),
            _ => self.expression(next, end),
        }
        self.at = end + 1;
    }

    fn expression(&mut self, from: usize, end: usize) {
        if from < end {
            let start = self.start(from);
            let text = self.text(start, self.end_before(end)).to_owned();
            self.parts.push(Part::Expression { start, text });
        }
    }

    /// A statement without its `INTO targets`.
    fn sql(&mut self, from: usize, end: usize) {
        if from >= end {
            return;
        }
        let start = self.start(from);
        let mut text = self.text(start, self.end_before(end)).to_owned();
        if let Some(into) = self.targets(from, end) {
            let blank = " ".repeat(into.len());
            text.replace_range(into.start - start..into.end - start, &blank);
        }
        self.parts.push(Part::Sql { start, text });
    }

    /// `INTO [STRICT] target, ...` outside of parentheses; that of `INSERT INTO` is SQL's own.
    fn targets(&self, from: usize, end: usize) -> Option<Range<usize>> {
        let takes = [
            "select", "insert", "update", "delete", "merge", "with", "values", "execute",
        ];
        if !takes.contains(&self.word(from).as_str()) && self.token_text(from) != "(" {
            return None;
        }
        let mut depth = 0_usize;
        let into = (from..end).find(|&i| {
            match self.token_text(i) {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
                && self.word(i) == "into"
                && (i == from || !matches!(self.word(i - 1).as_str(), "insert" | "merge"))
        })?;
        let mut at = into + 1 + usize::from(self.word(into + 1) == "strict");
        loop {
            at = self.target(at, end);
            if at >= end || self.token_text(at) != "," {
                break;
            }
            at += 1;
        }
        Some(self.start(into)..self.end_before(at.min(end)))
    }

    /// Behind `name.field[1]`.
    fn target(&self, from: usize, end: usize) -> usize {
        let mut at = from + 1;
        while at < end {
            match self.token_text(at) {
                "." => at += 2,
                "[" => at = self.closing(at, end) + 1,
                _ => break,
            }
        }
        at.min(end)
    }

    fn closing(&self, from: usize, end: usize) -> usize {
        let mut depth = 0_usize;
        for i in from..end {
            match self.token_text(i) {
                "[" => depth += 1,
                "]" => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return i;
                    }
                }
                _ => {}
            }
        }
        end
    }

    /// Where the value begins, if the statement assigns one.
    fn assigned(&self, end: usize) -> Option<usize> {
        let at = self.target(self.at, end);
        (at < end && matches!(self.token_text(at), ":=" | "=")).then_some(at + 1)
    }

    fn execute(&mut self, at: usize, end: usize) {
        let stop = self.find_before(at + 1, end, &["into", "using"]);
        let constant = self.constant(at + 1, stop);
        self.parts.push(Part::Execute {
            range: self.start(at)..self.end_before(end),
            constant,
        });
    }

    /// A literal, literals joined by `||`, or `format` of a literal that takes nothing in.
    fn constant(&self, from: usize, end: usize) -> Option<Constant> {
        if self.word(from) == "format" && self.token_text(from + 1) == "(" {
            let literal = self.literal(from + 2)?;
            let followed = self.token_text(from + 3);
            let plain = !literal.text.replace("%%", "").contains('%');
            let escaped = literal.text.contains("%%");
            return (plain && matches!(followed, ")" | ",")).then(|| Constant {
                text: literal.text.replace("%%", "%"),
                start: literal.start.filter(|_| !escaped),
            });
        }
        let mut constant = self.literal(from)?;
        let mut at = from + 1;
        while at < end {
            if self.token_text(at) != "||" {
                return None;
            }
            constant.text.push_str(&self.literal(at + 1)?.text);
            constant.start = None;
            at += 2;
        }
        Some(constant)
    }

    fn literal(&self, at: usize) -> Option<Constant> {
        let token = self.tokens.get(at)?;
        let text = token.text(self.body);
        match token.kind {
            TokenKind::DollarString if token.closed => {
                let tag = text.get(1..)?.find('$')? + 2;
                Some(Constant {
                    text: text.get(tag..text.len().checked_sub(tag)?)?.to_owned(),
                    start: Some(token.start + tag),
                })
            }
            // Strings with a prefix have escapes of their own.
            TokenKind::String if token.closed && text.starts_with('\'') => {
                let inner = text.get(1..text.len().checked_sub(1)?)?;
                Some(Constant {
                    text: inner.replace("''", "'"),
                    start: (!inner.contains("''")).then_some(token.start + 1),
                })
            }
            _ => None,
        }
    }

    /// The first of the keywords outside of parentheses and `CASE`, before the statement ends; else its end.
    fn find(&self, from: usize, keywords: &[&str]) -> usize {
        self.find_before(from, self.tokens.len(), keywords)
    }

    fn find_before(&self, from: usize, end: usize, keywords: &[&str]) -> usize {
        let mut depth = 0_usize;
        for i in from..end {
            match self.token_text(i) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                ";" => return i,
                _ => {}
            }
            let word = self.word(i);
            if depth == 0 && keywords.contains(&word.as_str()) {
                return i;
            }
            match word.as_str() {
                "case" => depth += 1,
                "end" => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        end
    }

    /// The first comma outside of parentheses; else `end`.
    fn comma(&self, from: usize, end: usize) -> usize {
        let mut depth = 0_usize;
        for i in from..end {
            match self.token_text(i) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                "," if depth == 0 => return i,
                _ => {}
            }
        }
        end
    }

    fn semicolon(&self) -> usize {
        (self.at..self.tokens.len())
            .find(|&i| self.token_text(i) == ";")
            .unwrap_or(self.tokens.len())
    }

    /// The word at `i` in lower case; empty for anything else.
    fn word(&self, i: usize) -> String {
        match self.tokens.get(i) {
            Some(token) if token.kind == TokenKind::Word => {
                token.text(self.body).to_ascii_lowercase()
            }
            _ => String::new(),
        }
    }

    fn token_text(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |t| t.text(self.body))
    }

    fn start(&self, i: usize) -> usize {
        self.tokens.get(i).map_or(self.body.len(), |t| t.start)
    }

    /// Where the token before `i` ends.
    fn end_before(&self, i: usize) -> usize {
        let before = i.min(self.tokens.len()).checked_sub(1);
        before.and_then(|i| self.tokens.get(i)).map_or(0, |t| t.end)
    }

    fn text(&self, start: usize, end: usize) -> &str {
        self.body.get(start..end).unwrap_or("")
    }
}
