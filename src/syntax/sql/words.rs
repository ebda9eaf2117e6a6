//! Words of a statement, for those who change its text.

use crate::source::Span;

use super::operation::{Action, Dialect};
use super::parse;
use super::token::{Lexer, TokenKind};

/// The first words of a part of a text that are not quoted, at most `most` of them.
pub fn words(text: &str, part: Span, dialect: Dialect, most: usize) -> Vec<Span> {
    Lexer::new(text, part.start as usize, part.end as usize, dialect)
        .filter(|token| token.kind == TokenKind::Word)
        .take(most)
        .map(|token| Span::new(token.start, token.end))
        .collect()
}

/// How often a name stands in a part of a text, quoted or not, as a word of its own; strings and bodies count by their text.
pub fn mentions_name(text: &str, part: Span, dialect: Dialect, name: &str) -> bool {
    Lexer::new(text, part.start as usize, part.end as usize, dialect).any(|token| {
        let words = token.text(text);
        match token.kind {
            TokenKind::Word => words.eq_ignore_ascii_case(name),
            TokenKind::QuotedName => words.trim_matches(['"', '`', '[', ']']) == name,
            TokenKind::String | TokenKind::DollarString => {
                words.to_lowercase().contains(&name.to_lowercase())
            }
            _ => false,
        }
    })
}

/// A name as PostgreSQL reads it, in quotes where it needs them.
pub fn quoted(name: &str) -> String {
    let is_plain = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if is_plain && reads_as(name) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The parser takes the bare word for a table of this name: it is no keyword that must be quoted.
fn reads_as(name: &str) -> bool {
    let parsed = parse(&format!("DROP TABLE {name}"), Dialect::Postgresql);
    let operation = parsed
        .value
        .first()
        .and_then(|statement| statement.operations.first());
    parsed.errors.is_empty()
        && operation.is_some_and(|operation| {
            matches!(&operation.action, Action::Drop { names, .. }
                if matches!(names.as_slice(), [only] if only.name == name && only.schema.is_none()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_must_be() {
        for (name, expected) in [
            ("casks", "casks"),
            ("cask_2", "cask_2"),
            ("Casks", "\"Casks\""),
            ("order", "\"order\""),
            ("user", "\"user\""),
            ("2nd", "\"2nd\""),
            ("a\"b", "\"a\"\"b\""),
            ("", "\"\""),
            ("käse", "\"käse\""),
        ] {
            assert_eq!(quoted(name), expected, "{name}");
        }
    }

    #[test]
    fn names_are_found_as_words() {
        for (text, expected) in [
            ("ALTER INDEX Casks_Idx RENAME TO b", true),
            ("ALTER INDEX \"casks_idx\" RENAME TO b", true),
            ("ALTER INDEX casks_idx2 RENAME TO b", false),
            ("DO $$ BEGIN EXECUTE 'DROP INDEX casks_idx'; END $$", true),
            ("SELECT 1 -- casks_idx", false),
        ] {
            let whole = Span::new(0, text.len());
            let found = mentions_name(text, whole, Dialect::Postgresql, "casks_idx");
            assert_eq!(found, expected, "{text}");
        }
    }
}
