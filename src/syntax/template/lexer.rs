//! The words inside of `{{ … }}` (`text/template/parse/lex.go`).

use crate::source::Span;

/// A word of an action.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A function or a keyword.
    Word(String),
    /// `$name`, without the `$`.
    Variable(String),
    /// `.name`, without the dot.
    Field(String),
    Dot,
    Text(String),
    /// A number, a character, `true`, `false`, `nil`.
    Constant(String),
    Open,
    Close,
    Pipe,
    Declare,
    Assign,
    Comma,
}

/// A word, where it stands, and whether white space stands before it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lexed {
    pub(super) token: Token,
    pub(super) span: Span,
    pub(super) spaced: bool,
}

/// An action: its words, and where it stands with its braces.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Action {
    pub(super) tokens: Vec<Lexed>,
    pub(super) span: Span,
}

/// The next action at or behind `from`; `None` when there is none. An error is a place and what is wrong there.
pub(super) fn next_action(text: &str, from: usize) -> Result<Option<Action>, (Span, &'static str)> {
    let Some(open) = text
        .get(from..)
        .and_then(|rest| rest.find("{{"))
        .map(|at| from + at)
    else {
        return Ok(None);
    };
    let mut at = open + 2;
    let rest = text.get(at..).unwrap_or("");
    if rest
        .strip_prefix('-')
        .is_some_and(|rest| rest.starts_with([' ', '\t', '\r', '\n']))
    {
        at += 2;
    }
    let inside = text.get(at..).unwrap_or("");
    if inside.trim_start().starts_with("/*") {
        let Some(end) = inside.find("*/").map(|end| at + end + 2) else {
            return Err((Span::new(open, open + 2), "a comment that does not end"));
        };
        let behind = text.get(end..).unwrap_or("");
        let Some(close) = behind.find("}}") else {
            return Err((Span::new(open, open + 2), "a comment that does not end"));
        };
        let span = Span::new(open, end + close + 2);
        return Ok(Some(Action {
            tokens: Vec::new(),
            span,
        }));
    }
    let mut tokens = Vec::new();
    let mut spaced = true;
    loop {
        let rest = text.get(at..).unwrap_or("");
        let Some(c) = rest.chars().next() else {
            return Err((Span::new(open, open + 2), "an action that does not end"));
        };
        if rest.starts_with("}}") {
            return Ok(Some(Action {
                tokens,
                span: Span::new(open, at + 2),
            }));
        }
        if rest.starts_with("-}}") && spaced {
            return Ok(Some(Action {
                tokens,
                span: Span::new(open, at + 3),
            }));
        }
        if c.is_whitespace() {
            at += c.len_utf8();
            spaced = true;
            continue;
        }
        let (token, length) =
            token(rest).ok_or((Span::new(at, at + c.len_utf8()), "no word of a template"))?;
        tokens.push(Lexed {
            token,
            span: Span::new(at, at + length),
            spaced,
        });
        at += length;
        spaced = false;
    }
}

/// The word at the start of a text that is not empty, and its length.
fn token(rest: &str) -> Option<(Token, usize)> {
    let first = rest.chars().next()?;
    let name_length = |from: usize| {
        let name = rest.get(from..).unwrap_or("");
        from + name
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(name.len())
    };
    let name = |from: usize, to: usize| rest.get(from..to).unwrap_or("").to_owned();
    Some(match first {
        '(' => (Token::Open, 1),
        ')' => (Token::Close, 1),
        '|' => (Token::Pipe, 1),
        ',' => (Token::Comma, 1),
        '=' => (Token::Assign, 1),
        ':' if rest.starts_with(":=") => (Token::Declare, 2),
        '$' => {
            let end = name_length(1);
            (Token::Variable(name(1, end)), end)
        }
        '.' => {
            let end = name_length(1);
            match rest.get(1..).and_then(|rest| rest.chars().next()) {
                Some(c) if c.is_ascii_digit() => number(rest)?,
                _ if end == 1 => (Token::Dot, 1),
                _ => (Token::Field(name(1, end)), end),
            }
        }
        '"' | '\'' => {
            let end = quoted_end(rest, first)?;
            let inside = rest.get(1..end - 1)?;
            let token = if first == '"' {
                Token::Text(unquote(inside))
            } else {
                Token::Constant(inside.to_owned())
            };
            (token, end)
        }
        '`' => {
            let end = rest.get(1..)?.find('`')? + 2;
            (Token::Text(rest.get(1..end - 1)?.to_owned()), end)
        }
        '+' | '-' | '0'..='9' => number(rest)?,
        c if c.is_alphabetic() || c == '_' => {
            let end = name_length(0);
            let word = name(0, end);
            if matches!(word.as_str(), "true" | "false" | "nil") {
                (Token::Constant(word), end)
            } else {
                (Token::Word(word), end)
            }
        }
        _ => return None,
    })
}

fn number(rest: &str) -> Option<(Token, usize)> {
    let sign = usize::from(rest.starts_with(['+', '-']));
    let digits = rest.get(sign..)?;
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let mut end = sign;
    let mut before = ' ';
    for c in digits.chars() {
        let in_exponent = matches!(c, '+' | '-') && matches!(before, 'e' | 'E' | 'p' | 'P');
        if !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || in_exponent) {
            break;
        }
        end += c.len_utf8();
        before = c;
    }
    Some((Token::Constant(rest.get(..end)?.to_owned()), end))
}

/// The end of a quoted text, behind its closing quote; `None` when it has none on its line.
fn quoted_end(rest: &str, quote: char) -> Option<usize> {
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => {
                characters.next()?;
            }
            '\n' => return None,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The escapes that occur in the names of keys; others stay as they are written.
fn unquote(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some(c) => out.push(c),
            None => {}
        }
    }
    out
}
