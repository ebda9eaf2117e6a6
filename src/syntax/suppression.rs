//! What a comment says that suppresses findings: `relgate: ignore RULE reason="..."`.

/// The words of a comment that suppresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// The rules and validations that it names, in its order.
    pub rules: Vec<String>,
    /// Why; empty when nothing is said.
    pub reason: String,
}

/// Reads a comment, its marks included. `None` for one that says nothing to relgate.
///
/// Several rules are separated by commas. Text behind the reason is nobody's.
pub fn suppression(comment: &str) -> Option<Suppression> {
    let body = comment
        .trim_start_matches(['-', '#', '/', '*'])
        .trim_start()
        .strip_prefix("relgate:")?
        .trim_start()
        .strip_prefix("ignore")?;
    if !body.starts_with(char::is_whitespace) && !body.is_empty() {
        return None;
    }
    let body = body.strip_suffix("*/").unwrap_or(body);
    let (names, reason) = match body.split_once("reason=") {
        Some((names, rest)) => (names, quoted(rest)),
        None => (body, ""),
    };
    let rules = names
        .split([',', ' ', '\t'])
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    Some(Suppression {
        rules,
        reason: reason.trim().to_owned(),
    })
}

/// What stands between the quotes at the start; nothing when there are none, or when they do not close.
fn quoted(text: &str) -> &str {
    text.strip_prefix('"')
        .and_then(|rest| rest.split_once('"'))
        .map_or("", |(reason, _)| reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(comment: &str) -> Option<(String, String)> {
        suppression(comment).map(|found| (found.rules.join("+"), found.reason))
    }

    #[test]
    fn comments() {
        let said = |rules: &str, reason: &str| Some((rules.to_owned(), reason.to_owned()));
        for (comment, expected) in [
            (
                "-- relgate: ignore drop-column reason=\"unread since v1\"",
                said("drop-column", "unread since v1"),
            ),
            ("/* relgate: ignore a, b reason=\"x\" */", said("a+b", "x")),
            ("#relgate:ignore a reason=\"x\" more", said("a", "x")),
            ("-- relgate: ignore a", said("a", "")),
            ("/* relgate: ignore a */", said("a", "")),
            ("-- relgate: ignore a reason=x", said("a", "")),
            ("-- relgate: ignore a reason=\"x", said("a", "")),
            ("-- relgate: ignore a reason=\"  \"", said("a", "")),
            ("-- relgate: ignore", said("", "")),
            ("-- relgate: ignored a reason=\"x\"", None),
            ("-- see relgate: ignore a reason=\"x\"", None),
            ("--", None),
        ] {
            assert_eq!(check(comment), expected, "{comment}");
        }
    }
}
