//! Comparison links: which two revisions an address compares.

/// The two revisions of a comparison, as the address names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compare {
    /// The older one.
    pub base: String,
    /// The newer one.
    pub head: String,
}

/// Reads the comparison in an address of GitHub, GitLab, Gitea (`…/compare/v1.0.0...v1.1.0`) or Bitbucket
/// (`…/compare/v1.1.0%0Dv1.0.0`, where the newer one stands first).
pub(super) fn compare(url: &str) -> Option<Compare> {
    let (_, range) = url.rsplit_once("/compare/")?;
    let range = range
        .split(['?', '#'])
        .next()
        .unwrap_or(range)
        .trim_end_matches('/');
    let (base, head) =
        if let Some((head, base)) = range.split_once("%0D").or_else(|| range.split_once("%0d")) {
            (base, head)
        } else {
            range.split_once("...").or_else(|| range.split_once(".."))?
        };
    let (base, head) = (decode(base), decode(head));
    (!base.is_empty() && !head.is_empty()).then_some(Compare { base, head })
}

/// Reads the tag or branch in an address that shows one: `…/releases/tag/v1.1.0`, `…/tree/v1.1.0`, `…/-/tags/v1.1.0`.
pub(super) fn tag(url: &str) -> Option<String> {
    let (_, name) = ["/releases/tag/", "/-/tags/", "/src/tag/", "/tree/"]
        .iter()
        .find_map(|marker| url.rsplit_once(marker))?;
    let name = name
        .split(['?', '#'])
        .next()
        .unwrap_or(name)
        .trim_end_matches('/');
    (!name.is_empty()).then(|| decode(name))
}

/// Undoes the percent encoding of the ASCII characters that occur in tag names.
fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let byte = after
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .filter(u8::is_ascii_graphic);
        match (byte, after.get(2..)) {
            (Some(byte), Some(behind)) => {
                decoded.push(char::from(byte));
                rest = behind;
            }
            _ => {
                decoded.push('%');
                rest = after;
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_comparisons() {
        let check = |url: &str, expected: Option<(&str, &str)>| {
            let found = compare(url);
            let found = found
                .as_ref()
                .map(|found| (found.base.as_str(), found.head.as_str()));
            assert_eq!(found, expected, "{url}");
        };
        check(
            "https://github.com/o/r/compare/v1.0.0...v1.1.0",
            Some(("v1.0.0", "v1.1.0")),
        );
        check(
            "https://gitlab.com/o/r/-/compare/v1.0.0..v1.1.0?from=x",
            Some(("v1.0.0", "v1.1.0")),
        );
        check(
            "https://github.com/o/r/compare/v1.1.0...HEAD#diff",
            Some(("v1.1.0", "HEAD")),
        );
        check(
            "https://github.com/o/r/compare/cellar%2Fv1.0.0...cellar%2Fv1.1.0",
            Some(("cellar/v1.0.0", "cellar/v1.1.0")),
        );
        check(
            "https://bitbucket.org/o/r/branches/compare/v1.1.0%0Dv1.0.0",
            Some(("v1.0.0", "v1.1.0")),
        );
        check("https://github.com/o/r/releases/tag/v1.0.0", None);
        check("https://github.com/o/r/compare/v1.0.0", None);
        check("https://github.com/o/r/compare/...", None);
        check(
            "https://github.com/o/r/compare/100%...v%é2",
            Some(("100%", "v%é2")),
        );
        check("", None);
    }

    #[test]
    fn reads_tags() {
        let check =
            |url: &str, expected: Option<&str>| assert_eq!(tag(url).as_deref(), expected, "{url}");
        check("https://github.com/o/r/releases/tag/v1.0.0", Some("v1.0.0"));
        check(
            "https://github.com/o/r/tree/cellar%2Fv1.0.0#readme",
            Some("cellar/v1.0.0"),
        );
        check("https://gitlab.com/o/r/-/tags/v1.0.0", Some("v1.0.0"));
        check("https://github.com/o/r/releases/tag/", None);
        check("https://github.com/o/r/pull/12", None);
    }
}
