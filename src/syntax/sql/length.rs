//! Keeps the cost of long statements down: of the rows that an `INSERT` holds, only the first is parsed.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::operation::{Dialect, Name};
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
    /// The functions that those rows call.
    pub(super) calls: Vec<Name>,
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
/// The guard has seen the rows, and beside the functions that they call, nothing in them changes what the statement does.
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
        calls: calls_in(sql.get(start..end)?, dialect),
    })
}

/// The names in front of parentheses, without words of the language and names of types; each once.
fn calls_in(rows: &str, dialect: Dialect) -> Vec<Name> {
    let mut found = BTreeSet::new();
    let mut before: [Option<Token>; 3] = [None; 3];
    for token in Lexer::whole(rows, dialect).filter(|t| !t.is_trivia()) {
        if let ([around, mark, Some(name)], true) = (before, token.is_mark(rows, b'(')) {
            found.extend(called(rows, around, mark, name));
        }
        before = [before[1], before[2], Some(token)];
    }
    found.into_iter().collect()
}

/// The function's name, from the three tokens in front of a parenthesis.
fn called(rows: &str, around: Option<Token>, mark: Option<Token>, name: Token) -> Option<Name> {
    let plain = |token: Token| match token.kind {
        TokenKind::Word => Some(token.text(rows).to_lowercase()),
        TokenKind::QuotedName => Some(token.text(rows).trim_matches(['"', '`']).to_owned()),
        _ => None,
    };
    let is_type = mark.is_some_and(|mark| mark.text(rows) == "::" || mark.is_word(rows, "as"));
    let written = plain(name)?;
    if is_type || (name.kind == TokenKind::Word && LANGUAGE.contains(&written.as_str())) {
        return None;
    }
    let schema = mark
        .filter(|mark| mark.is_mark(rows, b'.'))
        .and(around)
        .and_then(plain);
    Some(Name {
        schema,
        name: written,
    })
}

/// Words of the language that may stand in front of a parenthesis within a row.
const LANGUAGE: &[&str] = &[
    "all",
    "and",
    "any",
    "array",
    "as",
    "between",
    "by",
    "case",
    "cast",
    "distinct",
    "else",
    "except",
    "exists",
    "filter",
    "from",
    "group",
    "having",
    "in",
    "intersect",
    "is",
    "join",
    "like",
    "not",
    "on",
    "or",
    "over",
    "row",
    "select",
    "some",
    "then",
    "union",
    "using",
    "value",
    "values",
    "when",
    "where",
    "within",
];

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
    fn rows_that_are_cut_call_what_they_call() {
        let rows = "(1, now(), 'f()', 2::numeric(3, 1)), ".repeat(4_000);
        let sql =
            format!("INSERT INTO a VALUES (1, now(), '', 2), {rows}(1, shop.Wipe(), '', (2))");
        let calls: Vec<String> = shortened(&sql, Dialect::Postgresql)
            .unwrap()
            .calls
            .iter()
            .map(Name::to_string)
            .collect();
        assert_eq!(calls, ["now", "shop.wipe"]);
    }

    #[test]
    fn what_is_long_otherwise_is_too_long() {
        check(&format!("SELECT {}", "a, ".repeat(400_000)), None);
    }
}
