//! The digest of `Chart.lock` (`HashReq` in Helm's `internal/resolver/resolver.go`).

use sha2::{Digest, Sha256};

use crate::syntax::yaml::{Data, Value};

use super::field;

/// `sha256:` and the digest over the dependencies of `Chart.yaml` and of `Chart.lock`, as Go writes them as JSON.
pub fn lock_digest(chart: &Value, lock: &Value) -> String {
    let json = format!("[{},{}]", dependencies(chart), dependencies(lock));
    let digest = Sha256::digest(json.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn dependencies(file: &Value) -> String {
    match field(file, "dependencies").map(|entry| &entry.value) {
        Some(list) if matches!(list.data, Data::List(_)) => {
            let all: Vec<String> = list.items().iter().map(dependency).collect();
            format!("[{}]", all.join(","))
        }
        _ => "null".to_owned(),
    }
}

/// Fields in the order of Helm's `Dependency`; all but name and repository are left out when they are empty.
fn dependency(value: &Value) -> String {
    let text = |name: &str| {
        field(value, name)
            .and_then(|entry| entry.value.field_text())
            .unwrap_or_default()
    };
    let mut fields = vec![format!("\"name\":{}", quoted(&text("name")))];
    let mut optional = |name: &str, json: String| fields.push(format!("\"{name}\":{json}"));
    let version = text("version");
    if !version.is_empty() {
        optional("version", quoted(&version));
    }
    optional("repository", quoted(&text("repository")));
    let condition = text("condition");
    if !condition.is_empty() {
        optional("condition", quoted(&condition));
    }
    for name in ["tags", "enabled", "import-values"] {
        let Some(found) = field(value, name).map(|entry| &entry.value) else {
            continue;
        };
        let is_empty = found.is_null()
            || found.as_bool() == Some(false)
            || (found.items().is_empty() && name != "enabled");
        if !is_empty {
            optional(name, go_json(found));
        }
    }
    let alias = text("alias");
    if !alias.is_empty() {
        optional("alias", quoted(&alias));
    }
    format!("{{{}}}", fields.join(","))
}

/// Go writes maps in the order of their keys.
fn go_json(value: &Value) -> String {
    match &value.data {
        Data::Null => "null".to_owned(),
        Data::Bool(value) => value.to_string(),
        Data::String(text) => quoted(text),
        Data::Number(_) => value.rendered().unwrap_or_default(),
        Data::List(items) => {
            let items: Vec<String> = items.iter().map(go_json).collect();
            format!("[{}]", items.join(","))
        }
        Data::Map(map) => {
            let entries: Vec<String> = map
                .sorted()
                .map(|entry| format!("{}:{}", quoted(&entry.key), go_json(&entry.value)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
    }
}

/// Go's encoder escapes what HTML would take for its own.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::yaml::{parse_helm, resolve_helm};

    fn json(text: &str) -> String {
        dependencies(&resolve_helm(&parse_helm(text).value[0]).value)
    }

    #[test]
    fn dependencies_are_written_as_go_writes_them() {
        for (text, expected) in [
            ("name: x", "null"),
            ("dependencies: []", "[]"),
            (
                "dependencies: [{repository: 'https://x', name: a, version: '>=1 <2'}]",
                r#"[{"name":"a","version":"\u003e=1 \u003c2","repository":"https://x"}]"#,
            ),
            (
                "dependencies: [{name: a, alias: b, tags: [x], enabled: true, condition: a.on, import-values: [c, {parent: p, child: d}]}]",
                r#"[{"name":"a","repository":"","condition":"a.on","tags":["x"],"enabled":true,"import-values":["c",{"child":"d","parent":"p"}],"alias":"b"}]"#,
            ),
        ] {
            assert_eq!(json(text), expected, "{text}");
        }
    }
}
