//! The comments of a text, as a database's client sees them: what looks like one in a string or a body is none.

use crate::source::Span;

use super::operation::Dialect;
use super::token::{Lexer, TokenKind};

/// The closed comments of a text, in its order.
pub fn comments(text: &str, dialect: Dialect) -> Vec<Span> {
    Lexer::whole(text, dialect)
        .filter(|token| match token.kind {
            TokenKind::LineComment => true,
            TokenKind::BlockComment => token.closed,
            _ => false,
        })
        .map(|token| Span::new(token.start, token.end))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_comments_are_comments() {
        for (text, dialect, expected) in [
            (
                "SELECT 1; -- a\n/* b -- c */",
                Dialect::Postgresql,
                vec!["-- a", "/* b -- c */"],
            ),
            (
                "SELECT '-- a', $$ -- b $$, \"-- c\"",
                Dialect::Postgresql,
                vec![],
            ),
            (
                "/* a /* b */ -- c\n*/ -- d",
                Dialect::Postgresql,
                vec!["/* a /* b */ -- c\n*/", "-- d"],
            ),
            ("SELECT 1 # a", Dialect::Mysql, vec!["# a"]),
            ("SELECT 1 # a", Dialect::Postgresql, vec![]),
            ("/* open -- a", Dialect::Postgresql, vec![]),
        ] {
            let found: Vec<&str> = comments(text, dialect)
                .into_iter()
                .map(|span| &text[span.range()])
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
