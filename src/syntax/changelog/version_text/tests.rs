use super::*;

#[test]
fn ends_where_the_version_does() {
    let check = |text: &str, expected: Option<&str>| {
        let found = end(text, 0).map(|end| &text[..end]);
        assert_eq!(found, expected, "{text}");
    };
    for whole in [
        "1.2",
        "1.2.3",
        "1.2.3.4",
        "1.2.3-rc1",
        "1.2.3-rc.1",
        "1.2.3+build.5",
        "1.2.3-rc1+5",
        "4.0.0rc3",
        "4.0.0.rc3",
        "1.2.3b2",
        "1.0.0.Final",
        "2026.01.31",
        "1.2.3-hotfix1",
    ] {
        check(whole, Some(whole));
    }
    check("1.2.3 - 2026-01-31", Some("1.2.3"));
    check("1.2.3-2026-01-31", Some("1.2.3"));
    check("1.2.3]", Some("1.2.3"));
    check("1.2.3:", Some("1.2.3"));
    check("1.2.3.", Some("1.2.3"));
    check("1.2.3-", Some("1.2.3"));
    check("1.2.3\u{2013}x", Some("1.2.3"));
    check("1", None);
    check("2026-01-31", None);
    check("1.2.x", None);
    check("1.2.3abc", None);
    check("1.2%", None);
    check("1.2.3é", None);
    check("", None);
}

#[test]
fn hears_spoken_suffixes() {
    let check =
        |rest: &str, expected: &str| assert_eq!(&rest[..spoken_suffix(rest)], expected, "{rest}");
    check(" RC 1 (2026-01-31)", " RC 1");
    check(" (beta)", " (beta");
    check("] - Release Candidate 2", "] - Release Candidate 2");
    check(" alpha.3", " alpha.3");
    check(" - 2026-01-31", "");
    check(" Betamax", "");
    check(" The beta of all casks", "");
    check("rc1", "");
    check("", "");
}

#[test]
fn knows_the_same_version() {
    for (left, right) in [
        ("1.2.3", "1.2.3"),
        ("1.2.3-rc.1", "1.2.3-rc1"),
        ("1.2.3rc1", "1.2.3-rc1"),
        ("1.2.3 RC 1", "1.2.3-rc1"),
        ("1.2.3 Release Candidate 1", "1.2.3-rc1"),
    ] {
        assert!(same_version(left, right), "{left} {right}");
    }
    for (left, right) in [
        ("1.1.0", "1.1.0-rc3"),
        ("1.1.0-rc3", "1.1.0-rc30"),
        ("1.2", "1.2.0"),
        ("1.2.3", "1.23"),
        ("1.2.3", "12.3"),
        ("1.2.3", "1.2.3+1"),
        ("1.2.3+a.1", "1.2.3+a1"),
        ("1.2.3", "1.2.3.0"),
        ("", "1"),
    ] {
        assert!(!same_version(left, right), "{left} {right}");
    }
}
