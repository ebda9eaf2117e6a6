//! What a statement holds beside a decision: results of tests and scans, metrics, and whatever its gate needs.
//!
//! `data` of a predicate is an object. `tests`, `scan`, `metrics` and `window` have the shapes that this module reads;
//! everything else is free.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};

use crate::facts::evidence::{DataFact, EvidenceFact, MetricFact, ScanFact, TestsFact, WindowFact};

/// Names beyond this many are counted, not kept.
pub const MAX_NAMES: usize = 20;

/// Texts beyond this many characters are cut in facts.
const MAX_TEXT: usize = 500;

/// The severities of scanners, the worst first.
pub const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "unknown"];

/// The names in `data` that have a shape of their own.
const SHAPED: [&str; 4] = ["tests", "scan", "metrics", "window"];

/// Fills a fact from a statement's data. What has not the right shape stays empty, and [`problem`] says so.
pub fn fill(fact: &mut EvidenceFact, data: &Map<String, Value>) {
    fact.tests = data.get("tests").and_then(tests).unwrap_or_default();
    fact.scan = data.get("scan").and_then(scan).unwrap_or_default();
    fact.metrics = data.get("metrics").and_then(metrics).unwrap_or_default();
    fact.window = data.get("window").and_then(window).unwrap_or_default();
    fact.rehearsed = ["migrations", "baselines"]
        .iter()
        .filter_map(|name| data.get(*name)?.as_array())
        .flatten()
        .filter_map(|path| path.as_str().map(str::to_owned))
        .collect();
    fact.data = data
        .iter()
        .filter(|(name, _)| !SHAPED.contains(&name.as_str()))
        .map(|(name, value)| DataFact {
            name: name.clone(),
            value: cut(match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }),
        })
        .collect();
    fact.data.sort();
}

/// The data hold something under a name. `baseline` is there when every metric has one; a metric's name counts as well.
pub fn has(data: &Map<String, Value>, name: &str) -> bool {
    let there = match data.get(name) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => says_something(text),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
        Some(Value::Bool(yes)) => *yes,
        Some(Value::Number(_)) => true,
    };
    let metrics = || data.get("metrics").and_then(metrics).unwrap_or_default();
    there
        || (name == "baseline" && {
            let metrics = metrics();
            !metrics.is_empty() && metrics.iter().all(|metric| metric.has_baseline)
        })
        || metrics().iter().any(|metric| metric.name == name)
}

/// The text says that something is so. `no` and `failed` say that it is not, `…` was never filled in.
fn says_something(text: &str) -> bool {
    const NOTHING: [&str; 13] = [
        "", "no", "false", "failed", "fail", "failure", "error", "todo", "tbd", "n/a", "?", "...",
        "…",
    ];
    !NOTHING.contains(&text.trim().to_ascii_lowercase().as_str())
}

/// What is wrong with the shape of the data, if something is.
pub fn problem(data: &Map<String, Value>) -> Option<String> {
    let wrong = |name: &str, read: bool| {
        (data.contains_key(name) && !read).then(|| format!("its `{name}` cannot be read"))
    };
    wrong("tests", data.get("tests").and_then(tests).is_some())
        .or_else(|| wrong("scan", data.get("scan").and_then(scan).is_some()))
        .or_else(|| wrong("metrics", data.get("metrics").and_then(metrics).is_some()))
        .or_else(|| wrong("window", data.get("window").and_then(window).is_some()))
}

fn tests(value: &Value) -> Option<TestsFact> {
    let tests = TestsFact {
        total: count(value, "total")?,
        passed: count(value, "passed")?,
        failed: count(value, "failed")?,
        skipped: count(value, "skipped")?,
        failures: names(value, "failures")?,
    };
    let sum = tests
        .passed
        .checked_add(tests.failed)?
        .checked_add(tests.skipped)?;
    (sum == tests.total).then_some(tests)
}

fn scan(value: &Value) -> Option<ScanFact> {
    let tool = value
        .get("tool")?
        .as_str()
        .filter(|tool| !tool.is_empty())?;
    Some(ScanFact {
        tool: cut(tool.to_owned()),
        critical: count(value, "critical")?,
        high: count(value, "high")?,
        medium: count(value, "medium")?,
        low: count(value, "low")?,
        unknown: count(value, "unknown")?,
        worst: names(value, "worst")?,
    })
}

fn metrics(value: &Value) -> Option<Vec<MetricFact>> {
    value.as_array()?.iter().map(metric).collect()
}

/// A metric: `name`, `value`, and what it is compared with. Lower is better unless `direction` is `higher`. Without a
/// limit, the baseline is the limit; without both there is nothing to keep.
fn metric(value: &Value) -> Option<MetricFact> {
    let name = value
        .get("name")?
        .as_str()
        .filter(|name| !name.is_empty())?;
    let number = |field: &str| match value.get(field) {
        None | Some(Value::Null) => Some(None),
        Some(number) => number.as_f64().filter(|n| n.is_finite()).map(Some),
    };
    let measured = number("value")??;
    let (baseline, limit) = (number("baseline")?, number("limit")?);
    let higher = match value.get("direction").and_then(Value::as_str) {
        None | Some("lower") => false,
        Some("higher") => true,
        Some(_) => return None,
    };
    let bound = limit.or(baseline);
    let within = bound.is_some_and(|bound| {
        if higher {
            measured >= bound
        } else {
            measured <= bound
        }
    });
    let unit = match value.get("unit").and_then(Value::as_str) {
        Some(unit) if !unit.is_empty() => format!(" {unit}"),
        _ => String::new(),
    };
    let mut parts = Vec::new();
    if let Some(limit) = limit {
        let word = if higher { "at least" } else { "at most" };
        parts.push(format!("{word} {limit}{unit}"));
    }
    if let Some(baseline) = baseline {
        parts.push(format!("baseline {baseline}{unit}"));
    }
    let compared = if parts.is_empty() {
        String::new()
    } else {
        format!(" ({})", parts.join(", "))
    };
    Some(MetricFact {
        name: name.to_owned(),
        has_baseline: baseline.is_some(),
        has_limit: limit.is_some(),
        within,
        text: cut(format!("{name} {measured}{unit}{compared}")),
    })
}

fn window(value: &Value) -> Option<WindowFact> {
    let time = |field: &str| -> Option<DateTime<Utc>> {
        let text = value.get(field)?.as_str()?;
        let time = DateTime::parse_from_rfc3339(text).ok()?;
        Some(time.with_timezone(&Utc))
    };
    let (from, to) = (time("from")?, time("to")?);
    let shown = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    Some(WindowFact {
        seconds: u64::try_from(to.signed_duration_since(from).num_seconds()).ok()?,
        from: shown(from),
        to: shown(to),
        missing: count(value, "missing")?,
    })
}

/// A whole number that is not negative, and small enough for a policy.
fn count(value: &Value, name: &str) -> Option<u64> {
    value
        .get(name)?
        .as_u64()
        .filter(|&count| u32::try_from(count).is_ok())
}

fn names(value: &Value, name: &str) -> Option<Vec<String>> {
    match value.get(name) {
        None => Some(Vec::new()),
        Some(list) => list
            .as_array()?
            .iter()
            .take(MAX_NAMES)
            .map(|item| item.as_str().map(|text| cut(text.to_owned())))
            .collect(),
    }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        None => text,
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn data(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn tests_have_to_add_up() {
        let check = |value: Value, good: bool| {
            let data = data(json!({ "tests": value }));
            assert_eq!(problem(&data).is_none(), good, "{data:?}");
        };
        check(
            json!({ "total": 3, "passed": 1, "failed": 1, "skipped": 1, "failures": ["a"] }),
            true,
        );
        check(
            json!({ "total": 3, "passed": 3, "failed": 1, "skipped": 0 }),
            false,
        );
        check(
            json!({ "total": -1, "passed": 0, "failed": 0, "skipped": 0 }),
            false,
        );
        check(
            json!({ "total": 1.5, "passed": 0, "failed": 0, "skipped": 0 }),
            false,
        );
        check(json!({ "total": 0, "passed": 0, "failed": 0 }), false);
        check(json!("412 passed"), false);
    }

    #[test]
    fn metrics_keep_their_limit_in_the_better_direction() {
        let check = |value: Value, within: bool, text: &str| {
            let metric = metric(&value).unwrap();
            assert_eq!((metric.within, metric.text.as_str()), (within, text));
        };
        check(
            json!({ "name": "p99", "value": 210, "baseline": 200, "limit": 220, "unit": "ms" }),
            true,
            "p99 210 ms (at most 220 ms, baseline 200 ms)",
        );
        check(
            json!({ "name": "p99", "value": 230, "baseline": 200, "limit": 220 }),
            false,
            "p99 230 (at most 220, baseline 200)",
        );
        check(
            json!({ "name": "p99", "value": 220, "limit": 220 }),
            true,
            "p99 220 (at most 220)",
        );
        check(
            json!({ "name": "rps", "value": 90, "limit": 100, "direction": "higher" }),
            false,
            "rps 90 (at least 100)",
        );
        check(
            json!({ "name": "errors", "value": 2, "baseline": 1 }),
            false,
            "errors 2 (baseline 1)",
        );
        check(json!({ "name": "lonely", "value": 2 }), false, "lonely 2");
        for bad in [
            json!({ "name": "x" }),
            json!({ "name": "", "value": 1 }),
            json!({ "name": "x", "value": "1" }),
            json!({ "name": "x", "value": 1, "limit": "2" }),
            json!({ "name": "x", "value": 1, "direction": "up" }),
        ] {
            assert_eq!(metric(&bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_there() {
        let data = data(json!({
            "branch": "main", "empty": " ", "none": null, "list": [], "no": false, "yes": true,
            "metrics": [{ "name": "error-rate", "value": 1, "baseline": 2 }, { "name": "p99", "value": 1, "limit": 2 }],
        }));
        for (name, expected) in [
            ("branch", true),
            ("empty", false),
            ("none", false),
            ("list", false),
            ("no", false),
            ("yes", true),
            ("absent", false),
            ("error-rate", true),
            ("metrics", true),
            // One of the metrics has none.
            ("baseline", false),
        ] {
            assert_eq!(has(&data, name), expected, "{name}");
        }
    }
}
