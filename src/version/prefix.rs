//! What stands before the versions in tags' names: the prefix that a project's release tags have, and those of others.

use std::collections::BTreeMap;

use super::Version;
use super::tag::MAX_NAME_BYTES;

/// How many of the highest versions decide between `v` and no prefix. Old tags of a project that changed its habit
/// should not decide, nor should one stray tag.
const NEWEST: usize = 10;

/// The prefix of a project's release tags, when nothing is configured.
///
/// Finals with `v` and finals without a prefix compete: the spelling of most of the ten highest versions wins. Who tags every
/// version both ways, as Go's modules ask for, began with one of them: of a tie, the spelling of more versions wins, else `v`. A project that has neither and exactly one other prefix (`chart-`) uses that. Everything else is `v`.
pub fn detect_prefix<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let groups = version_prefixes(names);
    let mut usual: Vec<(&Version, &str)> = Vec::new();
    for finals_only in [true, false] {
        for prefix in ["v", ""] {
            let versions = groups.get(prefix).map_or(&[][..], Vec::as_slice);
            usual.extend(
                versions
                    .iter()
                    .filter(|version| !finals_only || version.is_plain())
                    .map(|version| (version, prefix)),
            );
        }
        if !usual.is_empty() {
            break;
        }
    }
    if !usual.is_empty() {
        let all_with_v = count(&usual, "v");
        let more_with_v = all_with_v * 2 >= usual.len();
        usual.sort_by(|(a, _), (b, _)| b.release_order(a));
        usual.truncate(NEWEST);
        let with_v = (count(&usual, "v") * 2).cmp(&usual.len());
        let takes_v = with_v.is_gt() || with_v.is_eq() && more_with_v;
        return if takes_v { "v" } else { "" }.to_owned();
    }
    let mut others = groups.into_keys();
    match (others.next(), others.next()) {
        (Some(only), None) => only,
        _ => "v".to_owned(),
    }
}

fn count(usual: &[(&Version, &str)], prefix: &str) -> usize {
    usual.iter().filter(|(_, other)| *other == prefix).count()
}

/// The prefixes that stand before well-formed versions, with those versions: what a monorepo's components are called.
pub fn version_prefixes<'n>(
    names: impl IntoIterator<Item = &'n str>,
) -> BTreeMap<String, Vec<Version>> {
    let mut groups: BTreeMap<String, Vec<Version>> = BTreeMap::new();
    for name in names {
        if let Some((prefix, version)) = split_version(name) {
            groups.entry(prefix.to_owned()).or_default().push(version);
        }
    }
    groups
}

/// Cuts a name before its version: the first digit behind a non-digit from where on the rest is one. `None` when it has none.
pub fn split_version(name: &str) -> Option<(&str, Version)> {
    if name.len() > MAX_NAME_BYTES {
        return None;
    }
    let bytes = name.as_bytes();
    (0..bytes.len())
        .filter(|&at| {
            let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
            digit(at) && !at.checked_sub(1).is_some_and(digit)
        })
        .find_map(|at| {
            let (prefix, rest) = name.split_at_checked(at)?;
            Some((prefix, Version::parse(rest)?))
        })
}

/// How many prefixes are named; of the others it is said how many there are.
const NAMED: usize = 5;

/// The prefixes of tags with versions, those of most tags first, as a phrase: `` `api/v` (12 tags), `web/v` (9 tags) and 3 more ``.
/// Empty when no tag has a version.
pub fn name_prefixes<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let groups = version_prefixes(names);
    let mut counts: Vec<(&str, usize)> = groups
        .iter()
        .map(|(prefix, versions)| (prefix.as_str(), versions.len()))
        .collect();
    counts.sort_by_key(|&(prefix, count)| (std::cmp::Reverse(count), prefix));
    let named: Vec<String> = counts
        .iter()
        .take(NAMED)
        .map(|(prefix, count)| {
            let tags = if *count == 1 { "tag" } else { "tags" };
            format!("`{prefix}` ({count} {tags})")
        })
        .collect();
    match counts.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// The setting that makes a prefix the one of the project's release tags, as `relgate.yaml` takes it.
pub fn prefix_setting(prefix: &str) -> String {
    format!("tags: {{ prefix: {} }}", serde_json::Value::from(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_named_by_how_many_tags_have_them() {
        let check = |names: &str, expected: &str| {
            assert_eq!(name_prefixes(names.split_whitespace()), expected);
        };
        check("", "");
        check("stable release-1.2", "");
        check(
            "web/v1.0.0 api/v1.0.0 api/v1.1.0 @a/b@1.0.0",
            "`api/v` (2 tags), `@a/b@` (1 tag), `web/v` (1 tag)",
        );
        check(
            "a1.0.0 b1.0.0 c1.0.0 d1.0.0 e1.0.0 f1.0.0 g1.0.0",
            "`a` (1 tag), `b` (1 tag), `c` (1 tag), `d` (1 tag), `e` (1 tag) and 2 more",
        );
        assert_eq!(prefix_setting("@a/b@"), "tags: { prefix: \"@a/b@\" }");
    }
}
