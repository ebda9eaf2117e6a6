//! The conformance tests of the CEL specification that need no protobuf, run through everything that a policy's expression
//! goes through: reading within limits, the check of names and types, and evaluation within a budget.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use cel::common::types::{
    CelBool, CelBytes, CelDouble, CelDuration, CelInt, CelList, CelMap, CelMapKey, CelNull,
    CelString, CelTimestamp, CelType, CelUInt, Kind,
};
use cel::common::value::Val;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value as Json, json};

use super::infer::{Names, infer};
use super::program::{Bindings, Program, Value, parse};
use super::types::Type;
use super::with_room;

const CASES: &str = include_str!("../../../tests/data/cel-spec.jsonl");
/// The tests that fail, each with the reason.
const KNOWN: &str = include_str!("../../../tests/data/cel-spec-known.tsv");

/// Each case passes, or is known to fail; and none is known to fail that passes.
#[test]
fn conformance() {
    let mut known: BTreeMap<&str, &str> = KNOWN
        .split_terminator('\n')
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once('\t').expect("an id, a tab and a reason"))
        .collect();
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut surprises = String::new();
    for line in CASES.split_terminator('\n') {
        let case: Json = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap();
        let (file, _) = id.split_once('/').unwrap();
        let count = counts.entry(file.to_owned()).or_default();
        count.1 += 1;
        let expected_to_fail = known.remove(id);
        match (run(&case), expected_to_fail) {
            (Ok(()), None) => count.0 += 1,
            (Err(_), Some(_)) => {}
            (Ok(()), Some(reason)) => writeln!(surprises, "{id}\tpasses now ({reason})").unwrap(),
            (Err(why), None) => writeln!(surprises, "{id}\t{} {why}", case["expr"]).unwrap(),
        }
    }
    for id in known.keys() {
        writeln!(surprises, "{id}\tthere is no such test").unwrap();
    }
    let table = table(&counts);
    eprintln!("{table}");
    assert!(surprises.is_empty(), "{surprises}");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/policy"));
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("cel-conformance", table));
}

fn table(counts: &BTreeMap<String, (usize, usize)>) -> String {
    let mut table = "CEL conformance, google/cel-spec, without what needs protobuf\n\n".to_owned();
    let (mut passed, mut all) = (0, 0);
    for (file, (good, total)) in counts {
        writeln!(table, "{file:<18}{good:>5} of {total:>4}").unwrap();
        passed += good;
        all += total;
    }
    let per_mille = passed * 1000 / all;
    let rate = format!("{}.{} %", per_mille / 10, per_mille % 10);
    writeln!(table, "{:<18}{passed:>5} of {all:>4}   {rate}", "all").unwrap();
    table
}

fn run(case: &Json) -> Result<(), String> {
    let source = case["expr"].as_str().unwrap();
    let answer = with_room(|| evaluate(case, source)).map_err(|error| error.to_string())?;
    match (answer, case.get("value")) {
        (Err(_), None) => Ok(()),
        (Err(why), Some(_)) => Err(why),
        (Ok(found), None) => Err(format!("gives {found} where an error is due")),
        (Ok(found), Some(expected)) => {
            let expected = typed(read(expected).as_ref());
            if found == expected {
                Ok(())
            } else {
                Err(format!("gives {found}, not {expected}"))
            }
        }
    }
}

fn evaluate(case: &Json, source: &str) -> Result<Json, String> {
    let syntax = parse(source).map_err(|mistakes| format!("not read: {}", mistakes[0].message))?;
    let mut names = Names::default();
    let mut bindings = Bindings::default();
    for (name, kind) in entries(case.get("types")) {
        let kind = match kind.as_str().unwrap() {
            "bool" => Type::Bool,
            "int" => Type::Int,
            "uint" => Type::Uint,
            "double" => Type::Double,
            "string" => Type::Text,
            "bytes" => Type::Bytes,
            "timestamp" => Type::Time,
            "duration" => Type::Duration,
            _ => Type::Any,
        };
        names.roots.insert(name.clone(), kind);
    }
    for (name, value) in entries(case.get("bindings")) {
        names.roots.entry(name.clone()).or_insert(Type::Any);
        bindings.set(name, Value::from_val(read(value)));
    }
    let mistakes = infer(&syntax, &names).1;
    if case.get("unchecked").is_none()
        && let Some(mistake) = mistakes.first()
    {
        return Err(format!("refused: {}", mistake.message));
    }
    let value = Program::new(syntax)
        .evaluate(&bindings)
        .map_err(|failure| format!("fails: {}", failure.message))?;
    Ok(typed(value.as_val()))
}

fn entries(value: Option<&Json>) -> impl Iterator<Item = (&String, &Json)> {
    value.and_then(Json::as_object).into_iter().flatten()
}

/// A value of the data file.
fn read(value: &Json) -> Box<dyn Val> {
    let (kind, value) = value.as_object().and_then(|map| map.iter().next()).unwrap();
    let pair = |value: &Json| (value[0].as_i64().unwrap(), value[1].as_i64().unwrap());
    match kind.as_str() {
        "bool" => Box::new(CelBool::from(value.as_bool().unwrap())),
        "int" => Box::new(CelInt::from(value.as_i64().unwrap())),
        "uint" => Box::new(CelUInt::from(value.as_u64().unwrap())),
        "double" => Box::new(CelDouble::from(
            value.as_str().unwrap().parse::<f64>().unwrap(),
        )),
        "string" => Box::new(CelString::from(value.as_str().unwrap().to_owned())),
        "bytes" => Box::new(CelBytes::from(bytes(value.as_str().unwrap()))),
        "null" => Box::new(CelNull),
        "type" => Box::new(CelType::new(value.as_str().unwrap())),
        "duration" => {
            let (seconds, nanos) = pair(value);
            let duration = TimeDelta::seconds(seconds) + TimeDelta::nanoseconds(nanos);
            Box::new(CelDuration::from(duration))
        }
        "timestamp" => {
            let (seconds, nanos) = pair(value);
            let time = DateTime::<Utc>::from_timestamp(seconds, nanos.try_into().unwrap()).unwrap();
            Box::new(CelTimestamp::from(time.fixed_offset()))
        }
        "list" => {
            let items: Vec<Box<dyn Val>> = value.as_array().unwrap().iter().map(read).collect();
            Box::new(CelList::from(items))
        }
        "map" => {
            let entries = value.as_array().unwrap().iter();
            let entries = entries.map(|entry| {
                (
                    CelMapKey::try_from(read(&entry[0])).unwrap(),
                    read(&entry[1]),
                )
            });
            Box::new(CelMap::from(entries.collect::<HashMap<_, _>>()))
        }
        other => panic!("no such kind of value: {other}"),
    }
}

fn bytes(digits: &str) -> Vec<u8> {
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

/// A value with its type, as something that can be compared: `1` and `1u` and `1.0` differ, and maps have no order.
fn typed(value: &dyn Val) -> Json {
    if let Some(value) = value.downcast_ref::<CelDouble>() {
        return json!({ "double": format!("{:?}", value.inner()) });
    }
    if let Some(value) = value.downcast_ref::<CelType>() {
        return json!({ "type": value.name() });
    }
    let mut parts = Vec::new();
    if let Some(iterable) = value.as_iterable() {
        let mut elements = iterable.iter();
        while let Some(element) = elements.next() {
            parts.push(match (value.get_type().kind(), value.as_indexer()) {
                (Kind::Map, Some(indexer)) => {
                    json!([
                        typed(element),
                        typed(indexer.get(element).unwrap().as_ref())
                    ])
                }
                _ => typed(element),
            });
        }
        if value.get_type().kind() == Kind::Map {
            parts.sort_by_key(Json::to_string);
        }
        return json!({ value.get_type().name(): parts });
    }
    json!({ value.get_type().name(): super::json::json(value) })
}
