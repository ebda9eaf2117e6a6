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

/// Shows each word that stands in a part of a text, in lower case: those of names, quoted or not, and those in strings and
/// bodies, which may be run. What begins with a digit is no word.
pub fn each_word(text: &str, part: Span, dialect: Dialect, tell: &mut dyn FnMut(&str)) {
    let said = Lexer::new(text, part.start as usize, part.end as usize, dialect).filter(|token| {
        matches!(
            token.kind,
            TokenKind::Word | TokenKind::QuotedName | TokenKind::String | TokenKind::DollarString
        )
    });
    for token in said {
        for word in parts_of_name(token.text(text)).filter(|word| is_word(word)) {
            tell(&word.to_lowercase());
        }
    }
}

/// The words that [`each_word`] would show of a name; `None` when it may stand somewhere without them.
pub fn words_of_name(name: &str) -> Option<Vec<String>> {
    let parts: Vec<&str> = parts_of_name(name).collect();
    let is_told = !parts.is_empty() && parts.iter().all(|part| is_word(part));
    is_told.then(|| parts.iter().map(|part| part.to_lowercase()).collect())
}

fn parts_of_name(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|part| !part.is_empty())
}

fn is_word(part: &str) -> bool {
    !part.starts_with(|c: char| c.is_ascii_digit())
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
            let mut found = false;
            each_word(text, whole, Dialect::Postgresql, &mut |word| {
                found |= word == "casks_idx";
            });
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(
            words_of_name("Casks_Idx"),
            Some(vec!["casks_idx".to_owned()])
        );
        assert_eq!(
            words_of_name("a b"),
            Some(vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(words_of_name("2nd"), None);
        assert_eq!(words_of_name("-"), None);
    }
}
