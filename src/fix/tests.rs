use proptest::prelude::*;

use super::*;
use crate::source::Span;

/// Applies edits of one file, each a fix of its own: the text afterwards and how many of them are in it.
fn check(text: &str, edits: &[(usize, usize, &str)]) -> (String, usize) {
    let mut sources = Sources::default();
    let source = sources.add("a.sql", "", text);
    let fixes: Vec<Fix> = edits
        .iter()
        .map(|&(start, end, text)| {
            let span = Span::new(start, end);
            Fix::replace(Location { source, span }, text)
        })
        .collect();
    let (files, applied) = mend(&fixes, &sources, |_| false);
    let text = files.get("a.sql").map_or(text, |(_, after)| after.as_str());
    (text.to_owned(), applied)
}

#[test]
fn edits_that_do_not_meet_are_put_together() {
    for (text, edits, expected, applied) in [
        ("abc", vec![], "abc", 0),
        ("abc", vec![(1, 2, "X")], "aXc", 1),
        ("abc", vec![(2, 3, "Z"), (0, 1, "X")], "XbZ", 2),
        ("abc", vec![(1, 1, "X"), (1, 1, "X")], "aXbc", 2),
        ("abc", vec![(1, 1, "X"), (1, 1, "Y")], "aXbc", 1),
        ("abc", vec![(0, 2, "X"), (1, 3, "Y")], "Xc", 1),
        ("abc", vec![(0, 2, "X"), (2, 3, "Y")], "XY", 2),
        ("abc", vec![(3, 3, "!")], "abc!", 1),
        ("abc", vec![(2, 9, "!")], "abc", 0),
        ("aé", vec![(2, 3, "!")], "aé", 0),
    ] {
        assert_eq!(
            check(text, &edits),
            (expected.to_owned(), applied),
            "{text} {edits:?}"
        );
    }
}

#[test]
fn a_fix_is_taken_whole_or_not_at_all() {
    let mut sources = Sources::default();
    let source = sources.add("a.sql", "", "abc");
    let at = |start, end| Location {
        source,
        span: Span::new(start, end),
    };
    let fixes = [
        Fix::replace(at(0, 1), "X").and_add("new.sql", "1"),
        Fix::replace(at(1, 2), "Y").and_add("new.sql", "2"),
        Fix::replace(at(2, 3), "Z").and_add("there.sql", "3"),
        Fix::replace(at(1, 3), "W").and_replace(at(2, 3), "V"),
    ];
    let (files, applied) = mend(&fixes, &sources, |path| path == "there.sql");
    assert_eq!(applied, 1);
    let expected = [("a.sql", Some("abc"), "Xbc"), ("new.sql", None, "1")];
    let expected: Changes = expected
        .map(|(path, before, after)| {
            let before = before.map(str::to_owned);
            (path.to_owned(), (before, after.to_owned()))
        })
        .into();
    assert_eq!(files, expected);
}

#[test]
fn diffs() {
    for (before, after, expected) in [
        (Some("a\nb\n"), "a\nb\n", ""),
        (
            Some("a\nb\n"),
            "a\nc\n",
            "--- a/x.sql\n+++ b/x.sql\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
        ),
        (
            None,
            "a\n",
            "--- /dev/null\n+++ b/x.sql\n@@ -0,0 +1 @@\n+a\n",
        ),
        (
            Some("a"),
            "a\n",
            "--- a/x.sql\n+++ b/x.sql\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n",
        ),
    ] {
        assert_eq!(unified("x.sql", before, after), expected);
    }
}

#[test]
fn names_in_diffs_are_quoted_as_git_does() {
    let check = |path: &str, old: &str, new: &str| {
        let expected = format!("--- {old}\n+++ {new}\n@@ -1 +1 @@\n-a\n+b\n");
        assert_eq!(unified(path, Some("a\n"), "b\n"), expected);
    };
    check("db/a b.sql", "a/db/a b.sql", "b/db/a b.sql");
    check(
        "x\u{1b}[31m\r\n::error::\t.sql",
        r#""a/x\033[31m\r\n::error::\t.sql""#,
        r#""b/x\033[31m\r\n::error::\t.sql""#,
    );
    check("\"é\\", r#""a/\"\303\251\\""#, r#""b/\"\303\251\\""#);
}

proptest! {
    #[test]
    fn any_edits_give_a_text_with_what_they_insert(
        text in "[a-zé\n]{0,40}",
        edits in prop::collection::vec((0usize..45, 0usize..6), 0..8),
    ) {
        let edits: Vec<(usize, usize, &str)> = edits
            .into_iter()
            .map(|(start, length)| (start, start + length, "#"))
            .collect();
        let (after, applied) = check(&text, &edits);
        prop_assert!(after.matches('#').count() <= applied);
        prop_assert_eq!(applied == 0, after == text);
    }
}
