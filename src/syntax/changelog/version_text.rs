//! Versions as people write them in headings: with and without `v`, by SemVer, by PEP 440, or in words.

/// The words that begin a pre-release suffix even where no hyphen does (`4.0.0rc3`).
const SUFFIX_WORDS: [&str; 14] = [
    "alpha", "beta", "canary", "dev", "final", "ga", "hotfix", "nightly", "post", "preview", "pre",
    "rc", "snapshot", "release",
];

/// What is longer is no suffix, and is not looked at again and again.
const LONGEST_SUFFIX: usize = 120;

/// The end of the version that begins at `start`: two to four numbers and a suffix. `None` when there is none.
pub(super) fn end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = digits(bytes, start)?;
    let mut parts = 1;
    while parts < 4 && bytes.get(at) == Some(&b'.') {
        let Some(next) = digits(bytes, at + 1) else {
            break;
        };
        at = next;
        parts += 1;
    }
    let wildcard =
        bytes.get(at) == Some(&b'.') && matches!(bytes.get(at + 1), Some(b'x' | b'X' | b'*'));
    if parts < 2 || wildcard {
        return None;
    }
    at = suffix(text, at);
    if bytes.get(at) == Some(&b'+') && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) {
        at = identifiers(bytes, at + 1);
    }
    let ends = !text
        .get(at..)?
        .starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '%');
    ends.then_some(at)
}

/// How many numbers the version begins with.
pub(super) fn parts(version: &str) -> usize {
    version
        .split('.')
        .take_while(|part| part.starts_with(|c: char| c.is_ascii_digit()))
        .take(4)
        .count()
}

fn digits(bytes: &[u8], start: usize) -> Option<usize> {
    let count = bytes
        .get(start..)?
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .count();
    (1..=20).contains(&count).then_some(start + count)
}

/// The end of a suffix at `at`: `-rc.1`, `rc1`, `.rc1`, `_rc1`, `b2`. `at` itself when there is none.
fn suffix(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    match bytes.get(at) {
        Some(b'-') if bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) => {
            let end = identifiers(bytes, at + 1);
            // `1.2.3-2026-01-31` is a version and a date.
            let is_date = text.get(at + 1..end).is_some_and(|suffix| {
                suffix.len() == 10 && suffix.split('-').map(str::len).eq([4, 2, 2])
            });
            if is_date { at } else { end }
        }
        Some(b'.' | b'_') if begins_suffix(text, at + 1) => identifiers(bytes, at + 1),
        Some(b) if b.is_ascii_alphabetic() && begins_suffix(text, at) => identifiers(bytes, at),
        _ => at,
    }
}

fn begins_suffix(text: &str, at: usize) -> bool {
    let rest = text.get(at..).unwrap_or("");
    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let word = rest.get(..letters).unwrap_or("");
    let numbered = rest.as_bytes().get(letters).is_some_and(u8::is_ascii_digit);
    SUFFIX_WORDS
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
        || numbered
            && ["a", "b", "c", "m"]
                .iter()
                .any(|known| word.eq_ignore_ascii_case(known))
}

/// The end of `[0-9A-Za-z.-]*` from `at`, without the dots and hyphens at its end.
fn identifiers(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let length = rest
        .iter()
        .take(LONGEST_SUFFIX)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        .count();
    let trailing = rest[..length]
        .iter()
        .rev()
        .take_while(|b| matches!(b, b'.' | b'-'))
        .count();
    at + length - trailing
}

/// The length of a pre-release in words behind a version: ` RC 1`, ` (beta)`, ` - Release Candidate 2`. 0 without one.
pub(super) fn spoken_suffix(rest: &str) -> usize {
    const PHRASES: [&str; 11] = [
        "release candidate",
        "pre-release",
        "prerelease",
        "snapshot",
        "nightly",
        "preview",
        "canary",
        "alpha",
        "beta",
        "dev",
        "rc",
    ];
    let body = rest.trim_start_matches(|c: char| {
        matches!(c, ' ' | '(' | '[' | ']' | '-' | '\u{2013}' | '\u{2014}')
    });
    if body.len() == rest.len() {
        return 0;
    }
    let lower = body.to_ascii_lowercase();
    let Some(phrase) = PHRASES.iter().find(|phrase| lower.starts_with(**phrase)) else {
        return 0;
    };
    let number = lower[phrase.len()..].trim_start_matches([' ', '.', '-', '#']);
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let end = if digits > 0 {
        lower.len() - number.len() + digits
    } else {
        phrase.len()
    };
    let ends = !lower
        .get(end..)
        .unwrap_or("")
        .starts_with(|c: char| c.is_alphanumeric());
    if ends {
        rest.len() - body.len() + end
    } else {
        0
    }
}

/// Whether two texts name one version. Spellings of a suffix are the same (`1.2.3-rc.1`, `1.2.3rc1`, `1.2.3 RC 1`);
/// different suffixes, or one and none, are not: `1.1.0` is not `1.1.0-rc3`, and `1.2` is not `1.2.0`.
pub fn same_version(left: &str, right: &str) -> bool {
    left == right || pieces(left).eq(pieces(right))
}

/// A text that is the same for the same versions, and only for those.
pub fn version_key(version: &str) -> String {
    pieces(version).collect::<Vec<_>>().join(" ")
}

/// The runs of digits and letters in lower case; words for a release candidate are one. Build metadata stays what it is.
fn pieces(version: &str) -> impl Iterator<Item = String> {
    let (version, build) = match version.split_once('+') {
        Some((version, build)) => (version, Some(format!("+{build}"))),
        None => (version, None),
    };
    let mut runs: Vec<String> = Vec::new();
    let mut class = None;
    for c in version.chars() {
        let this = c
            .is_ascii_digit()
            .then_some(0)
            .or(c.is_alphanumeric().then_some(1));
        match (this, runs.last_mut()) {
            (Some(_), Some(run)) if this == class => run.extend(c.to_lowercase()),
            (Some(_), _) => runs.push(c.to_lowercase().collect()),
            (None, _) => {}
        }
        class = this;
    }
    let mut joined: Vec<String> = Vec::with_capacity(runs.len());
    for run in runs {
        match joined.last_mut() {
            Some(last) if last == "release" && run == "candidate" => "rc".clone_into(last),
            _ => joined.push(run),
        }
    }
    joined.into_iter().chain(build)
}

#[cfg(test)]
mod tests;
