//! relgate's own files into Rust types: YAML 1.2, strict, within tight limits, with places.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_saphyr::{Location, MessageFormatter, Options, Spanned, UserMessageFormatter};

use crate::source::Span;
use crate::syntax::SyntaxError;

/// Longer files are refused: relgate's own are written by people.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct YamlError {
    /// Where.
    pub span: Span,
    /// What is wrong, as one sentence without a full stop.
    pub message: String,
}

/// A value with its place in the file. Serde forgets places in `flatten`ed and untagged types: the span is empty there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands: the bytes of a scalar or alias; for a container an empty span at its start.
    pub span: Span,
}

impl<T> std::ops::Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        Ok(Self {
            span: span_of(spanned.referenced),
            value: spanned.value,
        })
    }
}

/// Reads the one document of a text. Booleans are `true` and `false` alone, and no key may stand twice.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Vec<YamlError>> {
    check_syntax(text)?;
    serde_saphyr::from_str_with_options(text, settings()).map_err(|error| vec![to_error(&error)])
}

/// Reads every document of a text, those without content left out.
pub fn documents_from_str<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, Vec<YamlError>> {
    check_syntax(text)?;
    serde_saphyr::from_multiple_with_options(text, settings())
        .map_err(|error| vec![to_error(&error)])
}

/// What is wrong with the text whatever it is read into, told before what is wrong with its values.
fn check_syntax(text: &str) -> Result<(), Vec<YamlError>> {
    if text.len() > MAX_BYTES {
        return Err(vec![YamlError {
            span: Span::default(),
            message: format!(
                "the file has {} bytes, more than the {MAX_BYTES} that relgate reads of its own files",
                text.len()
            ),
        }]);
    }
    let errors = super::parse(text).errors;
    if errors.is_empty() {
        return Ok(());
    }
    Err(errors
        .into_iter()
        .map(|SyntaxError { span, message }| YamlError { span, message })
        .collect())
}

fn settings() -> Options {
    let budget = serde_saphyr::budget! {
        max_events: 400_000,
        max_aliases: 1_000,
        max_anchors: 1_000,
        max_depth: 64,
        max_documents: 1_000,
        max_nodes: 200_000,
        max_total_scalar_bytes: MAX_BYTES,
        max_merge_keys: 100,
    };
    serde_saphyr::options! {
        budget: budget,
        emit_comments: false,
        strict_booleans: true,
        with_snippet: false,
    }
}

fn to_error(error: &serde_saphyr::Error) -> YamlError {
    let message = UserMessageFormatter
        .format_message(error.without_snippet())
        .into_owned();
    let span = error.location().map_or_else(Span::default, span_of);
    YamlError { span, message }
}

fn span_of(location: Location) -> Span {
    let span = location.span();
    let start = span.byte_offset().unwrap_or(0);
    let length = span.byte_len().unwrap_or(0);
    let (start, length) = (
        usize::try_from(start).unwrap_or(usize::MAX),
        usize::try_from(length).unwrap_or(0),
    );
    Span::new(start, start.saturating_add(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Sample {
        name: At<String>,
        #[serde(default)]
        enabled: Option<bool>,
        #[serde(default)]
        items: Vec<At<u32>>,
        #[serde(default)]
        map: BTreeMap<String, At<String>>,
    }

    fn check(text: &str, at: &str, message: &str) {
        let errors = from_str::<Sample>(text).map(|_| ()).unwrap_err();
        let [error] = &errors[..] else {
            panic!("{errors:?}")
        };
        let found = text.get(error.span.range()).unwrap_or("?");
        assert_eq!((found, error.message.as_str()), (at, message), "{text:?}");
    }

    #[test]
    fn values_know_their_places() {
        let text = "name: 'caské'\nitems: [1,\n  22]\nmap: {a: &x b, c: *x}\n";
        let sample: Sample = from_str(text).unwrap();
        let at = |span: Span| &text[span.range()];
        assert_eq!(
            (sample.name.value.as_str(), at(sample.name.span)),
            ("caské", "'caské'")
        );
        assert_eq!(
            sample
                .items
                .iter()
                .map(|item| at(item.span))
                .collect::<Vec<_>>(),
            ["1", "22"]
        );
        assert_eq!(
            (sample.map["c"].value.as_str(), at(sample.map["c"].span)),
            ("b", "*x")
        );
        assert_eq!(sample.enabled, None);
    }

    #[test]
    fn mistakes_are_told_with_their_places() {
        check(
            "name: a\nenabled: yes\n",
            "yes",
            "invalid boolean (true or false expected)",
        );
        check(
            "name: a\nname: b\n",
            "name",
            "duplicate mapping key `name` is not allowed here",
        );
        check(
            "name: a\nnam: b\n",
            "nam",
            "unknown field `nam`, expected one of name, enabled, items, map",
        );
        check("enabled: true\n", "enabled", "missing field `name`");
        check("name: {a: b}\n", "{", "expected string scalar");
        check("items: [1, x]\n", "x", "invalid u32");
        check(
            "name: a\n---\nname: b\n",
            "",
            "only single YAML document expected but multiple found",
        );
        check("", "", "unexpected end of file");
    }

    #[test]
    fn a_text_that_is_no_yaml_is_told_first() {
        check(
            "name: [a\nitems: 1\n",
            ":",
            "illegal placement of ':' indicator",
        );
        check(
            "name: a\0\n",
            "\0",
            "the control character U+0000 is not allowed in YAML",
        );
    }
}
