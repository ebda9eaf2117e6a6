//! What changes in a file, as `patch` and `git apply` read it.

use similar::TextDiff;

/// The unified diff of a file; `before` is `None` for one that is new. Empty when nothing changes.
pub fn unified(path: &str, before: Option<&str>, after: &str) -> String {
    let old = before.map_or_else(|| "/dev/null".to_owned(), |_| name("a/", path));
    TextDiff::from_lines(before.unwrap_or_default(), after)
        .unified_diff()
        .header(&old, &name("b/", path))
        .to_string()
}

/// A file's name, in quotes and with escapes where it could be taken for something else, as git writes it
/// (`core.quotePath`): a line break in a name would begin a line of its own.
fn name(side: &str, path: &str) -> String {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if path.bytes().all(is_plain) {
        return format!("{side}{path}");
    }
    let mut quoted = format!("\"{side}");
    for byte in path.bytes() {
        match byte {
            b'"' => quoted.push_str("\\\""),
            b'\\' => quoted.push_str("\\\\"),
            b'\n' => quoted.push_str("\\n"),
            b'\r' => quoted.push_str("\\r"),
            b'\t' => quoted.push_str("\\t"),
            byte if is_plain(byte) => quoted.push(char::from(byte)),
            byte => quoted.push_str(&format!("\\{byte:03o}")),
        }
    }
    quoted.push('"');
    quoted
}
