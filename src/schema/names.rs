//! Names that PostgreSQL gives by itself: `makeObjectName`, `ChooseRelationName` and `ChooseConstraintName` of its sources.

use super::expression::{Token, tokens};
use crate::syntax::sql::operation::IndexKey;

/// PostgreSQL's `NAMEDATALEN` less one.
pub const MAX_IDENTIFIER_BYTES: usize = 63;

/// How many numbers are tried: more objects that would get the same name no table has.
const MAX_ATTEMPTS: u32 = 2000;

/// The first free name for `table`, `part` (a column's name, or several joined; may be empty) and a label such as `key`.
pub fn automatic_name(
    table: &str,
    part: &str,
    label: &str,
    is_taken: impl Fn(&str) -> bool,
) -> String {
    let first = object_name(table, part, label);
    if !is_taken(&first) {
        return first;
    }
    (1..MAX_ATTEMPTS)
        .map(|pass| object_name(table, part, &format!("{label}{pass}")))
        .find(|name| !is_taken(name))
        .unwrap_or(first)
}

/// `table_part_label`, the longer of the first two shortened until the whole fits.
fn object_name(table: &str, part: &str, label: &str) -> String {
    let separators = 1 + usize::from(!part.is_empty());
    let room = MAX_IDENTIFIER_BYTES.saturating_sub(label.len() + separators);
    let (mut first, mut second) = (table.len(), part.len());
    if first + second > room {
        // The server takes bytes from the longer one, and from the second when they are equal.
        let excess = first + second - room;
        let (long, short) = (first.max(second), first.min(second));
        if excess <= long - short {
            if first > second {
                first -= excess;
            } else {
                second -= excess;
            }
        } else {
            second = room / 2;
            first = room - second;
        }
    }
    let (first, second) = (clip(table, first), clip(part, second));
    if part.is_empty() {
        format!("{first}_{label}")
    } else {
        format!("{first}_{second}_{label}")
    }
}

/// At most `bytes` of a text, cut between characters.
fn clip(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// What the server calls a key of an index (`FigureIndexColname`): the column, the function, or `expr`.
pub fn index_column_name(key: &IndexKey) -> String {
    if key.is_column {
        return key.text.clone();
    }
    let all = tokens(&key.text);
    let inner: Vec<&Token<'_>> = strip_parentheses(&all);
    match inner.as_slice() {
        [
            Token {
                word: Some(name), ..
            },
            Token { text: "(", .. },
            ..,
        ] => name.clone().into_owned(),
        [
            Token {
                word: Some(schema), ..
            },
            Token { text: ".", .. },
            Token {
                word: Some(name), ..
            },
            Token { text: "(", .. },
            ..,
        ] if !schema.is_empty() => name.clone().into_owned(),
        [
            Token {
                word: Some(name), ..
            },
            Token { text: "::", .. },
            ..,
        ] => name.clone().into_owned(),
        [
            Token {
                word: Some(name), ..
            },
        ] => name.clone().into_owned(),
        _ => "expr".to_owned(),
    }
}

fn strip_parentheses<'a, 't>(all: &'a [Token<'t>]) -> Vec<&'a Token<'t>> {
    let mut inner: &[Token<'_>] = all;
    while let [first, middle @ .., last] = inner {
        if first.text == "(" && last.text == ")" && super::expression::closes_at_end(inner) {
            inner = middle;
        } else {
            break;
        }
    }
    inner.iter().collect()
}

/// The columns part of an index's name: joined with `_`, repeated ones numbered, cut at the length of a name.
pub(super) fn index_part(names: &[String]) -> String {
    let mut used: Vec<String> = Vec::new();
    for name in names {
        let mut candidate = name.clone();
        let mut pass = 1u32;
        while used.contains(&candidate) {
            candidate = format!("{name}{pass}");
            pass += 1;
        }
        used.push(candidate);
        if used.len() >= 32 {
            break;
        }
    }
    let joined = used.join("_");
    clip(&joined, MAX_IDENTIFIER_BYTES).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str, is_column: bool) -> IndexKey {
        IndexKey {
            text: text.to_owned(),
            is_column,
            options: String::new(),
        }
    }

    #[test]
    fn names_are_numbered_when_taken() {
        let name = automatic_name("casks", "code", "key", |name| {
            name == "casks_code_key" || name == "casks_code_key1"
        });
        assert_eq!(name, "casks_code_key2");
    }

    #[test]
    fn long_names_are_cut_as_the_server_cuts_them() {
        // Checked against a server: CREATE TABLE of 60 a's with a column of 30 b's UNIQUE.
        let table = "a".repeat(60);
        let column = "b".repeat(30);
        let name = automatic_name(&table, &column, "key", |_| false);
        assert_eq!(name.len(), MAX_IDENTIFIER_BYTES);
        assert_eq!(name, format!("{}_{}_key", "a".repeat(29), "b".repeat(29)));
        let name = automatic_name(&table, "", "pkey", |_| false);
        assert_eq!(name, format!("{}_pkey", "a".repeat(58)));
        let name = automatic_name(&table, "id", "key", |_| false);
        assert_eq!(name, format!("{}_id_key", "a".repeat(56)));
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        let name = automatic_name(&"ü".repeat(40), "", "pkey", |_| false);
        assert!(name.len() <= MAX_IDENTIFIER_BYTES, "{name}");
        assert!(name.ends_with("_pkey"));
    }

    #[test]
    fn keys_are_called_after_their_function() {
        for (text, expected) in [
            ("lower(email)", "lower"),
            ("(lower(email))", "lower"),
            ("(data ->> 'id')", "expr"),
            ("date_trunc('day', at)", "date_trunc"),
        ] {
            assert_eq!(index_column_name(&key(text, false)), expected, "{text}");
        }
        assert_eq!(index_column_name(&key("email", true)), "email");
        assert_eq!(
            index_part(&["expr".into(), "expr".into(), "id".into()]),
            "expr_expr1_id"
        );
    }
}
