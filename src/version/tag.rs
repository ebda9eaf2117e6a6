//! Tag names: which of the six kinds a name is.

use super::number::HOTFIX;
use super::{TagKind, Version};

/// No name that is longer is looked into: git allows them, no release has one.
pub(super) const MAX_NAME_BYTES: usize = 256;

/// What stands between a prefix and a version by mistake.
const SEPARATORS: [char; 3] = ['.', '-', '_'];

/// How a project names its release tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagScheme {
    /// What stands before the version, e.g. `v`; may be empty.
    pub prefix: String,
    /// The word of candidates: `rc`.
    pub candidate: String,
    /// The word of hotfixes: `hotfix`.
    pub hotfix: String,
}

impl Default for TagScheme {
    fn default() -> Self {
        Self::with_prefix("v")
    }
}

/// What a tag's name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagName {
    /// The name without `refs/tags/`.
    pub name: String,
    /// Its kind.
    pub kind: TagKind,
    /// The version; `None` for malformed and unrelated names.
    pub version: Option<Version>,
    /// The candidate's or hotfix's number; 0 for others.
    pub number: u64,
    /// What was probably meant by a malformed name.
    pub suggestion: Option<String>,
    /// The line that a floating tag follows: `1` of `v1`, `1.2` of `v1.2`; empty for all other names.
    pub line: String,
}

impl TagName {
    /// The name has a version: its kind is neither malformed nor unrelated.
    pub fn is_release(&self) -> bool {
        self.version.is_some()
    }

    fn without_version(name: &str, kind: TagKind, suggestion: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            version: None,
            number: 0,
            suggestion,
            line: String::new(),
        }
    }
}

impl TagScheme {
    /// The usual words behind a prefix.
    pub fn with_prefix(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            candidate: "rc".to_owned(),
            hotfix: HOTFIX.to_owned(),
        }
    }

    /// The name that the tag of a version has.
    pub fn tag(&self, version: &Version) -> String {
        format!("{}{version}", self.prefix)
    }

    /// The version that a text without prefix names, with this project's word for hotfixes.
    pub fn version(&self, text: &str) -> Option<Version> {
        Version::parse_with(text, &self.hotfix)
    }

    /// Tells what kind of tag a name is.
    pub fn parse(&self, name: &str) -> TagName {
        if let Some(version) = name
            .strip_prefix(&self.prefix)
            .filter(|_| name.len() <= MAX_NAME_BYTES)
            .and_then(|rest| self.version(rest))
        {
            let (kind, number) = self.classify(&version);
            return TagName {
                name: name.to_owned(),
                kind,
                version: Some(version),
                number,
                suggestion: None,
                line: String::new(),
            };
        }
        match self.intended(name) {
            Some(intended) => {
                let suggestion = self
                    .repair(&intended)
                    .filter(|repaired| self.parse_well_formed(repaired));
                TagName::without_version(name, TagKind::Malformed, suggestion)
            }
            None => TagName {
                line: self.line(name).unwrap_or_default().to_owned(),
                ..TagName::without_version(name, TagKind::Unrelated, None)
            },
        }
    }

    /// The line that a name stands for: one or two numbers behind the prefix, as versions write them.
    fn line<'n>(&self, name: &'n str) -> Option<&'n str> {
        let line = name.strip_prefix(&self.prefix)?;
        let (major, minor) = line.split_once('.').unwrap_or((line, "0"));
        let is_number = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_digit())
                && without_zeros(text) == text
        };
        (name.len() <= MAX_NAME_BYTES && is_number(major) && is_number(minor)).then_some(line)
    }

    fn classify(&self, version: &Version) -> (TagKind, u64) {
        if version.is_plain() {
            return (TagKind::Final, 0);
        }
        if !version.build().is_empty() {
            return (TagKind::Prerelease, 0);
        }
        let suffix = version.suffix();
        if let Some(number) = number_behind(suffix, &self.candidate, true) {
            return (TagKind::Candidate, number);
        }
        if let Some(number) = number_behind(suffix, &self.hotfix, false) {
            return (TagKind::Hotfix, number);
        }
        (TagKind::Prerelease, 0)
    }

    fn parse_well_formed(&self, name: &str) -> bool {
        name.strip_prefix(&self.prefix)
            .is_some_and(|rest| self.version(rest).is_some())
    }

    /// Reads a name that is not well-formed as the release that it was meant to be, if it was.
    fn intended<'n>(&self, name: &'n str) -> Option<Intended<'n>> {
        if name.len() > MAX_NAME_BYTES {
            return None;
        }
        let rest = self.behind_prefix(name)?;
        let intended = Intended::read(rest)?;
        let suffix = intended.suffix;
        // `v1.2.3/linux` is a name in another namespace, `v1.2.x` a line.
        let other = suffix.contains('/') || matches!(suffix, ".x" | ".X" | ".*");
        let meant = !other
            && match intended.numbers.len() {
                0 => false,
                1 => self.names_a_stage(suffix),
                2 => !suffix.is_empty(),
                _ => true,
            };
        meant.then_some(intended)
    }

    /// What stands behind the prefix, however it is spelled: in another case, with a separator too many or too few,
    /// doubled, or not at all. Where a project uses `v` or nothing, the other of the two is a misspelling as well.
    fn behind_prefix<'n>(&self, name: &'n str) -> Option<&'n str> {
        let bare = self.prefix.trim_end_matches(SEPARATORS);
        let spellings = [self.prefix.as_str(), bare, "v"];
        let usual = self.prefix.is_empty() || self.prefix.eq_ignore_ascii_case("v");
        let mut rest = name;
        for spelling in spellings.iter().take(if usual { 3 } else { 2 }) {
            let mut again = strip_prefix_any_case(rest, spelling);
            if let Some(stripped) = again {
                rest = stripped;
                again = strip_prefix_any_case(rest, spelling);
                rest = again.unwrap_or(rest).trim_start_matches(SEPARATORS);
                break;
            }
        }
        rest.starts_with(|c: char| c.is_ascii_digit())
            .then_some(rest)
    }

    /// The suffix names a candidate or a hotfix: `-rc1`, `rc1`, `-hotfix.2`.
    fn names_a_stage(&self, suffix: &str) -> bool {
        let suffix = suffix.trim_start_matches(SEPARATORS);
        [&self.candidate, &self.hotfix].iter().any(|word| {
            !word.is_empty()
                && strip_prefix_any_case(suffix, word)
                    .is_some_and(|rest| rest.contains(|c: char| c.is_ascii_digit()))
        })
    }

    /// The nearest well-formed name.
    fn repair(&self, intended: &Intended<'_>) -> Option<String> {
        if intended.numbers.len() > 3 {
            return None;
        }
        let mut numbers = intended.numbers.clone();
        numbers.resize(3, "0");
        let numbers: Vec<&str> = numbers.into_iter().map(without_zeros).collect();
        let (mut numbers, mut written) = (numbers, intended.suffix);
        // A letter that looks like a digit: `v1.11.O`.
        if let (2, Some(digit)) = (intended.numbers.len(), look_alike(written)) {
            (numbers[2], written) = (digit, "");
        }
        let mut name = format!("{}{}", self.prefix, numbers.join("."));
        let (suffix, build) = written.split_once('+').unwrap_or((written, ""));
        let suffix: Vec<&str> = suffix
            .split(['.', '_'])
            .map(|part| part.trim_matches('-'))
            .filter(|part| !part.is_empty())
            .map(|part| {
                if part.bytes().all(|b| b.is_ascii_digit()) {
                    without_zeros(part)
                } else {
                    part
                }
            })
            .collect();
        if !suffix.is_empty() {
            name.push('-');
            name.push_str(&suffix.join("."));
        }
        if !build.is_empty() {
            name.push('+');
            name.push_str(build);
        }
        Some(name)
    }
}

/// A name read leniently.
struct Intended<'n> {
    /// The numbers that dots separate.
    numbers: Vec<&'n str>,
    /// What stands behind them.
    suffix: &'n str,
}

impl<'n> Intended<'n> {
    fn read(text: &'n str) -> Option<Self> {
        let mut numbers = Vec::new();
        let mut rest = text;
        loop {
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            if end == 0 {
                break;
            }
            let (number, behind) = rest.split_at(end);
            numbers.push(number);
            rest = behind;
            match rest.strip_prefix('.') {
                Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
                _ => break,
            }
        }
        (!numbers.is_empty()).then_some(Self {
            numbers,
            suffix: rest,
        })
    }
}

/// The number of a suffix that is `word` and a number; a dot between them where the kind allows one.
fn number_behind(suffix: &str, word: &str, dot: bool) -> Option<u64> {
    if word.is_empty() {
        return None;
    }
    let rest = suffix.strip_prefix(word)?;
    let digits = rest.strip_prefix('.').filter(|_| dot).unwrap_or(rest);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // A number that no policy could hold names no candidate of a series.
    i64::try_from(digits.parse::<u64>().ok()?)
        .ok()?
        .try_into()
        .ok()
}

/// The digit that a last number of one letter was meant to be.
fn look_alike(suffix: &str) -> Option<&'static str> {
    match suffix {
        ".O" | ".o" => Some("0"),
        ".l" | ".I" | ".i" => Some("1"),
        _ => None,
    }
}

fn without_zeros(number: &str) -> &str {
    match number.trim_start_matches('0') {
        "" => "0",
        trimmed => trimmed,
    }
}

fn strip_prefix_any_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    if prefix.is_empty() {
        return None;
    }
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| text.get(prefix.len()..))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::detect_prefix;
    use proptest::prelude::*;

    /// Each line: name, kind, then `=version` or `?suggestion` where there is one.
    fn check(scheme: &TagScheme, table: &str) {
        for line in table.split('\n').map(str::trim).filter(|l| !l.is_empty()) {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap();
            let kind = words.next().unwrap();
            let rest = words.next().unwrap_or("");
            let tag = scheme.parse(name);
            assert_eq!(tag.kind.as_str(), kind, "{name}");
            assert_eq!(
                tag.version.map(|v| v.to_string()).unwrap_or_default(),
                rest.strip_prefix('=').unwrap_or(""),
                "{name}"
            );
            assert_eq!(
                tag.suggestion.unwrap_or_default(),
                rest.strip_prefix('?').unwrap_or(""),
                "{name}"
            );
        }
    }

    #[test]
    fn a_letter_is_taken_for_the_digit_that_it_looks_like() {
        check(
            &TagScheme::default(),
            "v1.11.O malformed ?v1.11.0
             v1.11.l malformed ?v1.11.1
             v1.11.b malformed ?v1.11.0-b",
        );
    }

    #[test]
    fn floating_tags_follow_a_line() {
        let check = |prefix: &str, name: &str, line: &str| {
            assert_eq!(
                TagScheme::with_prefix(prefix).parse(name).line,
                line,
                "{name}"
            );
        };
        check("v", "v1", "1");
        check("v", "v0.10", "0.10");
        check("v", "v0", "0");
        check("", "1.2", "1.2");
        check("api/v", "api/v3", "3");
        for none in [
            "v", "v1.", "v01", "v1.02", "v1.x", "1", "v1.2.3", "v1.2-rc1", "stable", "v1.2.3.4",
        ] {
            check("v", none, "");
        }
    }

    #[test]
    fn kinds_with_the_usual_prefix() {
        check(
            &TagScheme::default(),
            "v1.2.3                 final       =1.2.3
             v0.0.0                 final       =0.0.0
             v1.2.3-rc1             candidate   =1.2.3-rc1
             v1.2.3-rc.1            candidate   =1.2.3-rc.1
             v1.2.3-rc10            candidate   =1.2.3-rc10
             v1.2.3-rc01            candidate   =1.2.3-rc01
             v1.2.3-rc0             candidate   =1.2.3-rc0
             v1.2.3-hotfix1         hotfix      =1.2.3-hotfix1
             v1.2.3-hotfix          prerelease  =1.2.3-hotfix
             v1.2.3-hotfix.1        prerelease  =1.2.3-hotfix.1
             v1.2.3-hotfix1-rc1     prerelease  =1.2.3-hotfix1-rc1
             v1.2.3-rc1-hotfix1     prerelease  =1.2.3-rc1-hotfix1
             v1.2.3-rc              prerelease  =1.2.3-rc
             v1.2.3-RC1             prerelease  =1.2.3-RC1
             v1.2.3-rc1.2           prerelease  =1.2.3-rc1.2
             v1.2.3-beta1           prerelease  =1.2.3-beta1
             v1.2.3-mlg3            prerelease  =1.2.3-mlg3
             v1.2.3+1               prerelease  =1.2.3+1
             v1.2.3-rc1+1           prerelease  =1.2.3-rc1+1
             v0.0.0-feature-rc10    prerelease  =0.0.0-feature-rc10
             v1.2.3-rc99999999999999999999  prerelease  =1.2.3-rc99999999999999999999
             v.1.2.3-rc1            malformed   ?v1.2.3-rc1
             v-1.2.3                malformed   ?v1.2.3
             vv1.2.3                malformed   ?v1.2.3
             V1.2.3                 malformed   ?v1.2.3
             1.2.3                  malformed   ?v1.2.3
             1.2.3-rc6              malformed   ?v1.2.3-rc6
             v1.2-rc1               malformed   ?v1.2.0-rc1
             v1-rc1                 malformed   ?v1.0.0-rc1
             v01.2.3                malformed   ?v1.2.3
             v1.02.3                malformed   ?v1.2.3
             v1.2.3-rc.01           malformed   ?v1.2.3-rc.1
             v1.2.3rc1              malformed   ?v1.2.3-rc1
             v1.2.3_rc1             malformed   ?v1.2.3-rc1
             v1.2.3.rc1             malformed   ?v1.2.3-rc1
             v1.2.3-                malformed   ?v1.2.3
             v1.2.3.4               malformed
             v1.2.3-é               malformed
             v99999999999999999999.0.0  malformed
             v1                     unrelated
             v1.2                   unrelated
             1.2                    unrelated
             v1.x                   unrelated
             v1.2.x                 unrelated
             v1.2.3/linux           unrelated
             v1-latest              unrelated
             stable                 unrelated
             nightly                unrelated
             v                      unrelated
             vacuum-module-qc-26.03.18  unrelated
             chart-1.2.3            unrelated
             release-1.2.3          unrelated
             api/v1.2.3             unrelated
             20240115               unrelated
             2024-01-15             unrelated
             nightly-2024.1.15      unrelated",
        );
    }

    #[test]
    fn kinds_with_other_prefixes() {
        check(
            &TagScheme::with_prefix(""),
            "1.2.3        final      =1.2.3
             1.2.3-rc1    candidate  =1.2.3-rc1
             v1.2.3       malformed  ?1.2.3
             01.2.3       malformed  ?1.2.3
             1.2          unrelated
             chart-1.2.3  unrelated",
        );
        check(
            &TagScheme::with_prefix("chart-"),
            "chart-1.2.3      final      =1.2.3
             chart-1.2.3-rc2  candidate  =1.2.3-rc2
             chart-v1.2.3     unrelated
             chart1.2.3       malformed  ?chart-1.2.3
             Chart-1.2.3      malformed  ?chart-1.2.3
             1.2.3            malformed  ?chart-1.2.3
             v1.2.3           unrelated
             charts-1.2.3     unrelated",
        );
        check(
            &TagScheme::with_prefix("api/v"),
            "api/v1.2.3   final      =1.2.3
             api/1.2.3    unrelated
             v1.2.3       unrelated",
        );
    }

    #[test]
    fn configured_words() {
        let scheme = TagScheme {
            prefix: "v".to_owned(),
            candidate: "pre".to_owned(),
            hotfix: "fix".to_owned(),
        };
        check(
            &scheme,
            "v1.2.3-pre1  candidate   =1.2.3-pre1
             v1.2.3-fix1  hotfix      =1.2.3-fix1
             v1.2.3-rc1   prerelease  =1.2.3-rc1",
        );
        let fixed = scheme.version("1.2.3-fix1").unwrap();
        assert!(fixed.release_order(&Version::new(1, 2, 3)).is_gt());
    }

    #[test]
    fn numbers_of_candidates_and_hotfixes() {
        let number = |name: &str| TagScheme::default().parse(name).number;
        assert_eq!(number("v1.2.3-rc10"), 10);
        assert_eq!(number("v1.2.3-rc.7"), 7);
        assert_eq!(number("v1.2.3-hotfix2"), 2);
        assert_eq!(number("v1.2.3"), 0);
    }

    #[test]
    fn prefixes_are_found() {
        let check = |names: &str, expected: &str| {
            assert_eq!(detect_prefix(names.split_whitespace()), expected, "{names}");
        };
        check("", "v");
        check("stable nightly", "v");
        check("v1.0.0 v1.1.0 1.1.0-rc6 1.2.0", "v");
        check("1.0.0 1.1.0 1.2.0 v1.2.0 1.3.0 v1.3.0", "");
        check("v1.0.0 v1.1.0 1.2.0 v1.2.0 1.3.0 v1.3.0", "v");
        check("1.2.0 v1.2.0", "v");
        let both: String = (10..20).map(|n| format!("1.{n}.0 v1.{n}.0 ")).collect();
        check(&both, "v");
        check(&(both + "1.0.0 1.1.0"), "");
        check("1.0.0 1.1.0 1.2.0", "");
        check("1.0.0-rc1 1.0.0-rc2", "");
        check("0.1.0 0.2.0 0.3.0 v0.2.1", "");
        check("chart-0.1.0 chart-0.2.0 stable", "chart-");
        check("k8s-1.2.3", "k8s-");
        check("api/v1.0.0 web/v2.0.0", "v");
        check("api/v1.0.0 v2.0.0", "v");
        check("v1.0.0-rc1 1.0.0", "");
        check("v1.0.0 1.0.0", "v");
        check("vacuum-module-qc-26.03.18", "v");
        let switched: String = (0..30)
            .map(|i| format!("0.{i}.0 "))
            .chain((0..12).map(|i| format!("v1.{i}.0 ")))
            .collect();
        check(&switched, "v");
        let strayed: String = (0..30)
            .map(|i| format!("0.{i}.0 "))
            .chain(["v0.30.0".to_owned()])
            .collect();
        check(&strayed, "");
    }

    proptest! {
        #[test]
        fn a_suggestion_is_well_formed(name in "[vV]?[.-]?[0-9]{1,2}([.][0-9]{1,2}){0,3}[-_.+]?(rc|é|x)?[.]?[0-9]{0,2}") {
            let scheme = TagScheme::default();
            let tag = scheme.parse(&name);
            if let Some(suggestion) = tag.suggestion {
                prop_assert!(scheme.parse(&suggestion).is_release());
            }
            prop_assert_eq!(tag.version.is_some(), !matches!(tag.kind, TagKind::Malformed | TagKind::Unrelated));
        }

        #[test]
        fn no_name_panics(name in "\\PC{0,300}") {
            for prefix in ["", "v", "é", "chart-"] {
                TagScheme::with_prefix(prefix).parse(&name);
            }
            detect_prefix([name.as_str()]);
        }
    }
}
