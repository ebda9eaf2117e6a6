//! A version and the two orders in which versions stand.

use std::cmp::Ordering;

/// The word of hotfix suffixes where nothing is configured.
pub(super) const HOTFIX: &str = "hotfix";

/// A version by SemVer 2.0.0, without a tag's prefix.
///
/// Two versions are equal when their texts are. There is no `Ord`: whoever compares has to say in which of the two
/// orders, [`Version::release_order`] or [`Version::semver_precedence`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version {
    inner: semver::Version,
    /// Where the suffix puts the version beside its base.
    rank: Rank,
}

/// Where a version stands beside the plain version of the same numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Rank {
    Before,
    Base,
    After,
}

impl Version {
    /// Reads a version strictly: three numbers without leading zeros, no prefix, identifiers as SemVer wants them.
    /// Numbers above 64 bits are refused, as Helm, npm and cargo do.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_with(text, HOTFIX)
    }

    /// The same, with the project's own word for hotfixes.
    pub(super) fn parse_with(text: &str, hotfix: &str) -> Option<Self> {
        let inner = semver::Version::parse(text).ok()?;
        let rank = if inner.pre.is_empty() {
            Rank::Base
        } else if is_word_with_number(inner.pre.as_str(), hotfix) {
            Rank::After
        } else {
            Rank::Before
        };
        Some(Self { inner, rank })
    }

    /// The plain version of three numbers.
    pub const fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self {
            inner: semver::Version::new(major, minor, patch),
            rank: Rank::Base,
        }
    }

    /// The first number.
    pub fn major(&self) -> u64 {
        self.inner.major
    }

    /// The second number.
    pub fn minor(&self) -> u64 {
        self.inner.minor
    }

    /// The third number.
    pub fn patch(&self) -> u64 {
        self.inner.patch
    }

    /// The three numbers.
    pub fn numbers(&self) -> (u64, u64, u64) {
        (self.inner.major, self.inner.minor, self.inner.patch)
    }

    /// What stands behind the hyphen; empty when nothing does.
    pub fn suffix(&self) -> &str {
        self.inner.pre.as_str()
    }

    /// What stands behind the plus sign; empty when nothing does.
    pub fn build(&self) -> &str {
        self.inner.build.as_str()
    }

    /// The version without suffix and build metadata.
    #[must_use]
    pub fn base(&self) -> Self {
        Self::new(self.inner.major, self.inner.minor, self.inner.patch)
    }

    /// Nothing stands behind the three numbers.
    pub fn is_plain(&self) -> bool {
        self.inner.pre.is_empty() && self.inner.build.is_empty()
    }

    /// It mends the release of its base: a hotfix, or something on the way to one (`hotfix1-rc1`).
    pub fn is_behind_base(&self) -> bool {
        self.rank == Rank::After
    }

    /// The order of SemVer section 11, which Helm, npm and cargo follow. Versions that differ in build metadata alone
    /// are equal in it.
    pub fn semver_precedence(&self, other: &Self) -> Ordering {
        self.inner.cmp_precedence(&other.inner)
    }

    /// The order in which the project's people count: numbers in suffixes compare as numbers (`rc2` before `rc10`), and
    /// a hotfix stands behind the release it fixes. Equal only for equal versions.
    pub fn release_order(&self, other: &Self) -> Ordering {
        self.numbers()
            .cmp(&other.numbers())
            .then_with(|| self.rank.cmp(&other.rank))
            .then_with(|| compare_suffixes(self.suffix(), other.suffix(), self.rank))
            .then_with(|| compare_tokens(self.build(), other.build()))
            // What is left are spellings of the same thing: `rc1`, `rc.1`, `rc01`.
            .then_with(|| self.inner.cmp(&other.inner))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.inner, f)
    }
}

/// A suffix is the hotfix word and its number, alone (`hotfix1`, `hotfix.1`) or with something on the way to that
/// hotfix behind it (`hotfix1-rc1`).
fn is_word_with_number(suffix: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    suffix.strip_prefix(word).is_some_and(|rest| {
        rest.strip_prefix(['.', '-'])
            .unwrap_or(rest)
            .starts_with(|c: char| c.is_ascii_digit())
    })
}

/// Compares suffixes of the same rank. Behind the base, a longer suffix (`hotfix1-rc1`) leads up to the shorter one.
fn compare_suffixes(a: &str, b: &str, rank: Rank) -> Ordering {
    if rank != Rank::After {
        return compare_tokens(a, b);
    }
    let mut left = tokens(a);
    let mut right = tokens(b);
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Greater,
            (Some(_), None) => return Ordering::Less,
            (Some(x), Some(y)) => match x.compare(y) {
                Ordering::Equal => {}
                different => return different,
            },
        }
    }
}

/// Compares word by word and number by number; what is shorter comes first.
fn compare_tokens(a: &str, b: &str) -> Ordering {
    let mut left = tokens(a);
    let mut right = tokens(b);
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => match x.compare(y) {
                Ordering::Equal => {}
                different => return different,
            },
        }
    }
}

/// A run of digits or a run of letters.
#[derive(Clone, Copy)]
enum Token<'t> {
    Number(&'t str),
    Word(&'t str),
}

impl Token<'_> {
    /// Numbers come before words, as in SemVer.
    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => {
                let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
                a.len().cmp(&b.len()).then_with(|| a.cmp(b))
            }
            (Self::Number(_), Self::Word(_)) => Ordering::Less,
            (Self::Word(_), Self::Number(_)) => Ordering::Greater,
            (Self::Word(a), Self::Word(b)) => a.cmp(b),
        }
    }
}

/// The words and numbers of a suffix; dots and hyphens only separate them.
fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        let first = rest.chars().next()?;
        let digits = first.is_ascii_digit();
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() || c.is_ascii_digit() != digits)
            .unwrap_or(rest.len());
        let (token, behind) = rest.split_at(end);
        rest = behind;
        Some(if digits {
            Token::Number(token)
        } else {
            Token::Word(token)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap_or_else(|| panic!("{text} is not a version"))
    }

    #[test]
    fn parses_strictly() {
        for good in [
            "1.2.3",
            "0.0.0",
            "1.2.3-rc01",
            "1.2.3+01",
            "1.2.3-rc.1+b.2",
            "18446744073709551615.0.0",
            "1.2.3-99999999999999999999999999",
        ] {
            assert_eq!(version(good).to_string(), good);
        }
        for bad in [
            "",
            "v1.2.3",
            "1.2",
            "01.2.3",
            "1.2.3-",
            "1.2.3-rc.01",
            "1.2.3-é",
            "1.2.3 ",
            "1.2.3.4",
            "18446744073709551616.0.0",
            "1.2.3-rc..1",
        ] {
            assert_eq!(Version::parse(bad), None, "{bad}");
        }
    }

    /// Each line is in release order.
    #[test]
    fn release_order_is_the_one_that_people_count_in() {
        for line in [
            "1.2.3-rc1 1.2.3-rc2 1.2.3-rc9 1.2.3-rc10 1.2.3 1.2.3-hotfix1 1.2.3-hotfix2 1.2.3-hotfix10 1.2.4-rc1",
            "1.2.3-rc.2 1.2.3-rc.10 1.2.3",
            "1.2.3-rc4 1.2.3-rc.5 1.2.3-rc6",
            "1.2.3-rc01 1.2.3-rc02 1.2.3-rc10",
            "1.2.3-alpha 1.2.3-alpha1 1.2.3-beta2 1.2.3-rc1",
            "1.2.3-newquery-rc2 1.2.3-newquery-rc10",
            "1.2.3 1.2.3+1 1.2.3+2 1.2.3+10 1.2.4",
            "1.2.3 1.2.3-hotfix1-rc1 1.2.3-hotfix1-rc2 1.2.3-hotfix1 1.2.3-hotfix2",
            "1.2.3-1 1.2.3-2 1.2.3-10 1.2.3-rc1",
            "1.9.0 1.10.0 2.0.0-rc1 2.0.0",
            "1.2.3-rc99999999999999999999 1.2.3-rc100000000000000000000 1.2.3",
        ] {
            let versions: Vec<Version> = line.split(' ').map(version).collect();
            for (i, a) in versions.iter().enumerate() {
                for (j, b) in versions.iter().enumerate() {
                    assert_eq!(a.release_order(b), i.cmp(&j), "{a} and {b}");
                }
            }
        }
    }

    #[test]
    fn semver_precedence_is_what_helm_npm_and_cargo_do() {
        let check = |a: &str, expected: Ordering, b: &str| {
            assert_eq!(
                version(a).semver_precedence(&version(b)),
                expected,
                "{a} {b}"
            );
        };
        check("1.2.3-rc10", Ordering::Less, "1.2.3-rc2");
        check("1.2.3-rc.10", Ordering::Greater, "1.2.3-rc.2");
        check("1.2.3-rc.5", Ordering::Less, "1.2.3-rc4");
        check("1.2.4-hotfix1", Ordering::Less, "1.2.4");
        check("1.2.4-hotfix1", Ordering::Less, "1.2.4-rc1");
        check("1.2.4+hotfix.1", Ordering::Equal, "1.2.4");
    }

    fn any_version() -> impl Strategy<Value = Version> {
        (
            0..3_u64,
            0..3_u64,
            0..3_u64,
            prop_oneof![
                Just(String::new()),
                "-(rc|hotfix|beta|x)[.-]?[1-9][0-9]?",
                "-hotfix[1-3]-rc[1-3]",
                "-[a-c0-1]{1,3}x"
            ],
            prop_oneof![Just(String::new()), "\\+[a-b0-3]{1,2}"],
        )
            .prop_map(|(a, b, c, pre, build)| version(&format!("{a}.{b}.{c}{pre}{build}")))
    }

    proptest! {
        #[test]
        fn release_order_is_total(a in any_version(), b in any_version(), c in any_version()) {
            prop_assert_eq!(a.release_order(&b), b.release_order(&a).reverse());
            prop_assert_eq!(a.release_order(&b) == Ordering::Equal, a == b);
            if a.release_order(&b).is_le() && b.release_order(&c).is_le() {
                prop_assert!(a.release_order(&c).is_le());
            }
        }

        #[test]
        fn orders_agree_on_plain_versions(a in (0..9_u64, 0..9_u64, 0..9_u64), b in (0..9_u64, 0..9_u64, 0..9_u64)) {
            let (a, b) = (Version::new(a.0, a.1, a.2), Version::new(b.0, b.1, b.2));
            prop_assert_eq!(a.release_order(&b), a.semver_precedence(&b));
        }

        #[test]
        fn parsing_never_panics(text in "\\PC{0,40}") {
            if let Some(version) = Version::parse(&text) {
                prop_assert_eq!(version.to_string(), text);
            }
        }
    }
}
