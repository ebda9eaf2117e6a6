use super::*;
use crate::source::Span;

/// One letter for each finding, at the offsets where `X` stands in the text: `s`uppressed or `o`pen; then what the
/// suppressions leave. `X` is the rule `x`.
fn check(text: &str, yaml: bool) -> (String, Vec<String>) {
    let mut sources = Sources::default();
    let source = sources.add(if yaml { "a.yaml" } else { "a.sql" }, "", text);
    let mut suppressions = Suppressions::default();
    if yaml {
        suppressions.add_yaml(source, text, true);
    } else {
        let statements = sql::parse(text, Dialect::Postgresql).value;
        let spans: Vec<Span> = statements.iter().map(|statement| statement.span).collect();
        suppressions.add_sql(source, text, Dialect::Postgresql, &spans);
    }
    let statuses = text
        .match_indices('X')
        .map(|(at, _)| {
            let location = Location {
                source,
                span: Span::new(at, at + 1),
            };
            let mut finding = Finding::at("x", Severity::Warning, location, "wrong");
            suppressions.apply(&mut finding, &sources);
            match finding.status {
                Status::Suppressed => 's',
                Status::Open | Status::Waived => 'o',
            }
        })
        .collect();
    let left = suppressions.finish();
    (
        statuses,
        left.into_iter().map(|finding| finding.rule).collect(),
    )
}

const UNUSED: &str = "unused-suppression";
const NO_REASON: &str = "suppression-without-reason";

#[test]
fn comments_count_for_their_own_statement() {
    let c = "-- relgate: ignore x reason=\"r\"";
    let b = "/* relgate: ignore x reason=\"r\" */";
    for (text, statuses, left) in [
        // Above, behind, inside.
        (format!("{c}\nSELECT X;\nSELECT X;"), "so", vec![]),
        (format!("SELECT X; {c}\nSELECT X;"), "so", vec![]),
        (format!("SELECT X; {c}\nSELECT 1;\nSELECT X;"), "so", vec![]),
        (format!("SELECT 1; {c}\nSELECT X;"), "o", vec![UNUSED]),
        (format!("SELECT 1,\n {c}\n X;\nSELECT X;"), "so", vec![]),
        (format!("SELECT 1,\n X {c}\n;\nSELECT X;"), "so", vec![]),
        (format!("SELECT X\n; {c}\nSELECT X;"), "so", vec![]),
        (format!("SELECT X\n{c}\n;SELECT X;"), "oo", vec![UNUSED]),
        (format!("{b} SELECT X; SELECT X;"), "so", vec![]),
        (format!("SELECT X; {b} SELECT X;"), "so", vec![]),
        (format!("SELECT X; SELECT X; {c}"), "os", vec![]),
        (format!("SELECT X; /* a */ {c}\nSELECT X;"), "so", vec![]),
        (format!("/* a */ {c}\nSELECT X;"), "s", vec![]),
        (
            format!("SELECT X; /* a\n b */ {c}\nSELECT X;"),
            "so",
            vec![],
        ),
        // Comments may stand between, blank lines may not.
        (
            format!("{c}\n-- more\n/* and\nmore */\nSELECT X;"),
            "s",
            vec![],
        ),
        (format!("SELECT 1;\n{c}\n\nSELECT X;"), "o", vec![UNUSED]),
        (
            format!("SELECT 1;\n{c}\n-- more\n\nSELECT X;"),
            "o",
            vec![UNUSED],
        ),
        (format!("{c}\r\nSELECT X;\r\n"), "s", vec![]),
        (format!("SELECT 1;\n{c}"), "", vec![UNUSED]),
        // What only looks like a comment.
        (format!("SELECT '{c}', X;"), "o", vec![]),
        (format!("SELECT '\n{c}\n'; SELECT X;"), "o", vec![]),
        (format!("DO $$ BEGIN {c}\nEND $$;\nSELECT X;"), "o", vec![]),
        (format!("/* {c}\n*/\nSELECT X;"), "o", vec![]),
        (format!("SELECT \"{c}\", X;"), "o", vec![]),
        // Reasons and rules.
        (
            "-- relgate: ignore x\nSELECT X;".to_owned(),
            "o",
            vec![NO_REASON],
        ),
        (
            "-- relgate: ignore reason=\"r\"\nSELECT X;".to_owned(),
            "o",
            vec![NO_REASON],
        ),
        (
            "-- relgate: ignore x, y reason=\"r\"\nSELECT X;".to_owned(),
            "s",
            vec![UNUSED],
        ),
        (
            "-- relgate: ignore y reason=\"r\"\nSELECT X;".to_owned(),
            "o",
            vec![UNUSED],
        ),
        // What begins before the first statement is about the file.
        (format!("-- X\n{c}\n\nSELECT X;"), "so", vec![]),
        (
            format!("-- X\nSELECT X;\n{c}\nSELECT 1;"),
            "oo",
            vec![UNUSED],
        ),
    ] {
        let (actual, new) = check(&text, false);
        assert_eq!(actual, statuses, "{text}");
        assert_eq!(new, left, "{text}");
    }
}

#[test]
fn comments_count_for_their_own_line() {
    let c = "# relgate: ignore x reason=\"r\"";
    for (text, statuses, left) in [
        (format!("a: X {c}\nb: X\n"), "so", vec![]),
        (format!("{c}\na: X\nb: X\n"), "so", vec![]),
        (format!("a:\n  {c}\n  # more\n  b: X\nc: X\n"), "so", vec![]),
        (format!("{c}\n\na: X\n"), "o", vec![UNUSED]),
        (format!("{c}\na: 1 # more\nb: X\n"), "o", vec![UNUSED]),
        (format!("a: |\n  {c}\n  X\n"), "o", vec![]),
        (
            format!("a: \"{c}\"\nb: X\n").replace("\"r\"", "r"),
            "o",
            vec![],
        ),
        (format!("a: X {c}\r\nb: X\r\n"), "so", vec![]),
        (format!("a: X\n{c}"), "o", vec![UNUSED]),
    ] {
        let (actual, new) = check(&text, true);
        assert_eq!(actual, statuses, "{text}");
        assert_eq!(new, left, "{text}");
    }
}

#[test]
fn the_configuration_suppresses_by_path_and_rule() {
    let check = |rules: &[&str], paths: &[&str], reason: &str, reach| {
        let mut sources = Sources::default();
        let source = sources.add("db/legacy/1.sql", "", "text");
        let location = Location {
            source,
            span: Span::new(0, 1),
        };
        let mut suppressions = Suppressions::default();
        suppressions.add_pattern(Pattern {
            rules: rules.iter().map(|&rule| rule.to_owned()).collect(),
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
            reason: reason.to_owned(),
            location,
            reach,
            used: false,
        });
        let mut finding = Finding::at("x", Severity::Warning, location, "wrong");
        suppressions.apply(&mut finding, &sources);
        let left = suppressions.finish();
        (
            finding.status == Status::Suppressed,
            left.first()
                .map(|finding| (finding.rule.clone(), finding.severity)),
        )
    };
    let unused = |severity| Some((UNUSED.to_owned(), severity));
    for (rules, paths, reason, reach, suppressed, left) in [
        (
            vec!["x"],
            vec!["db/legacy/**"],
            "r",
            Reach::Judged,
            true,
            None,
        ),
        (
            vec!["y", "x"],
            vec!["a", "db/**"],
            "r",
            Reach::Judged,
            true,
            None,
        ),
        (
            vec!["x"],
            vec!["db/new/**"],
            "r",
            Reach::NotJudged,
            false,
            None,
        ),
        (
            vec!["y"],
            vec!["db/**"],
            "r",
            Reach::Judged,
            false,
            unused(Severity::Info),
        ),
        (
            vec!["x"],
            vec!["old/**"],
            "r",
            Reach::Nothing,
            false,
            unused(Severity::Warning),
        ),
        (
            vec!["x"],
            vec!["db/**"],
            "",
            Reach::Judged,
            false,
            Some((NO_REASON.to_owned(), Severity::Warning)),
        ),
    ] {
        assert_eq!(
            check(&rules, &paths, reason, reach),
            (suppressed, left),
            "{rules:?} {paths:?}"
        );
    }
}

#[test]
fn many_comments_take_linear_time() {
    let comment = "/* relgate: ignore x reason=\"r\" */";
    for text in [
        format!("{comment}\n").repeat(10_000) + "SELECT X;",
        "SELECT X; ".to_owned() + &comment.repeat(10_000),
        "# relgate: ignore x reason=\"r\"\n".repeat(10_000) + "a: X\n",
    ] {
        let (statuses, _) = check(&text, text.starts_with('#'));
        assert_eq!(statuses, "s");
    }
}
