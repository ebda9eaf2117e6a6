//! `values.schema.json`: what a chart allows people to set.

use serde_json::Value as Json;

use crate::discover::{Reader, Snapshot, join};
use crate::source::{Location, SourceId, Span};
use crate::syntax::yaml::{Data, KeyPath, PathPart, Value};

use super::reads::Part;
use super::{Chart, YamlFile};

/// A schema of values.
#[derive(Debug, Clone)]
pub struct ValuesSchema {
    /// Its path.
    pub path: String,
    source: SourceId,
    json: Result<Json, String>,
}

/// What is wrong between values and schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaDefect {
    /// The schema is none.
    Unreadable(String),
    /// A value does not fit.
    Mismatch {
        /// The value's place.
        location: Location,
        /// Its dotted key; empty for the whole.
        key: String,
        /// What is wrong; holds no scalar values.
        message: String,
    },
}

/// More than these are told by nobody.
const MAX_DEFECTS: usize = 20;

impl ValuesSchema {
    /// Reads a chart's schema; `None` when there is none.
    pub(super) fn read(
        snapshot: &Snapshot,
        directory: &str,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        let path = join(directory, "values.schema.json");
        let source = reader.read(snapshot, &path)?;
        let text = reader.sources.get(source).text.clone();
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let json = serde_json::from_str(text).map_err(|error| error.to_string());
        Some(Self { path, source, json })
    }

    /// The file's start.
    pub fn place(&self) -> Location {
        Location {
            source: self.source,
            span: Span::default(),
        }
    }

    /// The values of a chart against its schema, as Helm validates them: the first file with the later ones over it.
    pub fn defects(&self, values: &[YamlFile]) -> Vec<SchemaDefect> {
        let schema = match &self.json {
            Ok(schema) => schema,
            Err(message) => return vec![SchemaDefect::Unreadable(message.clone())],
        };
        // What lies elsewhere is not fetched, and nothing is said about values that it describes.
        if has_foreign_reference(schema) {
            return Vec::new();
        }
        let validator = match jsonschema::validator_for(schema) {
            Ok(validator) => validator,
            Err(error) => return vec![SchemaDefect::Unreadable(error.to_string())],
        };
        let Some((file, value)) = values
            .first()
            .and_then(|file| Some((file, file.value.as_ref()?)))
        else {
            return Vec::new();
        };
        if values.len() > 1 || !file.errors.is_empty() || value.as_map().is_none() {
            return Vec::new();
        }
        let json = without_nulls(value.to_json());
        let mut defects: Vec<SchemaDefect> = validator
            .iter_errors(&json)
            .take(MAX_DEFECTS)
            .map(|error| {
                mismatch(
                    file,
                    value,
                    &error.instance_path.to_string(),
                    &error.masked().to_string(),
                )
            })
            .collect();
        defects.sort_by_key(|defect| match defect {
            SchemaDefect::Mismatch { location, key, .. } => (location.span, key.clone()),
            SchemaDefect::Unreadable(_) => (Span::default(), String::new()),
        });
        defects
    }

    /// The schema describes a key: by name, or because it allows any there.
    pub fn describes(&self, path: &KeyPath) -> bool {
        let Ok(root) = &self.json else {
            return false;
        };
        let mut at = root;
        for part in path.parts() {
            at = resolve(root, at);
            let next = match part {
                PathPart::Key(key) => at.get("properties").and_then(|all| all.get(key)),
                PathPart::Index(_) => at.get("items"),
            };
            at = match next {
                Some(next) => next,
                None => return at.get("additionalProperties").is_some_and(Json::is_object),
            };
        }
        true
    }
}

/// Helm drops keys whose value is null before it validates, and takes a float without a fraction for an integer.
fn without_nulls(json: Json) -> Json {
    match json {
        Json::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Json::Array(items) => items.into_iter().map(without_nulls).collect(),
        Json::Number(number) => number
            .as_f64()
            .filter(|value| value.fract() == 0.0 && value.abs() < 9e15)
            .and_then(|value| format!("{value:.0}").parse::<i64>().ok())
            .map_or(Json::Number(number), Json::from),
        other => other,
    }
}

/// Follows one reference within the schema.
fn resolve<'s>(root: &'s Json, at: &'s Json) -> &'s Json {
    let pointer = at
        .get("$ref")
        .and_then(Json::as_str)
        .and_then(|text| text.strip_prefix('#'));
    pointer
        .and_then(|pointer| root.pointer(pointer))
        .unwrap_or(at)
}

fn has_foreign_reference(schema: &Json) -> bool {
    let mut open = vec![schema];
    while let Some(next) = open.pop() {
        match next {
            Json::Object(map) => {
                let is_foreign = |text: &str| !text.starts_with('#');
                if map
                    .get("$ref")
                    .and_then(Json::as_str)
                    .is_some_and(is_foreign)
                {
                    return true;
                }
                open.extend(map.values());
            }
            Json::Array(items) => open.extend(items),
            _ => {}
        }
    }
    false
}

fn mismatch(file: &YamlFile, value: &Value, pointer: &str, message: &str) -> SchemaDefect {
    let mut path = KeyPath::default();
    let mut at = value;
    let mut span = value.span;
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        match &at.data {
            Data::Map(map) => {
                let Some(entry) = map.get(&part) else { break };
                at = &entry.value;
                span = entry.key_span;
                path.push(PathPart::Key(part));
            }
            Data::List(items) => {
                let Some((index, item)) = part
                    .parse()
                    .ok()
                    .and_then(|index: usize| Some((index, items.get(index)?)))
                else {
                    break;
                };
                at = item;
                span = item.span;
                path.push(PathPart::Index(index));
            }
            _ => break,
        }
    }
    if path.parts().is_empty() {
        span = Span::new(0, 0);
    }
    SchemaDefect::Mismatch {
        location: file.at(span),
        key: path.to_string(),
        message: message.to_owned(),
    }
}

/// A schema that the chart's own values fit, as a start for people to tighten: every key with its type, and the keys that templates
/// read and that the values do not define. A map is closed where all that may stand in it is known: what is open is what templates
/// take as a whole, what stands below `{}`, and the values of other charts. Null and `""` leave the type open.
pub fn derive(chart: &Chart) -> Json {
    let nothing = Value::empty_map();
    let values = chart.state.values.first();
    let values = values.and_then(|file| file.value.as_ref());
    let mut path = Vec::new();
    let mut schema = describe(values.unwrap_or(&nothing), chart, &mut path);
    if let Json::Object(map) = &mut schema {
        let elsewhere = chart.state.metadata.dependencies.iter();
        let names = elsewhere.flat_map(|dependency| [&dependency.name, &dependency.alias]);
        let names = names.map(String::as_str).filter(|name| !name.is_empty());
        if let Some(Json::Object(properties)) = map.get_mut("properties") {
            for name in names.chain(["global"]) {
                properties.insert(name.to_owned(), serde_json::json!({ "type": "object" }));
            }
            if !chart.state.metadata.dependencies.is_empty() {
                properties.insert("tags".to_owned(), serde_json::json!({ "type": "object" }));
            }
        }
        map.insert(
            "$schema".to_owned(),
            // What every Helm 3 and 4 reads.
            Json::from("http://json-schema.org/draft-07/schema#"),
        );
    }
    schema
}

fn describe(value: &Value, chart: &Chart, path: &mut Vec<Part>) -> Json {
    match &value.data {
        Data::Map(map) if map.entries().is_empty() && !path.is_empty() => {
            serde_json::json!({ "type": "object" })
        }
        Data::Map(map) => {
            let mut properties = serde_json::Map::new();
            let known = chart.reads.keys_below(path);
            for key in known.iter().flatten() {
                properties.insert(key.to_string(), serde_json::json!({}));
            }
            for entry in map.entries() {
                path.push(Part::from(&*entry.key));
                properties.insert(entry.key.to_string(), describe(&entry.value, chart, path));
                path.pop();
            }
            let mut schema = serde_json::json!({ "type": "object", "properties": properties });
            if let (Some(_), Json::Object(schema)) = (known, &mut schema) {
                // A misspelt key is what a schema is for.
                schema.insert("additionalProperties".to_owned(), Json::Bool(false));
            }
            schema
        }
        Data::List(items) => {
            let mut kinds: Vec<Json> = Vec::new();
            for item in items.iter().map(shallow) {
                if !kinds.contains(&item) {
                    kinds.push(item);
                }
            }
            match kinds.as_slice() {
                [one] => serde_json::json!({ "type": "array", "items": one }),
                _ => serde_json::json!({ "type": "array" }),
            }
        }
        _ => scalar(value),
    }
}

fn scalar(value: &Value) -> Json {
    match &value.data {
        Data::String(text) if text.is_empty() => {
            serde_json::json!({ "type": ["string", "number", "boolean", "null"] })
        }
        // What holds a template may be anything that `tpl` takes.
        Data::String(_) => serde_json::json!({ "type": "string" }),
        Data::Number(number) if number.as_f64().fract() == 0.0 => {
            serde_json::json!({ "type": ["integer", "string"] })
        }
        Data::Number(_) => serde_json::json!({ "type": ["number", "string"] }),
        Data::Bool(_) => serde_json::json!({ "type": "boolean" }),
        Data::Null | Data::List(_) | Data::Map(_) => serde_json::json!({}),
    }
}

/// Items of lists are examples: their type, and nothing that is in them.
fn shallow(value: &Value) -> Json {
    match &value.data {
        Data::Map(_) => serde_json::json!({ "type": "object" }),
        Data::List(_) => serde_json::json!({ "type": "array" }),
        _ => scalar(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::survey;

    fn defects(values: &str, schema: &str) -> Vec<String> {
        let (mut reader, snapshot) = Reader::in_memory(
            "",
            &[
                ("Chart.yaml", "name: c\nversion: 1.0.0\n"),
                ("values.yaml", values),
                ("values.schema.json", schema),
            ],
        );
        let survey = survey(None, &snapshot, &[], &mut reader);
        let state = &survey.charts[0].state;
        state
            .schema
            .as_ref()
            .unwrap()
            .defects(&state.values)
            .into_iter()
            .map(|defect| match defect {
                SchemaDefect::Unreadable(_) => "unreadable".to_owned(),
                SchemaDefect::Mismatch { location, key, .. } => {
                    format!("{key} at {}", reader.sources.text(location))
                }
            })
            .collect()
    }

    #[test]
    fn values_are_validated_as_helm_reads_them() {
        let port = r#"{"properties": {"a": {"properties": {"port": {"type": "integer"}}}, "l": {"items": {"type": "string"}}}, "required": ["a"]}"#;
        for (values, schema, expected) in [
            ("a: {port: 80}", port, vec![]),
            ("a: {port: '80'}", port, vec!["a.port at port"]),
            ("a: {port: }", port, vec![]),
            ("a: {}\nl: [x, 1]", port, vec!["l[1] at 1"]),
            ("b: 1", port, vec![" at "]),
            ("a: 1", "{", vec!["unreadable"]),
            ("a: 1", r#"{"type": "strung"}"#, vec!["unreadable"]),
            (
                "a: 1",
                r#"{"properties": {"a": {"$ref": "https://example.org/x.json"}}}"#,
                vec![],
            ),
        ] {
            assert_eq!(defects(values, schema), expected, "{values} {schema}");
        }
    }

    #[test]
    fn messages_hold_no_values() {
        let file = r#"{"properties": {"a": {"type": "integer"}}}"#;
        let (mut reader, snapshot) = Reader::in_memory(
            "",
            &[
                ("Chart.yaml", "name: c\n"),
                ("values.yaml", "a: canary"),
                ("values.schema.json", file),
            ],
        );
        let survey = survey(None, &snapshot, &[], &mut reader);
        let state = &survey.charts[0].state;
        let told = format!(
            "{:?}",
            state.schema.as_ref().unwrap().defects(&state.values)
        );
        assert!(!told.contains("canary"), "{told}");
    }

    #[test]
    fn a_derived_schema_takes_the_values_and_refuses_other_keys() {
        let values = "a: {port: 80, name: x, flag: true}\nopen: {}\nlist: [{x: 1}]\nnothing:\nempty: ''\nwhole: {k: 1}\n";
        let template = "{{ .Values.a.port }}{{ .Values.a.extra }}{{ .Values.other }}{{ toYaml .Values.whole }}";
        let (mut reader, snapshot) = Reader::in_memory(
            "",
            &[
                (
                    "Chart.yaml",
                    "name: c\ndependencies: [{name: store, version: 1.0.0, repository: x}]\n",
                ),
                ("values.yaml", values),
                ("templates/a.yaml", template),
            ],
        );
        let survey = survey(None, &snapshot, &[], &mut reader);
        let schema = derive(&survey.charts[0]).to_string();
        for (from, to, expected) in [
            ("", "", vec![]),
            ("port", "prot", vec!["a at a"]),
            ("true", "1", vec!["a.flag at flag"]),
            ("port: 80", "extra: [x]", vec![]),
            ("open: {}", "open: {any: thing}", vec![]),
            ("open: {}", "opne: {}", vec![" at "]),
            ("whole: {k", "whole: {l", vec![]),
            ("nothing:", "nothing: [1]", vec![]),
            ("nothing:", "other: {a: 1}", vec![]),
            ("nothing:", "store: {a: 1}", vec![]),
            ("nothing:", "global: {a: 1}", vec![]),
        ] {
            let changed = values.replace(from, to);
            let changed = if from.is_empty() { values } else { &changed };
            assert_eq!(defects(changed, &schema), expected, "{from} {to}");
        }
    }
}
