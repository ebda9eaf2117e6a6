//! Blanks out what `sqlparser` 0.63 does not read although the databases do, so that offsets stay.

use crate::syntax::sql::operation::Dialect;
use crate::syntax::sql::token::{Lexer, Token, TokenKind};

use super::items::first_word;

/// A statement's text, as long as it was, and what was taken out of it that matters.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mended {
    pub(super) text: String,
    /// `fulltext` or `spatial` stood before `INDEX`.
    pub(super) fulltext: Option<String>,
}

pub(super) fn mend(sql: &str, dialect: Dialect) -> Mended {
    let mut mended = Mended {
        text: sql.to_owned(),
        fulltext: None,
    };
    if dialect != Dialect::Mysql {
        return mended;
    }
    open_executable_comments(&mut mended.text);
    let first = first_word(&mended.text, dialect);
    if !matches!(first.as_str(), "create" | "alter" | "drop") {
        return mended;
    }
    let text = mended.text.clone();
    let tokens: Vec<Token> = Lexer::whole(&text, dialect)
        .filter(|t| !t.is_trivia())
        .collect();
    let word = |i: usize| -> String {
        match tokens.get(i) {
            Some(t) if t.kind == TokenKind::Word => t.text(&text).to_ascii_lowercase(),
            _ => String::new(),
        }
    };
    let mark = |i: usize, mark: &str| tokens.get(i).is_some_and(|t| t.text(&text) == mark);
    let mut blanks: Vec<usize> = Vec::new();
    let second = word(1);
    if first == "create" && matches!(second.as_str(), "fulltext" | "spatial") {
        blanks.push(1);
        mended.fulltext = Some(second.clone());
    }
    let table = second == "table" || word(2) == "table";
    for i in 2..tokens.len() {
        match word(i).as_str() {
            // `VARCHAR(64) BINARY`: the binary collation of the character set.
            "binary" if table && (mark(i - 1, ")") || is_text(&word(i - 1))) => blanks.push(i),
            // Options of `DROP INDEX ... ON t`, which only say how.
            "algorithm" | "lock" if first == "drop" && second == "index" => {
                let value = if mark(i + 1, "=") { i + 2 } else { i + 1 };
                blanks.extend(i..=value);
            }
            _ => {}
        }
    }
    for token in blanks.into_iter().filter_map(|i| tokens.get(i)) {
        blank(&mut mended.text, token.start, token.end);
    }
    mended
}

fn is_text(word: &str) -> bool {
    matches!(
        word,
        "char" | "varchar" | "text" | "tinytext" | "mediumtext" | "longtext"
    )
}

/// The server runs what stands in `/*! ... */`, so the marks go and the text stays.
fn open_executable_comments(text: &mut String) {
    if !text.contains("/*!") {
        return;
    }
    let comments: Vec<Token> = Lexer::whole(text, Dialect::Mysql)
        .filter(|t| t.kind == TokenKind::Executable && t.closed)
        .collect();
    for comment in comments {
        let digits = text
            .get(comment.start + 3..comment.end)
            .unwrap_or("")
            .bytes()
            .take_while(u8::is_ascii_digit)
            .count();
        blank(text, comment.start, comment.start + 3 + digits);
        blank(text, comment.end - 2, comment.end);
    }
}

fn blank(text: &mut String, start: usize, end: usize) {
    if text.get(start..end).is_some() {
        text.replace_range(start..end, &" ".repeat(end - start));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, expected: &str) {
        let mended = mend(sql, Dialect::Mysql);
        assert_eq!(mended.text.len(), sql.len());
        let words: Vec<_> = mended.text.split_whitespace().collect();
        assert_eq!(words.join(" "), expected, "{sql}");
    }

    #[test]
    fn what_the_server_reads_and_the_parser_does_not() {
        check("/*!40101 SET NAMES utf8 */", "SET NAMES utf8");
        check(
            "CREATE FULLTEXT INDEX a ON b (c)",
            "CREATE INDEX a ON b (c)",
        );
        check(
            "DROP INDEX a ON b LOCK = NONE ALGORITHM=INPLACE",
            "DROP INDEX a ON b",
        );
        check(
            "ALTER TABLE a MODIFY b VARCHAR(64) BINARY NOT NULL",
            "ALTER TABLE a MODIFY b VARCHAR(64) NOT NULL",
        );
        check(
            "CREATE TABLE a (b BINARY(16))",
            "CREATE TABLE a (b BINARY(16))",
        );
    }
}
