//! Which ranges of versions would take a version, by the rules of Helm, npm and cargo. They differ in prereleases:
//!
//! * Helm (Masterminds/semver) takes one as soon as any comparator beside it names a prerelease;
//! * npm and cargo take one only where a comparator names a prerelease of the same three numbers.

use crate::version::Version;

/// A range, and who would take the version by it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The range, as people write it.
    pub range: String,
    /// Helm takes it.
    pub helm: bool,
    /// npm takes it.
    pub npm: bool,
    /// cargo takes it.
    pub cargo: bool,
}

/// A range: at least one version, below another if there is one.
struct Range {
    text: String,
    from: (u64, u64, u64),
    /// The lowest prerelease of `from` is in it.
    with_prereleases: bool,
    below: Option<(u64, u64, u64)>,
}

/// The ranges that people with the release before would have.
pub fn verdicts(previous: &Version, version: &Version) -> Vec<Verdict> {
    let (major, minor, patch) = previous.numbers();
    let base = format!("{major}.{minor}.{patch}");
    let from = (major, minor, patch);
    let next_minor = Some((major, minor.saturating_add(1), 0));
    // Below 1.0.0, the first number that is not zero is the one that breaks.
    let next_breaking = Some(match (major, minor) {
        (0, 0) => (0, 0, patch.saturating_add(1)),
        (0, minor) => (0, minor.saturating_add(1), 0),
        (major, _) => (major.saturating_add(1), 0, 0),
    });
    let range = |text: String, with_prereleases, below| Range {
        text,
        from,
        with_prereleases,
        below,
    };
    [
        range(format!("~{base}"), false, next_minor),
        range(format!("^{base}"), false, next_breaking),
        range(format!(">={base}"), false, None),
        range(format!(">={base}-0"), true, None),
    ]
    .iter()
    .map(|range| range.verdict(version))
    .collect()
}

impl Range {
    fn verdict(&self, version: &Version) -> Verdict {
        let numbers = version.numbers();
        let is_prerelease = !version.suffix().is_empty();
        // A prerelease stands below its own numbers.
        let above = if is_prerelease && !self.with_prereleases {
            numbers > self.from
        } else {
            numbers >= self.from
        };
        let below = self.below.is_none_or(|below| numbers < below);
        let inside = above && below;
        let same_numbers = self.with_prereleases && numbers == self.from;
        Verdict {
            range: self.text.clone(),
            helm: inside && (!is_prerelease || self.with_prereleases),
            npm: inside && (!is_prerelease || same_numbers),
            cargo: inside && (!is_prerelease || same_numbers),
        }
    }
}
