use super::*;
use crate::finding::{Finding, Severity};
use crate::source::Sources;
use crate::syntax::changelog::parse;

/// The findings about `text`, judged on 2026-06-01.
fn findings(text: &str, current: Option<&str>, component: &str) -> (Vec<Finding>, Sources) {
    let mut sources = Sources::default();
    let source = sources.add("CHANGELOG.md", "", text);
    let parsed = parse(text);
    let mut findings = Findings::default();
    let input = ChangelogInput {
        source,
        changelog: &parsed.value,
        previous: None,
        current,
        component,
        today: NaiveDate::from_ymd_opt(2026, 6, 1).unwrap(),
    };
    check(&input, &mut findings);
    (findings.0, sources)
}

/// Each finding as `rule severity @text`, with `+n` for n related places.
fn show(text: &str, current: Option<&str>) -> Vec<String> {
    let (findings, sources) = findings(text, current, "");
    findings
        .iter()
        .map(|finding| {
            let place = sources.text(finding.location.unwrap());
            let id = finding.rule.strip_prefix("changelog-").unwrap();
            format!(
                "{id} {} @{place} +{}",
                finding.severity.as_str(),
                finding.related.len()
            )
        })
        .collect()
}

fn assert_finds(text: &str, current: Option<&str>, expected: &[&str]) {
    assert_eq!(show(text, current), expected, "{current:?} in {text}");
}

/// The first block of code below a heading of a rule's page.
fn example<'p>(page: &'p str, heading: &str) -> &'p str {
    let (_, below) = page
        .split_once(&format!("\n## {heading}\n"))
        .expect("the heading");
    let (_, code) = below.split_once("```markdown\n").expect("a block");
    code.split_once("\n```\n").expect("its end").0
}

#[test]
fn pages_show_what_is_found_and_what_is_not() {
    for rule in RULES {
        let page = rule.info.page;
        assert!(
            page.starts_with(&format!("# {}\n", rule.info.id)),
            "{}",
            rule.info.id
        );
        for heading in ["What it detects", "Why it matters", "How to fix"] {
            assert!(
                page.contains(&format!("\n## {heading}\n")),
                "{} {heading}",
                rule.info.id
            );
        }
        let (bad, _) = findings(example(page, "Bad"), Some("1.3.0"), "");
        assert!(
            !bad.is_empty() && bad.iter().all(|finding| finding.rule == rule.info.id),
            "{}: {bad:#?}",
            rule.info.id
        );
        let (good, _) = findings(example(page, "Good"), Some("1.3.0"), "");
        assert!(good.is_empty(), "{}: {good:#?}", rule.info.id);
    }
}

#[test]
fn severity_follows_the_judged_version() {
    let text = "## 1.3.0 - 2026-02-30\n\n- a\n\n## 1.2.0 - 2026-02-31\n\n## 1.1.0 - 2026-01-99\n\n- b\n\n## 1.0.0 - 99.99.2026\n\n- c\n";
    assert_finds(
        text,
        Some("1.3.0"),
        &[
            "date-invalid error @2026-02-30 +0",
            "date-invalid warning @2026-02-31 +2",
            "section-empty warning @## 1.2.0 - 2026-02-31 +0",
        ],
    );
    assert_finds(
        text,
        Some("1.2.0"),
        &[
            "date-invalid error @2026-02-31 +0",
            "date-invalid warning @2026-02-30 +2",
            "section-empty error @## 1.2.0 - 2026-02-31 +0",
        ],
    );
    assert_finds(
        text,
        Some("1.3.0-rc1"),
        &[
            "date-invalid warning @2026-02-30 +3",
            "section-empty warning @## 1.2.0 - 2026-02-31 +0",
        ],
    );
}

#[test]
fn older_defects_are_counted() {
    let text: String = (0..100)
        .rev()
        .map(|n| format!("## 1.{n}.0 (January 2, 2026)\n\n"))
        .collect();
    let (findings, _) = findings(&text, Some("1.99.0"), "");
    let shown: Vec<_> = findings
        .iter()
        .map(|finding| {
            (
                finding.severity,
                finding.related.len(),
                finding.notes.first().map(|note| note.text.as_str()),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (Severity::Error, 0, None),
            (
                Severity::Warning,
                4,
                Some("the same in 98 other places of this file")
            ),
            (Severity::Error, 0, None),
            (
                Severity::Warning,
                4,
                Some("the same in 98 other places of this file")
            ),
        ]
    );
}

#[test]
fn dates() {
    let check = |heading: &str, current: bool, expected: &[&str]| {
        let text = format!("## {heading}\n\n- a\n\n## 1.2.0 - 2026-01-01\n\n- b\n");
        assert_finds(&text, current.then_some("1.3.0"), expected);
    };
    check("1.3.0 - 2026-02-01", true, &[]);
    check("1.3.0 - 2026-06-02", true, &[]);
    check(
        "1.3.0 - 2026-06-03",
        true,
        &["date-invalid error @2026-06-03 +0"],
    );
    check("1.3.0 - TBD", true, &["date-invalid error @TBD +0"]);
    check(
        "1.3.0 (Unreleased)",
        true,
        &["date-invalid error @Unreleased +0"],
    );
    check(
        "1.3.0 - 31/01/2026",
        true,
        &["date-invalid error @31/01/2026 +0"],
    );
    check("1.3.0", true, &["date-invalid warning @## 1.3.0 +0"]);
    check("1.3.0 - TBD", false, &[]);
    check("1.3.0 - 2026-06-03", false, &[]);
    check("1.3.0", false, &[]);
    check(
        "1.3.0 - 2026-02-30",
        false,
        &["date-invalid warning @2026-02-30 +0"],
    );
    assert_finds(
        "## 1.1.0\n\n- a\n\n## 1.0.0 - TBD\n\n- b\n",
        None,
        &["date-invalid warning @TBD +0"],
    );
}

#[test]
fn emptiness() {
    assert_finds("## Unreleased\n\n## 1.0.0\n\n- a\n", None, &[]);
    assert_finds("## 1.0.0 [YANKED]\n\n## 0.9.0\n\n- a\n", None, &[]);
    assert_finds("## 1.1.0\n\n### Added\n\n## 1.0.0\n\n- a\n", None, &[]);
    assert_finds(
        "## 1.1.0\n\n## 1.0.0\n\n",
        None,
        &["section-empty warning @## 1.0.0 +0"],
    );
    assert_finds(
        "## 1.1.0 - 2026-01-01\n\n### Added\n",
        Some("1.1.0"),
        &["section-empty error @## 1.1.0 - 2026-01-01 +0"],
    );
    assert_finds("## 1.1.0\n\n### 1.1.0-rc1\n\n- a\n", None, &[]);
}

#[test]
fn order() {
    let check = |headings: &[&str], expected: &[&str]| {
        let text: String = headings
            .iter()
            .map(|heading| format!("## {heading}\n\n- a\n\n"))
            .collect();
        assert_finds(&text, None, expected);
    };
    check(
        &[
            "1.2.0 - 2026-02-01",
            "1.1.0 - 2026-02-01",
            "1.1.0-rc10",
            "1.1.0-rc9",
            "1.0",
        ],
        &[],
    );
    check(&["1.2.0-hotfix1", "1.2.0", "1.2.0-rc1"], &[]);
    check(
        &["1.2.0", "1.2.0-hotfix1"],
        &["order warning @## 1.2.0-hotfix1 +1"],
    );
    check(
        &["1.1.0-rc9", "1.1.0-rc10"],
        &["order warning @## 1.1.0-rc10 +1"],
    );
    check(&["1.0", "1.1", "1.2"], &["order warning @## 1.1 +2"]);
    check(
        &["1.2.0 - 2026-01-01", "1.1.0 - 2026-02-01"],
        &["order warning @## 1.1.0 - 2026-02-01 +1"],
    );
    check(
        &["1.2.1 - January 1, 2026", "1.2.0 - 2026-02-01"],
        &[
            "date-invalid warning @January 1, 2026 +0",
            "order warning @## 1.2.0 - 2026-02-01 +1",
        ],
    );
    // Patches of an older line, by date and by version.
    check(&["1.1.4 - 2026-02-01", "1.2.0 - 2026-01-01", "1.1.3"], &[]);
    check(&["1.2.0 - 2026-01-01", "1.1.4 - 2026-02-01", "1.1.3"], &[]);
    check(&["1.1.4", "1.2.0"], &["order warning @## 1.2.0 +1"]);
    check(
        &["1.1.4 - 2026-01-01", "1.2.0 - 2026-02-01"],
        &["order warning @## 1.2.0 - 2026-02-01 +1"],
    );
    check(&["2.0.0 - 2026-01-01", "1.9.0 - 2026-02-01"], &[]);
    check(
        &["2.0.0 - 2026-01-01", "1.0.0 - 2026-02-01"],
        &["order warning @## 1.0.0 - 2026-02-01 +1"],
    );
    check(&["2.0.0 - TBD", "Unreleased", "1.0.0"], &[]);
    check(
        &["1.0.0", "Unreleased"],
        &["order warning @## Unreleased +1"],
    );
    check(
        &["4.0.0rc3", "4.0.0b1", "2026.01.1", "24.10.0"],
        &["order warning @## 2026.01.1 +1"],
    );
    check(
        &[
            "cellar 1.0.0",
            "printer 2.0.0",
            "cellar 0.9.0",
            "printer 1.9.0",
        ],
        &[],
    );
    assert_finds(
        "## 1.0.0\n\n- a\n\n## 1.1.0\n\n- b\n",
        Some("1.1.0"),
        &[
            "date-invalid warning @## 1.1.0 +0",
            "order error @## 1.1.0 +1",
        ],
    );
}

#[test]
fn duplicates() {
    assert_finds(
        "## 1.0.0\n\n- a\n\n## [v1.0.0]\n\n- b\n",
        None,
        &["duplicate warning @## [v1.0.0] +1"],
    );
    assert_finds(
        "## Unreleased\n\n- a\n\n## Unreleased\n\n- b\n\n## 1.0.0\n\n- c\n",
        None,
        &["duplicate warning @## Unreleased +1"],
    );
    assert_finds(
        "## 1.0.0-rc1\n\n- a\n\n## 1.0.0\n\n- b\n",
        None,
        &["order warning @## 1.0.0 +1"],
    );
    let text = "## cellar 1.0.0\n\n- a\n\n## printer 1.0.0\n\n- b\n\n## cellar 0.9.0\n\n- c\n";
    assert!(
        findings(text, Some("1.0.0"), "cellar")
            .0
            .iter()
            .all(|finding| finding.rule != "changelog-duplicate")
    );
}

#[test]
fn links() {
    let check = |definitions: &str, expected: &[&str]| {
        let text = format!(
            "## Unreleased\n\n## 1.3.0\n\n- a\n\n## 1.3.0-rc1\n\n- b\n\n## 1.2.1\n\n- c\n\n## 1.2.0\n\n- d\n\n{}\n",
            definitions.replace(": ", ": https://example.org/compare/")
        );
        assert_finds(&text, None, expected);
    };
    check("[1.3.0]: v1.3.0-rc1...v1.3.0", &[]);
    check("[1.3.0]: v1.2.1...v1.3.0", &[]);
    check("[1.3.0]: v1.3.0-rc7...v1.3.0", &[]);
    check("[1.3.0]: cellar-v1.2.1...cellar-v1.3.0", &[]);
    check("[1.3.0]: 0123abc...v1.3.0", &[]);
    check("[1.2.0]: v1.1.0...v1.2.0", &[]);
    check("[unreleased]: v1.3.0...HEAD", &[]);
    check("[unreleased]: v1.4.0...HEAD", &[]);
    let wrong = |definition: &str| {
        let line = definition.replace(": ", ": https://example.org/compare/");
        check(definition, &[&format!("link-wrong warning @{line} +1")]);
    };
    wrong("[1.3.0]: v1.2.0...v1.3.0");
    wrong("[1.3.0]: v1.1.0...v1.3.0");
    wrong("[1.3.0]: v1.2.1...v1.3.1");
    wrong("[1.3.0]: v1.2.1...HEAD");
    wrong("[1.3.0]: v1.3.0...v1.2.1");
    wrong("[1.3.0]: v1.3.0...v1.3.0");
    assert_finds(
        "## Unreleased\n\n## [1.1.0](https://e.org/o/r/releases/tag/v1.0.0)\n\n- a\n\n[unreleased]: https://e.org/compare/v1.0.0...HEAD\n",
        Some("1.1.0"),
        &[
            "date-invalid warning @## [1.1.0](https://e.org/o/r/releases/tag/v1.0.0) +0",
            "link-wrong error @[1.1.0](https://e.org/o/r/releases/tag/v1.0.0) +1",
            "link-wrong warning @[unreleased]: https://e.org/compare/v1.0.0...HEAD +0",
        ],
    );
}

#[test]
fn versions_in_order() {
    let check = |written: &str, expected: Option<&str>| {
        assert_eq!(
            ordered(written)
                .map(|version| version.to_string())
                .as_deref(),
            expected,
            "{written}"
        );
    };
    check("1.2.3-rc.1", Some("1.2.3-rc.1"));
    check("1.2", Some("1.2.0"));
    check("4.0.0rc3", Some("4.0.0-rc3"));
    check("1.2.3 RC 1", Some("1.2.3-rc1"));
    check("24.01.0", Some("24.1.0"));
    check("1.0.0.Final", Some("1.0.0-final"));
    check("99999999999999999999999.0.0", None);
    check("1.2.3-é", None);
}

/// What was wrong with older sections in the previous release is not told again; what the release adds is.
#[test]
fn old_defects_are_told_once() {
    let old = "# Changelog\n\n## [1.1.0] - 2026-02-30\n\n- b\n\n## [1.0.0] - 2026-01-01\n\n- a\n";
    let told = |new: &str, expected: &[&str]| {
        let mut sources = Sources::default();
        let (before, after) = (parse(old), parse(new));
        let mut findings = Findings::default();
        let input = ChangelogInput {
            source: sources.add("CHANGELOG.md", "", new),
            changelog: &after.value,
            previous: Some(&before.value),
            current: Some("1.2.0"),
            component: "",
            today: NaiveDate::from_ymd_opt(2026, 6, 1).unwrap(),
        };
        check(&input, &mut findings);
        let found: Vec<&str> = findings.0.iter().map(|it| it.message.as_str()).collect();
        assert_eq!(found, expected, "{new}");
    };
    told(&format!("## [1.2.0] - 2026-03-01\n\n- c\n\n{old}"), &[]);
    told(
        &format!("## [1.2.0] - 2026-13-01\n\n- c\n\n{old}"),
        &["the date of 1.2.0 is not a day: `2026-13-01`"],
    );
    told(
        &old.replace("2026-01-01", "2026-01-32"),
        &["the date of 1.1.0 is not a day: `2026-02-30`"],
    );
}

/// A section that says "to be done" in place of its date is not out.
#[test]
fn unreleased_starts_at_what_is_out() {
    let text = "## 5.0.0 - TBD\n\n- c\n\n## [Unreleased]\n\n## [4.6.6] - 2026-05-06\n\n- b\n\n[Unreleased]: https://git.example.org/compare/v4.6.6...HEAD\n[4.6.6]: https://git.example.org/compare/v4.6.5...v4.6.6\n";
    let (found, _) = findings(text, None, "");
    let links: Vec<&Finding> = found
        .iter()
        .filter(|finding| finding.rule == "changelog-link-wrong")
        .collect();
    assert!(links.is_empty(), "{links:?}");
}
