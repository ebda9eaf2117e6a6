use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

/// The sections in one line each: name, date, flags, categories with their entries, marks.
fn show(text: &str) -> String {
    let mut shown = String::new();
    for section in &parse(text).value.sections {
        let name = match &section.title {
            Title::Version(title) if title.component.is_empty() => title.version.text.clone(),
            Title::Version(title) => format!("{}:{}", title.component, title.version.text),
            Title::Unreleased { planned } => {
                format!(
                    "unreleased{}",
                    planned
                        .as_ref()
                        .map_or(String::new(), |planned| format!("({})", planned.text))
                )
            }
        };
        write!(shown, "{name}").unwrap();
        if let Some(date) = &section.date {
            let mark = if date.iso { "" } else { "?" };
            write!(shown, " {}{mark}", date.written.text).unwrap();
        }
        let flags = [
            (section.yanked, " yanked"),
            (section.empty, " empty"),
            (section.downtime.is_some(), " downtime"),
        ];
        shown.extend(
            flags
                .into_iter()
                .filter(|(set, _)| *set)
                .map(|(_, flag)| flag),
        );
        let groups = std::iter::once(None).chain((0..section.categories.len()).map(Some));
        for group in groups {
            let entries = section
                .entries
                .iter()
                .filter(|entry| entry.category == group)
                .count();
            match group.map(|index| &section.categories[index]) {
                Some(category) => write!(shown, " {}={entries}", category.kind.as_str()).unwrap(),
                None if entries > 0 => write!(shown, " {entries}").unwrap(),
                None => {}
            }
        }
        if !section.breaking.is_empty() {
            write!(shown, " breaks={}", section.breaking.len()).unwrap();
        }
        shown.push('\n');
    }
    shown
}

fn check(text: &str, expected: &str) {
    let shown = show(text);
    let expected: Vec<&str> = expected
        .split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let shown: Vec<&str> = shown
        .trim_end()
        .split('\n')
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(shown, expected, "{text}");
    let text = text.replace('\n', "\r\n");
    assert_eq!(
        show(&text)
            .trim_end()
            .split('\n')
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>(),
        expected,
        "CRLF: {text}"
    );
    let text = format!("\u{feff}{text}");
    assert_eq!(
        show(&text)
            .trim_end()
            .split('\n')
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>(),
        expected,
        "BOM: {text}"
    );
}

#[test]
fn reads_keep_a_changelog() {
    check(
        "# Changelog\n\nAll notable changes.\n\n## [Unreleased]\n\n### Added\n\n- a\n\n## [1.1.0] - 2026-01-31\n\n### Added\n\n- a\n  - nested\n- b\n\n\
         ### Fixed\n\n- c\n\n## [1.0.1] - 2026-01-30 [YANKED]\n\n## 1.0.0 – 2026-01-29\n\nThe first.\n\n\
         [unreleased]: https://github.com/o/r/compare/v1.1.0...HEAD\n[1.1.0]: https://github.com/o/r/compare/v1.0.1...v1.1.0\n",
        "unreleased added=1
         1.1.0 2026-01-31 added=2 fixed=1
         1.0.1 2026-01-30 yanked empty
         1.0.0 2026-01-29 1",
    );
}

#[test]
fn reads_release_please() {
    check(
        "# Changelog\n\n## [2.0.0](https://github.com/o/r/compare/v1.1.1...v2.0.0) (2026-03-01)\n\n\n### ⚠ BREAKING CHANGES\n\n* labels are mandatory\n\n\
         ### Features\n\n* **casks:** labels ([#1](https://github.com/o/r/issues/1))\n\n### [1.1.1](https://github.com/o/r/compare/v1.1.0...v1.1.1) (2026-02-01)\n\n\n\
         ### Bug Fixes\n\n* leak\n\n### Contributors\n\n* Ada\n\n## 1.1.0 (2026-01-01)\n\n### Features\n\n* x\n",
        "2.0.0 2026-03-01 breaking=1 added=1 breaks=1
         1.1.1 2026-02-01 fixed=1 other=1
         1.1.0 2026-01-01 added=1",
    );
}

#[test]
fn reads_conventional_changelog() {
    check(
        "<a name=\"1.4.1\"></a>\n## [1.4.1](https://github.com/o/r/compare/v1.4.0...v1.4.1) (2017-02-04)\n\n### Bug Fixes\n\n* **ci:** x\n\n\
         <a name=\"1.4.0\"/>\n# [1.4.0](https://github.com/o/r/compare/v1.3.0...v1.4.0) (2017-01-14)\n\n* y\n\n### v0.0.8\n",
        "1.4.1 2017-02-04 fixed=1
         1.4.0 2017-01-14 1
         0.0.8 empty",
    );
}

#[test]
fn reads_setext_headings_and_slashes() {
    check(
        "Unreleased\n==========\n\n * a\n\n5.0.0-beta.3 / 2024-03-25\n=========================\n\nThis has\n\n * b\n   - c\n\n4.0.0 / 2014-04-09\n==================\n\n * remove:\n   - d\n",
        "unreleased 1
         5.0.0-beta.3 2024-03-25 1
         4.0.0 2014-04-09 removed=1",
    );
}

#[test]
fn reads_capitals_and_tags() {
    check(
        "## 1.2.0 (January 2, 2026)\n\nFEATURES:\n\n* casks: labels\n\nBUG FIXES:\n* leak\n* another\n\n## 1.1.0 (Unreleased)\nImprovements:\n* faster\n",
        "1.2.0 January 2, 2026? added=1 fixed=2
         1.1.0 Unreleased? changed=1",
    );
    check(
        "## main / (unreleased)\n\n## 0.28.0 / 2025-01-15\n\n* [CHANGE] Labels. #1\n* [BUGFIX] Leak.\n* [BUGFIX] Another.\n* Untagged\n",
        "unreleased empty
         0.28.0 2025-01-15 1 changed=1 fixed=2",
    );
}

#[test]
fn reads_bold_categories_and_nested_ones() {
    check(
        "## v1.2.3\n\n**Features**\n\n- a\n\n**Bug fixes:**\n- b\n\n**Full Changelog**: https://github.com/o/r/compare/v1.2.2...v1.2.3\n\n## v1.2.2\n\n- Added\n  - c\n    - deep\n  - d\n- Fixed a leak\n  - where\n",
        "1.2.3 added=1 fixed=1
         1.2.2 added=3",
    );
}

#[test]
fn reads_named_sections() {
    check(
        "# @wine/cellar\n\n## 3.0.1\n\n### Patch Changes\n\n- a\n  b\n\n## 3.0.0\n\n### Major Changes\n\n- c\n",
        "3.0.1 fixed=1
         3.0.0 breaking=1 breaks=1",
    );
    check(
        "# Changelog\n\n## cellar v1.2.0\n\n- a\n\n### Go 1.22\n\n- b\n\n## label-printer 0.3.0\n\n- c\n\n## cellar v1.1.0\n\n- d\n",
        "cellar:1.2.0 1 other=1
         label-printer:0.3.0 1
         cellar:1.1.0 1",
    );
    check(
        "## cellar 1.1 (NODATE)\n\n- a\n\n## cellar 1.0 (2026-01-31)\n\n- b\n\n## cellar 2.0 needs labels\n\n- c\n",
        "cellar:1.1 1\ncellar:1.0 2026-01-31 1",
    );
    check(
        "cellar (1.1.0)\n\n  * a\n\ncellar (1.0.0)\n\n  * b\n",
        "cellar:1.1.0 1\ncellar:1.0.0 1",
    );
    check(
        "# Wine Cellar 1.2 (2026-01-31)\n\n- a\n\n# Wine Cellar 1.1\n\n- b\n",
        "Wine Cellar:1.2 2026-01-31 1\nWine Cellar:1.1 1",
    );
}

#[test]
fn counts_only_real_headings() {
    check(
        "# Changelog\n\n## 1.2.0\n\n- a\n\n```markdown\n## 9.9.9\n```\n\n    ## 9.9.8\n\n<!--\n## 9.9.7\n-->\n\n> ## 9.9.6\n\n- ## 9.9.5\n\n\\## 9.9.4\n\n## 1.1.0\n\n- b\n",
        "1.2.0 2
         1.1.0 1",
    );
    check(
        "---\ntitle: 9.9.9\n---\n\n## 1.0.0\n\n- a\n\n---\n\n## 0.9.0\n\n---\n",
        "1.0.0 1\n0.9.0 empty",
    );
    check(
        "<h2 id=\"v1.2.0\">v1.2.0 (2026-01-31)</h2>\n\n- a\n\n<h2>1.1.0</h2>\n<!--\n<h2>1.0.0</h2>\n-->\n",
        "1.2.0 2026-01-31 1\n1.1.0 empty",
    );
    check(
        "v1.1.0 - April 5, 2026\n\n* a\n\nnot 1.0.9\n\nv1.0.0 - April 4, 2026\n\n* b\n",
        "1.1.0 April 5, 2026? 1\n1.0.0 April 4, 2026? 1",
    );
    check("**1.2.0** (x)\n\n**1.1.0**\n\n- a\n", "1.1.0 1");
}

#[test]
fn reads_decorated_headings() {
    check(
        "## `1.2.0`\n\n- a\n\n## **v1.1.0** - *2026-01-31*\n\n- b\n\n## <a name=\"x\"></a>1.0.0 {#v1-0-0}\n\n- c\n\n## :tada: [0.9.0][]\n\n- d\n\n[0.9.0]: https://example.org\n",
        "1.2.0 1
         1.1.0 2026-01-31 1
         1.0.0 1
         0.9.0 1",
    );
}

#[test]
fn knows_what_is_empty() {
    check(
        "## [Unreleased]\n\n_Nothing yet._\n\n## 1.4.0\n\n### Added\n\n### Fixed\n\n## 1.3.0\n\nTBD\n\n## 1.2.0\n\n-\n-\n\n## 1.1.0\n\nNo changes.\n\n## 1.0.0\n\n```\ncode\n```\n\n[x]: https://example.org\n",
        "unreleased empty
         1.4.0 empty added=0 fixed=0
         1.3.0 empty
         1.2.0 empty
         1.1.0 1
         1.0.0",
    );
    check("## 1.0.0\n\n### 1.0.0-rc1\n\n- a\n", "1.0.0\n1.0.0-rc1 1");
}

#[test]
fn reads_declarations() {
    check(
        "## 2.0.0\n\ndowntime: ten minutes\n\n### Changed\n\n- Labels are mandatory (breaking change)\n- No breaking changes here\n\n## 1.9.0\n\n### Downtime\n\nNone.\n\n## 1.8.0\n\n### Downtime\n\nTen minutes.\n\n\
         ## 1.7.0\n\n### Breaking Changes\n\nNone.\n\n## 1.6.0 (BREAKING)\n\n- a\n",
        "2.0.0 downtime 1 changed=2 breaks=1
         1.9.0 other=1
         1.8.0 downtime other=1
         1.7.0 breaking=1
         1.6.0 1 breaks=1",
    );
}

#[test]
fn ends_sections_at_other_chapters() {
    check(
        "# Changelog\n\n## 1.1.0\n\n- a\n\n## Migration guide\n\n- not an entry\n\n## 1.0.0\n\n- b\n\n# Older releases\n\n- not an entry\n",
        "1.1.0 1
         1.0.0 1",
    );
}

#[test]
fn matches_exactly_one_version() {
    let text = "## [Unreleased] - 4.0.0rc3\n\n## [v1.1.0-rc3] - 2026-01-31\n\n- a\n\n## 1.0.0\n";
    let changelog = parse(text).value;
    let check = |version: &str, found: bool| {
        assert_eq!(changelog.section(version, "").is_some(), found, "{version}");
    };
    check("1.1.0-rc3", true);
    check("1.1.0", false);
    check("1.1.0-rc", false);
    check("1.1.0-rc30", false);
    check("1.0.0", true);
    check("1.0", false);
    check("0.0", false);
    check("4.0.0rc3", false);
}

#[test]
fn tells_components_apart() {
    let interleaved =
        parse("## cellar 1.0.0\n\n## printer 1.0.0\n\n## cellar 0.9.0\n\n## 0.8.0\n").value;
    let renamed = parse("## Cellar 2.0.0\n\n## Wine 1.0.0\n").value;
    let check = |changelog: &Changelog, version: &str, component: &str, found: Option<&str>| {
        let section = changelog.section(version, component);
        let name = section.map(|section| match &section.title {
            Title::Version(title) => title.component.clone(),
            Title::Unreleased { .. } => String::new(),
        });
        assert_eq!(name.as_deref(), found, "{version} {component}");
    };
    check(&interleaved, "1.0.0", "printer", Some("printer"));
    check(&interleaved, "1.0.0", "Cellar", Some("cellar"));
    check(&interleaved, "1.0.0", "", None);
    check(&interleaved, "0.8.0", "", Some(""));
    check(&interleaved, "0.8.0", "printer", Some(""));
    check(&renamed, "1.0.0", "", Some("Wine"));
    check(&renamed, "2.0.0", "", Some("Cellar"));
}

#[test]
fn points_at_the_file() {
    let text = "\u{feff}## [`1.2.0`](https://e.org/compare/v1.1.0...v1.2.0) – 2026-01-31\r\n\r\n- Größe &amp; more (**breaking**)\r\n\r\nv1.1.0\r\n------\r\n\r\n[1.1.0]: https://e.org/compare/v1.0.0...v1.1.0\r\n";
    let changelog = parse(text).value;
    let at = |span: Span| &text[span.range()];
    let [first, second] = changelog.sections.as_slice() else {
        panic!("{changelog:#?}");
    };
    let Title::Version(title) = &first.title else {
        panic!()
    };
    assert_eq!(at(title.version.span), "1.2.0");
    assert_eq!(
        at(first.heading),
        "## [`1.2.0`](https://e.org/compare/v1.1.0...v1.2.0) – 2026-01-31"
    );
    assert_eq!(at(first.date.as_ref().unwrap().written.span), "2026-01-31");
    assert_eq!(
        at(first.link.as_ref().unwrap().url.span),
        "[`1.2.0`](https://e.org/compare/v1.1.0...v1.2.0)"
    );
    assert_eq!(
        at(first.entries[0].text.span),
        "- Größe &amp; more (**breaking**)"
    );
    assert_eq!(at(first.breaking[0].span), "breaking");
    assert_eq!(at(second.heading), "v1.1.0");
    let link = second.link.as_ref().unwrap();
    assert_eq!(
        at(link.url.span),
        "[1.1.0]: https://e.org/compare/v1.0.0...v1.1.0"
    );
    assert_eq!(link.compare.as_ref().unwrap().base, "v1.0.0");
}

#[test]
fn says_what_hides_the_rest() {
    let check = |text: &str, expected: &[&str]| {
        let parsed = parse(text);
        let found: Vec<&str> = parsed
            .errors
            .iter()
            .map(|error| &text[error.span.range()])
            .collect();
        assert_eq!(found, expected, "{text}");
    };
    check("## 1.1.0\n\n```go\nx\n\n## 1.0.0\n", &["```go"]);
    check("## 1.1.0\n\n```go\nx\n```\n\n## 1.0.0\n", &[]);
    check("## 1.1.0\n\n```go\nx\n```\n", &[]);
    check("## 1.1.0\n\n~~~", &["~~~"]);
    check("## 1.1.0\n\n<!-- hidden\n\n## 1.0.0\n", &["<!-- hidden"]);
    check("## 1.1.0\n\n<!-- hidden\n\n## 1.0.0\n-->\n", &[]);
    check("- a\n\n  <!-- in the item\n\n## 1.0.0\n", &[]);
    check("= Changelog\n\n== 1.0.0\n", &[""]);
    check("1.2.3 (2026-01-31)\n  * x\n1.2.2\n  * y\n", &[""]);
}

/// Texts that make parsers slow: each is a few hundred kilobytes, and all of them take seconds at most.
#[test]
fn stays_fast_on_hostile_texts() {
    let many = 100_000;
    let texts = [
        "> ".repeat(many),
        "- ".repeat(2000) + &"\n".repeat(many),
        format!("# 1.2.3 {}", "[x](y) ".repeat(many / 4)),
        format!("# {}", "1.1.2020 ".repeat(many)),
        format!("# {}%", "1.2-".repeat(many)),
        format!("# {}", ":".repeat(many)),
        format!("# {}", "v ".repeat(many)),
        format!("# 1.2.3\n\n{}", "**breaking** ".repeat(many)),
        format!("# 1.2.3\n\n- {}", "is a breaking ".repeat(many)),
        "## 1.2.3\n\n[1.2.3]: x\n".repeat(many / 4),
        (0..many / 4)
            .map(|n| format!("## 1.2.{n}\n\n[1.2.{n}]: x\n\n### Fixed\n\n- x\n\n"))
            .collect(),
        "# 1.2.3\n".to_owned() + &"[FIX A] ".repeat(many),
        "<!--\n".repeat(many),
        "```\n".repeat(many),
        "[".repeat(many),
        "*a_".repeat(many),
        "<h2>".repeat(many),
        "<a name=\"x\">\n".repeat(many),
    ];
    for text in texts {
        let started = std::time::Instant::now();
        let parsed = parse(&text);
        let seconds = started.elapsed().as_secs();
        let sample: String = text.chars().take(30).collect();
        assert!(
            seconds < 20,
            "{seconds} s for {sample} with {} sections",
            parsed.value.sections.len()
        );
    }
}

fn assert_in_bounds(text: &str, changelog: &Changelog) {
    let inside = |span: Span| assert!(text.get(span.range()).is_some(), "{span:?} in {text:?}");
    for section in &changelog.sections {
        inside(section.heading);
        inside(section.span);
        match &section.title {
            Title::Version(title) => inside(title.version.span),
            Title::Unreleased { planned } => {
                if let Some(planned) = planned {
                    inside(planned.span);
                }
            }
        }
        section
            .date
            .iter()
            .for_each(|date| inside(date.written.span));
        section.link.iter().for_each(|link| inside(link.url.span));
        section
            .categories
            .iter()
            .for_each(|category| inside(category.span));
        section.downtime.iter().for_each(|span| inside(*span));
        for entry in &section.entries {
            inside(entry.text.span);
            assert!(
                entry
                    .category
                    .is_none_or(|index| index < section.categories.len())
            );
        }
        for mark in &section.breaking {
            inside(mark.span);
            assert!(mark.entry.is_none_or(|index| index < section.entries.len()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn reads_any_text(
        text in "((#{1,3} |- |> |    |\r?\n|\\[|\\]\\(x\\)|\\]: /compare/v1\\.0\\.0\\.\\.\\.v1|1\\.2\\.3|v|-rc1|\\*\\*|`|```\n|&amp;|&#0;|\\\\|<!--|-->|<a name=\"x\">|<h2>|</h2>|2026-01-31|Jan 2, 2026|Unreleased|Added|BREAKING|breaking change|:|!|é|\u{1f4a5}|\t|====\n|---\n|\\PC){0,40})"
    ) {
        let parsed = parse(&text);
        assert_in_bounds(&text, &parsed.value);
        for error in &parsed.errors {
            prop_assert!(text.get(error.span.range()).is_some());
        }
    }

    #[test]
    fn reads_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        assert_in_bounds(&text, &parse(&text).value);
    }

    #[test]
    fn finds_every_section_that_is_written(
        versions in proptest::collection::vec((0..30_u8, 0..30_u8, 0..30_u8, proptest::option::of(1..20_u8)), 1..12),
        style in 0..5_usize,
    ) {
        let versions: Vec<String> = versions
            .into_iter()
            .map(|(x, y, z, candidate)| format!("{x}.{y}.{z}{}", candidate.map_or(String::new(), |n| format!("-rc{n}"))))
            .collect();
        let heading = |version: &str| match style {
            0 => format!("## [{version}] - 2026-01-31"),
            1 => format!("# v{version} (2026-01-31)"),
            2 => format!("Version {version}\n-----"),
            3 => format!("### [{version}](https://example.org/compare/a...b) (2026-01-31)"),
            _ => format!("## **{version}** / 2026-01-31"),
        };
        let text: String = versions.iter().map(|version| format!("{}\n\n- an entry\n\n", heading(version))).collect();
        let changelog = parse(&text).value;
        let found: Vec<&str> = changelog.versions().map(|(_, title)| title.version.text.as_str()).collect();
        prop_assert_eq!(found, versions.iter().map(String::as_str).collect::<Vec<_>>());
        for section in &changelog.sections {
            prop_assert_eq!(section.entries.len(), 1);
        }
    }
}
