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
    /// Another pattern that counts too, where nobody said which one it is.
    pub other_release: Option<String>,
    /// The branches of hotfixes, as a glob in which `*` stands for any text.
    pub hotfix: String,
}

impl Default for BranchScheme {
    fn default() -> Self {
        Self {
            main: None,
            release: "release/v{major}.{minor}.{patch}".to_owned(),
            other_release: None,
            hotfix: "hotfix/*".to_owned(),
        }
    }
}

impl BranchScheme {
    /// The usual names in a project whose tags have no `v`: its release branches may have none either.
    pub fn without_v() -> Self {
        let usual = Self::default();
        Self {
            release: "release/{major}.{minor}.{patch}".to_owned(),
            other_release: Some(usual.release),
            ..usual
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
        self.patterns().map(|pattern| fill(&pattern)).collect()
    }

    /// What a branch is for by its name; `None` for any other branch.
    pub fn release_version(&self, branch: &str) -> Option<BranchVersion> {
        let numbers = self
            .patterns()
            .find_map(|pattern| match_pattern(&pattern, branch))?;
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

    /// The patterns of release branches: those of one version, then those of a line, without the last number.
    fn patterns(&self) -> impl Iterator<Item = String> {
        let of_version: Vec<&String> = [&self.release]
            .into_iter()
            .chain(&self.other_release)
            .collect();
        let of_line = of_version
            .clone()
            .into_iter()
            .filter(|pattern| pattern.contains(".{patch}"))
            .map(|pattern| pattern.replace(".{patch}", ""));
        of_version.into_iter().cloned().chain(of_line)
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

    #[test]
    fn without_v_both_spellings_count() {
        let scheme = BranchScheme::without_v();
        assert_eq!(
            scheme.release_branches(&Version::new(1, 2, 3)),
            [
                "release/1.2.3",
                "release/v1.2.3",
                "release/1.2",
                "release/v1.2"
            ]
        );
        for branch in ["release/1.2.3", "release/v1.2.3"] {
            assert_eq!(
                scheme.release_version(branch),
                Some(BranchVersion::Version(Version::new(1, 2, 3))),
                "{branch}"
            );
        }
        assert_eq!(
            scheme.release_version("release/v0.19"),
            Some(BranchVersion::Line(Version::new(0, 19, 0)))
        );
    }
}
