//! The step between two versions: what it declares, whether it is a regular one, and what comes next.

use super::{ReleaseType, Version};

/// The step from one version to a later one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What the step declares: the first number that differs.
    pub release_type: ReleaseType,
    /// What is unusual about it, as a phrase; `None` for a regular step.
    pub irregular: Option<String>,
}

/// The step from `from` to `to`, judged by their three numbers: one number grows by one and those behind it are 0.
/// Suffixes do not count, because a candidate of 1.3.0 declares what 1.3.0 declares.
pub fn step(from: &Version, to: &Version) -> Step {
    let (from, to) = (from.base(), to.base());
    let release_type = if from.major() != to.major() {
        ReleaseType::Major
    } else if from.minor() != to.minor() {
        ReleaseType::Minor
    } else if from.patch() != to.patch() {
        ReleaseType::Patch
    } else {
        return Step {
            release_type: ReleaseType::None,
            irregular: Some(format!("{to} is released already")),
        };
    };
    if to.numbers() < from.numbers() {
        return Step {
            release_type,
            irregular: Some(format!("{to} is below {from}")),
        };
    }
    let regular = next(&from, release_type);
    let irregular = match regular {
        Some(regular) if regular == to => None,
        Some(regular) => Some(irregularity(&regular, &to, release_type)),
        None => Some(format!("{from} leaves no number for {to}")),
    };
    Step {
        release_type,
        irregular,
    }
}

/// In which way `to` is not the `regular` next version.
fn irregularity(regular: &Version, to: &Version, release_type: ReleaseType) -> String {
    let skips = match release_type {
        ReleaseType::Major => to.major() != regular.major(),
        ReleaseType::Minor => to.minor() != regular.minor(),
        ReleaseType::Patch | ReleaseType::None => true,
    };
    if skips {
        return format!("skips {regular}");
    }
    let reset = if release_type == ReleaseType::Major {
        "minor and patch go"
    } else {
        "patch goes"
    };
    format!("a {release_type} release starts at {regular}: {reset} back to 0")
}

/// The regular next version of a type; `None` for [`ReleaseType::None`], and where a number would overflow.
pub fn next(from: &Version, release_type: ReleaseType) -> Option<Version> {
    let (major, minor, patch) = from.numbers();
    Some(match release_type {
        ReleaseType::None => return None,
        ReleaseType::Patch => Version::new(major, minor, patch.checked_add(1)?),
        ReleaseType::Minor => Version::new(major, minor.checked_add(1)?, 0),
        ReleaseType::Major => Version::new(major.checked_add(1)?, 0, 0),
    })
}

/// The next version of a type that is not `taken` by a final: what a maintenance line has to use when the regular
/// number was given away on another line.
pub fn next_free(
    from: &Version,
    release_type: ReleaseType,
    taken: impl Fn(&Version) -> bool,
) -> Option<Version> {
    let mut candidate = next(from, release_type)?;
    while taken(&candidate) {
        candidate = next(&candidate, release_type)?;
    }
    Some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn steps() {
        let check = |from: &str, to: &str, release_type: ReleaseType, irregular: &str| {
            let expected = Step {
                release_type,
                irregular: (!irregular.is_empty()).then(|| irregular.to_owned()),
            };
            assert_eq!(step(&version(from), &version(to)), expected, "{from} {to}");
        };
        check("1.2.3", "1.2.4", ReleaseType::Patch, "");
        check("1.2.3", "1.2.4-rc1", ReleaseType::Patch, "");
        check("1.2.9", "1.3.0-rc1", ReleaseType::Minor, "");
        check("1.9.9", "2.0.0", ReleaseType::Major, "");
        check("0.9.0", "1.0.0", ReleaseType::Major, "");
        check("1.2.3", "1.2.5", ReleaseType::Patch, "skips 1.2.4");
        check("1.2.3", "1.4.0", ReleaseType::Minor, "skips 1.3.0");
        check("1.2.3", "1.4.2", ReleaseType::Minor, "skips 1.3.0");
        check("1.2.3", "3.0.0", ReleaseType::Major, "skips 2.0.0");
        check(
            "1.2.4",
            "1.3.1",
            ReleaseType::Minor,
            "a minor release starts at 1.3.0: patch goes back to 0",
        );
        check(
            "1.2.4",
            "2.1.0",
            ReleaseType::Major,
            "a major release starts at 2.0.0: minor and patch go back to 0",
        );
        check(
            "1.2.3",
            "1.2.3+1",
            ReleaseType::None,
            "1.2.3 is released already",
        );
        check("1.2.3", "1.2.2", ReleaseType::Patch, "1.2.2 is below 1.2.3");
        check("1.2.18446744073709551615", "1.3.0", ReleaseType::Minor, "");
    }

    #[test]
    fn next_versions() {
        let from = version("1.2.3");
        assert_eq!(next(&from, ReleaseType::None), None);
        assert_eq!(next(&from, ReleaseType::Patch), Some(version("1.2.4")));
        assert_eq!(next(&from, ReleaseType::Minor), Some(version("1.3.0")));
        assert_eq!(next(&from, ReleaseType::Major), Some(version("2.0.0")));
        let last = Version::new(u64::MAX, u64::MAX, u64::MAX);
        assert_eq!(next(&last, ReleaseType::Major), None);
        assert_eq!(next_free(&last, ReleaseType::Patch, |_| false), None);
        let taken = [version("1.2.4"), version("1.2.5")];
        let free = next_free(&from, ReleaseType::Patch, |v| taken.contains(v));
        assert_eq!(free, Some(version("1.2.6")));
    }
}
