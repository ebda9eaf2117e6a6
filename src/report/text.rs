//! Text that is safe to print: what files and repositories call things must not steer a terminal or a log.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Characters that change how the text around them is shown: controls, bidirectional marks, zero-width ones.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{2064}'
                | '\u{2066}'..='\u{206f}'
                | '\u{061c}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text with every unsafe character written as `\u{..}`; a line end too.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            let _ = write!(out, "\\u{{{:x}}}", c as u32);
        } else {
            out.push(c);
        }
    }
    out
}

/// JSON text in which unsafe characters stand as `\uXXXX`. They can occur in strings only, where that is equal.
pub fn escape_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    // Reports are long, and nearly all of them is copied.
    let is_plain = |byte: u8| byte == b'\n' || (b' '..=b'~').contains(&byte);
    let mut rest = json;
    loop {
        let end = rest.bytes().position(|byte| !is_plain(byte));
        let (plain, other) = rest.split_at(end.unwrap_or(rest.len()));
        out.push_str(plain);
        let mut others = other.chars();
        let Some(c) = others.next() else {
            return out;
        };
        if is_unsafe(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
        rest = others.as_str();
    }
}

/// A path as the path of a URI (RFC 3986): everything but unreserved characters and `/` is percent-encoded.
pub fn uri_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Text in which CI systems see no command: GitHub reads `##[` anywhere in a line and `::` at its start, Azure
/// `##vso[`, `TeamCity` `##teamcity[`.
pub fn disarm(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let body = line.trim_start();
        if body.starts_with("::") {
            out.push_str(&line[..line.len() - body.len()]);
            out.push_str("\\u{3a}");
            out.push_str(&body[1..].replace("##", "#\\u{23}"));
        } else if ["##[", "##vso[", "##teamcity["]
            .iter()
            .any(|start| line.contains(start))
        {
            out.push_str(&line.replace("##", "#\\u{23}"));
        } else {
            out.push_str(line);
        }
    }
    out
}

/// SHA-256 as 64 hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    // A ledger has a hundred thousand of them to check, so each digit is looked up instead of formatted.
    let digit = |nibble: u8| char::from(nibble + if nibble < 10 { b'0' } else { b'a' - 10 });
    Sha256::digest(bytes)
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// `1 commit`, `2 commits`.
pub fn plural(n: usize, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {one}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_characters_are_shown() {
        assert_eq!(escape("a\u{1b}]0;x\u{7}b"), "a\\u{1b}]0;x\\u{7}b");
        assert_eq!(escape("a\u{202e}b\nc"), "a\\u{202e}b\\u{a}c");
        assert_eq!(escape("wäße 🍷"), "wäße 🍷");
    }

    #[test]
    fn commands_of_ci_systems_are_text() {
        for (text, expected) in [
            ("a\n  ::error::x", "a\n  \\u{3a}:error::x"),
            ("x ##[error]y", "x #\\u{23}[error]y"),
            ("##vso[task.x]", "#\\u{23}vso[task.x]"),
            ("## heading a::b", "## heading a::b"),
        ] {
            assert_eq!(disarm(text), expected, "{text}");
        }
    }

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri_path("a b/ü#?.sql"), "a%20b/%C3%BC%23%3F.sql");
    }

    #[test]
    fn json_stays_equal() {
        let value = serde_json::json!({ "a\u{7f}": "x\u{202e}\u{9b}\u{e0041}y\n\u{1b}" });
        let text = escape_json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(text.chars().all(|c| c == '\n' || !is_unsafe(c)));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
    }
}
