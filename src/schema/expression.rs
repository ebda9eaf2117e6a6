//! What can be told from the text of an expression without evaluating it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::syntax::sql::operation::{Name, Volatility};

use super::{Catalog, built_in_volatility};

/// Longer conditions are not looked into: each level of nesting costs one pass over the rest.
const MAX_CONDITION_TOKENS: usize = 4096;

/// A token of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'t> {
    /// As it was written.
    pub(super) text: &'t str,
    /// For identifiers and keywords: folded to lower case, or as it stands between double quotes.
    pub(super) word: Option<Cow<'t, str>>,
    /// It stood in double quotes, so it is no keyword.
    pub(super) quoted: bool,
    start: usize,
}

impl Token<'_> {
    fn is_keyword(&self, keyword: &str) -> bool {
        !self.quoted && self.word.as_deref() == Some(keyword)
    }
}

/// Cuts an expression into tokens; comments and white space are left out. Never fails: what is odd is a token of one
/// character.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let end = match byte {
            b if b.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at = find_from(bytes, at, b'\n');
                continue;
            }
            b'\'' => quoted_end(bytes, at, b'\''),
            b'"' => quoted_end(bytes, at, b'"'),
            b'`' => quoted_end(bytes, at, b'`'),
            b':' if bytes.get(at + 1) == Some(&b':') => at + 2,
            b if is_word(b) => {
                let mut end = at + 1;
                while bytes.get(end).is_some_and(|&b| is_word(b) || b == b'$') {
                    end += 1;
                }
                end
            }
            b if is_operator(b) => {
                let mut end = at + 1;
                while bytes.get(end).is_some_and(|&b| is_operator(b)) {
                    end += 1;
                }
                end
            }
            _ => at + 1,
        };
        let slice = text.get(at..end).unwrap_or("");
        let (word, quoted) = match byte {
            b'"' | b'`' => {
                let mark = char::from(byte);
                let inner = slice
                    .strip_prefix(mark)
                    .and_then(|rest| rest.strip_suffix(mark))
                    .unwrap_or("");
                (
                    Some(if inner.contains(mark) {
                        Cow::Owned(inner.replace(&format!("{mark}{mark}"), &mark.to_string()))
                    } else {
                        Cow::Borrowed(inner)
                    }),
                    true,
                )
            }
            b if is_word(b) && !b.is_ascii_digit() => (Some(folded(slice)), false),
            _ => (None, false),
        };
        found.push(Token {
            text: slice,
            word,
            quoted,
            start: at,
        });
        at = end;
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'<' | b'>'
            | b'='
            | b'~'
            | b'!'
            | b'@'
            | b'#'
            | b'%'
            | b'^'
            | b'&'
            | b'|'
            | b'?'
            | b'+'
            | b'*'
            | b'/'
            | b'-'
    )
}

fn find_from(bytes: &[u8], from: usize, wanted: u8) -> usize {
    bytes
        .iter()
        .skip(from)
        .position(|&b| b == wanted)
        .map_or(bytes.len(), |offset| from + offset)
}

/// Behind the closing quote of what opens at `start`; a doubled quote does not close.
fn quoted_end(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        if byte == quote {
            if bytes.get(at + 1) == Some(&quote) {
                at += 2;
                continue;
            }
            return at + 1;
        }
        at += 1;
    }
    bytes.len()
}

/// The first token's parenthesis is closed by the last token, and not before.
pub(super) fn closes_at_end(all: &[Token<'_>]) -> bool {
    let mut depth = 0usize;
    for (index, token) in all.iter().enumerate() {
        match token.text {
            "(" => depth += 1,
            ")" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return index + 1 == all.len();
                }
            }
            _ => {}
        }
    }
    false
}

/// The identifiers in a text, keywords included: enough to ask whether a name occurs.
pub fn identifiers(text: &str) -> BTreeSet<String> {
    tokens(text)
        .into_iter()
        .filter_map(|token| token.word.map(Cow::into_owned))
        .collect()
}

/// A word in lower case.
fn folded(word: &str) -> Cow<'_, str> {
    let is_folded = word
        .bytes()
        .all(|b| b.is_ascii() && !b.is_ascii_uppercase());
    if is_folded {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(word.to_lowercase())
    }
}

/// The letters of an identifier occur in a text: without them there is no need to cut the text into tokens.
fn may_mention(text: &str, identifier: &str) -> bool {
    let (Some(first), true) = (identifier.bytes().next(), text.is_ascii()) else {
        return true;
    };
    let length = identifier.len();
    identifier.contains(['"', '`'])
        || text.bytes().enumerate().any(|(at, byte)| {
            byte.eq_ignore_ascii_case(&first)
                && text
                    .get(at..at + length)
                    .is_some_and(|part| part.eq_ignore_ascii_case(identifier))
        })
}

/// The text mentions an identifier outside string literals.
pub fn mentions(text: &str, identifier: &str) -> bool {
    may_mention(text, identifier)
        && tokens(text)
            .iter()
            .any(|token| token.word.as_deref() == Some(identifier))
}

/// The same tokens, whatever the case of keywords, white space and parentheses around the whole.
pub fn same_expression(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    let (left, right) = (tokens(left), tokens(right));
    let (left, right) = (without_parentheses(&left), without_parentheses(&right));
    left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .all(|(a, b)| match (&a.word, &b.word) {
                (Some(a), Some(b)) => a == b,
                (None, None) => a.text == b.text,
                _ => false,
            })
}

fn without_parentheses<'a, 't>(mut all: &'a [Token<'t>]) -> &'a [Token<'t>] {
    while let [first, middle @ .., last] = all {
        if first.text == "(" && last.text == ")" && closes_at_end(all) {
            all = middle;
        } else {
            break;
        }
    }
    all
}

/// A CHECK with this expression lets no row have NULL in the column, and the server can prove it: one of the conditions
/// joined with AND is `column IS NOT NULL`. A comparison such as `column > 10` proves nothing, as NULL passes a CHECK.
pub fn implies_not_null(expression: &str, column: &str) -> bool {
    let all = tokens(expression);
    if all.len() > MAX_CONDITION_TOKENS {
        return false;
    }
    let mut open = vec![without_parentheses(&all)];
    while let Some(condition) = open.pop() {
        let parts = split_at_and(condition);
        if parts.len() > 1 {
            open.extend(parts.into_iter().map(without_parentheses));
        } else if let [name, is, not, null] = condition
            && name.word.as_deref() == Some(column)
            && is.is_keyword("is")
            && not.is_keyword("not")
            && null.is_keyword("null")
        {
            return true;
        }
    }
    false
}

fn split_at_and<'a, 't>(all: &'a [Token<'t>]) -> Vec<&'a [Token<'t>]> {
    let mut parts = Vec::new();
    let (mut depth, mut from, mut between) = (0usize, 0, false);
    for (index, token) in all.iter().enumerate() {
        match token.text {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            // One OR at the top makes the whole an alternative.
            _ if token.is_keyword("or") => return vec![all],
            _ if token.is_keyword("between") => between = true,
            _ if token.is_keyword("and") && between => between = false,
            _ if token.is_keyword("and") => {
                parts.push(all.get(from..index).unwrap_or(&[]));
                from = index + 1;
            }
            _ => {}
        }
    }
    parts.push(all.get(from..).unwrap_or(&[]));
    parts
}

/// The text with an identifier replaced; quotes are kept where the new name needs them.
pub(super) fn rename_identifier(text: &str, from: &str, to: &str) -> String {
    let all = tokens(text);
    if !all.iter().any(|token| token.word.as_deref() == Some(from)) {
        return text.to_owned();
    }
    let mut renamed = String::with_capacity(text.len() + to.len());
    let mut copied = 0;
    for (index, token) in all.iter().enumerate() {
        let is_call = all.get(index + 1).is_some_and(|next| next.text == "(");
        if token.word.as_deref() == Some(from) && !is_call {
            renamed.push_str(text.get(copied..token.start).unwrap_or(""));
            let plain = to
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
                && !to.starts_with(|c: char| c.is_ascii_digit());
            if plain {
                renamed.push_str(to);
            } else {
                renamed.push('"');
                renamed.push_str(&to.replace('"', "\"\""));
                renamed.push('"');
            }
            copied = token.start + token.text.len();
        }
    }
    renamed.push_str(text.get(copied..).unwrap_or(""));
    renamed
}

/// The volatility of the worst call in an expression; `None` when it calls something that nobody knows.
pub fn expression_volatility(text: &str, catalog: &Catalog) -> Option<Volatility> {
    let all = tokens(text);
    let mut worst = Volatility::Immutable;
    for (index, token) in all.iter().enumerate() {
        let Some(word) = token.word.as_deref() else {
            continue;
        };
        let previous = index.checked_sub(1).and_then(|at| all.get(at));
        if previous.is_some_and(|previous| previous.text == "::" || previous.is_keyword("as")) {
            continue;
        }
        if all.get(index + 1).is_none_or(|next| next.text != "(") {
            continue;
        }
        // `'x'::numeric (10)` and `character varying (10)` are types.
        if all
            .get(index.saturating_sub(2)..index)
            .is_some_and(|before| before.iter().any(|token| token.text == "::"))
            && previous.is_some_and(|previous| previous.word.is_some())
        {
            continue;
        }
        let schema = previous
            .filter(|previous| previous.text == ".")
            .and_then(|_| all.get(index.checked_sub(2)?))
            .and_then(|schema| schema.word.clone());
        let known = catalog.function_volatility(&Name {
            schema: schema
                .clone()
                .filter(|schema| schema != "pg_catalog")
                .map(Cow::into_owned),
            name: word.to_owned(),
        });
        let volatility = match known {
            Some(volatility) => volatility,
            None => built_in_volatility(word)?,
        };
        if volatility == Volatility::Volatile {
            return Some(Volatility::Volatile);
        }
        if volatility == Volatility::Stable {
            worst = Volatility::Stable;
        }
    }
    Some(worst)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::syntax::sql::operation::Dialect;

    #[test]
    fn proof_of_not_null() {
        for (expression, expected) in [
            ("age IS NOT NULL", true),
            ("(age IS NOT NULL)", true),
            ("age > 10", false),
            ("age > 10 AND age IS NOT NULL", true),
            ("(age > 10) AND ((age is not null))", true),
            ("age > 10 OR age IS NOT NULL", false),
            ("\"age\" IS NOT NULL", true),
            ("\"Age\" IS NOT NULL", false),
            ("age IS NULL", false),
            ("age BETWEEN 1 AND 2 AND age IS NOT NULL", true),
            ("lower(age IS NOT NULL)", false),
            ("note = 'age IS NOT NULL'", false),
        ] {
            assert_eq!(
                implies_not_null(expression, "age"),
                expected,
                "{expression}"
            );
        }
    }

    #[test]
    fn volatility_of_defaults() {
        let catalog = Catalog::new(Dialect::Postgresql);
        for (expression, expected) in [
            ("'a'", Some(Volatility::Immutable)),
            ("now()", Some(Volatility::Stable)),
            ("(now() AT TIME ZONE 'utc')", Some(Volatility::Stable)),
            ("CURRENT_DATE", Some(Volatility::Immutable)),
            ("gen_random_uuid()", Some(Volatility::Volatile)),
            ("nextval('s1')", Some(Volatility::Volatile)),
            ("'1.5'::numeric(10, 2)", Some(Volatility::Immutable)),
            ("'x'::character varying(10)", Some(Volatility::Immutable)),
            ("CAST('x' AS varchar(10))", Some(Volatility::Immutable)),
            ("'random()'", Some(Volatility::Immutable)),
            ("somebody_knows()", None),
            ("timeofday()::timestamptz", Some(Volatility::Volatile)),
        ] {
            assert_eq!(
                expression_volatility(expression, &catalog),
                expected,
                "{expression}"
            );
        }
    }

    #[test]
    fn renames_identifiers_only() {
        assert_eq!(
            rename_identifier(
                "label <> 'label' AND \"label\" > lower(label)",
                "label",
                "title"
            ),
            "title <> 'label' AND title > lower(title)"
        );
        assert_eq!(rename_identifier("a = 1", "a", "B c"), "\"B c\" = 1");
    }

    #[test]
    fn equal_expressions() {
        assert!(same_expression("(a > 0)", "A  >  0"));
        assert!(!same_expression("a > 0", "a > 1"));
        assert!(!same_expression("(a) + (b)", "a) + (b"));
    }

    proptest! {
        #[test]
        fn tokens_cover_any_text(text in "\\PC{0,60}") {
            let all = tokens(&text);
            for token in &all {
                prop_assert_eq!(text.get(token.start..token.start + token.text.len()), Some(token.text));
            }
            let _ = implies_not_null(&text, "a");
            let _ = rename_identifier(&text, "a", "b");
            let _ = expression_volatility(&text, &Catalog::new(Dialect::Postgresql));
        }
    }
}
