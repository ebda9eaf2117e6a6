//! Values after a schema has said what plain scalars mean.

use std::sync::Arc;

use crate::source::Span;

use super::go_float;
use super::path::{KeyPath, PathPart};

/// A value, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// Where it stands: the bytes of the value, or of the alias that names it.
    pub span: Span,
    /// Where it is written; differs from `span` for an alias.
    pub defined: Span,
    /// What it is.
    pub data: Data,
}

/// What a value is. Containers are shared, so that a copy is cheap.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(Arc<str>),
    /// A list.
    List(Arc<[Value]>),
    /// A map.
    Map(Map),
}

/// A number as the decoder reads it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole number.
    Int(i64),
    /// A whole number beyond `i64`.
    Unsigned(u64),
    /// Anything else.
    Float(f64),
}

/// A map: every key once, in the order in which the keys first appear. A copy is cheap.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map(Arc<[Entry]>);

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key as a string.
    pub key: Arc<str>,
    /// Where the key of the value that counts stands.
    pub key_span: Span,
    /// The value that counts.
    pub value: Value,
    /// It came through a merge key (`<<`).
    pub merged: bool,
    /// The index of the entry that has this one's place in the order of the keys: the order of a map costs no room of its own.
    pub(super) nth: u32,
}

impl Map {
    /// A map of entries with different keys.
    pub(super) fn new(mut entries: Vec<Entry>) -> Self {
        let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_unstable_by(|&a, &b| entries[a as usize].key.cmp(&entries[b as usize].key));
        for (entry, nth) in entries.iter_mut().zip(order) {
            entry.nth = nth;
        }
        Self(entries.into())
    }

    /// The entries in the order of the text.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The entries in the order of their keys.
    pub fn sorted(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().map(|entry| self.nth(entry))
    }

    fn nth(&self, entry: &Entry) -> &Entry {
        &self.0[entry.nth as usize]
    }

    /// The entry of a key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        let found = self
            .0
            .binary_search_by(|entry| (*self.nth(entry).key).cmp(key))
            .ok()?;
        self.0.get(found).map(|entry| self.nth(entry))
    }
}

impl Value {
    /// A map without entries that stands nowhere.
    pub fn empty_map() -> Self {
        Self {
            span: Span::default(),
            defined: Span::default(),
            data: Data::Map(Map::default()),
        }
    }

    /// The value of a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key, if this is a map that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.get(key)
    }

    /// The value at a path.
    pub fn at(&self, path: &KeyPath) -> Option<&Self> {
        path.parts()
            .iter()
            .try_fold(self, |value, part| match part {
                PathPart::Key(key) => value.get(key),
                PathPart::Index(index) => value.items().get(*index),
            })
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The entries of a map in the order of the text; nothing for others.
    pub fn entries(&self) -> &[Entry] {
        self.as_map().map_or(&[], Map::entries)
    }

    /// The items of a list; nothing for others.
    pub fn items(&self) -> &[Self] {
        match &self.data {
            Data::List(items) => items,
            _ => &[],
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.data {
            Data::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// It is null.
    pub fn is_null(&self) -> bool {
        self.data == Data::Null
    }

    /// It is the same without regard to places.
    pub fn same(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Data::List(a), Data::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.same(b))
            }
            (Data::Map(a), Data::Map(b)) => {
                a.entries().len() == b.entries().len()
                    && a.sorted()
                        .zip(b.sorted())
                        .all(|(a, b)| a.key == b.key && a.value.same(&b.value))
            }
            (Data::Number(a), Data::Number(b)) => a.as_f64().total_cmp(&b.as_f64()).is_eq(),
            (a, b) => a == b,
        }
    }

    /// The value as JSON, where every number is a float64, as in Helm.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.data {
            Data::Null => Json::Null,
            Data::Bool(value) => Json::Bool(*value),
            Data::Number(number) => {
                serde_json::Number::from_f64(number.as_f64()).map_or(Json::Null, Json::Number)
            }
            Data::String(text) => Json::String(text.to_string()),
            Data::List(items) => items.iter().map(Self::to_json).collect(),
            Data::Map(map) => map
                .entries()
                .iter()
                .map(|entry| (entry.key.to_string(), entry.value.to_json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    /// What a Helm template writes for it (`{{ .Values.x }}`); nothing for containers and null.
    ///
    /// Helm's values are JSON, so that every number is a float64, and Go writes a large one as `2.0240101e+07`.
    pub fn rendered(&self) -> Option<String> {
        match &self.data {
            Data::String(text) => Some(text.to_string()),
            Data::Bool(value) => Some(value.to_string()),
            Data::Number(number) => Some(go_float::shortest(number.as_f64())),
            Data::Null | Data::List(_) | Data::Map(_) => None,
        }
    }

    /// What Go reads it as where it wants a string, as in `Chart.yaml`; nothing for containers, which are errors there.
    pub fn field_text(&self) -> Option<String> {
        match &self.data {
            Data::Null => Some(String::new()),
            Data::String(text) => Some(text.to_string()),
            Data::Bool(value) => Some(value.to_string()),
            Data::Number(number) => Some(number.field_text()),
            Data::List(_) | Data::Map(_) => None,
        }
    }
}

impl Data {
    /// `string`, `number`, `bool`, `null`, `map`, `list`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::List(_) => "list",
            Self::Map(_) => "map",
        }
    }
}

impl Number {
    /// The number as a float, as JSON has it.
    #[allow(clippy::cast_precision_loss, reason = "Helm loses the same digits")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Unsigned(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// The text that sigs.k8s.io/yaml makes of it for a string field or a key.
    pub(super) fn field_text(self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::Unsigned(value) => value.to_string(),
            Self::Float(value) => go_float::shortest_32(value),
        }
    }
}
