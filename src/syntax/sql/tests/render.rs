//! Operations as a person would note them down.

use serde_json::Value;

use crate::syntax::sql::operation::Dialect;
use crate::syntax::sql::parse;

/// Each statement, and below it its operations: the part of the text that says so when it is not all of it, and what it does.
pub(super) fn render(sql: &str, dialect: Dialect) -> String {
    let parsed = parse(sql, dialect);
    let mut out = String::new();
    for statement in &parsed.value {
        out.push_str(&one_line(&sql[statement.span.range()]));
        out.push('\n');
        for operation in &statement.operations {
            out.push_str(if operation.nested { "  + " } else { "  - " });
            let action = serde_json::to_value(&operation.action).unwrap();
            out.push_str(&action_text(&action, sql));
            if operation.span != statement.span {
                out.push_str(&format!(
                    "    <- {}",
                    one_line(&sql[operation.span.range()])
                ));
            }
            out.push('\n');
        }
        out.push('\n');
    }
    for error in &parsed.errors {
        let at = &sql[error.span.range()];
        out.push_str(&format!("error at {:?}: {}\n", one_line(at), error.message));
    }
    out
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn action_text(action: &Value, sql: &str) -> String {
    match action {
        Value::String(unit) => unit.clone(),
        Value::Object(map) => {
            let (name, fields) = map.iter().next().unwrap();
            let fields = value_text(fields, sql);
            format!(
                "{name} {}",
                fields.trim_start_matches('{').trim_end_matches('}')
            )
        }
        other => other.to_string(),
    }
}

/// What is absent, false or empty is left out; names and types stand as in SQL.
fn value_text(value: &Value, sql: &str) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| value_text(item, sql)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            if let Some(ty) = type_text(value) {
                return ty;
            }
            if map.len() == 2 && map.contains_key("schema") && map.contains_key("name") {
                let name = map["name"].as_str().unwrap();
                return match map["schema"].as_str() {
                    Some(schema) => format!("{schema}.{name}"),
                    None => name.to_owned(),
                };
            }
            if map.contains_key("action") {
                return action_text(&map["action"], sql);
            }
            let fields: Vec<_> = map
                .iter()
                .filter(|(key, _)| key.as_str() != "span")
                // Here no columns and no clause are two things.
                .filter(|(key, value)| {
                    !is_nothing(value) || *key == "on_conflict" && value.is_array()
                })
                .map(|(key, value)| match value {
                    Value::Bool(true) => key.clone(),
                    other => format!("{key}: {}", value_text(other, sql)),
                })
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn type_text(value: &Value) -> Option<String> {
    let modifiers = value.get("modifiers")?.as_array()?;
    let mut text = match value["schema"].as_str() {
        Some(schema) => format!("{schema}."),
        None => String::new(),
    };
    text.push_str(value["name"].as_str()?);
    if !modifiers.is_empty() {
        let modifiers: Vec<_> = modifiers.iter().filter_map(Value::as_str).collect();
        text.push_str(&format!("({})", modifiers.join(",")));
    }
    text.push_str(&"[]".repeat(usize::try_from(value["array"].as_u64()?).ok()?));
    if value["serial"].as_bool()? {
        text.push_str(" serial");
    }
    Some(text)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty() || text == "Permanent" || text == "Volatile",
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
