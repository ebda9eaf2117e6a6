//! Values as JSON, for people who ask what an expression gives.

use cel::common::types::{
    CelBool, CelBytes, CelDouble, CelDuration, CelInt, CelOptional, CelString, CelTimestamp,
    CelUInt, Kind,
};
use cel::common::value::Val;
use chrono::SecondsFormat;
use serde_json::{Map, Number, Value};

/// The value as JSON: times in RFC 3339, durations in seconds, bytes in hexadecimal digits, an empty optional as null.
pub(super) fn json(value: &dyn Val) -> Value {
    if let Some(value) = value.downcast_ref::<CelBool>() {
        return Value::Bool(*value.inner());
    }
    if let Some(value) = value.downcast_ref::<CelInt>() {
        return Value::from(*value.inner());
    }
    if let Some(value) = value.downcast_ref::<CelUInt>() {
        return Value::from(*value.inner());
    }
    if let Some(value) = value.downcast_ref::<CelDouble>() {
        let number = *value.inner();
        return Number::from_f64(number).map_or_else(|| number.to_string().into(), Value::Number);
    }
    if let Some(value) = value.downcast_ref::<CelString<'_>>() {
        return value.inner().into();
    }
    if let Some(value) = value.downcast_ref::<CelTimestamp>() {
        return value
            .inner()
            .to_rfc3339_opts(SecondsFormat::AutoSi, true)
            .into();
    }
    if let Some(value) = value.downcast_ref::<CelDuration>() {
        return seconds(*value.inner()).into();
    }
    if let Some(value) = value.downcast_ref::<CelBytes<'_>>() {
        let digits: Vec<String> = value
            .inner()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        return digits.concat().into();
    }
    if let Some(value) = value.downcast_ref::<CelOptional<'_>>() {
        return value.inner().map_or(Value::Null, json);
    }
    match value.get_type().kind() {
        Kind::List => list(value),
        Kind::Map => map(value),
        Kind::NullType => Value::Null,
        _ => other(value),
    }
}

fn seconds(duration: chrono::Duration) -> String {
    let nanos = duration.subsec_nanos();
    if nanos == 0 {
        return format!("{}s", duration.num_seconds());
    }
    let sign = if nanos < 0 { "-" } else { "" };
    let fraction = format!("{:09}", nanos.unsigned_abs());
    format!(
        "{sign}{}.{}s",
        duration.num_seconds().unsigned_abs(),
        fraction.trim_end_matches('0')
    )
}

fn list(value: &dyn Val) -> Value {
    let mut items = Vec::new();
    if let Some(iterable) = value.as_iterable() {
        let mut elements = iterable.iter();
        while let Some(element) = elements.next() {
            items.push(json(element));
        }
    }
    Value::Array(items)
}

fn map(value: &dyn Val) -> Value {
    let mut fields = Map::new();
    if let (Some(iterable), Some(indexer)) = (value.as_iterable(), value.as_indexer()) {
        let mut names = iterable.iter();
        while let Some(name) = names.next() {
            let key = match json(name) {
                Value::String(name) => name,
                other => other.to_string(),
            };
            if let Ok(found) = indexer.get(name) {
                fields.insert(key, json(found.as_ref()));
            }
        }
    }
    fields.sort_keys();
    Value::Object(fields)
}

/// Versions and types: what they are written as.
fn other(value: &dyn Val) -> Value {
    super::semver::text(value).map_or_else(|| value.get_type().name().into(), Value::String)
}
