//! JSON that can be read in one way only: a key that stands twice is an error, because two readers would disagree on
//! which of its values counts.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why a text is not such JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonError {
    /// A key stands twice in one object.
    DuplicateKey(String),
    /// It is not JSON; the parser's own words.
    Malformed(String),
}

/// Reads a whole text.
pub fn parse(text: &str) -> Result<Value, JsonError> {
    let duplicate = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict {
        duplicate: &duplicate,
    }
    .deserialize(&mut deserializer)
    .and_then(|value| deserializer.end().map(|()| value));
    match (duplicate.into_inner(), value) {
        (Some(key), _) => Err(JsonError::DuplicateKey(key)),
        (None, Ok(value)) => Ok(value),
        (None, Err(error)) => Err(JsonError::Malformed(error.to_string())),
    }
}

/// Reads the documents of a text, one behind the other, each as strictly.
pub fn parse_all(text: &str) -> Result<Vec<Value>, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut documents = Vec::new();
    loop {
        let duplicate = RefCell::new(None);
        let value = Strict {
            duplicate: &duplicate,
        }
        .deserialize(&mut deserializer);
        if let Some(key) = duplicate.into_inner() {
            return Err(JsonError::DuplicateKey(key));
        }
        documents.push(value.map_err(|error| JsonError::Malformed(error.to_string()))?);
        // Nothing but white space is left.
        if deserializer.end().is_ok() {
            return Ok(documents);
        }
    }
}

#[derive(Clone, Copy)]
struct Strict<'d> {
    /// The first key that stood twice.
    duplicate: &'d RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(self)?;
            if object.insert(key.clone(), value).is_some() {
                self.duplicate.borrow_mut().get_or_insert(key);
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reading_only() {
        let text = r#"{"a":[1,-2,2.5,true,null,"x"],"b":{"c":{}}}"#;
        assert_eq!(parse(text), Ok(serde_json::from_str(text).unwrap()));
        let check = |text: &str, key: &str| {
            assert_eq!(
                parse(text),
                Err(JsonError::DuplicateKey(key.to_owned())),
                "{text}"
            );
        };
        check(r#"{"a":1,"a":1}"#, "a");
        check(r#"{"x":[{"b":1,"b":2}]}"#, "b");
        // The same key in another spelling is the same key.
        check(r#"{"gate":1,"\u0067ate":2}"#, "gate");
        for bad in [
            "",
            "{",
            "{} {}",
            "{'a':1}",
            "[1,]",
            "nul",
            "\u{feff}{}",
            "{\"a\":1",
        ] {
            assert!(matches!(parse(bad), Err(JsonError::Malformed(_))), "{bad}");
        }
        let all = |text: &str| parse_all(text).map(|documents| documents.len());
        assert_eq!(all("{}"), Ok(1));
        assert_eq!(all(" {}{\"a\":1}\n[1] 2 "), Ok(4));
        let twice = Err(JsonError::DuplicateKey("a".to_owned()));
        assert_eq!(all(r#"{"a":1,"a":1}"#), twice);
        assert_eq!(all(r#"{} [{"a":1,"a":1}] {"#), twice);
        for bad in ["", " ", "{} x", "{} {", "{},{}"] {
            assert!(matches!(all(bad), Err(JsonError::Malformed(_))), "{bad}");
        }
        // Depth is limited by the parser.
        let deep = "[".repeat(100_000);
        assert!(matches!(parse(&deep), Err(JsonError::Malformed(_))));
    }
}
