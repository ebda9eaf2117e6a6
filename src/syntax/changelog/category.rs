//! What the names of categories mean.

use super::breaking;

/// A category in Keep a Changelog's words, with the one that other tools add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CategoryKind {
    /// New features.
    Added,
    /// Changes of what is there.
    Changed,
    /// What will go.
    Deprecated,
    /// What is gone.
    Removed,
    /// Mended defects.
    Fixed,
    /// Vulnerabilities.
    Security,
    /// What breaks users.
    Breaking,
    /// Anything else.
    Other,
}

impl CategoryKind {
    /// The word that facts use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Deprecated => "deprecated",
            Self::Removed => "removed",
            Self::Fixed => "fixed",
            Self::Security => "security",
            Self::Breaking => "breaking",
            Self::Other => "other",
        }
    }
}

/// What `name` means. A name that is a sentence means nothing.
pub(super) fn kind(name: &str) -> CategoryKind {
    let words = words(name);
    let any = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    if breaking::names_breakage(name) {
        return CategoryKind::Breaking;
    }
    // changesets names its categories by the step that they demand.
    match words
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["major", "changes"] => return CategoryKind::Breaking,
        ["minor", "changes"] => return CategoryKind::Added,
        ["patch", "changes"] => return CategoryKind::Fixed,
        _ => {}
    }
    if words.is_empty()
        || words.len() > 5
        || any(&[
            "how",
            "contributors",
            "contributor",
            "known",
            "upgrade",
            "upgrading",
        ])
    {
        CategoryKind::Other
    } else if any(&[
        "security",
        "vulnerability",
        "vulnerabilities",
        "cve",
        "cves",
    ]) {
        CategoryKind::Security
    } else if any(&["deprecated", "deprecation", "deprecations", "deprecate"]) {
        CategoryKind::Deprecated
    } else if any(&["removed", "removal", "removals", "remove", "removes"]) {
        CategoryKind::Removed
    } else if any(&[
        "added",
        "add",
        "adds",
        "additions",
        "addition",
        "feature",
        "features",
        "feat",
        "new",
    ]) {
        CategoryKind::Added
    } else if any(&[
        "fixed",
        "fix",
        "fixes",
        "bug",
        "bugs",
        "bugfix",
        "bugfixes",
        "hotfix",
        "hotfixes",
        "corrections",
    ]) {
        CategoryKind::Fixed
    } else if any(&[
        "changed",
        "change",
        "changes",
        "improvement",
        "improvements",
        "improved",
        "enhancement",
        "enhancements",
        "updated",
        "updates",
        "performance",
        "perf",
        "refactoring",
        "refactor",
    ]) {
        CategoryKind::Changed
    } else {
        CategoryKind::Other
    }
}

/// The word of a tag in front of an entry, as Prometheus writes them: `[BUGFIX] …`. `[BREAKING]` is a marker instead.
pub(super) fn of_tag(entry: &str) -> Option<(&str, CategoryKind)> {
    let (tag, _) = entry.strip_prefix('[')?.split_once(']')?;
    let is_word = !tag.is_empty()
        && tag.len() <= 20
        && tag.bytes().all(|b| b.is_ascii_uppercase() || b == b' ');
    let kind = kind(tag);
    (is_word && !matches!(kind, CategoryKind::Other | CategoryKind::Breaking))
        .then_some((tag, kind))
}

/// The name without decoration at its ends: emoji, colons, hashes.
pub(super) fn clean(name: &str) -> &str {
    let name = name.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '(' | ')'));
    // A short code that was at the beginning has lost its first colon: `rocket: Features`.
    match name.split_once(": ") {
        Some((code, rest))
            if !code.is_empty() && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') =>
        {
            rest.trim()
        }
        _ => name,
    }
}

fn words(name: &str) -> Vec<String> {
    clean(name)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(7)
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names() {
        use CategoryKind::{Added, Breaking, Changed, Deprecated, Fixed, Other, Removed, Security};
        for (name, expected) in [
            ("Added", Added),
            ("Features", Added),
            ("🚀 Features", Added),
            (":rocket: New Features", Added),
            ("Features and bug fixes", Added),
            ("Minor Changes", Added),
            ("Changed", Changed),
            ("IMPROVEMENTS:", Changed),
            ("Performance Improvements", Changed),
            ("Deprecated", Deprecated),
            ("Removed", Removed),
            ("Removed features", Removed),
            ("Fixed", Fixed),
            ("BUG FIXES:", Fixed),
            ("🐞 Bug fixes", Fixed),
            ("Patch Changes", Fixed),
            ("Security", Security),
            ("Security fixes", Security),
            ("⚠ BREAKING CHANGES", Breaking),
            ("BREAKING", Breaking),
            ("Breaking Changes:", Breaking),
            ("Backwards-incompatible Changes", Breaking),
            ("Major Changes", Breaking),
            ("Non-breaking changes", Changed),
            ("No breaking changes", Changed),
            ("Contributors", Other),
            ("New Contributors", Other),
            ("Upgrade notes", Other),
            ("How to add a new cask", Other),
            (
                "This release adds a new way to print the labels of casks",
                Other,
            ),
            ("Miscellaneous", Other),
            ("", Other),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
    }

    #[test]
    fn reads_tags() {
        let check = |entry: &str, expected: Option<(&str, CategoryKind)>| {
            assert_eq!(of_tag(entry), expected, "{entry}");
        };
        check("[BUGFIX] Casks leak", Some(("BUGFIX", CategoryKind::Fixed)));
        check("[FEATURE] Casks", Some(("FEATURE", CategoryKind::Added)));
        check("[API] Casks", None);
        check("[link] x", None);
        check("[", None);
    }
}
