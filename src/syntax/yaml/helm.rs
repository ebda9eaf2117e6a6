//! What Helm reads: the rules of go-yaml v2 as sigs.k8s.io/yaml uses it (`resolve.go`, `decode.go`, `yaml.go`).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::source::Span;
use crate::syntax::{Parsed, SyntaxError};

use super::base64;
use super::compose::MAX_ALIAS_NODES;
use super::node::{Document, Node, NodeId, Style};
use super::value::{Data, Entry, Map, Number, Value};

/// Longer texts are unlikely to stand in a file twice.
const MAX_SHARED: usize = 64;
/// So many texts are kept to find the same one again.
const MAX_TEXTS: usize = 50_000;

/// The prefix of YAML's own tags.
const CORE: &str = "tag:yaml.org,2002:";

/// Reads a document as Helm does: the last of duplicate keys counts, a merge key overrides what stands before it, keys
/// become strings. What Helm's decoder refuses is an error, and null in the value.
pub fn resolve_helm(document: &Document) -> Parsed<Value> {
    let mut resolver = Resolver {
        anchored: BTreeMap::new(),
        texts: HashSet::new(),
        merged: 0,
        errors: Vec::new(),
    };
    if let Some((major, minor)) = document.version_directive()
        && (major, minor) != (1, 1)
    {
        resolver.error(
            document.span(),
            format!("Helm refuses a document with the directive %YAML {major}.{minor}"),
        );
    }
    let value = resolver.value(document.root());
    Parsed {
        value,
        errors: resolver.errors,
    }
}

/// What Helm reads one scalar as. `None` for containers.
pub fn helm_scalar(node: Node<'_>) -> Option<Result<Data, String>> {
    let (text, style) = node.scalar()?;
    Some(scalar(text, style, node.tag()))
}

/// The string that a key becomes. `None` where Helm refuses the key.
pub fn helm_key(node: Node<'_>) -> Option<String> {
    key_text(&helm_scalar(node)?.ok()?).ok()
}

/// It is a merge key: a plain, untagged `<<`, or one tagged as such. An alias is none.
pub fn is_merge_key(node: Node<'_>) -> bool {
    let tagged = match node.tag() {
        None => node
            .scalar()
            .is_some_and(|(_, style)| style == Style::Plain),
        Some("!") => true,
        Some(tag) => tag.strip_prefix(CORE) == Some("merge"),
    };
    tagged && !node.is_alias() && node.text() == Some("<<")
}

struct Resolver {
    /// What aliases may name, resolved once.
    anchored: BTreeMap<NodeId, Data>,
    /// Keys and short texts that were read before: most of those of a large file stand in it many times.
    texts: HashSet<Arc<str>>,
    /// How many entries merge keys have brought.
    merged: u64,
    errors: Vec<SyntaxError>,
}

impl Resolver {
    fn value(&mut self, node: Node<'_>) -> Value {
        Value {
            span: node.span(),
            defined: node.definition_span(),
            data: self.data(node),
        }
    }

    fn data(&mut self, node: Node<'_>) -> Data {
        let target = node.target();
        if target.anchor_span().is_none() {
            return self.fresh(target);
        }
        if let Some(known) = self.anchored.get(&target.id()) {
            return known.clone();
        }
        let data = self.fresh(target);
        self.anchored.insert(target.id(), data.clone());
        data
    }

    fn fresh(&mut self, node: Node<'_>) -> Data {
        if node.is_map() {
            return Data::Map(self.map(node));
        }
        if node.is_list() {
            return Data::List(node.items().map(|item| self.value(item)).collect());
        }
        match helm_scalar(node) {
            Some(Ok(Data::Number(Number::Float(value)))) if !value.is_finite() => {
                let text = node.text().unwrap_or_default();
                self.error(
                    node.span(),
                    format!("Helm refuses {text}: JSON has no such number"),
                );
                Data::Null
            }
            Some(Ok(Data::String(text))) => Data::String(self.shared(text)),
            Some(Ok(data)) => data,
            Some(Err(message)) => {
                self.error(node.span(), message);
                Data::Null
            }
            None => Data::Null,
        }
    }

    fn map(&mut self, node: Node<'_>) -> Map {
        let mut entries: Vec<Entry> = Vec::with_capacity(node.entries().len());
        let mut places: HashMap<Arc<str>, usize> = HashMap::with_capacity(node.entries().len());
        let mut set = |entry: Entry| match places.get(&entry.key) {
            Some(&at) => entries[at] = entry,
            None => {
                places.insert(entry.key.clone(), entries.len());
                entries.push(entry);
            }
        };
        for (key, value) in node.entries() {
            if is_merge_key(key) {
                for merged in self.merged(value) {
                    set(merged);
                }
                continue;
            }
            let text = self.key(key);
            let value = self.value(value);
            if let Some(text) = text {
                set(Entry {
                    key: text,
                    key_span: key.span(),
                    value,
                    merged: false,
                    nth: 0,
                });
            }
        }
        Map::new(entries)
    }

    /// The entries that a merge key brings, in the order in which they are set: of a list the first map is set last, so
    /// that it wins.
    fn merged(&mut self, value: Node<'_>) -> Vec<Entry> {
        let maps: Vec<Node<'_>> = if value.is_list() && !value.is_alias() {
            value.items().rev().collect()
        } else {
            vec![value]
        };
        let mut entries = Vec::new();
        for map in maps {
            match self.data(map) {
                Data::Map(of_map) if self.may_merge(of_map.entries().len()) => {
                    entries.extend(of_map.entries().iter().map(|entry| Entry {
                        merged: true,
                        ..entry.clone()
                    }));
                }
                Data::Map(_) => self.error(
                    map.span(),
                    format!(
                        "the merge keys of this document bring more than {MAX_ALIAS_NODES} entries"
                    ),
                ),
                _ => self.error(
                    map.span(),
                    "a merge key (`<<`) wants a map or a list of maps".to_owned(),
                ),
            }
        }
        entries
    }

    fn may_merge(&mut self, entries: usize) -> bool {
        self.merged = self.merged.saturating_add(entries as u64);
        self.merged <= MAX_ALIAS_NODES
    }

    fn key(&mut self, key: Node<'_>) -> Option<Arc<str>> {
        let text = match helm_scalar(key) {
            None => {
                let what = if key.is_map() { "a map" } else { "a list" };
                let hint = if key.is_map() {
                    "; an unquoted {{ … }} is one"
                } else {
                    ""
                };
                Err(format!("Helm refuses {what} as a key{hint}"))
            }
            Some(data) => data.and_then(|data| key_text(&data)),
        };
        match text {
            Ok(text) => Some(self.shared(text.into())),
            Err(message) => {
                self.error(key.span(), message);
                None
            }
        }
    }

    /// The same text, kept once.
    fn shared(&mut self, text: Arc<str>) -> Arc<str> {
        if text.len() > MAX_SHARED || self.texts.len() > MAX_TEXTS {
            return self.texts.get(&text).cloned().unwrap_or(text);
        }
        if let Some(known) = self.texts.get(&text) {
            return known.clone();
        }
        self.texts.insert(text.clone());
        text
    }

    fn error(&mut self, span: Span, message: String) {
        self.errors.push(SyntaxError { span, message });
    }
}

/// The string that a key becomes (`convertToJSONableObject`).
fn key_text(data: &Data) -> Result<String, String> {
    Ok(match data {
        Data::String(text) => text.to_string(),
        Data::Bool(value) => value.to_string(),
        Data::Number(Number::Unsigned(value)) => {
            return Err(format!("Helm refuses the number {value} as a key"));
        }
        Data::Number(number) => match number.field_text().as_str() {
            "+Inf" => ".inf".to_owned(),
            "-Inf" => "-.inf".to_owned(),
            "NaN" => ".nan".to_owned(),
            text => text.to_owned(),
        },
        Data::Null => return Err("Helm refuses null as a key".to_owned()),
        Data::List(_) | Data::Map(_) => return Err("Helm refuses a container as a key".to_owned()),
    })
}

/// A scalar by its style and tag (`decoder.scalar` and `resolve`).
fn scalar(text: &str, style: Style, tag: Option<&str>) -> Result<Data, String> {
    let Some(tag) = tag else {
        return Ok(match style {
            Style::Plain => plain(text),
            _ => Data::String(text.into()),
        });
    };
    let refuse = |kind: &str| Err(format!("Helm cannot read `{}` as {kind}", shortened(text)));
    match tag.strip_prefix(CORE) {
        Some("binary") => match base64::decode(text) {
            Some(bytes) => Ok(Data::String(String::from_utf8_lossy(&bytes).into())),
            None => Err("the text tagged !!binary is not base64".to_owned()),
        },
        Some("null") => match plain(text) {
            Data::Null => Ok(Data::Null),
            _ => refuse("!!null"),
        },
        Some("bool") => match plain(text) {
            Data::Bool(value) => Ok(Data::Bool(value)),
            _ => refuse("!!bool"),
        },
        Some("int") => match plain(text) {
            Data::Number(number @ (Number::Int(_) | Number::Unsigned(_))) => {
                Ok(Data::Number(number))
            }
            _ => refuse("!!int"),
        },
        Some("float") => match plain(text) {
            Data::Number(number @ (Number::Int(_) | Number::Float(_))) => {
                Ok(Data::Number(Number::Float(number.as_f64())))
            }
            _ => refuse("!!float"),
        },
        _ => Ok(Data::String(text.into())),
    }
}

/// A plain scalar without a tag (`resolve`).
fn plain(text: &str) -> Data {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Data::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Data::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Data::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Data::Number(Number::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Data::Number(Number::Float(f64::INFINITY));
        }
        "-.inf" | "-.Inf" | "-.INF" => return Data::Number(Number::Float(f64::NEG_INFINITY)),
        _ => {}
    }
    number(text).map_or_else(|| Data::String(text.into()), Data::Number)
}

fn number(text: &str) -> Option<Number> {
    match text.as_bytes().first()? {
        b'.' => float(text),
        b'0'..=b'9' | b'+' | b'-' => {
            let text = text.replace('_', "");
            int(&text).or_else(|| float(&text))
        }
        _ => None,
    }
}

/// `strconv.ParseInt` and `ParseUint` with base 0, on a text without underscores.
fn int(text: &str) -> Option<Number> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (0, text),
    };
    let lower = digits.as_bytes().get(1).map(u8::to_ascii_lowercase);
    let (base, digits) = match (digits.as_bytes().first()?, lower) {
        (b'0', Some(b'x')) => (16, digits.get(2..)?),
        (b'0', Some(b'b')) => (2, digits.get(2..)?),
        (b'0', Some(b'o')) => (8, digits.get(2..)?),
        (b'0', Some(_)) => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // Rust would take a second sign.
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    if sign < 0 {
        return i64::from_str_radix(&format!("-{digits}"), base)
            .ok()
            .map(Number::Int);
    }
    let value = u64::from_str_radix(digits, base).ok()?;
    match i64::try_from(value) {
        Ok(value) => Some(Number::Int(value)),
        Err(_) if sign == 0 => Some(Number::Unsigned(value)),
        Err(_) => None,
    }
}

/// go-yaml's expression for floats, `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, of a finite value.
fn float(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (unsigned.get(..at)?, Some(unsigned.get(at + 1..)?)),
        None => (unsigned, None),
    };
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let some_digits = !(whole.is_empty() && fraction.is_empty());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    if !(some_digits && all_digits(whole) && all_digits(fraction) && exponent_fits) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    value.is_finite().then_some(Number::Float(value))
}

/// A text that is not too long for a message.
fn shortened(text: &str) -> String {
    if text.chars().count() <= 20 {
        return text.to_owned();
    }
    text.chars().take(19).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::yaml::parse_helm;

    fn read(text: &str) -> Result<Value, String> {
        let parsed = parse_helm(text);
        if let Some(error) = parsed.errors.first() {
            return Err(error.message.clone());
        }
        let value = resolve_helm(&parsed.value[0]);
        value
            .errors
            .first()
            .map_or(Ok(value.value), |error| Err(error.message.clone()))
    }

    /// A value in few words: its kind and the text that a string field gets.
    fn told(value: &Value) -> String {
        match &value.data {
            Data::Null => "null".to_owned(),
            Data::String(text) => format!("{text:?}"),
            Data::List(items) => format!(
                "[{}]",
                items.iter().map(told).collect::<Vec<_>>().join(", ")
            ),
            Data::Map(map) => {
                let entries: Vec<String> = map
                    .entries()
                    .iter()
                    .map(|entry| format!("{}: {}", entry.key, told(&entry.value)))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
            Data::Bool(_) | Data::Number(_) => value.field_text().unwrap_or_default(),
        }
    }

    #[test]
    fn scalars_are_read_as_helm_reads_them() {
        for (text, expected) in [
            ("yes", "true"),
            ("No", "false"),
            ("on", "true"),
            ("OFF", "false"),
            ("y", "true"),
            ("n", "false"),
            ("tRue", "\"tRue\""),
            ("Null", "null"),
            ("~", "null"),
            ("", "null"),
            ("0777", "511"),
            ("08", "8"),
            ("0888", "888"),
            ("0123", "83"),
            ("-0123", "-83"),
            ("1_000", "1000"),
            ("1__000", "1000"),
            ("1_0.5", "10.5"),
            ("1_000.25", "1000.25"),
            ("_1", "\"_1\""),
            ("0b101", "5"),
            ("-0b11", "-3"),
            ("0o17", "15"),
            ("0x1F", "31"),
            ("0xg", "\"0xg\""),
            ("1:30", "\"1:30\""),
            ("2024-01-02", "\"2024-01-02\""),
            ("123e4567", "\"123e4567\""),
            ("12e5", "1.2e+06"),
            ("1e3", "1000"),
            ("1e400", "\"1e400\""),
            ("1.7976931348623157e309", "\"1.7976931348623157e309\""),
            ("1.20", "1.2"),
            ("1.2.3", "\"1.2.3\""),
            (".5", "0.5"),
            (".5_0", "\".5_0\""),
            (".", "\".\""),
            ("+", "\"+\""),
            ("--1", "\"--1\""),
            ("18446744073709551615", "18446744073709551615"),
            ("18446744073709551616", "1.8446744e+19"),
            ("+18446744073709551615", "1.8446744e+19"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("'1.20'", "\"1.20\""),
            ("\"yes\"", "\"yes\""),
            ("|-\n  1.20\n", "\"1.20\""),
            ("!!str 1.20", "\"1.20\""),
            ("!!int '7'", "7"),
            ("!!float 1", "1"),
            ("!!bool yes", "true"),
            ("!!binary aGk=", "\"hi\""),
            ("!local 12", "\"12\""),
            ("! 12", "\"12\""),
        ] {
            let value = read(&format!("key: {text}\n")).unwrap();
            assert_eq!(told(value.get("key").unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn numbers_in_templates_are_floats() {
        for (text, expected) in [
            ("20240101", "2.0240101e+07"),
            ("1.20", "1.2"),
            ("0123", "83"),
            ("12e5", "1.2e+06"),
            ("'20240101'", "20240101"),
            ("yes", "true"),
        ] {
            let value = read(&format!("tag: {text}\n")).unwrap();
            assert_eq!(
                value.get("tag").unwrap().rendered().as_deref(),
                Some(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn maps_are_read_as_helm_reads_them() {
        for (text, expected) in [
            ("y: 1", "{true: 1}"),
            (
                "0x10: a\n010: b\n1.10: c",
                "{16: \"a\", 8: \"b\", 1.1: \"c\"}",
            ),
            ("yes: 1\non: 2\n'true': 3", "{true: 3}"),
            (".inf: 1\n.nan: 2", "{.inf: 1, .nan: 2}"),
            ("a: 1\na: 2", "{a: 2}"),
            ("x: 9\n<<: {x: 1}", "{x: 1}"),
            ("<<: {x: 1}\nx: 9", "{x: 9}"),
            ("<<: [{x: 1}, {x: 2, z: 2}]", "{x: 1, z: 2}"),
            ("'<<': {x: 1}", "{<<: {x: 1}}"),
            ("!!merge <<: {x: 1}", "{x: 1}"),
            (
                "a: &a {x: 1}\nb: {<<: *a, z: *a}",
                "{a: {x: 1}, b: {x: 1, z: {x: 1}}}",
            ),
            ("a: 1\n---\na: 2", "{a: 1}"),
            ("%YAML 1.1\n---\na: 1", "{a: 1}"),
            ("a: \u{feff}b", "{a: \"\\u{feff}b\"}"),
        ] {
            assert_eq!(
                read(text).map(|value| told(&value)).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn what_helm_refuses_is_an_error() {
        for text in [
            "a: .inf",
            "a: -.Inf",
            "a: .NaN",
            "~: 1",
            ": 1",
            "? [a, b]\n: 1",
            "? {a: b}\n: 1",
            "a: {{ .x }}",
            "{{ .x }}",
            "18446744073709551615: 1",
            "a: \"\\/\"",
            "a: \"\\ud83c\\udf77\"",
            "a: b\u{85}c",
            "a: 1 # comment\u{2028}more",
            "%YAML 1.2\n---\na: 1",
            "<<: 1",
            "<<: [1]",
            "a: &a [{x: 1}]\nb: {<<: *a}",
            "a: !!int x",
            "a: !!int 08",
            "a: !!bool 1",
            "a: !!float 18446744073709551615",
            "a: !!null x",
            "a: !!binary x",
            "a: &a [*a]",
            "a: *b",
            "a: @b",
            "\ta: 1",
            "a:\n\tb: 1",
            "a: [1",
        ] {
            assert!(
                read(text).is_err(),
                "{text:?} is {:?}",
                read(text).map(|value| told(&value))
            );
        }
    }

    #[test]
    fn errors_and_values_have_places() {
        let text = "ä: 1\nb: &x {c: .inf}\nd: *x\n";
        let parsed = parse_helm(text);
        let value = resolve_helm(&parsed.value[0]);
        let at = |span: Span| &text[span.range()];
        assert_eq!(at(value.errors[0].span), ".inf");
        assert_eq!(value.errors.len(), 1, "an alias repeats nothing");
        let entry = value.value.entry("d").unwrap();
        assert_eq!(
            (
                at(entry.key_span),
                at(entry.value.span),
                at(entry.value.defined)
            ),
            ("d", "*x", "{c: .inf}")
        );
    }
}
