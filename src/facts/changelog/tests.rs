use super::*;
use crate::discover::{Entry, Reader};

fn path_of(paths: &[&str], configured: Option<&str>) -> Option<String> {
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (*path, "")).collect();
    let (_, snapshot) = Reader::in_memory("HEAD", &files);
    find(&snapshot, configured)
}

#[test]
fn finds_the_file() {
    let check = |paths: &[&str], expected: Option<&str>| {
        assert_eq!(path_of(paths, None).as_deref(), expected, "{paths:?}");
    };
    check(&["CHANGELOG.md", "README.md"], Some("CHANGELOG.md"));
    check(&["Changelog.md"], Some("Changelog.md"));
    check(&["ChangeLog.md", "docs/CHANGELOG.md"], Some("ChangeLog.md"));
    check(
        &["docs/changelog.md", "web/CHANGELOG.md"],
        Some("docs/changelog.md"),
    );
    check(&["HISTORY.md", "CHANGES.md", "NEWS.md"], Some("CHANGES.md"));
    check(&["CHANGELOG.rst", "CHANGELOG.md"], Some("CHANGELOG.md"));
    check(&["CHANGES.rst"], Some("CHANGES.rst"));
    check(&["NEWS"], Some("NEWS"));
    check(&["RELEASES.md"], Some("RELEASES.md"));
    check(&["RELEASE-NOTES.md"], Some("RELEASE-NOTES.md"));
    check(
        &[
            "RELEASE.md",
            "changelog.go",
            "changelog.d/1.md",
            "web/CHANGELOG.md",
            "releases.json",
        ],
        None,
    );
    check(&[], None);
}

#[test]
fn obeys_the_configuration() {
    let check = |paths: &[&str], configured: &str, expected: Option<&str>| {
        assert_eq!(
            path_of(paths, Some(configured)).as_deref(),
            expected,
            "{paths:?}"
        );
    };
    check(
        &["CHANGELOG.md", "web/CHANGELOG.md"],
        "web/CHANGELOG.md",
        Some("web/CHANGELOG.md"),
    );
    check(
        &["web/Changelog.md"],
        "./web/CHANGELOG.md",
        Some("web/Changelog.md"),
    );
    check(&["CHANGELOG.md"], "web/CHANGELOG.md", None);
}

#[test]
fn prefers_a_file_to_a_link() {
    let (_, mut snapshot) = Reader::in_memory(
        "HEAD",
        &[
            ("CHANGELOG.md", "x"),
            ("docs/CHANGELOG.md", ""),
            ("HISTORY.md", ""),
        ],
    );
    let mut entries = (*snapshot.entries).clone();
    let oid = entries["CHANGELOG.md"].oid;
    entries.insert(
        "CHANGELOG.md".to_owned(),
        Entry {
            oid,
            kind: EntryKind::Symlink,
        },
    );
    snapshot.entries = entries.into();
    assert_eq!(find(&snapshot, None).as_deref(), Some("HISTORY.md"));
}

use crate::discover::EntryKind;

/// The facts of `now`, asked about `version` after the release `previous_version`, whose changelog was `before`.
fn facts(now: &str, version: &str, previous_version: &str, before: &str) -> ChangelogFacts {
    let (mut reader, snapshot) = Reader::in_memory("HEAD", &[("CHANGELOG.md", now)]);
    let old = reader.add_memory_snapshot("v1.2.3", &[("CHANGELOG.md", before)]);
    let file = read(&mut reader, &snapshot, None, &Memory::default());
    let previous = read(&mut reader, &old, None, &Memory::default());
    let question = Question {
        version,
        prefix: "v",
        previous_version,
        previous: previous.as_ref(),
    };
    collect(
        file.as_ref(),
        &reader.sources,
        &question,
        &mut Origins::default(),
    )
}

/// `match/from: version entries`, with `!` when it breaks.
fn current_of(facts: &ChangelogFacts) -> String {
    let current = &facts.current;
    format!(
        "{}/{}: {} {}{}{}",
        facts.section_match,
        facts.current_from,
        current.version,
        current.entries,
        if current.breaking { "!" } else { "" },
        if current.downtime { " downtime" } else { "" },
    )
}

#[test]
fn knows_what_the_release_says_about_itself() {
    let check = |now: &str, version: &str, before: &str, expected: &str| {
        assert_eq!(
            current_of(&facts(now, version, "1.2.3", before)),
            expected,
            "{version} in {now}"
        );
    };
    let released = "## [Unreleased]\n\n- c (breaking)\n\n## [1.3.0] - 2026-01-31\n\n- a\n- b\n\n## 1.2.3\n\n- x\n";
    check(released, "1.3.0", "", "exact/section: 1.3.0 2");
    check(released, "1.3.0-rc2", "", "base/section: 1.3.0 2");
    check(released, "1.4.0", "", "/unreleased:  1!");
    check(released, "", "", "/unreleased:  1!");
    check(released, "1.3", "", "/unreleased:  1!");

    // What was unreleased at the previous release went out with it.
    check(
        released,
        "1.4.0",
        "## Unreleased\n\n- c (breaking)\n",
        "/unreleased:  0",
    );
    check(
        released,
        "1.4.0",
        "## Unreleased\n\n- c\n",
        "/unreleased:  1!",
    );

    // A hotfix has its own section, or what is new in the one of the release it fixes, or what is unreleased.
    let before = "## 1.2.3\n\ndowntime: an hour\n\n- x (breaking)\n";
    check(
        "## 1.2.3-hotfix1\n\n- y\n\n## 1.2.3\n\n- x\n",
        "1.2.3-hotfix1",
        before,
        "exact/section: 1.2.3-hotfix1 1",
    );
    check(
        "## 1.2.3\n\n- x (breaking)\n- y\n",
        "1.2.3-hotfix1",
        before,
        "base/section: 1.2.3 1",
    );
    check(
        "## Unreleased\n\n- y\n\n## 1.2.3\n\n- x (breaking)\n",
        "1.2.3-hotfix1",
        before,
        "base/unreleased:  1",
    );
    check(
        "## Unreleased\n\n## 1.2.3\n\n- x (breaking)\n",
        "1.2.3-hotfix1",
        before,
        "base/section: 1.2.3 0",
    );

    // Without a version that is judged, what will be released may have its section already.
    check(
        "## Unreleased\n\n## 1.3.0\n\n- y\n\n## 1.2.3\n",
        "",
        "",
        "/upcoming: 1.3.0 1",
    );
    check(
        "## 1.3.0\n\n- y\n\n## 1.2.3\n",
        "",
        "",
        "/upcoming: 1.3.0 1",
    );
    check("## 1.2.3\n\n- x\n", "", "", "/:  0");
    check(
        "## 1.3.0 (Unreleased)\n\n- y\n\n## 1.2.3\n",
        "",
        "",
        "/unreleased: 1.3.0 1",
    );
    check(
        "## 1.3.0 (Unreleased)\n\n- y\n\n## 1.2.3\n",
        "1.3.0",
        "",
        "exact/section: 1.3.0 1",
    );
    check("# Changelog\n", "1.3.0", "", "/:  0");
}

#[test]
fn keeps_downtime_that_is_new() {
    let check = |now: &str, before: &str, expected: &str| {
        assert_eq!(
            current_of(&facts(now, "1.3.0-rc1", "1.2.3", before)),
            expected,
            "{now}"
        );
    };
    check(
        "## 1.3.0\n\n- downtime: an hour\n",
        "",
        "base/section: 1.3.0 1 downtime",
    );
    check(
        "## 1.3.0\n\n### Downtime\n\n- an hour\n",
        "## 1.3.0\n\n- an hour\n",
        "base/section: 1.3.0 0",
    );
    check(
        "## 1.3.0\n\n- downtime: an hour\n- b\n",
        "## 1.3.0\n\n- downtime: an hour\n",
        "base/section: 1.3.0 1",
    );
}

#[test]
fn describes_sections() {
    let now = "# Changelog\n\n## [Unreleased] - 2.0.0rc1\n\n- u\n\n## [1.2.3] - 31.01.2026 [YANKED]\n\n### Added\n\n- a\n\n### ⚠ BREAKING CHANGES\n\n* b\n* c\n";
    let facts = facts(now, "1.2.3", "", "");
    assert!(facts.exists && facts.has_entry() && !facts.unreadable);
    assert_eq!(facts.unreleased.planned, "2.0.0rc1");
    assert_eq!(facts.unreleased.line, 3);
    let section = &facts.section;
    assert_eq!(
        (
            section.version.as_str(),
            section.date.as_str(),
            section.day.as_str(),
            section.line
        ),
        ("1.2.3", "31.01.2026", "2026-01-31", 7)
    );
    assert!(section.yanked && !section.date_valid && !section.empty && section.breaking);
    let categories: Vec<_> = section
        .categories
        .iter()
        .map(|category| {
            (
                category.name.as_str(),
                category.kind.as_str(),
                category.entries,
            )
        })
        .collect();
    assert_eq!(
        categories,
        [("Added", "added", 1), ("BREAKING CHANGES", "breaking", 2)]
    );
    assert_eq!(section.breaking_entries.len(), 2);
    assert_eq!(section.breaking_entries[0].category, "BREAKING CHANGES");
    assert_eq!(facts.sections.len(), 1);
}

#[test]
fn origins_lead_to_the_line() {
    let (mut reader, snapshot) = Reader::in_memory(
        "HEAD",
        &[("CHANGELOG.md", "\n## 1.0.0\n\n- x (breaking)\n")],
    );
    let file = read(&mut reader, &snapshot, None, &Memory::default());
    let mut origins = Origins::default();
    let question = Question {
        version: "1.0.0",
        prefix: "v",
        ..Question::default()
    };
    let facts = collect(file.as_ref(), &reader.sources, &question, &mut origins);
    let text = |origin: Origin| {
        origins
            .get(origin)
            .map(|location| reader.sources.text(location))
    };
    assert_eq!(text(facts.section.origin), Some("## 1.0.0"));
    assert_eq!(
        text(facts.current.breaking_entries[0].origin),
        Some("breaking")
    );
}

#[test]
fn says_what_was_not_read() {
    let check = |path: &str, text: &str, unreadable: bool, reason: &str| {
        let (mut reader, snapshot) = Reader::in_memory("HEAD", &[(path, text)]);
        let file = read(&mut reader, &snapshot, None, &Memory::default());
        let facts = collect(
            file.as_ref(),
            &reader.sources,
            &Question::default(),
            &mut Origins::default(),
        );
        assert_eq!(
            (facts.unreadable, facts.exists),
            (unreadable, !unreadable),
            "{path}"
        );
        let reasons: Vec<_> = reader
            .coverage
            .not_examined
            .iter()
            .map(|gap| gap.reason.as_str())
            .collect();
        assert_eq!(reasons.join("|"), reason, "{path}");
    };
    check(
        "CHANGES.rst",
        "1.0.0\n=====\n",
        true,
        "a changelog in reStructuredText; relgate reads changelogs in Markdown",
    );
    check(
        "CHANGELOG.md",
        "= Log\n\n== 1.0.0\n",
        true,
        "a changelog in AsciiDoc or RDoc; relgate reads changelogs in Markdown",
    );
    check(
        "CHANGELOG.md",
        "## 1.0.0\n\n```\n",
        false,
        "from line 3: a code block begins here and never ends, so that everything below it is code",
    );
    check(
        "CHANGELOG.md",
        "a\0b",
        true,
        "not a text file: CHANGELOG.md has a NUL byte at offset 1",
    );
    check("CHANGELOG.md", "", false, "");
}

#[test]
fn has_nothing_to_say_without_a_changelog() {
    let facts = collect(
        None,
        &Sources::default(),
        &Question::default(),
        &mut Origins::default(),
    );
    assert_eq!(facts, ChangelogFacts::default());
}
