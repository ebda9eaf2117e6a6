//! What changes in a file, as `patch` and `git apply` read it.

use similar::TextDiff;

/// The unified diff of a file; `before` is `None` for one that is new. Empty when nothing changes.
pub fn unified(path: &str, before: Option<&str>, after: &str) -> String {
    let old = before.map_or_else(|| "/dev/null".to_owned(), |_| format!("a/{path}"));
    TextDiff::from_lines(before.unwrap_or_default(), after)
        .unified_diff()
        .header(&old, &format!("b/{path}"))
        .to_string()
}
