//! Blanks out what `sqlparser` 0.63 does not read although the databases do, so that offsets stay.

use crate::syntax::sql::operation::Dialect;
use crate::syntax::sql::token::{Lexer, Token, TokenKind};

use super::items::{Words, first_word, tokens};

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
    if dialect == Dialect::Mysql {
        open_executable_comments(&mut mended.text);
    }
    let first = first_word(&mended.text, dialect);
    if !matches!(first.as_str(), "create" | "alter" | "drop") {
        return mended;
    }
    let text = mended.text.clone();
    let words = Words {
        sql: &text,
        tokens: tokens(&text, dialect),
    };
    let blanks = match dialect {
        Dialect::Mysql => mysql_blanks(&words, &mut mended.fulltext),
        Dialect::Sqlite => sqlite_blanks(&words),
        Dialect::Postgresql | Dialect::Generic => Vec::new(),
    };
    for token in blanks.into_iter().filter_map(|i| words.tokens.get(i)) {
        blank(&mut mended.text, token.start, token.end);
    }
    mended
}

/// The tokens that MySQL reads and the parser does not.
fn mysql_blanks(words: &Words<'_>, fulltext: &mut Option<String>) -> Vec<usize> {
    let mut blanks: Vec<usize> = Vec::new();
    let (first, second) = (words.word(0), words.word(1));
    if first == "create" && matches!(second.as_str(), "fulltext" | "spatial") {
        blanks.push(1);
        *fulltext = Some(second.clone());
    }
    if first == "alter" && matches!(second.as_str(), "ignore" | "online" | "offline") {
        blanks.push(1);
    }
    let table = second == "table" || words.word(2) == "table";
    for i in 2..words.tokens.len() {
        match words.word(i).as_str() {
            // `VARCHAR(64) BINARY`: the binary collation of the character set.
            "binary" if table && (words.mark(i - 1) == ")" || is_text(&words.word(i - 1))) => {
                blanks.push(i);
            }
            // Options of `DROP INDEX ... ON t`, which only say how.
            "algorithm" | "lock" if first == "drop" && second == "index" => {
                let value = if words.mark(i + 1) == "=" {
                    i + 2
                } else {
                    i + 1
                };
                blanks.extend(i..=value);
            }
            _ => {}
        }
    }
    // Behind the keys of `CREATE INDEX` stand options that only say how.
    if first == "create" && (second == "index" || words.word(2) == "index") {
        let open = (0..words.tokens.len()).find(|&i| words.mark(i) == "(");
        if let Some(close) = open.and_then(|open| words.closing(open)) {
            blanks.extend(close + 1..words.tokens.len());
        }
    }
    blanks
}

/// The tokens that SQLite takes for a part of a type, or for nothing.
fn sqlite_blanks(words: &Words<'_>) -> Vec<usize> {
    let mut blanks = Vec::new();
    if words.word(0) != "create" || words.word(1) != "table" && words.word(2) != "table" {
        return blanks;
    }
    for i in 3..words.tokens.len() {
        match words.word(i).as_str() {
            "auto_increment" => blanks.push(i),
            // A name that no constraint follows.
            "constraint" if matches!(words.mark(i + 2), "," | ")") => blanks.extend([i, i + 1]),
            _ => {}
        }
    }
    blanks
}

fn is_text(word: &str) -> bool {
    matches!(
        word,
        "char" | "varchar" | "text" | "tinytext" | "mediumtext" | "longtext"
    )
}

/// The server runs what stands in `/*! ... */`, and MariaDB what stands in `/*M! ... */`, so the marks go and the text stays.
fn open_executable_comments(text: &mut String) {
    if !text.contains("/*!") && !text.contains("/*M!") {
        return;
    }
    let comments: Vec<Token> = Lexer::whole(text, Dialect::Mysql)
        .filter(|t| t.kind == TokenKind::Executable && t.closed)
        .collect();
    for comment in comments {
        let mark = text
            .get(comment.start..)
            .map_or(3, |comment| if comment.starts_with("/*M!") { 4 } else { 3 });
        let digits = text
            .get(comment.start + mark..comment.end)
            .unwrap_or("")
            .bytes()
            .take_while(u8::is_ascii_digit)
            .count();
        blank(text, comment.start, comment.start + mark + digits);
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
    fn what_sqlite_skips() {
        let sql = "CREATE TABLE a (b INT AUTO_INCREMENT, c INT REFERENCES d (e) CONSTRAINT f)";
        let mended = mend(sql, Dialect::Sqlite).text;
        let words: Vec<_> = mended.split_whitespace().collect();
        assert_eq!(
            words.join(" "),
            "CREATE TABLE a (b INT , c INT REFERENCES d (e) )"
        );
    }

    #[test]
    fn what_the_server_reads_and_the_parser_does_not() {
        check("/*!40101 SET NAMES utf8 */", "SET NAMES utf8");
        check("/*M!100300 DROP TABLE a */", "DROP TABLE a");
        check("/*M! DROP TABLE a */", "DROP TABLE a");
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
