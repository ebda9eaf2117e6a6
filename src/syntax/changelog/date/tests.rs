use super::*;

#[test]
fn finds_dates() {
    let check = |text: &str, written: &str, day: &str, iso: bool| {
        let found = find(text).unwrap_or_else(|| panic!("nothing in {text}"));
        assert_eq!(&text[found.range.clone()], written, "{text}");
        let read = found.day.map(|day| day.to_string()).unwrap_or_default();
        assert_eq!((read.as_str(), found.iso), (day, iso), "{text}");
    };
    check(" - 2026-01-31", "2026-01-31", "2026-01-31", true);
    check("(2026-01-31T10:00:00Z)", "2026-01-31", "2026-01-31", true);
    check("– 2024-02-29 [YANKED]", "2024-02-29", "2024-02-29", true);
    check(" - 2023-02-29", "2023-02-29", "", false);
    check(" - 2026-13-01", "2026-13-01", "", false);
    check(" - 2026-1-31", "2026-1-31", "2026-01-31", false);
    check("(2026/01/31)", "2026/01/31", "2026-01-31", false);
    check("(2026.01.31)", "2026.01.31", "2026-01-31", false);
    check("31.01.2026", "31.01.2026", "2026-01-31", false);
    check("01/31/2026", "01/31/2026", "2026-01-31", false);
    check("01/02/2026", "01/02/2026", "", false);
    check("02/02/2026", "02/02/2026", "2026-02-02", false);
    check("20260131", "20260131", "2026-01-31", false);
    check("(2026-01)", "2026-01", "", false);
    check("(Jan 2, 2026)", "Jan 2, 2026", "2026-01-02", false);
    check("(May 30th, 2024)", "May 30th, 2024", "2024-05-30", false);
    check(
        "(December 18, 2025)",
        "December 18, 2025",
        "2025-12-18",
        false,
    );
    check("— 2 January 2026", "2 January 2026", "2026-01-02", false);
    check(
        "2nd of Sept. 2026",
        "2nd of Sept. 2026",
        "2026-09-02",
        false,
    );
    check("02-Jan-2026", "02-Jan-2026", "2026-01-02", false);
    check("2026-Jan-02", "2026-Jan-02", "2026-01-02", false);
    check("2026 Jan 2", "2026 Jan 2", "2026-01-02", false);
    check("February 30, 2026", "February 30, 2026", "", false);
    check("(January 2026)", "January 2026", "", false);
    check("(Unreleased)", "Unreleased", "", false);
    check("- TBD", "TBD", "", false);
    check("YYYY-MM-DD", "YYYY-MM-DD", "", false);
    check("2026-XX-XX", "2026-XX-XX", "", false);
    check("not yet released", "not yet released", "", false);
    check(
        "unreleased, was 2026-01-31",
        "2026-01-31",
        "2026-01-31",
        true,
    );
}

#[test]
fn leaves_the_rest_alone() {
    for text in [
        "",
        "The Grape Release",
        "2 casks",
        "May",
        "1.2.3",
        "may contain 3 bugs",
        "#1234",
        "12345678901",
        "99999999",
        "march of the 20 casks",
        "é 2026",
    ] {
        assert_eq!(find(text), None, "{text}");
    }
}
