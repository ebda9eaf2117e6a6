//! Blanks out what would hide headings from a Markdown parser.

use std::borrow::Cow;
use std::ops::Range;

/// The text with the same length and lines, where what hides headings is blank: a byte-order mark, front matter, and
/// lines with nothing but an anchor (`<a name="1.2.3"></a>`), which some forms of turn the next line into HTML.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    let mut blanks: Vec<Range<usize>> = Vec::new();
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut offset = text.len() - body.len();
    if offset > 0 {
        blanks.push(0..offset);
    }
    blanks.extend(front_matter(body).map(|length| offset..offset + length));
    for line in body.split_inclusive('\n') {
        let trimmed = line.trim();
        if ["<a name=", "<a id=", "<a href=\"#"]
            .iter()
            .any(|tag| trimmed.starts_with(tag))
            && trimmed.ends_with('>')
            && trimmed.matches('<').count() <= 2
            && trimmed
                .strip_suffix("</a>")
                .unwrap_or(trimmed)
                .ends_with('>')
        {
            blanks.push(offset..offset + line.trim_end().len());
        }
        offset += line.len();
    }
    if blanks.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    for blank in blanks {
        if blank.start < masked.len() {
            continue;
        }
        masked.push_str(text.get(masked.len()..blank.start).unwrap_or(""));
        for c in text.get(blank).unwrap_or("").chars() {
            match c {
                '\n' | '\r' => masked.push(c),
                _ => masked.extend(std::iter::repeat_n(' ', c.len_utf8())),
            }
        }
    }
    masked.push_str(text.get(masked.len()..).unwrap_or(""));
    Cow::Owned(masked)
}

/// The length of YAML front matter: `key: value` lines between two lines of `---`, the first being the file's first.
fn front_matter(body: &str) -> Option<usize> {
    let mut lines = body.split_inclusive('\n');
    let mut length = lines.next().filter(|line| line.trim_end() == "---")?.len();
    let mut keys = 0;
    for line in lines {
        length += line.len();
        let text = line.trim_end();
        if text == "---" {
            return (keys > 0).then_some(length);
        }
        let is_key = text.split_once(':').is_some_and(|(key, _)| {
            !key.is_empty()
                && key
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '))
        });
        if !(is_key || text.starts_with([' ', '-', '#'])) || text.is_empty() {
            return None;
        }
        keys += usize::from(is_key);
    }
    None
}
