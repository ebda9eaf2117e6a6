//! Patterns of paths and tags: `*` and `?` within a part, `**` for any number of parts.

/// Whether `text` matches `pattern`. `**` also matches nothing at all, so it covers what has no path.
///
/// The time is bounded by the product of the lengths, whatever the pattern.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    let text: Vec<&str> = if text.is_empty() {
        Vec::new()
    } else {
        text.split('/').collect()
    };
    // `reached[i]`: the first `i` parts of the text match the parts of the pattern so far.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for part in pattern {
        if part == "**" {
            let mut any = false;
            for here in &mut reached {
                any |= *here;
                *here = any;
            }
            continue;
        }
        for index in (0..text.len()).rev() {
            reached[index + 1] = reached[index] && part_matches(part, text[index]);
        }
        reached[0] = false;
    }
    reached.last().copied().unwrap_or(false)
}

/// A part without `/`: on a mismatch the last `*` takes one character more.
fn part_matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, t));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_tags() {
        for (pattern, text, expected) in [
            ("**", "", true),
            ("**", "a/b/c", true),
            ("*", "", false),
            ("*", "a", true),
            ("*", "a/b", false),
            ("docs/**", "docs/a/b.md", true),
            ("docs/**", "docs", true),
            ("docs/**", "doc/a", false),
            ("**/*.sql", "a.sql", true),
            ("**/*.sql", "db/migrations/a.sql", true),
            ("**/*.sql", "db/migrations/a.sqlx", false),
            ("db/*/a?.sql", "db/m/a1.sql", true),
            ("db/*/a?.sql", "db/m/a.sql", false),
            ("v2.4.*", "v2.4.1-rc1", true),
            ("v2.4.*", "v2.5.0", false),
            ("a/**/b/**/c", "a/x/b/c", true),
            ("a*b*c", "aXbYbZc", true),
            ("", "", false),
            ("CHANGELOG.md", "CHANGELOG.md", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_ends() {
        let pattern = format!("{}b", "*a".repeat(2_000));
        assert!(!matches(&pattern, &"a".repeat(20_000)));
        let pattern = "**/a/".repeat(500) + "b";
        assert!(!matches(&pattern, &"a/".repeat(5_000)));
    }
}
