//! Keeps the cost of long statements down: of the rows that an `INSERT` holds, only the first is parsed.

use std::borrow::Cow;

use super::operation::Dialect;
use super::token::{Lexer, Token, TokenKind};

/// Statements up to this length are parsed as they are.
const LONG: usize = 64 * 1024;
/// What remains to be parsed may not be longer than this.
const MAX: usize = 1024 * 1024;

/// A statement's text without the rows that need not be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shortened<'t> {
    pub(super) text: Cow<'t, str>,
    /// Where the rows were, and how many bytes they had.
    cut: usize,
    removed: usize,
}

impl Shortened<'_> {
    /// The place in the whole statement of an offset in the shortened one.
    pub(super) fn original(&self, offset: usize) -> usize {
        if offset > self.cut {
            offset + self.removed
        } else {
            offset
        }
    }
}

/// A statement with only the first row of `VALUES`; none if too much remains.
///
/// The guard has seen the rows, and what they hold changes nothing of what the statement does.
pub(super) fn shortened(sql: &str, dialect: Dialect) -> Option<Shortened<'_>> {
    let (start, end) = if sql.len() > LONG {
        surplus_rows(sql, dialect).unwrap_or_default()
    } else {
        (0, 0)
    };
    let removed = end - start;
    if sql.len() - removed > MAX {
        return None;
    }
    let text = if removed == 0 {
        Cow::Borrowed(sql)
    } else {
        Cow::Owned([sql.get(..start)?, sql.get(end..)?].concat())
    };
    Some(Shortened {
        text,
        cut: start,
        removed,
    })
}

/// Where the rows behind the first one begin and end, with the comma before them.
fn surplus_rows(sql: &str, dialect: Dialect) -> Option<(usize, usize)> {
    let mut tokens = Lexer::whole(sql, dialect).filter(|t| !t.is_trivia());
    let inserts = |t: &Token| t.is_word(sql, "insert") || t.is_word(sql, "replace");
    tokens.next().filter(inserts)?;
    let mut depth = 0_usize;
    let mut values = false;
    let mut first_end = None;
    let mut last_end = None;
    for token in tokens {
        if token.is_mark(sql, b'(') {
            depth += 1;
        } else if token.is_mark(sql, b')') {
            depth = depth.checked_sub(1)?;
            if depth == 0 && values {
                first_end.get_or_insert(token.end);
                last_end = Some(token.end);
            }
        } else if depth == 0 {
            if !values {
                values = token.kind == TokenKind::Word && is_values(token.text(sql));
            } else if !token.is_mark(sql, b',') {
                break;
            }
        }
    }
    Some((first_end?, last_end?))
}

fn is_values(word: &str) -> bool {
    word.eq_ignore_ascii_case("values") || word.eq_ignore_ascii_case("value")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, expected: Option<&str>) {
        let short = shortened(sql, Dialect::Postgresql);
        if let Some(short) = &short {
            assert_eq!(short.original(short.text.len()), sql.len());
        }
        assert_eq!(short.as_ref().map(|s| s.text.as_ref()), expected);
    }

    #[test]
    fn one_row_stands_for_all() {
        let rows = "(1, (2), 'a,('), ".repeat(10_000);
        check(
            &format!("INSERT INTO a (b, c) VALUES {rows}(3, 4) ON CONFLICT (b) DO NOTHING"),
            Some("INSERT INTO a (b, c) VALUES (1, (2), 'a,(') ON CONFLICT (b) DO NOTHING"),
        );
        check(
            "INSERT INTO a VALUES (1), (2)",
            Some("INSERT INTO a VALUES (1), (2)"),
        );
    }

    #[test]
    fn what_is_long_otherwise_is_too_long() {
        check(&format!("SELECT {}", "a, ".repeat(400_000)), None);
    }
}
