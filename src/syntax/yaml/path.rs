//! Paths of keys: `image.tag`, `spec.validations[2].expression`, `podAnnotations."example.org/name"`.

use std::fmt;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathPart {
    /// The value of a key.
    Key(String),
    /// An item of a list, from 0.
    Index(usize),
}

/// A way from a node to one below it. Its text form is dotted; a key that holds anything but letters, digits, `_`, `-`
/// and `/`, or that is empty, stands in double quotes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct KeyPath(Vec<PathPart>);

impl KeyPath {
    /// Reads the text form. An unclosed quote or bracket is part of the key, so that every text is some path.
    pub fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (part, behind) = next_part(rest);
            parts.push(part);
            rest = behind.strip_prefix('.').unwrap_or(behind);
        }
        Self(parts)
    }

    /// Its steps.
    pub fn parts(&self) -> &[PathPart] {
        &self.0
    }

    /// The path of a key below this one.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.0.push(PathPart::Key(key.to_owned()));
        self
    }

    /// The path of an item below this one.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(PathPart::Index(index));
        self
    }

    /// Adds a step.
    pub fn push(&mut self, part: PathPart) {
        self.0.push(part);
    }

    /// Takes the last step away.
    pub fn pop(&mut self) {
        self.0.pop();
    }
}

/// The first step of a text that is not empty, and what stands behind it.
fn next_part(text: &str) -> (PathPart, &str) {
    if let Some((index, behind)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        && let Ok(index) = index.parse()
    {
        return (PathPart::Index(index), behind);
    }
    if let Some((key, behind)) = text.strip_prefix('"').and_then(quoted) {
        return (PathPart::Key(key), behind);
    }
    // A bracket that could not be read as an index at the very start belongs to the key.
    let first = text.chars().next().map_or(0, char::len_utf8);
    let end = text
        .char_indices()
        .find(|&(at, c)| c == '.' || (c == '[' && at >= first && first > 0 && at > 0))
        .map_or(text.len(), |(at, _)| at);
    let (key, behind) = text.split_at(end);
    (PathPart::Key(key.to_owned()), behind)
}

/// A key up to its closing quote, and what stands behind that.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((key, text.get(at + 1..)?)),
            '\\' => key.push(characters.next()?.1),
            _ => key.push(c),
        }
    }
    None
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            match part {
                PathPart::Index(index) => write!(f, "[{index}]")?,
                PathPart::Key(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    write_key(f, key)?;
                }
            }
        }
        Ok(())
    }
}

fn write_key(f: &mut fmt::Formatter<'_>, key: &str) -> fmt::Result {
    let is_simple = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/');
    if !key.is_empty() && key.chars().all(is_simple) {
        return f.write_str(key);
    }
    f.write_str("\"")?;
    for c in key.chars() {
        if matches!(c, '"' | '\\') {
            f.write_str("\\")?;
        }
        write!(f, "{c}")?;
    }
    f.write_str("\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writes_and_reads() {
        let key = |text: &str| PathPart::Key(text.to_owned());
        for (text, parts) in [
            ("", vec![]),
            ("image", vec![key("image")]),
            ("image.tag", vec![key("image"), key("tag")]),
            ("a[2].b", vec![key("a"), PathPart::Index(2), key("b")]),
            ("[1][2]", vec![PathPart::Index(1), PathPart::Index(2)]),
            (r#"a."x.y/z""#, vec![key("a"), key("x.y/z")]),
            (r#""""#, vec![key("")]),
            (r#""say \"x\"".b"#, vec![key("say \"x\""), key("b")]),
        ] {
            let path = KeyPath(parts);
            assert_eq!(path.to_string(), text);
            assert_eq!(KeyPath::parse(text), path, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_path_survives_its_text(keys in prop::collection::vec(".{0,6}", 0..4), index in 0usize..9) {
            let path = keys.iter().fold(KeyPath::default(), |path, key| path.key(key)).index(index);
            prop_assert_eq!(KeyPath::parse(&path.to_string()), path);
        }

        #[test]
        fn every_text_is_some_path(text in ".{0,30}") {
            let _ = KeyPath::parse(&text);
        }
    }
}
