//! What an expression may be, as far as the facts' schema tells.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// The type of an expression. What is not known is [`Type::Any`], which fits everywhere.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::policy) enum Type {
    Any,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Time,
    Duration,
    SemVer,
    /// The name of a type, as `type(x)` gives it.
    Name,
    List(Arc<Type>),
    /// A map whose keys are not known.
    Map(Arc<Type>),
    /// A map whose fields are known.
    Record(Arc<Record>),
    Optional(Arc<Type>),
}

/// A map whose fields are known.
#[derive(Debug, PartialEq, Default)]
pub(in crate::policy) struct Record {
    /// What messages call it: `an operation`.
    pub(in crate::policy) called: String,
    pub(in crate::policy) fields: BTreeMap<String, Type>,
}

impl Type {
    pub(in crate::policy) fn list(of: Self) -> Self {
        Self::List(Arc::new(of))
    }

    pub(super) fn optional(of: Self) -> Self {
        match of {
            Self::Optional(_) => of,
            of => Self::Optional(Arc::new(of)),
        }
    }

    /// A map of which nothing is known.
    pub(in crate::policy) fn any_record() -> Self {
        Self::Map(Arc::new(Self::Any))
    }

    pub(in crate::policy) fn is_any(&self) -> bool {
        matches!(self, Self::Any)
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Uint | Self::Double)
    }

    /// Whether a value of this type can equal one of the other.
    pub(super) fn is_comparable(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b))
            | (Self::Map(a), Self::Map(b))
            | (Self::Optional(a), Self::Optional(b)) => a.is_comparable(b),
            (Self::Any | Self::Null, _)
            | (_, Self::Any | Self::Null)
            | (Self::Map(_) | Self::Record(_), Self::Map(_) | Self::Record(_)) => true,
            (a, b) if a.is_number() && b.is_number() => true,
            (a, b) => a == b,
        }
    }

    /// The type of what is one or the other.
    pub(super) fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::List(a), Self::List(b)) => {
                let of = if a.is_any() {
                    b
                } else if b.is_any() || a == b {
                    a
                } else {
                    Arc::new(Self::Any)
                };
                Self::List(of)
            }
            _ => Self::Any,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any type",
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::Text => "string",
            Self::Bytes => "bytes",
            Self::Time => "timestamp",
            Self::Duration => "duration",
            Self::SemVer => "semver",
            Self::Name => "type",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Record(record) => return f.write_str(&record.called),
            Self::Optional(_) => "optional",
        })
    }
}

/// The types of the top-level properties of a JSON Schema.
pub(in crate::policy) fn from_schema(schema: &Value) -> BTreeMap<String, Type> {
    let reader = SchemaReader {
        definitions: schema.get("$defs"),
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .map(|(name, property)| (name.clone(), reader.read(property, name, MAX_NESTING)))
        .collect()
}

/// Facts do not nest deeper; a definition that refers to itself is of any type below this.
const MAX_NESTING: usize = 12;

struct SchemaReader<'s> {
    definitions: Option<&'s Value>,
}

impl SchemaReader<'_> {
    fn read(&self, schema: &Value, name: &str, depth: usize) -> Type {
        let Some(depth) = depth.checked_sub(1) else {
            return Type::Any;
        };
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let definition = reference
                .strip_prefix("#/$defs/")
                .and_then(|name| Some((name, self.definitions?.get(name)?)));
            return definition.map_or(Type::Any, |(name, definition)| {
                self.read(definition, name, depth)
            });
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => Type::Text,
            Some("integer") => Type::Int,
            Some("number") => Type::Double,
            Some("boolean") => Type::Bool,
            Some("array") => Type::list(
                schema
                    .get("items")
                    .map_or(Type::Any, |items| self.read(items, name, depth)),
            ),
            Some("object") => match schema.get("properties").and_then(Value::as_object) {
                Some(properties) => Type::Record(Arc::new(Record {
                    called: called(name),
                    fields: properties
                        .iter()
                        .map(|(field, schema)| (field.clone(), self.read(schema, field, depth)))
                        .collect(),
                })),
                None => Type::Map(Arc::new(Type::Any)),
            },
            _ if schema.get("enum").is_some() || schema.get("oneOf").is_some() => Type::Text,
            _ => Type::Any,
        }
    }
}

/// What messages call the values of a definition: `OperationFact` is `an operation`.
fn called(name: &str) -> String {
    let name = name.trim_end_matches('s').trim_end_matches("Fact");
    let mut words = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    let article = if words.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_have_names_that_people_use() {
        for (name, expected) in [
            ("OperationFact", "an operation"),
            ("MigrationDirectoryFact", "a migration directory"),
            ("ValuesFacts", "a values"),
            ("ReleaseRef", "a release ref"),
        ] {
            assert_eq!(called(name), expected);
        }
    }
}
