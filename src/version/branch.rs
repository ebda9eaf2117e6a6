//! Branch names: which version a release branch is for.

use super::Version;

/// The placeholders of a branch pattern, in the order of a version's numbers.
const PLACEHOLDERS: [&str; 3] = ["{major}", "{minor}", "{patch}"];

/// How a project names its branches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchScheme {
    /// The main branch; `None` to find it.
    pub main: Option<String>,
    /// The release branch of a version, with `{major}`, `{minor}` and `{patch}`.
    pub release: String,
    /// The branches of hotfixes, as a glob in which `*` stands for any text.
    pub hotfix: String,
}

impl Default for BranchScheme {
    fn default() -> Self {
        Self {
            main: None,
            release: "release/v{major}.{minor}.{patch}".to_owned(),
            hotfix: "hotfix/*".to_owned(),
        }
    }
}

/// What a release branch is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchVersion {
    /// One version: `release/v1.3.0`.
    Version(Version),
    /// A whole line, which stands here as its first version: `release/v1.3`.
    Line(Version),
}

impl BranchScheme {
    /// The names that the release branch of a version may have: the one that the pattern gives, and, because a branch named
    /// after 1.3.0 cannot well hold 1.3.1, the one for the whole line.
    pub fn release_branches(&self, version: &Version) -> Vec<String> {
        let fill = |pattern: &str| {
            let numbers = [version.major(), version.minor(), version.patch()];
            PLACEHOLDERS
                .iter()
                .zip(numbers)
                .fold(pattern.to_owned(), |name, (placeholder, number)| {
                    name.replace(placeholder, &number.to_string())
                })
        };
        let mut names = vec![fill(&self.release)];
        names.extend(self.line_pattern().map(|pattern| fill(&pattern)));
        names
    }

    /// What a branch is for by its name; `None` for any other branch.
    pub fn release_version(&self, branch: &str) -> Option<BranchVersion> {
        let numbers = match_pattern(&self.release, branch)
            .or_else(|| match_pattern(&self.line_pattern()?, branch))?;
        match numbers {
            [Some(major), Some(minor), Some(patch)] => {
                Some(BranchVersion::Version(Version::new(major, minor, patch)))
            }
            [Some(major), Some(minor), None] => {
                Some(BranchVersion::Line(Version::new(major, minor, 0)))
            }
            _ => None,
        }
    }

    /// The branch is one for hotfixes by its name.
    pub fn is_hotfix(&self, branch: &str) -> bool {
        matches_glob(&self.hotfix, branch)
    }

    /// The branch has a part in judging releases.
    pub fn counts(&self, branch: &str) -> bool {
        self.release_version(branch).is_some()
    }

    /// The pattern without its last number.
    fn line_pattern(&self) -> Option<String> {
        self.release
            .contains(".{patch}")
            .then(|| self.release.replace(".{patch}", ""))
    }
}

/// The numbers that a name has where the pattern has placeholders.
fn match_pattern(pattern: &str, name: &str) -> Option<[Option<u64>; 3]> {
    let mut numbers = [None; 3];
    let (mut pattern, mut name) = (pattern, name);
    while !pattern.is_empty() {
        let placeholder = PLACEHOLDERS
            .iter()
            .position(|placeholder| pattern.starts_with(placeholder));
        if let Some(index) = placeholder {
            let end = name
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(name.len());
            let (digits, rest) = name.split_at(end);
            if digits.len() > 1 && digits.starts_with('0') {
                return None;
            }
            numbers[index] = Some(digits.parse().ok()?);
            name = rest;
            pattern = pattern.strip_prefix(PLACEHOLDERS[index])?;
        } else {
            let expected = pattern.chars().next()?;
            name = name.strip_prefix(expected)?;
            pattern = pattern.strip_prefix(expected)?;
        }
    }
    name.is_empty().then_some(numbers)
}

/// A glob in which `*` stands for any text, slashes too.
fn matches_glob(glob: &str, name: &str) -> bool {
    let mut parts = glob.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn release_branches_of_a_version() {
        let names = BranchScheme::default().release_branches(&Version::new(1, 3, 0));
        assert_eq!(names, ["release/v1.3.0", "release/v1.3"]);
        let line = BranchScheme {
            release: "release-{major}.{minor}".to_owned(),
            ..BranchScheme::default()
        };
        let names = line.release_branches(&Version::new(1, 3, 7));
        assert_eq!(names, ["release-1.3"]);
    }

    #[test]
    fn versions_of_branches() {
        let check = |branch: &str, expected: Option<BranchVersion>| {
            let found = BranchScheme::default().release_version(branch);
            assert_eq!(found, expected, "{branch}");
        };
        let version = |a, b, c| Some(BranchVersion::Version(Version::new(a, b, c)));
        check("release/v1.3.0", version(1, 3, 0));
        check("release/v10.30.25", version(10, 30, 25));
        check(
            "release/v1.3",
            Some(BranchVersion::Line(Version::new(1, 3, 0))),
        );
        check("release/v1", None);
        check("release/v1.3.0-rc1", None);
        check("release/v01.3.0", None);
        check("release/v1.3.x", None);
        check("release/v99999999999999999999.0.0", None);
        check("main", None);
        check("", None);
    }

    #[test]
    fn globs() {
        for (glob, name, expected) in [
            ("hotfix/*", "hotfix/x", true),
            ("hotfix/*", "hotfix/a/b", true),
            ("hotfix/*", "hotfix", false),
            ("hotfix/*", "a/hotfix/x", false),
            ("*", "", true),
            ("hotfix", "hotfix", true),
            ("hotfix", "hotfixes", false),
            ("*-fix-*", "a-fix-b", true),
            ("*-fix-*", "a-fixb", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches_glob(glob, name), expected, "{glob} {name}");
        }
    }
}
