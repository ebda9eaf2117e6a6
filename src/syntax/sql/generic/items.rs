//! The places of a statement's parts, from its tokens.

use std::collections::HashSet;

use crate::source::Span;
use crate::syntax::sql::operation::Dialect;
use crate::syntax::sql::token::{Lexer, Token, TokenKind};

/// The tokens of a statement that are not trivia.
pub(super) fn tokens(sql: &str, dialect: Dialect) -> Vec<Token> {
    Lexer::whole(sql, dialect)
        .filter(|t| !t.is_trivia())
        .collect()
}

/// The tokens of a statement, as words.
pub(super) struct Words<'w> {
    pub(super) sql: &'w str,
    pub(super) tokens: Vec<Token>,
}

impl Words<'_> {
    /// The unquoted word at `i` in lower case; empty for anything else.
    pub(super) fn word(&self, i: usize) -> String {
        match self.tokens.get(i) {
            Some(t) if t.kind == TokenKind::Word => t.text(self.sql).to_ascii_lowercase(),
            _ => String::new(),
        }
    }

    pub(super) fn is(&self, i: usize, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(n, w)| self.word(i + n) == *w)
    }

    pub(super) fn mark(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |t| t.text(self.sql))
    }

    /// The parenthesis that closes the one at `open`.
    pub(super) fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        (open..self.tokens.len()).find(|&i| {
            match self.mark(i) {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        })
    }

    pub(super) fn find(&self, from: usize, word: &str) -> Option<usize> {
        (from..self.tokens.len()).find(|&i| self.word(i) == word)
    }
}

/// The first word of a statement in lower case; empty where it begins with anything else.
pub(super) fn first_word(sql: &str, dialect: Dialect) -> String {
    Lexer::whole(sql, dialect)
        .find(|t| !t.is_trivia())
        .filter(|t| t.kind == TokenKind::Word)
        .map_or_else(String::new, |t| t.text(sql).to_ascii_lowercase())
}

/// The parts of `ALTER TABLE name part, part`, relative to the statement.
pub(super) fn alter_parts(sql: &str, dialect: Dialect) -> Vec<Span> {
    let tokens = tokens(sql, dialect);
    let mut at = 0;
    while at < tokens.len()
        && tokens.get(at).is_some_and(|t| {
            [
                "alter", "online", "offline", "ignore", "table", "if", "exists", "only",
            ]
            .iter()
            .any(|w| t.is_word(sql, w))
        })
    {
        at += 1;
    }
    // The name, with what qualifies it.
    at += 1;
    while tokens.get(at).is_some_and(|t| t.is_mark(sql, b'.')) {
        at += 2;
    }
    between_commas(sql, tokens.get(at..).unwrap_or_default())
}

/// The columns of `ADD (a INT, b INT)`, relative to that part; none for any other.
pub(super) fn added_columns(part: &str, dialect: Dialect) -> Vec<Span> {
    let words = Words {
        sql: part,
        tokens: tokens(part, dialect),
    };
    let open = if words.word(1) == "column" { 2 } else { 1 };
    if words.word(0) != "add" || words.mark(open) != "(" {
        return Vec::new();
    }
    let Some(close) = words.closing(open) else {
        return Vec::new();
    };
    between_commas(part, words.tokens.get(open + 1..close).unwrap_or_default())
}

/// The columns and the constraints between the parentheses of `CREATE TABLE`, relative to the statement.
pub(super) fn table_items(sql: &str, dialect: Dialect) -> (Vec<Span>, Vec<Span>) {
    let tokens = tokens(sql, dialect);
    let Some(open) = tokens.iter().position(|t| t.is_mark(sql, b'(')) else {
        return (Vec::new(), Vec::new());
    };
    let words = Words { sql, tokens };
    let close = words.closing(open).unwrap_or(words.tokens.len());
    let items = between_commas(sql, words.tokens.get(open + 1..close).unwrap_or_default());
    items.into_iter().partition(|item| {
        let text = sql.get(item.range()).unwrap_or("");
        let mut words = Lexer::whole(text, dialect).filter(|t| !t.is_trivia());
        let first = words.next();
        let second = words.next();
        !is_constraint(text, first, second, dialect)
    })
}

/// These words may be the names of columns, too, where the dialect does not reserve them; then a type follows.
fn is_constraint(
    text: &str,
    first: Option<Token>,
    second: Option<Token>,
    dialect: Dialect,
) -> bool {
    let Some(first) = first else {
        return false;
    };
    let is = |word: &str| first.is_word(text, word);
    let then = |word: &str| second.is_some_and(|t| t.is_word(text, word));
    let opens = second.is_some_and(|t| t.is_mark(text, b'('));
    is("constraint")
        || is("unique")
        || ((is("primary") || is("foreign")) && then("key"))
        || (is("check") && opens)
        || (dialect == Dialect::Mysql
            && (is("key") || is("index") || is("fulltext") || is("spatial")))
}

/// The spans of what stands between the commas that are not in parentheses.
fn between_commas(sql: &str, tokens: &[Token]) -> Vec<Span> {
    let mut parts = Vec::new();
    let mut part: Option<Span> = None;
    let mut depth = 0_usize;
    for token in tokens {
        if token.is_mark(sql, b'(') {
            depth += 1;
        } else if token.is_mark(sql, b')') {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && token.is_mark(sql, b',') {
            parts.extend(part.take());
            continue;
        }
        let span = Span::new(token.start, token.end);
        part = Some(part.map_or(span, |p| p.cover(span)));
    }
    parts.extend(part);
    parts
}

/// Tables that stand behind `FROM` and `JOIN`, as they are written.
pub(super) fn tables_read(sql: &str, dialect: Dialect) -> Vec<Vec<String>> {
    let tokens = tokens(sql, dialect);
    let mut tables: Vec<Vec<String>> = Vec::new();
    let mut defined = HashSet::new();
    for (i, token) in tokens.iter().enumerate() {
        // `WITH name AS (`
        if token.is_word(sql, "as")
            && tokens.get(i + 1).is_some_and(|t| t.is_mark(sql, b'('))
            && let Some(name) = i.checked_sub(1).and_then(|n| tokens.get(n))
        {
            defined.insert(unquoted(name.text(sql)));
        }
        if !(token.is_word(sql, "from") || token.is_word(sql, "join")) {
            continue;
        }
        let mut at = i + 1;
        while let Some(parts) = dotted(sql, &tokens, &mut at) {
            tables.push(parts);
            // `FROM a x, b y`
            while tokens.get(at).is_some_and(|t| {
                t.kind == TokenKind::QuotedName
                    || t.is_word(sql, "as")
                    || (t.kind == TokenKind::Word && !super::is_keyword(t.text(sql)))
            }) {
                at += 1;
            }
            if !tokens.get(at).is_some_and(|t| t.is_mark(sql, b',')) {
                break;
            }
            at += 1;
        }
    }
    tables.retain(|t| t.len() > 1 || !t.iter().any(|name| defined.contains(name)));
    let mut seen = HashSet::new();
    tables.retain(|t| seen.insert(t.clone()));
    tables
}

/// A dotted name that is not a function, and what follows it.
pub(super) fn dotted(sql: &str, tokens: &[Token], at: &mut usize) -> Option<Vec<String>> {
    let is_name = |t: &Token| {
        t.kind == TokenKind::QuotedName
            || (t.kind == TokenKind::Word
                && !t.is_word(sql, "select")
                && !t.is_word(sql, "lateral"))
            || (t.kind == TokenKind::String && t.text(sql).starts_with('"'))
    };
    let mut parts = Vec::new();
    let mut next = *at;
    loop {
        let token = tokens.get(next).filter(|t| is_name(t))?;
        parts.push(unquoted(token.text(sql)));
        next += 1;
        if !tokens.get(next).is_some_and(|t| t.is_mark(sql, b'.')) {
            break;
        }
        next += 1;
    }
    if tokens.get(next).is_some_and(|t| t.is_mark(sql, b'(')) {
        return None;
    }
    *at = next;
    Some(parts)
}

/// Words of expressions that are never names of columns or functions.
pub(super) fn is_operator_word(word: &str) -> bool {
    const WORDS: [&str; 36] = [
        "all",
        "and",
        "any",
        "as",
        "between",
        "by",
        "case",
        "cast",
        "check",
        "collate",
        "current_date",
        "current_time",
        "current_timestamp",
        "distinct",
        "else",
        "end",
        "exists",
        "false",
        "from",
        "glob",
        "in",
        "interval",
        "into",
        "is",
        "key",
        "like",
        "not",
        "null",
        "or",
        "regexp",
        "select",
        "then",
        "true",
        "values",
        "when",
        "where",
    ];
    WORDS.iter().any(|w| w.eq_ignore_ascii_case(word))
}

/// A name without its quotes.
pub(super) fn unquoted(text: &str) -> String {
    for (open, close) in [('`', '`'), ('"', '"'), ('[', ']')] {
        if let Some(inner) = text
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
        {
            let doubled: String = [close, close].iter().collect();
            return inner.replace(&doubled, &close.to_string());
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_alter_table() {
        let sql = "ALTER TABLE `a`.b ADD c INT DEFAULT (1, 2), DROP d";
        let parts: Vec<_> = alter_parts(sql, Dialect::Mysql)
            .iter()
            .map(|s| &sql[s.range()])
            .collect();
        assert_eq!(parts, ["ADD c INT DEFAULT (1, 2)", "DROP d"]);
    }

    #[test]
    fn items_of_create_table() {
        let sql = "CREATE TABLE a (`key` INT, b DECIMAL(1,2), PRIMARY KEY (b), KEY k (b), UNIQUE `u` (b), CONSTRAINT c CHECK (b > 0)) ENGINE=X";
        let (columns, constraints) = table_items(sql, Dialect::Mysql);
        let show =
            |spans: &[Span]| -> Vec<&str> { spans.iter().map(|s| &sql[s.range()]).collect() };
        assert_eq!(show(&columns), ["`key` INT", "b DECIMAL(1,2)"]);
        assert_eq!(
            show(&constraints),
            [
                "PRIMARY KEY (b)",
                "KEY k (b)",
                "UNIQUE `u` (b)",
                "CONSTRAINT c CHECK (b > 0)"
            ]
        );
    }

    #[test]
    fn tables_behind_from_and_join() {
        let sql = "WITH w AS (SELECT 1 FROM a) SELECT * FROM w, b.c AS x JOIN `d` ON 1 WHERE e IN (SELECT f FROM a)";
        assert_eq!(
            tables_read(sql, Dialect::Mysql),
            [vec!["a"], vec!["b", "c"], vec!["d"]]
        );
    }
}
