//! Pieces of SQL in one spelling, so that equal expressions are equal texts.

use super::operation::Dialect;
use super::token::{Lexer, Token, TokenKind};

/// `sql` without comments, with unquoted words in lower case and white space that follows from the tokens alone.
pub(super) fn normalise(sql: &str, dialect: Dialect) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut before: Option<Shape> = None;
    for token in Lexer::whole(sql, dialect) {
        if token.is_trivia() {
            continue;
        }
        let text = token.text(sql);
        let shape = shape(&token, text, before);
        if before.is_some_and(|before| apart(before, shape)) {
            out.push(' ');
        }
        let from = out.len();
        out.push_str(text);
        if token.kind == TokenKind::Word
            && let Some(word) = out.get_mut(from..)
        {
            word.make_ascii_lowercase();
        }
        before = Some(shape);
    }
    out
}

/// What a token is to the tokens beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A name, a literal, a word behind which a parenthesis holds arguments.
    Operand,
    /// A word behind which a parenthesis holds something else.
    Keyword,
    Open,
    Close,
    Comma,
    /// `.` and `::`, which bind without spaces.
    Tight,
    /// `[`, which binds to what it indexes.
    Index,
    Infix,
    Prefix,
}

fn shape(token: &Token, text: &str, before: Option<Shape>) -> Shape {
    match token.kind {
        TokenKind::Punctuation => match text {
            "(" => Shape::Open,
            "[" => Shape::Index,
            ")" | "]" => Shape::Close,
            "," | ";" => Shape::Comma,
            _ => Shape::Tight,
        },
        TokenKind::Operator if text == "::" => Shape::Tight,
        // `SELECT *` and `count(*)`: nothing is multiplied.
        TokenKind::Operator
            if text == "*" && !matches!(before, Some(Shape::Operand | Shape::Close)) =>
        {
            Shape::Operand
        }
        TokenKind::Operator => match before {
            Some(Shape::Operand | Shape::Close) => Shape::Infix,
            _ => Shape::Prefix,
        },
        TokenKind::Word if is_followed_by_a_space(text) => Shape::Keyword,
        _ => Shape::Operand,
    }
}

fn apart(left: Shape, right: Shape) -> bool {
    use Shape::{Close, Comma, Index, Keyword, Open, Operand, Prefix, Tight};
    !matches!(
        (left, right),
        (Open | Tight | Index | Prefix, _)
            | (_, Close | Comma | Tight)
            | (Operand | Close, Open | Index)
            | (Keyword, Index)
    )
}

/// Words that are followed by a parenthesis and do not call it.
fn is_followed_by_a_space(word: &str) -> bool {
    const WORDS: [&str; 27] = [
        "all",
        "and",
        "as",
        "between",
        "by",
        "case",
        "check",
        "else",
        "except",
        "filter",
        "from",
        "in",
        "intersect",
        "is",
        "like",
        "not",
        "on",
        "or",
        "over",
        "select",
        "then",
        "to",
        "using",
        "values",
        "when",
        "where",
        "with",
    ];
    word.len() <= 9 && WORDS.iter().any(|w| w.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, expected: &str) {
        assert_eq!(normalise(sql, Dialect::Postgresql), expected);
    }

    #[test]
    fn one_spelling() {
        check("a>0  AND( b<=- 1)", "a > 0 and (b <= -1)");
        check("NOW ( )", "now()");
        check(
            "nextval( 'A_seq' :: regclass )",
            "nextval('A_seq'::regclass)",
        );
        check("\"A\" . b [ 1 ]", "\"A\".b[1]");
        check("x IN(1,2)", "x in (1, 2)");
        check("a /* c */ || -- d\n 'E'", "a || 'E'");
        check("SELECT  *FROM a", "select * from a");
        check("COUNT(*) FILTER(WHERE x)", "count(*) filter (where x)");
        check("- 1 + (- b)", "-1 + (-b)");
        check("ARRAY[ 'a', 'b' ] :: text[]", "array['a', 'b']::text[]");
    }
}
