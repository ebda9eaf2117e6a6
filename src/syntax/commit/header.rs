//! The first line: `type(scope)!: description`.

/// A conventional header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The type in lower case (`feat`, `fix`), because the specification does not tell cases apart.
    pub kind: String,
    /// The scope as it is written; empty when there is none.
    pub scope: String,
    /// It has a `!` before the colon.
    pub breaking: bool,
    /// What stands behind the colon.
    pub description: String,
}

/// Reads `summary` as a header; `None` when it has not exactly that form.
///
/// The type is one word of ASCII letters, digits, `-` and `_` that begins with a letter: the specification allows types
/// beside `feat` and `fix` and lists none.
pub(super) fn parse(summary: &str) -> Option<Header> {
    let (before, description) = summary.split_once(": ")?;
    let description = description.trim();
    let (before, breaking) = match before.strip_suffix('!') {
        Some(before) => (before, true),
        None => (before, false),
    };
    let (kind, scope) = match before.strip_suffix(')') {
        Some(open) => open.split_once('(')?,
        None => (before, ""),
    };
    let scope_is_well_formed =
        !scope.contains(['(', ')']) && (before.ends_with(')') != scope.trim().is_empty());
    (is_type(kind) && scope_is_well_formed && !description.is_empty()).then(|| Header {
        kind: kind.to_ascii_lowercase(),
        scope: scope.trim().to_owned(),
        breaking,
        description: description.to_owned(),
    })
}

fn is_type(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_headers() {
        let check = |summary: &str, expected: Option<(&str, &str, bool, &str)>| {
            let expected = expected.map(|(kind, scope, breaking, description)| Header {
                kind: kind.to_owned(),
                scope: scope.to_owned(),
                breaking,
                description: description.to_owned(),
            });
            assert_eq!(parse(summary), expected, "{summary}");
        };
        check("feat: a", Some(("feat", "", false, "a")));
        check("Feat: a", Some(("feat", "", false, "a")));
        check("feat!: a", Some(("feat", "", true, "a")));
        check("fix(api): a: b", Some(("fix", "api", false, "a: b")));
        check("fix(api, db)!: a", Some(("fix", "api, db", true, "a")));
        check(
            "build(deps-dev): bump x",
            Some(("build", "deps-dev", false, "bump x")),
        );
        check(
            "chore(main): release 1.2.3 (#4)",
            Some(("chore", "main", false, "release 1.2.3 (#4)")),
        );
        check("feat:a", None);
        check("feat : a", None);
        check("feat: ", None);
        check("feat(): a", None);
        check("feat(a)(b): c", None);
        check("feat(a: b", None);
        check("feat!(api): a", None);
        check("add labels: the first part", None);
        check("net/http: a Go package is not a type", None);
        check("Merge branch 'feat: a'", None);
        check(": a", None);
        check("3: a", None);
        check("", None);
    }
}
