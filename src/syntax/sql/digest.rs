//! Digests of SQL token streams: two texts with the same digest say the same to a database and to the migration runner.

use sha2::{Digest as _, Sha256};

use crate::source::Span;

use super::operation::Dialect;
use super::token::{Lexer, Token, TokenKind};

/// A digest of the SQL tokens of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Digests what a database and a migration runner see of a text.
///
/// Edits of white space, line endings, the byte-order mark, surplus semicolons and ordinary comments do not change the
/// digest, nor does the case of keywords and of names where the dialect folds them. Literals, quoted names, bodies in
/// dollar quotes and comments that direct a runner count byte by byte.
pub fn token_digest(text: &str, dialect: Dialect) -> TokenDigest {
    token_digest_range(text, Span::new(0, text.len()), dialect)
}

/// The same for one part of a text, such as the section of a file that goes up.
pub fn token_digest_range(text: &str, range: Span, dialect: Dialect) -> TokenDigest {
    let mut liquibase = false;
    token_digest_where(text, range, dialect, &mut |comment| {
        liquibase |= is_liquibase_header(comment);
        is_directive(comment, liquibase)
    })
}

/// The same where it is known which runner reads the text: `obeys` says which of its comments count.
pub fn token_digest_where(
    text: &str,
    range: Span,
    dialect: Dialect,
    obeys: &mut dyn FnMut(&str) -> bool,
) -> TokenDigest {
    let mut hasher = Sha256::new();
    let mut scratch = String::new();
    // Semicolons only separate: leading, trailing and repeated ones are nothing.
    let mut any = false;
    let mut separator = false;
    for token in Lexer::new(text, range.start as usize, range.end as usize, dialect) {
        let source = token.text(text);
        let tag = match token.kind {
            TokenKind::Space | TokenKind::DelimiterLine => continue,
            TokenKind::LineComment | TokenKind::BlockComment => {
                if !obeys(source) {
                    continue;
                }
                scratch.clear();
                for word in source.split_whitespace() {
                    scratch.push_str(word);
                    scratch.push(' ');
                }
                b'd'
            }
            TokenKind::Punctuation if token.is_mark(text, b';') => {
                separator = any;
                continue;
            }
            TokenKind::Delimiter => {
                separator = any;
                continue;
            }
            _ => {
                scratch.clear();
                scratch.push_str(source);
                if folds(&token, source, dialect) {
                    scratch.make_ascii_lowercase();
                }
                tag(token.kind)
            }
        };
        if std::mem::take(&mut separator) {
            hasher.update([b';', 0, 0, 0, 0]);
        }
        any = true;
        let length = u32::try_from(scratch.len()).unwrap_or(u32::MAX);
        hasher.update([tag]);
        hasher.update(length.to_be_bytes());
        hasher.update(scratch.as_bytes());
    }
    TokenDigest(hasher.finalize().into())
}

/// MySQL keeps the case of table names on most systems, so there only keywords fold.
fn folds(token: &Token, source: &str, dialect: Dialect) -> bool {
    token.kind == TokenKind::Word
        && (dialect != Dialect::Mysql || super::generic::is_keyword(source))
}

fn tag(kind: TokenKind) -> u8 {
    match kind {
        TokenKind::Word => b'w',
        TokenKind::QuotedName => b'q',
        TokenKind::String => b's',
        TokenKind::DollarString => b'$',
        TokenKind::Number => b'n',
        TokenKind::Parameter => b'p',
        TokenKind::Executable => b'x',
        TokenKind::Meta => b'm',
        TokenKind::Template => b't',
        _ => b'o',
    }
}

/// Liquibase reads its attributes only in files that begin with this comment.
fn is_liquibase_header(comment: &str) -> bool {
    let text = comment.trim_start_matches('-').trim_start();
    starts_with(text, "liquibase formatted sql")
}

/// How comments begin that runners obey: goose and sql-migrate, dbmate, sqlx, Atlas, Flyway, node-pg-migrate, tern, `MyBatis`,
/// Play.
const DIRECTIVES: [&str; 14] = [
    "+goose",
    "+migrate",
    "migrate:",
    "no-transaction",
    "atlas:",
    "flyway:",
    "up migration",
    "down migration",
    "create above / drop below",
    "tern:",
    "//@undo",
    "@undo",
    "!ups",
    "!downs",
];

/// The same for formatted SQL of Liquibase.
const LIQUIBASE: [&str; 10] = [
    "liquibase formatted sql",
    "changeset",
    "rollback",
    "precondition",
    "validchecksum",
    "property",
    "include",
    "ignorelines",
    "ignore",
    "logicalfilepath",
];

/// A comment that a runner obeys.
fn is_directive(comment: &str, liquibase: bool) -> bool {
    // MySQL's optimizer hints are SQL in a comment's clothes.
    if comment.starts_with("/*+") {
        return true;
    }
    if let Some(inner) = comment.strip_prefix("/*") {
        return liquibase && starts_with(inner.trim_start(), "liquibase ");
    }
    let text = comment.trim_start_matches(['-', '#']);
    let word = text.trim_start();
    // Drizzle's `--> statement-breakpoint` and graphile-migrate's `--! no-transaction` follow the dashes at once.
    comment.starts_with("-->")
        || comment.starts_with("--!")
        || DIRECTIVES.iter().any(|p| starts_with(word, p))
        || (liquibase && LIQUIBASE.iter().any(|p| starts_with(word, p)))
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(dialect: Dialect, a: &str, b: &str, same: bool) {
        let equal = token_digest(a, dialect) == token_digest(b, dialect);
        assert_eq!(equal, same, "{a:?} and {b:?}");
    }

    #[test]
    fn what_does_not_reach_the_server_does_not_count() {
        let pg = Dialect::Postgresql;
        for (a, b) in [
            ("SELECT a", "select  A\r\n"),
            ("SELECT a;", "SELECT a"),
            ("SELECT a; SELECT b", ";SELECT a;;\n-- x\nSELECT b;"),
            ("SELECT a", "\u{feff}SELECT /* b */ a -- c"),
            ("", "-- only a comment\n/* and another */ ;"),
        ] {
            check(pg, a, b, true);
        }
    }

    #[test]
    fn what_reaches_the_server_or_the_runner_counts() {
        let pg = Dialect::Postgresql;
        for (a, b) in [
            ("SELECT a", ""),
            ("SELECT 'a'", "SELECT 'A'"),
            ("SELECT '--a'", "SELECT '--b'"),
            ("SELECT \"a\"", "SELECT a"),
            ("SELECT \"a\"", "SELECT \"A\""),
            ("DO $$ a $$", "DO $$ A $$"),
            ("DO $$ a $$", "DO $b$ a $b$"),
            ("SELECT a; SELECT b", "SELECT a SELECT b"),
            ("SELECT ab", "SELECT a b"),
            ("SELECT a <= b", "SELECT a < = b"),
            ("-- +goose NO TRANSACTION\na", "a"),
            ("-- migrate:up transaction:false\na", "-- migrate:up\na"),
            ("-- no-transaction\na", "a"),
            ("-- atlas:txmode none\na", "a"),
            ("a --> statement-breakpoint\nb", "a b"),
            (
                "--liquibase formatted sql\n--changeset a:1\na",
                "--liquibase formatted sql\n--changeset a:2\na",
            ),
            ("\\set x 1", "\\set x 2"),
        ] {
            check(pg, a, b, false);
        }
    }

    #[test]
    fn only_liquibase_files_have_liquibase_comments() {
        check(Dialect::Postgresql, "-- rollback is easy\na", "a", true);
    }

    #[test]
    fn mysql_keeps_the_case_of_names() {
        check(Dialect::Mysql, "select A", "SELECT A", true);
        check(Dialect::Mysql, "SELECT Casks", "SELECT casks", false);
        check(Dialect::Mysql, "SELECT /*+ MAX(1) */ a", "SELECT a", false);
        check(
            Dialect::Mysql,
            "/*!40101 SET a */",
            "/*!40101 SET b */",
            false,
        );
        check(
            Dialect::Mysql,
            "DELIMITER //\na//\nDELIMITER ;\nb",
            "DELIMITER $$\na$$\nDELIMITER ;\nb;",
            true,
        );
    }
}
