use super::*;

fn entry(markdown: &str) -> Inline {
    let document = crate::syntax::changelog::markdown::read(markdown);
    document
        .blocks
        .into_iter()
        .next()
        .map(|block| block.text)
        .unwrap_or_default()
}

#[test]
fn finds_markers() {
    for (text, mark) in [
        ("- **BREAKING**: casks have labels", "BREAKING"),
        ("- **Breaking:** casks have labels", "Breaking"),
        ("- **BREAKING** casks have labels", "BREAKING"),
        ("- BREAKING CHANGE: casks have labels", "BREAKING CHANGE"),
        ("- BREAKING Casks have labels", "BREAKING"),
        ("- Breaking change: casks have labels", "Breaking change"),
        ("- Breaking - casks have labels", "Breaking"),
        ("- [breaking] casks have labels", "breaking"),
        ("- \\[**breaking**] casks have labels", "breaking"),
        (
            "- ⚠️ **Breaking change** casks have labels",
            "Breaking change",
        ),
        ("- Casks have labels (breaking change)", "breaking change"),
        ("- Casks have labels (**breaking**)", "breaking"),
        ("- Casks have labels (potentially breaking)", "breaking"),
        (
            "- Casks have labels (breaking change, see #12)",
            "breaking change",
        ),
        ("- Casks have labels (breaking for readers)", "breaking"),
        ("- api: BREAKING rename of labels", "BREAKING"),
        ("- **api:** Breaking change: labels", "Breaking change"),
        (
            "- Labels are mandatory. Breaking change: set one.",
            "Breaking change",
        ),
        (
            "- Labels are mandatory - BREAKING CHANGE",
            "BREAKING CHANGE",
        ),
        (
            "- Labels are mandatory; this is a breaking change.",
            "breaking change",
        ),
        (
            "This release contains breaking changes.",
            "breaking changes",
        ),
        (
            "- The new format is backwards incompatible",
            "backwards incompatible",
        ),
        ("- Renamed the label, which is breaking.", "breaking"),
        ("- feat!: labels", "feat!"),
        ("- feat(casks)!: labels", "feat(casks)!"),
        ("- 💥 labels", "💥"),
        (
            "- Labels\n\n  Breaking change: they are mandatory",
            "Breaking change",
        ),
        ("- Labels. Note:\n  breaking change!", "breaking change"),
        ("- BREAKING CHANGE - casks have labels", "BREAKING CHANGE"),
        (
            "- Dropped v1, introducing a breaking change",
            "breaking change",
        ),
    ] {
        let entry = entry(text);
        let found = find(&entry).map(|range| entry.text[range].to_owned());
        assert_eq!(found.as_deref(), Some(mark), "{text}");
    }
}

#[test]
fn leaves_prose_alone() {
    for text in [
        "- No breaking changes",
        "- There are no breaking changes in this release.",
        "- This release does not contain breaking changes",
        "- This is not a breaking change.",
        "- This isn't a **breaking change**.",
        "- Non-breaking change: labels",
        "- Labels (non-breaking)",
        "- Labels (not breaking)",
        "- Fixes breaking of labels",
        "- Fixed a breaking change introduced in 1.2.2",
        "- Fix breaking change of labels",
        "- Fix: breaking change",
        "- fix: stop breaking the build",
        "- Breaking out of the loop is faster",
        "- Add a line breaking algorithm",
        "- Circuit breaking: thresholds",
        "- Support the `BREAKING CHANGE:` footer",
        "- `BREAKING` is a word",
        "- Warn if a release contains breaking changes",
        "- Detect when a commit is a breaking change",
        "- Labels [breaking-news](https://example.org)",
        "- See the list of breaking changes in the guide",
        "- Wow!: labels",
        "- **arg_enum!:** labels",
        "- so that this should not\n  be a breaking change",
        "- see the list of\n  breaking changes: it is long",
        "- BREAKING CHANGE footers stand on top",
        "- Go 1.99 has a backwards-incompatible change",
        "- Labels, without breaking the (old) format",
        "- Avoid breaking changes: deprecate first",
        "- Heartbreaking: labels",
        "",
    ] {
        let entry = entry(text);
        assert_eq!(
            find(&entry).map(|range| entry.text[range].to_owned()),
            None,
            "{text}"
        );
    }
}

#[test]
fn hears_none() {
    for text in [
        "None",
        "None.",
        "N/A",
        "No breaking changes.",
        "No known breaking changes",
        "- none in this release",
        "",
    ] {
        assert!(says_none(text), "{text}");
    }
    for text in [
        "No longer reads labels",
        "None of the old labels are read by the new printers",
        "Labels",
    ] {
        assert!(!says_none(text), "{text}");
    }
}

#[test]
fn hears_downtime() {
    let check = |text: &str, expected: bool| {
        assert_eq!(
            declares_downtime(&entry(text)).is_some(),
            expected,
            "{text}"
        );
    };
    check("- downtime: ten minutes", true);
    check("**Downtime:** ten minutes", true);
    check("Downtime required: yes", true);
    check("Expected downtime: 5m", true);
    check("- downtime:", true);
    check("downtime: none", false);
    check("Downtime: no", false);
    check("Downtime: 0", false);
    check("Downtime: not required", false);
    check("- Reduce downtime: fewer locks", false);
    check("- `downtime: yes` is a declaration", false);
    check("Downtime is needed", false);
}
