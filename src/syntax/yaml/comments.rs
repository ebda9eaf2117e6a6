//! The comments of a YAML text, as its scanner sees them: what looks like one in a string or a block is none.

use granit_parser::{Event, Parser, options};

use crate::source::Span;

use super::MAX_BYTES;
use super::compose::on_characters;

/// The comments of a text in its order, up to the first place that is no YAML.
pub fn comments(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    if text.len() > MAX_BYTES {
        return found;
    }
    let options = options! {
        emit_comments: true,
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    while let Some(Ok((event, span))) = parser.next_event() {
        if matches!(event, Event::Comment(..))
            && let Some(range) = span.byte_range()
        {
            found.push(on_characters(text, range));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_comments_are_comments() {
        for (text, expected) in [
            ("# a\ntag: latest # b\n", vec!["# a", "# b"]),
            ("a: 'x # no'\nb: x#no\nc: \"# no\"\n", vec![]),
            ("a: |\n  # no\n  text\n# yes\n", vec!["# yes"]),
            ("a: [1, # one\n  2]\n", vec!["# one"]),
            ("a: é # ü\r\nb: 1\r\n", vec!["# ü"]),
            ("a: # x\n  b\n", vec!["# x"]),
            ("a: 1 # x\n\tb: [\n", vec!["# x"]),
        ] {
            let found: Vec<&str> = comments(text)
                .into_iter()
                .map(|span| text[span.range()].trim_end())
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
