use super::*;

/// `component|version|date`, with `!` for yanked and `…` when something else stands there.
fn show(text: &str) -> String {
    match read(text, &[]) {
        Reading::Version(reading) => format!(
            "{}|{}|{}{}{}",
            reading.component.map_or("", |range| &text[range]),
            &text[reading.version],
            reading.date.map_or("", |found| &text[found.range]),
            if reading.yanked { "!" } else { "" },
            if reading.clean { "" } else { "…" },
        ),
        Reading::Unreleased(planned) => {
            format!("unreleased|{}", planned.map_or("", |range| &text[range]))
        }
        Reading::Other => "-".to_owned(),
    }
}

#[test]
fn reads_versions() {
    for (text, expected) in [
        ("[1.2.3] - 2026-01-31", "|1.2.3|2026-01-31"),
        ("[v1.2.3] - 2026-01-31", "|1.2.3|2026-01-31"),
        ("v1.2.3 (2026-01-31)", "|1.2.3|2026-01-31"),
        ("1.2.3", "|1.2.3|"),
        ("V1.2.3", "|1.2.3|"),
        ("v.1.2.3", "|1.2.3|"),
        ("Version 1.2.3", "|1.2.3|"),
        ("Version: 1.2.3", "|1.2.3|"),
        ("Release v1.2.3", "|1.2.3|"),
        ("release-1.2.3", "|1.2.3|"),
        ("Release notes for v1.2.3", "|1.2.3|"),
        ("What's new in 1.2.3", "|1.2.3|"),
        ("Changes in version 1.2.3 (2026-01-31)", "|1.2.3|2026-01-31"),
        ("[1.2.3] – 2026-01-31", "|1.2.3|2026-01-31"),
        ("1.2.3 — 31 January 2026", "|1.2.3|31 January 2026"),
        ("1.2.3 / 2026-01-31", "|1.2.3|2026-01-31"),
        ("2026-01-31 - v1.2.3", "|1.2.3|2026-01-31"),
        ("31.01.2026 - v1.2.3", "|1.2.3|31.01.2026"),
        ("1.2.3 (January 2, 2026)", "|1.2.3|January 2, 2026"),
        ("1.2.3 (Unreleased)", "|1.2.3|Unreleased"),
        ("1.2.3 - TBD", "|1.2.3|TBD"),
        ("[0.1.0] - 2026-01-31 [YANKED]", "|0.1.0|2026-01-31!"),
        ("1.2.3 (yanked)", "|1.2.3|!"),
        ("🎉 1.2.3", "|1.2.3|"),
        (":tada: 1.2.3", "|1.2.3|"),
        ("1.1.0-rc3", "|1.1.0-rc3|"),
        ("1.1.0 RC 3 (2026-01-31)", "|1.1.0 RC 3|2026-01-31"),
        ("4.0.0rc3", "|4.0.0rc3|"),
        ("1.2.3+build.5", "|1.2.3+build.5|"),
        ("1.2", "|1.2|"),
        ("2026.01.31", "|2026.01.31|"),
        ("1.2.3: The Grape Release", "|1.2.3|…"),
        ("1.2.3 \"Grape\" - 2026-01-31", "|1.2.3|2026-01-31…"),
        ("1.2.2 → 1.2.3", "|1.2.3|"),
        ("v1.2.2...v1.2.3", "|1.2.3|"),
        ("cellar v1.2.3", "cellar|1.2.3|"),
        ("cellar-1.2.3", "cellar|1.2.3|"),
        ("cellar/v1.2.3", "cellar|1.2.3|"),
        ("cellar@1.2.3", "cellar|1.2.3|"),
        ("@wine/cellar@1.2.3", "@wine/cellar|1.2.3|"),
        ("[cellar-v1.2.3]", "cellar|1.2.3|"),
        (
            "Wine Cellar 1.2.3 (2026-01-31)",
            "Wine Cellar|1.2.3|2026-01-31",
        ),
        ("Cellar Release 1.2.3", "Cellar|1.2.3|"),
        ("[Unreleased]", "unreleased|"),
        ("Unreleased", "unreleased|"),
        ("UNRELEASED", "unreleased|"),
        ("[Unreleased] - 4.0.0rc3", "unreleased|4.0.0rc3"),
        ("Unreleased (v2.0.0)", "unreleased|2.0.0"),
        ("🚧 Unreleased", "unreleased|"),
        ("Unreleased Changes", "unreleased|"),
        ("main / (unreleased)", "unreleased|"),
        ("Next", "unreleased|"),
        ("Upcoming release", "unreleased|"),
        ("cellar (unreleased)", "unreleased|"),
        ("HEAD", "unreleased|"),
    ] {
        assert_eq!(show(text), expected, "{text}");
    }
}

#[test]
fn reads_names_of_tags() {
    for (name, expected) in [
        ("v1.2.3", Some("1.2.3")),
        ("1.2.3-rc1", Some("1.2.3-rc1")),
        ("cellar-v1.2.3", Some("1.2.3")),
        ("cellar/1.2.3", Some("1.2.3")),
        ("1.2", Some("1.2")),
        ("release/1.2", None),
        ("main", None),
        ("0123abc", None),
        ("1.2.3/docs", None),
        ("", None),
    ] {
        assert_eq!(version_in_ref(name), expected, "{name}");
    }
}

#[test]
fn leaves_prose_alone() {
    for text in [
        "Changelog",
        "Added",
        "2026-01-31",
        "Upgrading to 2.0.0",
        "Migrating from 1.x to 2.0.0",
        "Support for Go 1.22",
        "Bump cask to 1.2.3",
        "2.0.0 migration guide",
        "Known issues in 1.2.3",
        "1.2.x",
        "1.5 times faster",
        "v1",
        "3",
        "https://example.org/v1.2.3",
        "Requires casks >=1.2.3",
        "Next steps",
        "Nextcloud",
        "Changes since 1.2.3",
        "50.5%",
        "",
        ":",
        "::",
        "v",
        "Fixed in 1.2.3 and 1.2.4",
    ] {
        assert_eq!(show(text), "-", "{text}");
    }
}
