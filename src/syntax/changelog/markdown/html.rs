//! What blocks of HTML show.

use std::borrow::Cow;

/// The level of a heading that is written as one line of HTML.
pub(super) fn heading(line: &str) -> Option<u8> {
    let rest = line
        .strip_prefix("<h")
        .or_else(|| line.strip_prefix("<H"))?;
    let level = rest.bytes().next()?.checked_sub(b'0')?;
    let opens = rest.get(1..)?.starts_with(['>', ' ']);
    let closes = line.contains("</h") || line.contains("</H");
    ((1..=6).contains(&level) && opens && closes).then_some(level)
}

/// HTML of the same length with its comments blank.
pub(super) fn without_comments(html: &str) -> Cow<'_, str> {
    if !html.contains("<!--") {
        return Cow::Borrowed(html);
    }
    let mut visible = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find("<!--") {
        visible.push_str(&rest[..start]);
        let comment = &rest[start..];
        let length = comment.find("-->").map_or(comment.len(), |end| end + 3);
        for c in comment[..length].chars() {
            match c {
                '\n' => visible.push('\n'),
                _ => visible.extend(std::iter::repeat_n(' ', c.len_utf8())),
            }
        }
        rest = &comment[length..];
    }
    visible.push_str(rest);
    Cow::Owned(visible)
}

/// Whether a line of HTML shows something: text, or an image.
pub(super) fn has_text(line: &str) -> bool {
    let mut in_tag = false;
    line.contains("<img")
        || line.chars().any(|c| {
            match c {
                '<' => in_tag = true,
                '>' => in_tag = false,
                _ => return !in_tag && c.is_alphanumeric(),
            }
            false
        })
}
