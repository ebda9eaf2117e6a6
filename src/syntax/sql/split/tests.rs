use proptest::prelude::*;

use super::*;

fn pieces(sql: &str, dialect: Dialect) -> Vec<Piece> {
    split(sql, Span::new(0, sql.len()), dialect)
}

fn check(dialect: Dialect, sql: &str, expected: &[&str]) {
    let texts: Vec<_> = pieces(sql, dialect)
        .iter()
        .map(|piece| &sql[piece.span.range()])
        .collect();
    assert_eq!(texts, expected, "{sql}");
}

#[test]
fn semicolons_in_quotes_comments_and_bodies_do_not_end_a_statement() {
    let pg = Dialect::Postgresql;
    check(pg, " a ; b;;\n-- c;\n", &["a", "b"]);
    check(
        pg,
        "a ';' \";\" /* ; /* ; */ */ b; c",
        &["a ';' \";\" /* ; /* ; */ */ b", "c"],
    );
    check(pg, "DO $a$ b; $$;$$ $a$; c", &["DO $a$ b; $$;$$ $a$", "c"]);
    check(
        pg,
        "CREATE RULE r AS ON INSERT TO t DO (a; b); c",
        &["CREATE RULE r AS ON INSERT TO t DO (a; b)", "c"],
    );
    check(
        pg,
        "CREATE TABLE a (b int; SELECT 1",
        &["CREATE TABLE a (b int", "SELECT 1"],
    );
    check(
        pg,
        "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END; c",
        &[
            "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END",
            "c",
        ],
    );
    check(pg, "BEGIN; a; END; b", &["BEGIN", "a", "END", "b"]);
    check(
        Dialect::Sqlite,
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = 1; DELETE FROM [c;d]; END; e",
        &[
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = 1; DELETE FROM [c;d]; END",
            "e",
        ],
    );
}

#[test]
fn mysql_routines_end_with_or_without_delimiter() {
    let my = Dialect::Mysql;
    check(
        my,
        "DELIMITER //\nCREATE PROCEDURE p() BEGIN a; b; END//\nDELIMITER ;\nc; d",
        &["CREATE PROCEDURE p() BEGIN a; b; END", "c", "d"],
    );
    check(
        my,
        "delimiter $$\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN b; END$$\ndelimiter ;",
        &["CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN b; END"],
    );
    check(
        my,
        "CREATE DEFINER=`a`@`%` PROCEDURE p() BEGIN IF x THEN y; END IF; WHILE z DO CASE w WHEN 1 THEN v; END CASE; END WHILE; END; c",
        &[
            "CREATE DEFINER=`a`@`%` PROCEDURE p() BEGIN IF x THEN y; END IF; WHILE z DO CASE w WHEN 1 THEN v; END CASE; END WHILE; END",
            "c",
        ],
    );
    check(
        my,
        "/*!40101 SET a=1 */; # b;\nc",
        &["/*!40101 SET a=1 */", "c"],
    );
}

#[test]
fn a_routine_that_never_ends_hides_nothing() {
    check(
        Dialect::Postgresql,
        "CREATE FUNCTION f() BEGIN ATOMIC a; b; c",
        &["CREATE FUNCTION f() BEGIN ATOMIC a", "b", "c"],
    );
}

#[test]
fn lines_for_psql_and_data_are_pieces_of_their_own() {
    let sql = "\\set x 1\nSELECT 1 \\gexec\nCOPY t FROM STDIN;\n1\t;a\n'\n\\.\nSELECT 2; \\;";
    let kinds: Vec<_> = pieces(sql, Dialect::Postgresql)
        .iter()
        .map(|piece| (piece.kind, &sql[piece.span.range()]))
        .collect();
    assert_eq!(
        kinds,
        [
            (PieceKind::MetaCommand, "\\set x 1"),
            (PieceKind::Statement, "SELECT 1"),
            (PieceKind::MetaCommand, "\\gexec"),
            (PieceKind::Statement, "COPY t FROM STDIN"),
            (PieceKind::CopyData, "1\t;a\n'\n\\."),
            (PieceKind::Statement, "SELECT 2"),
            (PieceKind::Statement, "\\"),
        ]
    );
}

#[test]
fn a_part_of_a_text_is_cut_with_offsets_of_the_whole() {
    let sql = "a; b; c; d";
    let part = split(sql, Span::new(3, 8), Dialect::Postgresql);
    let texts: Vec<_> = part.iter().map(|p| &sql[p.span.range()]).collect();
    assert_eq!(texts, ["b", "c"]);
}

proptest! {
    #[test]
    fn pieces_and_trivia_cover_any_text(
        parts in proptest::collection::vec(prop_oneof![
            Just("CREATE FUNCTION f() "), Just("BEGIN ATOMIC "), Just("BEGIN "), Just("END"), Just("CASE "), Just(";"), Just("; "),
            Just("\n"), Just("COPY t FROM STDIN"), Just("\\.\n"), Just("\\x"), Just("DELIMITER //\n"), Just("//"), Just("$$"), Just("'"),
            Just("CREATE RULE r DO ("), Just(")"), Just("-- c\n"), Just("/*"), Just("*/"), Just("é "), Just("{{ a }}"), Just("CREATE TRIGGER t "),
        ], 0..24),
        dialect in 0..4_usize,
    ) {
        let sql = parts.concat();
        let dialect = [Dialect::Postgresql, Dialect::Mysql, Dialect::Sqlite, Dialect::Generic][dialect];
        let mut at = 0;
        for piece in pieces(&sql, dialect) {
            let range = piece.span.range();
            prop_assert!(range.start >= at && range.end > range.start, "{:?}", piece);
            check_trivia(&sql, at, range.start, dialect)?;
            at = range.end;
        }
        check_trivia(&sql, at, sql.len(), dialect)?;
    }
}

/// Between statements there is nothing that a database would read.
fn check_trivia(
    sql: &str,
    start: usize,
    end: usize,
    dialect: Dialect,
) -> Result<(), TestCaseError> {
    let gap = &sql[start..end];
    if dialect == Dialect::Mysql && sql.contains("DELIMITER") {
        return Ok(());
    }
    for token in Lexer::whole(gap, dialect) {
        prop_assert!(
            token.is_trivia() || token.is_mark(gap, b';'),
            "{:?} in {:?} of {:?}",
            token.text(gap),
            gap,
            sql
        );
    }
    Ok(())
}
