//! Tests of all of SQL parsing: what it gives for each kind of statement, and what it does with input that is meant to hurt.

mod lowering;
mod render;

use proptest::prelude::*;

use super::operation::{Action, Dialect, OpaqueReason};
use super::*;

const DIALECTS: [Dialect; 4] = [
    Dialect::Postgresql,
    Dialect::Mysql,
    Dialect::Sqlite,
    Dialect::Generic,
];

/// Runs where an overflow would be seen: on a thread with the stack that spawned threads have.
fn on_a_small_stack<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(f)
        .unwrap()
        .join()
        .unwrap()
}

/// The statement is opaque for `reason` in all dialects, and the one behind it is found.
fn check_refused(name: &str, sql: String, reason: OpaqueReason) {
    let name = name.to_owned();
    on_a_small_stack(move || {
        for dialect in DIALECTS {
            let text = format!("{sql};\nDROP TABLE casks;");
            let parsed = parse(&text, dialect);
            assert_eq!(parsed.value.len(), 2, "{name} {dialect:?}");
            let Action::Opaque { reason: found, .. } = &parsed.value[0].operations[0].action else {
                panic!("{name} {dialect:?}: not opaque");
            };
            assert_eq!(*found, reason, "{name} {dialect:?}");
            let last = &parsed.value[1].operations[0].action;
            assert!(
                matches!(last, Action::Drop { .. }),
                "{name} {dialect:?}: {last:?}"
            );
        }
    });
}

#[test]
fn what_is_nested_too_deep_is_opaque_and_hides_nothing() {
    let select = "SELECT ".to_owned();
    for (name, sql) in [
        (
            "parentheses",
            select.clone() + &"(".repeat(10_000) + "1" + &")".repeat(10_000),
        ),
        ("not", select.clone() + &"NOT ".repeat(10_000) + "a"),
        ("minus", select.clone() + &"- ".repeat(10_000) + "1"),
        (
            "case",
            select.clone() + &"CASE WHEN a THEN ".repeat(5_000) + &"END ".repeat(5_000),
        ),
        (
            "concatenation",
            select.clone() + &"'a'||".repeat(50_000) + "'a'",
        ),
        (
            "and",
            "SELECT a FROM b WHERE ".to_owned() + &"a=1 AND ".repeat(50_000) + "a",
        ),
        (
            "sub-selects",
            "(SELECT ".repeat(10_000) + "1" + &")".repeat(10_000),
        ),
        (
            "union",
            "SELECT 1".to_owned() + &" UNION SELECT 1".repeat(50_000),
        ),
        (
            "join",
            "SELECT 1 FROM a".to_owned() + &" JOIN a ON b".repeat(50_000),
        ),
    ] {
        check_refused(name, sql, OpaqueReason::TooComplex);
    }
}

#[test]
fn what_the_guard_lets_pass_is_parsed_on_a_small_stack() {
    for sql in [
        format!("SELECT {}1{}", "(".repeat(190), ")".repeat(190)),
        format!("SELECT {}1", "- ".repeat(950)),
        format!("SELECT {}a", "NOT ".repeat(950)),
        format!("SELECT {}'a'", "'a'||".repeat(950)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(950)),
        format!("SELECT 1 FROM a{}", " JOIN a ON b".repeat(950)),
        format!("SELECT a{}", "[1]".repeat(950)),
        format!("SELECT a{}", "::int".repeat(950)),
        format!(
            "SELECT {}1{}",
            "CASE WHEN a THEN ".repeat(190),
            " END".repeat(190)
        ),
        format!("{}SELECT 1{}", "(".repeat(190), ")".repeat(190)),
        format!(
            "DO $$ BEGIN PERFORM {}1{}; END $$",
            "(".repeat(180),
            ")".repeat(180)
        ),
        format!(
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT {}1{}'",
            "(".repeat(190),
            ")".repeat(190)
        ),
    ] {
        on_a_small_stack(move || {
            let parsed = parse(&sql, Dialect::Postgresql);
            assert_eq!(parsed.errors, [], "{}", &sql[..60]);
            let operations = &parsed.value[0].operations;
            let opaque = operations
                .iter()
                .any(|o| matches!(o.action, Action::Opaque { .. }));
            assert!(!opaque, "{}: {:?}", &sql[..60], operations[0]);
        });
    }
}

#[test]
fn bodies_are_guarded_too() {
    let deep = format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000));
    for sql in [
        format!("DO $$ BEGIN PERFORM {deep}; END $$"),
        format!("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT {deep}'"),
        format!("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT {deep} $$"),
        format!("DO $$ BEGIN EXECUTE 'SELECT {deep}'; END $$"),
        format!("DO $$ BEGIN {} END $$", "IF a THEN ".repeat(10_000)),
        format!(
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS E'SELECT {}1'",
            "\\x28".repeat(10_000)
        ),
    ] {
        on_a_small_stack(move || {
            let parsed = parse(&sql, Dialect::Postgresql);
            let refused = parsed.value[0].operations.iter().any(|o| {
                matches!(
                    o.action,
                    Action::Opaque {
                        reason: OpaqueReason::TooComplex,
                        ..
                    }
                )
            });
            assert!(refused, "{}", &sql[..60]);
        });
    }
}

#[test]
fn what_never_closes_is_an_error_where_it_opens() {
    for (sql, at, message) in [
        (
            "SELECT 1;\n/*",
            10,
            "the comment that begins here is not closed",
        ),
        (
            "SELECT 'a;\n",
            7,
            "the string that begins here is not closed",
        ),
        (
            "SELECT \"a;\n",
            7,
            "the quoted name that begins here is not closed",
        ),
        (
            "DO $a$ b;",
            3,
            "the dollar-quoted string that begins here is not closed",
        ),
    ] {
        let parsed = parse(sql, Dialect::Postgresql);
        assert_eq!(parsed.errors.len(), 1, "{sql}");
        assert_eq!(parsed.errors[0].span.start, at, "{sql}");
        assert_eq!(parsed.errors[0].message, message, "{sql}");
    }
    let comments = "/*".repeat(100_000);
    assert_eq!(parse(&comments, Dialect::Postgresql).errors.len(), 1);
}

#[test]
fn a_broken_statement_hides_neither_neighbour() {
    for dialect in DIALECTS {
        let sql = "DROP TABLE a; ALTER TABEL b; DROP TABLE c;";
        let parsed = parse(sql, dialect);
        let texts: Vec<_> = parsed.value.iter().map(|s| &sql[s.span.range()]).collect();
        assert_eq!(
            texts,
            ["DROP TABLE a", "ALTER TABEL b", "DROP TABLE c"],
            "{dialect:?}"
        );
        assert_eq!(parsed.errors.len(), 1, "{dialect:?}");
        let at = parsed.errors[0].span.start;
        assert!((14..=27).contains(&at), "{dialect:?}: {at}");
        assert!(matches!(
            parsed.value[1].operations[0].action,
            Action::Opaque {
                reason: OpaqueReason::SyntaxError,
                ..
            }
        ));
    }
}

#[test]
fn a_part_of_a_text_has_offsets_of_the_whole() {
    let sql = "DROP TABLE a;\n-- down\nDROP TABLE b, ;";
    let parsed = parse_range(sql, Span::new(14, sql.len()), Dialect::Postgresql);
    assert_eq!(parsed.value.len(), 1);
    assert_eq!(&sql[parsed.value[0].span.range()], "DROP TABLE b,");
    assert!(parsed.errors[0].span.start >= 33);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_words_give_statements_with_spans_in_order(
        words in proptest::collection::vec(prop_oneof![
            "[a-z]{1,3}", Just("CREATE".into()), Just("TABLE".into()), Just("ALTER".into()), Just("DROP".into()), Just("COLUMN".into()),
            Just("INDEX".into()), Just("ON".into()), Just("ADD".into()), Just("CONSTRAINT".into()), Just("CHECK".into()), Just("(".into()), Just(")".into()),
            Just(",".into()), Just(";".into()), Just("int".into()), Just("NOT".into()), Just("NULL".into()), Just("DEFAULT".into()), Just("'é'".into()),
            Just("\"q\"".into()), Just("DO".into()), Just("$$ BEGIN PERFORM f(); END $$".into()), Just("SELECT".into()), Just("FROM".into()),
            Just("FUNCTION".into()), Just("LANGUAGE".into()), Just("sql".into()), Just("AS".into()), Just("'SELECT ''1'''".into()), Just("RETURNS".into()),
            Just("IF".into()), Just("EXISTS".into()), Just("TYPE".into()), Just("RENAME".into()), Just("TO".into()), Just("SET".into()), Just("=".into()),
            Just("U&'\\0041' UESCAPE '!'".into()), Just("E'\\u00'".into()), Just("{{x}}".into()), Just("\\x".into()), Just(".".into()), Just("*".into()),
            Just("EXECUTE".into()), Just("VIEW".into()), Just("TRIGGER".into()), Just("BEGIN".into()), Just("ATOMIC".into()), Just("END".into()),
            Just("INSERT".into()), Just("INTO".into()), Just("VALUES".into()), Just("UPDATE".into()), Just("DELETE".into()), Just("PARTITION".into()),
        ], 0..14),
        dialect in 0..4_usize,
    ) {
        let sql = words.join(" ");
        let parsed = parse(&sql, DIALECTS[dialect]);
        let mut at = 0;
        for statement in &parsed.value {
            prop_assert!(statement.span.start >= at);
            at = statement.span.end;
            prop_assert!(!statement.operations.is_empty());
            for operation in &statement.operations {
                let span = operation.span;
                prop_assert!(span.start >= statement.span.start && span.end <= statement.span.end, "{:?}", operation);
                prop_assert!(sql.get(span.range()).is_some(), "{:?}", operation);
            }
        }
        for error in &parsed.errors {
            prop_assert!(error.span.end as usize <= sql.len());
        }
    }

    #[test]
    fn any_text_is_parsed(sql in "\\PC{0,80}|[-a-zA-Z0-9 ();,.'\"$*=\\\\\n]{0,80}", dialect in 0..4_usize) {
        let parsed = parse(&sql, DIALECTS[dialect]);
        prop_assert!(parsed.value.iter().all(|s| !s.operations.is_empty()));
        let _ = token_digest(&sql, DIALECTS[dialect]);
    }
}

/// Each of these would take minutes if the time grew with the square of the length.
#[test]
fn long_input_is_read_to_its_end() {
    let megabyte = 1024 * 1024;
    let row = "(1, 'Merlot', NULL, 3.5), ";
    let garbage: String = (0..megabyte / 16)
        .map(|i: usize| char::from(b' ' + u8::try_from(i * 7919 % 95).unwrap()))
        .collect();
    for (name, sql, statements) in [
        (
            "rows",
            format!("INSERT INTO casks VALUES {}(1)", row.repeat(20_000)),
            Some(1),
        ),
        (
            "dump",
            "INSERT INTO casks (id, label) VALUES (1, 'Merlot');\n".repeat(1_000),
            Some(1_000),
        ),
        (
            "columns",
            format!(
                "CREATE TABLE a ({}z int)",
                (0..3_000)
                    .map(|i| format!("c{i} int, "))
                    .collect::<String>()
            ),
            Some(1),
        ),
        (
            "names",
            format!(
                "SELECT f({}1)",
                (0..10_000).map(|i| format!("c{i}, ")).collect::<String>()
            ),
            Some(1),
        ),
        ("placeholders", "{{".repeat(megabyte / 4), Some(1)),
        ("dollars", "$a".repeat(megabyte / 4), Some(1)),
        (
            "body",
            format!("DO $$ BEGIN {} END $$", "a [ ; ".repeat(5_000)),
            None,
        ),
        (
            "routines",
            "CREATE FUNCTION f() BEGIN ATOMIC a; ".repeat(1_000),
            None,
        ),
        ("garbage", garbage, None),
    ] {
        for dialect in [Dialect::Postgresql, Dialect::Mysql] {
            let parsed = parse(&sql, dialect);
            if let Some(statements) = statements {
                assert_eq!(parsed.value.len(), statements, "{name} {dialect:?}");
            }
        }
    }
}
