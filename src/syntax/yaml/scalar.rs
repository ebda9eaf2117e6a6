//! From an offset in what a scalar says to the bytes of the file that say it: through quotes, escapes, folds and
//! indentation.

use std::ops::Range;

use crate::source::Span;

use super::node::{Document, Node, Style};
use super::path::KeyPath;

/// A scalar's text, and where each part of it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalarText {
    /// What YAML reads.
    pub text: String,
    /// All bytes of the scalar in the file.
    pub span: Span,
    /// In the order of the text, without gaps; empty when the text could not be followed in the file.
    pieces: Vec<Piece>,
}

/// A part of the text that stands in the file in one run of bytes: byte for byte when the lengths agree, else as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    text: usize,
    text_len: usize,
    file: usize,
    file_len: usize,
}

impl ScalarText {
    /// Where a range of the text stands in the file. A range that reaches beyond the text is cut off; an empty one gives
    /// an empty span. An end inside of a character takes the whole character.
    pub fn to_file_span(&self, range: Range<usize>) -> Span {
        let start = self.text.floor_char_boundary(range.start);
        let end = self.text.ceil_char_boundary(range.end.max(start));
        let Some(from) = self.file_offset(start, Side::Start) else {
            return self.span;
        };
        let to = if end > start {
            self.file_offset(end, Side::End)
                .unwrap_or(self.span.end as usize)
        } else {
            from
        };
        Span::new(from, to.max(from))
    }

    fn file_offset(&self, at: usize, side: Side) -> Option<usize> {
        let last = self.pieces.last()?;
        // The end of a range belongs to the byte before it, so that it does not jump over indentation.
        let byte = match side {
            Side::Start => at,
            Side::End => at.checked_sub(1)?,
        };
        let index = self
            .pieces
            .partition_point(|piece| piece.text + piece.text_len <= byte);
        let Some(piece) = self.pieces.get(index) else {
            return Some(last.file + last.file_len);
        };
        let linear = piece.text_len == piece.file_len;
        Some(match side {
            Side::Start if linear => piece.file + (at - piece.text),
            Side::Start => piece.file,
            Side::End if linear => piece.file + (at - piece.text),
            Side::End => piece.file + piece.file_len,
        })
    }
}

#[derive(Clone, Copy)]
enum Side {
    Start,
    End,
}

/// The scalar at a path of a document of `source`; `None` when there is none.
pub fn scalar_at_path(source: &str, document: &Document, path: &KeyPath) -> Option<ScalarText> {
    scalar_text(source, document.at(path)?)
}

/// A scalar's text with its places in `source`, the text that the node was read from; `None` when it is no scalar.
pub fn scalar_text(source: &str, node: Node<'_>) -> Option<ScalarText> {
    let (text, style) = node.scalar()?;
    Some(scalar_text_at(source, node.definition_span(), style, text))
}

/// The same of a scalar whose node is gone: `text` was read from `span`, where it is written in this style.
pub fn scalar_text_at(source: &str, span: Span, style: Style, text: &str) -> ScalarText {
    let pieces = source
        .get(span.range())
        .and_then(|raw| Aligner::new(raw, style, span.start as usize).align(text))
        .unwrap_or_default();
    ScalarText {
        text: text.to_owned(),
        span,
        pieces,
    }
}

/// Walks the written form beside the text that YAML read from it, and notes where each character came from. White space
/// that only one side has (indentation, folds) is stepped over; anything else that disagrees ends the walk.
struct Aligner<'r> {
    raw: &'r str,
    style: Style,
    offset: usize,
    at: usize,
    pieces: Vec<Piece>,
}

impl<'r> Aligner<'r> {
    fn new(raw: &'r str, style: Style, offset: usize) -> Self {
        Self {
            raw,
            style,
            offset,
            at: 0,
            pieces: Vec::new(),
        }
    }

    fn align(mut self, text: &str) -> Option<Vec<Piece>> {
        if matches!(self.style, Style::SingleQuoted | Style::DoubleQuoted) {
            self.at = 1;
        }
        for (at, c) in text.char_indices() {
            let written = self.find(c)?;
            self.note(at, c.len_utf8(), written);
        }
        Some(self.pieces)
    }

    /// The bytes that stand for the next character of the text.
    fn find(&mut self, c: char) -> Option<Range<usize>> {
        loop {
            let start = self.at;
            let Some(written) = self.rest().chars().next() else {
                // A block scalar's last line break may not be in its bytes.
                return (c == '\n').then_some(start..start);
            };
            if self.style == Style::DoubleQuoted && written == '\\' {
                match self.escape()? {
                    Some(escaped) if escaped == c => return Some(start..self.at),
                    Some(_) => return None,
                    None => continue,
                }
            }
            let width = written.len_utf8();
            if self.style == Style::SingleQuoted && written == '\'' {
                self.at += 2;
                return (c == '\'' && self.rest_from(start).starts_with("''"))
                    .then_some(start..self.at);
            }
            if written == c {
                self.at += width;
                return Some(start..self.at);
            }
            let is_break = matches!(written, '\n' | '\r');
            if is_break && c == ' ' {
                self.skip_break();
                return Some(start..self.at);
            }
            if !(is_break || matches!(written, ' ' | '\t')) {
                return None;
            }
            self.at += width;
        }
    }

    /// Steps over an escape: `Some(None)` for an escaped line break, which stands for nothing.
    fn escape(&mut self) -> Option<Option<char>> {
        let mut characters = self.rest().char_indices();
        characters.next();
        let (at, kind) = characters.next()?;
        self.at += at + kind.len_utf8();
        let digits = match kind {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            '\n' | '\r' => {
                self.at -= kind.len_utf8();
                self.skip_break();
                return Some(None);
            }
            _ => return simple_escape(kind).map(Some),
        };
        let code = u32::from_str_radix(self.rest().get(..digits)?, 16).ok()?;
        self.at += digits;
        if (0xd800..0xdc00).contains(&code) {
            // JSON writes a character beyond U+FFFF as two escapes.
            let low = self.rest().strip_prefix("\\u")?.get(..4)?;
            let low = u32::from_str_radix(low, 16).ok()?.checked_sub(0xdc00)?;
            self.at += 6;
            return char::from_u32(0x1_0000 + ((code - 0xd800) << 10) + low).map(Some);
        }
        char::from_u32(code).map(Some)
    }

    /// Steps over one line break and the white space that begins the next line.
    fn skip_break(&mut self) {
        let rest = self.rest();
        let behind = rest
            .strip_prefix("\r\n")
            .or_else(|| rest.strip_prefix(['\n', '\r']))
            .unwrap_or(rest);
        self.at = self.raw.len() - behind.trim_start_matches([' ', '\t']).len();
    }

    fn rest(&self) -> &'r str {
        self.rest_from(self.at)
    }

    fn rest_from(&self, at: usize) -> &'r str {
        self.raw.get(at..).unwrap_or("")
    }

    fn note(&mut self, text: usize, text_len: usize, written: Range<usize>) {
        let file = self.offset + written.start;
        let file_len = written.len();
        if let Some(last) = self.pieces.last_mut()
            && last.text_len == last.file_len
            && text_len == file_len
            && last.file + last.file_len == file
        {
            last.text_len += text_len;
            last.file_len += file_len;
            return;
        }
        self.pieces.push(Piece {
            text,
            text_len,
            file,
            file_len,
        });
    }
}

/// The character behind a backslash in double quotes, by YAML 1.2 §5.7.
fn simple_escape(kind: char) -> Option<char> {
    Some(match kind {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        ' ' => ' ',
        '"' => '"',
        '/' => '/',
        '\\' => '\\',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::yaml::parse;
    use proptest::prelude::*;

    /// What stands in the file for each word of the text.
    fn words(source: &str) -> Vec<(String, String)> {
        let parsed = parse(source);
        assert_eq!(parsed.errors, [], "{source:?}");
        let scalar = scalar_at_path(source, &parsed.value[0], &KeyPath::parse("a.b[0]")).unwrap();
        let mut words = Vec::new();
        let mut at = 0;
        for word in scalar.text.split([' ', '\n']) {
            let span = scalar.to_file_span(at..at + word.len());
            words.push((word.to_owned(), source[span.range()].to_owned()));
            at += word.len() + 1;
        }
        words
    }

    fn check(source: &str, expected: &[(&str, &str)]) {
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|&(a, b)| (a.to_owned(), b.to_owned()))
            .collect();
        assert_eq!(words(source), expected, "{source:?}");
    }

    #[test]
    fn every_style_is_followed() {
        let same = [("size(casks)", "size(casks)"), (">", ">"), ("0", "0")];
        check("a:\n  b: [ size(casks) > 0 ]\n", &same);
        check("a:\n  b:\n    - size(casks)\n      > 0\n", &same);
        check("a:\n  b: ['size(casks) > 0']\n", &same);
        check("a:\n  b: [\"size(casks) > 0\"]\n", &same);
        check("a:\n  b: [\"size(casks) \\\n      > 0\"]\n", &same);
        check(
            "a:\n  b:\n    - |-\n      size(casks)\n        > 0\n",
            &[same[0], ("", ""), ("", ""), same[1], same[2]],
        );
        check(
            "a:\n  b:\n    - >\n      size(casks)\n      > 0\n",
            &[same[0], same[1], same[2], ("", "")],
        );
        check(
            "a:\r\n  b:\r\n    - >-\r\n      size(casks)\r\n      > 0\r\n",
            &same,
        );
        check(
            "a:\n  b:\n    - |2-\n        size(casks)\n",
            &[("", ""), ("", ""), same[0]],
        );
    }

    #[test]
    fn escapes_are_followed() {
        check(
            "a:\n  b: ['tag == ''v1''']\n",
            &[("tag", "tag"), ("==", "=="), ("'v1'", "''v1''")],
        );
        check(
            r#"{a: {b: ["\"ä\" \u00e4x \x41 \U0001F377 \ud83c\udf77"]}}"#,
            &[
                ("\"ä\"", r#"\"ä\""#),
                ("äx", r"\u00e4x"),
                ("A", r"\x41"),
                ("🍷", r"\U0001F377"),
                ("🍷", r"\ud83c\udf77"),
            ],
        );
    }

    #[test]
    fn an_empty_range_has_a_place() {
        let source = "a: |\n  one\n  two\n";
        let parsed = parse(source);
        let scalar = scalar_at_path(source, &parsed.value[0], &KeyPath::parse("a")).unwrap();
        assert_eq!(scalar.to_file_span(4..4), Span::new(13, 13));
        assert_eq!(scalar.to_file_span(2..5), Span::new(9, 14));
        assert_eq!(
            scalar.to_file_span(90..99).start,
            scalar.to_file_span(8..8).start
        );
    }

    proptest! {
        #[test]
        fn words_are_found_in_every_style(
            words in prop::collection::vec(r"[a-z(=\\]{1,5}", 1..6),
            style in 0usize..6,
        ) {
            let join = |with: &str| words.join(with);
            let body = match style {
                0 => format!("|\n  {}\n", join("\n  ")),
                1 => format!(">\n  {}\n", join("\n  ")),
                2 => format!(">-\n  {}", join("\n\n  ")),
                3 => format!("'{}'", join("\n   \n  ")),
                4 => format!("\"{}\"", words.iter().map(|word| word.replace('\\', "\\\\")).collect::<Vec<_>>().join("\n  ")),
                _ => format!("x{}", join("\n  x")),
            };
            let source = format!("é: ö\nkey: {body}");
            let parsed = parse(&source);
            prop_assume!(parsed.errors.is_empty());
            let scalar = scalar_at_path(&source, &parsed.value[0], &KeyPath::parse("key")).unwrap();
            let mut from = 0;
            for word in &words {
                let at = scalar.text[from..].find(word.as_str()).unwrap() + from;
                let span = scalar.to_file_span(at..at + word.len());
                let written = if style == 4 { word.replace('\\', "\\\\") } else { word.clone() };
                prop_assert_eq!(&source[span.range()], &written);
                from = at + word.len();
            }
        }
    }
}
