use proptest::prelude::*;

use super::*;

fn show(body: &str) -> Vec<String> {
    parts(body)
        .into_iter()
        .map(|part| match part {
            Part::Sql { start, text } => {
                assert!(start + text.len() <= body.len());
                format!(
                    "sql {}",
                    text.split_whitespace().collect::<Vec<_>>().join(" ")
                )
            }
            Part::Expression { text, .. } => format!("expression {text}"),
            Part::Execute { constant, .. } => match constant {
                Some(constant) => format!("run {}", constant.text),
                None => "dynamic".to_owned(),
            },
        })
        .collect()
}

fn check(body: &str, expected: &[&str]) {
    assert_eq!(show(body), expected, "{body}");
}

#[test]
fn whatever_is_evaluated_is_found() {
    check(
        "BEGIN RAISE NOTICE '% (,) %', f(1, 2), g() USING HINT = h(), DETAIL := 'x'; RAISE; RAISE unique_violation; END",
        &[
            "expression f(1, 2), g()",
            "expression h()",
            "expression 'x'",
        ],
    );
    check("BEGIN ASSERT f(), 'no'; END", &["expression f(), 'no'"]);
    check(
        "BEGIN LOOP EXIT outer WHEN f(); CONTINUE WHEN g(); EXIT; END LOOP; END",
        &["expression f()", "expression g()"],
    );
    check(
        "DECLARE c NO SCROLL CURSOR (k int) FOR SELECT f(); d refcursor; BEGIN OPEN c(k := g()); FOR r IN c(h()) LOOP END LOOP; END",
        &[
            "sql SELECT f()",
            "expression (k =  g())",
            "expression (h())",
        ],
    );
}

#[test]
fn statements_are_found_in_all_branches() {
    check(
        "BEGIN IF NOT EXISTS (SELECT 1 FROM a) THEN CREATE TABLE a (b int); ELSE DROP TABLE c; END IF; END",
        &[
            "expression NOT EXISTS (SELECT 1 FROM a)",
            "sql CREATE TABLE a (b int)",
            "sql DROP TABLE c",
        ],
    );
    check(
        "DECLARE x int := f(1); r record; BEGIN FOR r IN SELECT a FROM b LOOP UPDATE c SET d = r.a; END LOOP; END;",
        &[
            "expression f(1)",
            "sql SELECT a FROM b",
            "sql UPDATE c SET d = r.a",
        ],
    );
    check(
        "<<l>> BEGIN DROP TABLE IF EXISTS a; EXCEPTION WHEN others THEN RAISE NOTICE 'x'; DELETE FROM b; END",
        &[
            "sql DROP TABLE IF EXISTS a",
            "expression others",
            "sql DELETE FROM b",
        ],
    );
    check(
        "BEGIN CASE a WHEN 1 THEN PERFORM f(); ELSE x := CASE WHEN y THEN 1 END; END CASE; RETURN NEW; END",
        &[
            "expression a",
            "expression 1",
            "sql SELECT f()",
            "expression CASE WHEN y THEN 1 END",
            "expression NEW",
        ],
    );
    check(
        "BEGIN FOR i IN REVERSE 10..g(1) BY 2 LOOP NULL; END LOOP; WHILE a < b LOOP CALL p(); END LOOP; END",
        &[
            "expression 10, g(1) ,  2",
            "expression a < b",
            "sql CALL p()",
        ],
    );
}

#[test]
fn targets_are_no_part_of_the_statement() {
    check(
        "BEGIN SELECT a, b INTO STRICT x, y.z[1] FROM c; END",
        &["sql SELECT a, b FROM c"],
    );
    check(
        "BEGIN SELECT INTO r * FROM c; END",
        &["sql SELECT * FROM c"],
    );
    check(
        "BEGIN INSERT INTO a VALUES (1) RETURNING b INTO c; END",
        &["sql INSERT INTO a VALUES (1) RETURNING b"],
    );
}

#[test]
fn constants_that_are_executed_are_read() {
    check("BEGIN EXECUTE 'DROP TABLE a'; END", &["run DROP TABLE a"]);
    check(
        "BEGIN EXECUTE format($f$ALTER TABLE a SET (b = '10%%')$f$); END",
        &["run ALTER TABLE a SET (b = '10%')"],
    );
    check(
        "BEGIN EXECUTE 'DROP TABLE ' || 'a' USING b; EXECUTE 'x''y' INTO z; END",
        &["run DROP TABLE a", "run x'y"],
    );
    check(
        "BEGIN EXECUTE 'DROP TABLE ' || quote_ident(t); EXECUTE format('DROP TABLE %I', t); RETURN QUERY EXECUTE q; END",
        &["dynamic", "dynamic", "dynamic"],
    );
    check(
        "BEGIN FOR r IN EXECUTE q LOOP NULL; END LOOP; END",
        &["dynamic"],
    );
}

proptest! {
    #[test]
    fn any_text_is_scanned(words in proptest::collection::vec(prop_oneof![
        Just("BEGIN"), Just("END"), Just("IF"), Just("THEN"), Just("LOOP"), Just("FOR"), Just("IN"), Just("CASE"), Just("WHEN"),
        Just(";"), Just("INTO"), Just("STRICT"), Just("a"), Just("."), Just(","), Just("["), Just("]"), Just("("), Just(":="), Just("SELECT"),
        Just("EXECUTE"), Just("'é'"), Just("$$x$$"), Just("||"), Just(".."), Just("RETURN"), Just("QUERY"), Just("PERFORM"), Just("DECLARE"),
        Just("OPEN"), Just("é"), Just("<<"), Just("#"), Just("format"), Just("BY"), Just("REVERSE"),
    ], 0..30)) {
        let body = words.join(" ");
        for part in parts(&body) {
            if let Part::Sql { start, text } | Part::Expression { start, text } = part {
                prop_assert!(start + text.len() <= body.len());
            }
        }
    }
}
