//! YAML 1.2's core schema, for files that Helm does not read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::syntax::{Parsed, SyntaxError};

use super::node::{Document, Node, NodeId, Style};
use super::value::{Data, Entry, Map, Number, Value};

/// Reads a document by YAML 1.2: `yes` and `on` are strings, leading zeros are decimal, there are no merge keys. The
/// last of duplicate keys counts; a key that is no scalar is an error and left out.
pub fn resolve_core(document: &Document) -> Parsed<Value> {
    let mut resolver = Resolver::default();
    let value = resolver.value(document.root());
    Parsed {
        value,
        errors: resolver.errors,
    }
}

#[derive(Default)]
struct Resolver {
    anchored: BTreeMap<NodeId, Data>,
    errors: Vec<SyntaxError>,
}

impl Resolver {
    fn value(&mut self, node: Node<'_>) -> Value {
        Value {
            span: node.span(),
            defined: node.definition_span(),
            data: self.data(node.target()),
        }
    }

    fn data(&mut self, node: Node<'_>) -> Data {
        if let Some(known) = self.anchored.get(&node.id()) {
            return known.clone();
        }
        let data = if node.is_map() {
            Data::Map(self.map(node))
        } else if node.is_list() {
            Data::List(node.items().map(|item| self.value(item)).collect())
        } else {
            let (text, style) = node.scalar().unwrap_or(("", Style::Plain));
            scalar(text, style, node.tag())
        };
        if node.anchor_span().is_some() {
            self.anchored.insert(node.id(), data.clone());
        }
        data
    }

    fn map(&mut self, node: Node<'_>) -> Map {
        let mut entries: Vec<Entry> = Vec::with_capacity(node.entries().len());
        let mut places: HashMap<Arc<str>, usize> = HashMap::with_capacity(node.entries().len());
        for (key, value) in node.entries() {
            let value = self.value(value);
            let Some(text) = key.text() else {
                self.errors.push(SyntaxError {
                    span: key.span(),
                    message: "a container is no key".to_owned(),
                });
                continue;
            };
            let text: Arc<str> = text.into();
            let entry = Entry {
                key: text.clone(),
                key_span: key.span(),
                value,
                merged: false,
                nth: 0,
            };
            if let Some(&at) = places.get(&text) {
                entries[at] = entry;
            } else {
                places.insert(text, entries.len());
                entries.push(entry);
            }
        }
        Map::new(entries)
    }
}

fn scalar(text: &str, style: Style, tag: Option<&str>) -> Data {
    let string = || Data::String(text.into());
    match tag.map(|tag| tag.strip_prefix("tag:yaml.org,2002:")) {
        None if style == Style::Plain => plain(text),
        Some(Some("null" | "bool" | "int" | "float")) => plain(text),
        _ => string(),
    }
}

/// The core schema's expressions (YAML 1.2.2 §10.3.2).
fn plain(text: &str) -> Data {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Data::Null,
        "true" | "True" | "TRUE" => return Data::Bool(true),
        "false" | "False" | "FALSE" => return Data::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Data::Number(Number::Float(f64::NAN)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
        return Data::Number(Number::Float(sign * f64::INFINITY));
    }
    number(text, unsigned).map_or_else(|| Data::String(text.into()), Data::Number)
}

fn number(text: &str, unsigned: &str) -> Option<Number> {
    for (prefix, base) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let plain = digits.bytes().all(|b| b.is_ascii_alphanumeric());
            return u64::from_str_radix(digits, base)
                .ok()
                .filter(|_| plain)
                .map(whole);
        }
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits(unsigned)
        && let Some(number) = text
            .parse()
            .ok()
            .map(Number::Int)
            .or_else(|| text.parse().ok().map(whole))
    {
        return Some(number);
    }
    let (mantissa, exponent) = unsigned
        .find(['e', 'E'])
        .and_then(|at| Some((unsigned.get(..at)?, unsigned.get(at + 1..)?)))
        .map_or((unsigned, None), |(mantissa, exponent)| {
            (mantissa, Some(exponent))
        });
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((before, fraction)) => digits(before) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    let exponent_fits = exponent
        .is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)));
    if !(mantissa_fits && exponent_fits) {
        return None;
    }
    text.parse().ok().map(Number::Float)
}

fn whole(value: u64) -> Number {
    i64::try_from(value).map_or(Number::Unsigned(value), Number::Int)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::yaml::parse;

    #[test]
    fn scalars_follow_yaml_1_2() {
        let int = |value| Data::Number(Number::Int(value));
        let float = |value| Data::Number(Number::Float(value));
        for (text, expected) in [
            ("~", Data::Null),
            ("", Data::Null),
            ("True", Data::Bool(true)),
            ("on", Data::String("on".into())),
            ("yes", Data::String("yes".into())),
            ("0777", int(777)),
            ("0o17", int(15)),
            ("0x1F", int(31)),
            ("-0x1F", Data::String("-0x1F".into())),
            ("+12", int(12)),
            (
                "18446744073709551615",
                Data::Number(Number::Unsigned(u64::MAX)),
            ),
            ("1_000", Data::String("1_000".into())),
            ("0b1", Data::String("0b1".into())),
            ("1.", float(1.0)),
            (".5e1", float(5.0)),
            ("1e3", float(1000.0)),
            ("-.inf", float(f64::NEG_INFINITY)),
            ("1.2.3", Data::String("1.2.3".into())),
            ("'1'", Data::String("1".into())),
            ("!!int '1'", int(1)),
            ("!!str 1", Data::String("1".into())),
        ] {
            let source = format!("key: {text}\n");
            let parsed = parse(&source);
            let value = resolve_core(&parsed.value[0]);
            assert_eq!(value.errors, []);
            assert_eq!(
                value.value.get("key").map(|value| &value.data),
                Some(&expected),
                "{text}"
            );
        }
    }

    #[test]
    fn a_key_stays_what_is_written() {
        let parsed = parse("on: {push: 1}\n<<: {a: 1}\n1.10: x\non: 2\n");
        let value = resolve_core(&parsed.value[0]).value;
        let keys: Vec<&str> = value.entries().iter().map(|entry| &*entry.key).collect();
        assert_eq!(keys, ["on", "<<", "1.10"]);
        assert!(
            value
                .get("on")
                .is_some_and(|on| on.data == Data::Number(Number::Int(2)))
        );
    }
}
