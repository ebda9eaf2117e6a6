//! The labels of a Dockerfile (<https://docs.docker.com/reference/dockerfile/#label>).

use crate::source::Span;

/// A label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// Its value, with the variables that stand in it.
    pub value: String,
    /// The place of the value.
    pub span: Span,
}

/// The labels of all stages, in the order of the text.
pub fn labels(text: &str) -> Vec<Label> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut in_label = false;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let code = line.trim_end();
        let lead = code.len() - code.trim_start().len();
        let trimmed = code.trim_start();
        if trimmed.starts_with('#') {
            continue;
        }
        let mut from = start + lead;
        if !in_label {
            let word = trimmed.get(..6).unwrap_or("");
            if !word.eq_ignore_ascii_case("label ") && !word.eq_ignore_ascii_case("label\t") {
                continue;
            }
            from += 6;
        }
        let goes_on = code.ends_with('\\');
        let end = start + code.len() - usize::from(goes_on);
        pairs(text, from, end, &mut found);
        in_label = goes_on;
    }
    found
}

/// `name=value "name"="value"` between two offsets.
fn pairs(text: &str, from: usize, end: usize, found: &mut Vec<Label>) {
    let body = text.get(from..end.max(from)).unwrap_or("");
    let mut quoted = false;
    let mut escaped = false;
    let mut start: Option<usize> = None;
    let mut words = Vec::new();
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                quoted = !quoted;
                start.get_or_insert(at);
            }
            c if c.is_whitespace() && !quoted => {
                words.extend(start.take().map(|start| (start, at)));
            }
            _ => {
                start.get_or_insert(at);
            }
        }
    }
    words.extend(start.map(|start| (start, body.len())));
    for (start, end) in words {
        let word = body.get(start..end).unwrap_or("");
        let Some((name, value)) = word.split_once('=') else {
            continue;
        };
        let inner = value.trim_matches('"');
        let lead = usize::from(value.starts_with('"'));
        let value_at = from + start + name.len() + 1 + lead;
        found.push(Label {
            name: name.trim_matches('"').to_owned(),
            value: inner.to_owned(),
            span: Span::new(value_at, value_at + inner.len()),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_with_their_places() {
        let text = "FROM x\nlabel a=1 \"b.c\"=\"two words\"\nLABEL d=${V} \\\n  # a comment\n  e=\"5\"\nRUN f=6\n";
        let told: Vec<(String, &str)> = labels(text)
            .into_iter()
            .map(|label| (label.name, &text[label.span.range()]))
            .collect();
        let expected = [("a", "1"), ("b.c", "two words"), ("d", "${V}"), ("e", "5")];
        assert_eq!(told, expected.map(|(name, value)| (name.to_owned(), value)));
    }
}
