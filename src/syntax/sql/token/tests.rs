use proptest::prelude::*;

use super::*;
use crate::syntax::sql::operation::Dialect;

fn check(dialect: Dialect, sql: &str, expected: &[(TokenKind, &str)]) {
    let tokens: Vec<_> = Lexer::whole(sql, dialect)
        .filter(|t| t.kind != TokenKind::Space)
        .map(|t| (t.kind, t.text(sql)))
        .collect();
    assert_eq!(tokens, expected, "{sql}");
}

#[test]
fn quotes_follow_the_dialect() {
    use TokenKind::{Operator, QuotedName, String, Word};
    let pg = Dialect::Postgresql;
    check(pg, r"'a\' b", &[(String, r"'a\'"), (Word, "b")]);
    check(pg, r"E'a\'b'", &[(String, r"E'a\'b'")]);
    check(pg, "'a''b'", &[(String, "'a''b'")]);
    check(pg, "\"a\"\"b\"", &[(QuotedName, "\"a\"\"b\"")]);
    check(pg, "U&\"d\\0061t\"", &[(QuotedName, "U&\"d\\0061t\"")]);
    check(pg, "`a", &[(Operator, "`"), (Word, "a")]);
    let my = Dialect::Mysql;
    check(my, r"'a\'b'", &[(String, r"'a\'b'")]);
    check(my, r#""a\"b""#, &[(String, r#""a\"b""#)]);
    check(my, "`a;b`", &[(QuotedName, "`a;b`")]);
    check(
        Dialect::Sqlite,
        "[a ; b] `c`",
        &[(QuotedName, "[a ; b]"), (QuotedName, "`c`")],
    );
}

#[test]
fn comments_follow_the_dialect() {
    use TokenKind::{BlockComment, Executable, LineComment, Number, Operator, Word};
    let nested = "/* a /* b */ c */ d";
    check(
        Dialect::Postgresql,
        nested,
        &[(BlockComment, "/* a /* b */ c */"), (Word, "d")],
    );
    check(
        Dialect::Sqlite,
        nested,
        &[
            (BlockComment, "/* a /* b */"),
            (Word, "c"),
            (Operator, "*/"),
            (Word, "d"),
        ],
    );
    check(
        Dialect::Mysql,
        "/*!40101 SET x */ # y",
        &[(Executable, "/*!40101 SET x */"), (LineComment, "# y")],
    );
    check(
        Dialect::Mysql,
        "1--1 -- c",
        &[
            (Number, "1"),
            (Operator, "-"),
            (Operator, "-"),
            (Number, "1"),
            (LineComment, "-- c"),
        ],
    );
    check(
        Dialect::Postgresql,
        "1--1\r\n2",
        &[(Number, "1"), (LineComment, "--1"), (Number, "2")],
    );
}

#[test]
fn dollars_are_quotes_parameters_or_parts_of_words() {
    use TokenKind::{DollarString, Parameter, Template, Unknown, Word};
    let pg = Dialect::Postgresql;
    check(pg, "$$a;$b$$", &[(DollarString, "$$a;$b$$")]);
    check(
        pg,
        "$f$ $$ $f$ x",
        &[(DollarString, "$f$ $$ $f$"), (Word, "x")],
    );
    check(pg, "a$b$ $1", &[(Word, "a$b$"), (Parameter, "$1")]);
    check(pg, "$ a", &[(Unknown, "$"), (Word, "a")]);
    check(pg, "${x}", &[(Template, "${x}")]);
}

#[test]
fn operators_do_not_run_into_comments_or_signs() {
    use TokenKind::{Number, Operator, Punctuation, Word};
    let pg = Dialect::Postgresql;
    check(
        pg,
        "a=-1",
        &[(Word, "a"), (Operator, "="), (Operator, "-"), (Number, "1")],
    );
    check(pg, "a@-b", &[(Word, "a"), (Operator, "@-"), (Word, "b")]);
    check(
        pg,
        "a::int",
        &[(Word, "a"), (Operator, "::"), (Word, "int")],
    );
    check(
        pg,
        "1..10",
        &[(Number, "1"), (Punctuation, ".."), (Number, "10")],
    );
    check(pg, "1.5e-3", &[(Number, "1.5e-3")]);
}

#[test]
fn psql_lines_and_templates_are_told_apart() {
    use TokenKind::{Meta, Template, Word};
    check(
        Dialect::Postgresql,
        "\\set a 'b\nc {{ .x }}",
        &[(Meta, "\\set a 'b"), (Word, "c"), (Template, "{{ .x }}")],
    );
}

#[test]
fn deep_comments_and_unclosed_quotes_end_with_the_text() {
    let deep = "/*".repeat(100_000);
    let tokens: Vec<_> = Lexer::whole(&deep, Dialect::Postgresql).collect();
    assert_eq!(tokens.len(), 1);
    assert!(!tokens[0].closed);
    for open in ["'a", "\"a", "$$a", "/* a", "E'\\"] {
        let last = Lexer::whole(open, Dialect::Postgresql).last().unwrap();
        assert!(!last.closed, "{open}");
        assert_eq!(last.end, open.len(), "{open}");
    }
}

proptest! {
    #[test]
    fn tokens_cover_any_text(text in "\\PC{0,60}|[-a-zE'\"`$\\\\{}/*;#\\[\\]\n\r é]{0,60}", dialect in 0..4_usize) {
        let dialect = [Dialect::Postgresql, Dialect::Mysql, Dialect::Sqlite, Dialect::Generic][dialect];
        let mut at = 0;
        for token in Lexer::whole(&text, dialect) {
            prop_assert_eq!(token.start, at);
            prop_assert!(token.end > token.start);
            prop_assert!(text.is_char_boundary(token.end));
            at = token.end;
        }
        prop_assert_eq!(at, text.len());
    }
}
