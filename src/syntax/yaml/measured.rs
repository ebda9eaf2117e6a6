//! What others measured: Helm's own decoder on texts that people and Helm read differently, and the YAML test suite.

use serde_json::{Map, Value as Json, json};

use super::*;

const HELM: &str = include_str!("../../../tests/data/helm-values.tsv");
const SUITE: &str = include_str!("../../../tests/data/yaml-test-suite.jsonl");

/// Whole numbers as floats, as Helm's templates have them.
fn floats(json: Json) -> Json {
    match json {
        Json::Number(number) => json!(number.as_f64()),
        Json::Array(items) => items.into_iter().map(floats).collect(),
        Json::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, floats(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

/// What Helm's decoder gets for a values file: a map, where nothing at all is an empty one.
fn values(text: &str) -> Option<Value> {
    let parsed = parse_helm(text);
    let Some(document) = parsed.value.first() else {
        return parsed.errors.is_empty().then(Value::empty_map);
    };
    let resolved = resolve_helm(document);
    let broken = !parsed.errors.is_empty() || !resolved.errors.is_empty();
    match &resolved.value.data {
        _ if broken => None,
        Data::Null => Some(Value::empty_map()),
        Data::Map(_) => Some(resolved.value),
        _ => None,
    }
}

#[test]
fn values_are_read_as_helm_reads_them() {
    let mut wrong = Vec::new();
    let mut rows = 0;
    for line in HELM.trim_end().split('\n').skip(1) {
        let [text, unmarshal, _, template, _] =
            line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let text: String = serde_json::from_str(text).unwrap();
        let read = values(&text);
        let expected = match unmarshal {
            "error" => None,
            json => Some(floats(serde_json::from_str(json).unwrap())),
        };
        rows += 1;
        let got = read.as_ref().map(Value::to_json);
        if got != expected {
            wrong.push(format!("{text:?}: {got:?}, Helm: {expected:?}"));
        }
        if template != "-" {
            let expected: String = serde_json::from_str(template).unwrap();
            let rendered = read.and_then(|value| value.get("key")?.rendered());
            if rendered.as_deref() != Some(&expected) {
                wrong.push(format!(
                    "{text:?} in a template: {rendered:?}, Helm: {expected:?}"
                ));
            }
        }
    }
    assert!(rows > 200);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn fields_of_chart_yaml_are_read_as_helm_reads_them() {
    let mut wrong = Vec::new();
    for line in HELM.trim_end().split('\n').skip(1) {
        let [text, _, _, _, field] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        // relgate refuses infinities in `Chart.yaml` too, where Helm makes the text `+Inf` of them.
        if field == "-" || field.contains("Inf") || field.contains("NaN") {
            continue;
        }
        let [text, expected] = [text, if field == "error" { "null" } else { field }]
            .map(|json| serde_json::from_str::<Option<String>>(json).unwrap());
        let text = text.unwrap();
        let read = field_text(&text);
        if read != expected {
            wrong.push(format!("{text:?}: {read:?}, Helm: {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a field of text gets; nothing where Helm refuses the file.
fn field_text(text: &str) -> Option<String> {
    let parsed = parse_helm(text);
    let resolved = resolve_helm(parsed.value.first()?);
    if !parsed.errors.is_empty() || !resolved.errors.is_empty() {
        return None;
    }
    resolved.value.get("key")?.field_text()
}

/// Right answers, by what the suite says of a case: that it is valid, and that it is not.
const VALID: usize = 308;
const INVALID: usize = 91;
/// Of the valid cases with a JSON form, how many are read to the same values.
const SAME_VALUES: usize = 279;

#[test]
fn the_yaml_test_suite_passes_as_far_as_it_did() {
    let (mut valid, mut invalid, mut same, mut cases) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for line in SUITE.trim_end().split('\n') {
        let case: Json = serde_json::from_str(line).unwrap();
        let parsed = parse(case["yaml"].as_str().unwrap());
        let accepted = parsed.errors.is_empty();
        let is_invalid = case["error"] == true;
        cases += 1;
        let right = accepted != is_invalid;
        *(if is_invalid { &mut invalid } else { &mut valid }) += usize::from(right);
        if !right {
            wrong.push(format!("{} {}", case["id"], case["name"]));
        }
        if let Some(expected) = case["json"].as_array() {
            let read: Vec<Json> = parsed
                .value
                .iter()
                .map(|document| resolve_core(document).value.to_json())
                .collect();
            let expected: Vec<Json> = expected.iter().cloned().map(floats).collect();
            if read == expected {
                same += 1;
            } else {
                wrong.push(format!(
                    "{} {}: {read:?}, not {expected:?}",
                    case["id"], case["name"]
                ));
            }
        }
    }
    println!(
        "yaml-test-suite: {} of {cases} accepted or refused as the suite wants ({valid} valid, {invalid} invalid); \
         {same} of 279 read to the suite's values",
        valid + invalid
    );
    assert_eq!(
        (valid, invalid, same),
        (VALID, INVALID, SAME_VALUES),
        "{}",
        wrong.join("\n")
    );
}
