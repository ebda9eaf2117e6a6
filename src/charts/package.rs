//! What Helm packs: everything below the chart's directory but what `.helmignore` names (`pkg/ignore`).

use std::collections::BTreeMap;

use crate::discover::{Entry, Reader, Snapshot, join};

/// The packed files of the two states differ, in name or content.
pub(super) fn differs(
    before: &Snapshot,
    directory_before: &str,
    now: &Snapshot,
    directory_now: &str,
    reader: &mut Reader<'_>,
) -> bool {
    packed(before, directory_before, reader) != packed(now, directory_now, reader)
}

/// Path below the chart's directory to what stands there.
fn packed<'s>(
    snapshot: &'s Snapshot,
    directory: &str,
    reader: &mut Reader<'_>,
) -> BTreeMap<&'s str, Entry> {
    let rules = reader
        .read(snapshot, &join(directory, ".helmignore"))
        .map(|source| Rules::parse(&reader.sources.get(source).text))
        .unwrap_or_default();
    let skip = if directory.is_empty() {
        0
    } else {
        directory.len() + 1
    };
    snapshot
        .below(directory)
        .filter_map(|(path, entry)| Some((path.get(skip..)?, *entry)))
        .filter(|(path, _)| !rules.ignores(path))
        .collect()
}

/// The lines of a `.helmignore`.
#[derive(Debug, Default)]
struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    pattern: String,
    negated: bool,
    directories_only: bool,
    /// The pattern holds a slash: it is matched against the whole path, not against the last part.
    whole_path: bool,
}

impl Rules {
    fn parse(text: &str) -> Self {
        Self(text.split('\n').filter_map(Rule::parse).collect())
    }

    /// A file is left out with the first directory above it that is; rules count in their order, the first that applies
    /// decides (`Rules.Ignore`).
    fn ignores(&self, path: &str) -> bool {
        // Helm adds this one by itself: hidden files among the templates.
        if path
            .strip_prefix("templates/.")
            .is_some_and(|rest| !rest.is_empty())
        {
            return true;
        }
        let ends = path
            .match_indices('/')
            .map(|(at, _)| at)
            .chain([path.len()]);
        ends.filter_map(|end| path.get(..end).map(|part| (part, end < path.len())))
            .any(|(part, is_directory)| self.ignores_entry(part, is_directory))
    }

    fn ignores_entry(&self, path: &str, is_directory: bool) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        for rule in &self.0 {
            let subject = if rule.whole_path { path } else { name };
            let matches = glob(&rule.pattern, subject);
            if rule.negated {
                // Helm: a negated rule that does not match leaves the file out.
                if rule.directories_only && !is_directory {
                    return true;
                }
                if !matches {
                    return true;
                }
                continue;
            }
            if rule.directories_only && !is_directory {
                continue;
            }
            if matches {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.contains("**") {
            return None;
        }
        let (line, negated) = line
            .strip_prefix('!')
            .map_or((line, false), |rest| (rest, true));
        let (line, directories_only) = line
            .strip_suffix('/')
            .map_or((line, false), |rest| (rest, true));
        let (pattern, whole_path) = match line.strip_prefix('/') {
            Some(rooted) => (rooted, true),
            None => (line, line.contains('/')),
        };
        Some(Self {
            pattern: pattern.to_owned(),
            negated,
            directories_only,
            whole_path,
        })
    }
}

/// Go's `filepath.Match`: `*` and `?` match no slash, `[a-z]` and `[^a-z]` one character, `\` quotes.
fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where the last star stood, and how much it had taken: to come back to, so that the time is bounded by p * t.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            Some(_) => one(&pattern, p, text[t]),
            None => None,
        };
        match (step, star) {
            (Some(next), _) => {
                p = next;
                t += 1;
            }
            (None, Some((at, taken))) if text[taken] != '/' => {
                star = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
            _ => return false,
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// The place behind the element at `p` if that matches `c`.
fn one(pattern: &[char], p: usize, c: char) -> Option<usize> {
    match pattern.get(p)? {
        '?' => (c != '/').then_some(p + 1),
        '\\' => (*pattern.get(p + 1)? == c).then_some(p + 2),
        '[' => class(pattern, p + 1, c),
        &literal => (literal == c).then_some(p + 1),
    }
}

fn class(pattern: &[char], start: usize, c: char) -> Option<usize> {
    let negated = pattern.get(start) == Some(&'^');
    let mut p = start + usize::from(negated);
    let mut matched = false;
    let first = p;
    while p == first || pattern.get(p) != Some(&']') {
        let low = *pattern.get(p)?;
        let high = match (pattern.get(p + 1), pattern.get(p + 2)) {
            (Some('-'), Some(&high)) if high != ']' => {
                p += 2;
                high
            }
            _ => low,
        };
        matched |= (low..=high).contains(&c);
        p += 1;
    }
    (matched != negated && c != '/').then_some(p + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_in_go() {
        for (pattern, text, expected) in [
            ("*.tgz", "a.tgz", true),
            ("*.tgz", "b/a.tgz", false),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[^a-c]x", "dx", true),
            (r"\*", "*", true),
            (r"\*", "a", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxcyyb", false),
            ("", "", true),
            ("*", "", true),
            ("[", "[", false),
            ("ci/*", "ci/a", true),
            ("ci/*", "ci/a/b", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn helmignore_leaves_files_out() {
        for (rules, path, expected) in [
            ("", "values.yaml", false),
            ("", "templates/.swp", true),
            ("# *.yaml\n", "values.yaml", false),
            ("*.md\n", "README.md", true),
            ("*.md\n", "docs/README.md", true),
            ("/README.md\n", "docs/README.md", false),
            ("ci/\n", "ci/a/values.yaml", true),
            ("ci/\n", "ci", false),
            ("docs/*.md\r\n", "docs/a.md", true),
            ("!*.yaml\n", "README.md", true),
            ("!*.yaml\n", "values.yaml", false),
        ] {
            assert_eq!(
                Rules::parse(rules).ignores(path),
                expected,
                "{rules:?} {path}"
            );
        }
    }

    #[test]
    fn a_chart_differs_when_a_packed_file_does() {
        let base: &[(&str, &str)] = &[
            ("c/Chart.yaml", "name: c"),
            ("c/.helmignore", "ci/\n"),
            ("c/ci/values.yaml", "a: 1"),
            ("c/templates/a.yaml", "x"),
            ("d/Chart.yaml", "name: d"),
        ];
        for (path, content, expected) in [
            ("c/ci/values.yaml", "a: 2", false),
            ("c/ci/more.yaml", "a: 2", false),
            ("d/Chart.yaml", "name: e", false),
            ("c/templates/a.yaml", "y", true),
            ("c/README.md", "new", true),
        ] {
            let (mut reader, before) = Reader::in_memory("", base);
            let mut files: BTreeMap<&str, &str> = base.iter().copied().collect();
            files.insert(path, content);
            let files: Vec<(&str, &str)> = files.into_iter().collect();
            let now = reader.add_memory_snapshot("", &files);
            assert_eq!(
                differs(&before, "c", &now, "c", &mut reader),
                expected,
                "{path}"
            );
        }
    }
}
