//! Metrics: a table, or what Prometheus answers.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::{Data, Given, Purpose, list, text};

/// A table with the columns `name` and `value`, and perhaps `baseline`, `limit`, `direction` and `unit`.
pub(super) fn csv(table: &str, purpose: &Purpose<'_>) -> Option<Result<Data, String>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(table.as_bytes());
    let header = reader.headers().ok()?.clone();
    let column = |name: &str| header.iter().position(|column| column == name);
    let (name, value) = (column("name")?, column("value")?);
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(error) => return Some(Err(format!("its table cannot be read: {error}"))),
        };
        let cell = |column: Option<usize>| column.and_then(|at| row.get(at)).unwrap_or_default();
        let number = |column: Option<usize>, what: &str| match cell(column) {
            "" => Ok(None),
            text => text
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
                .map(Some)
                .ok_or_else(|| format!("{what} of {} is no number: {text}", cell(Some(name)))),
        };
        let read = number(Some(value), "value").and_then(|measured| {
            Ok(Row {
                name: cell(Some(name)).to_owned(),
                value: measured.ok_or("a metric without a value")?,
                baseline: number(column("baseline"), "baseline")?,
                limit: number(column("limit"), "limit")?,
                direction: cell(column("direction")).to_owned(),
                unit: cell(column("unit")).to_owned(),
            })
        });
        match read {
            Ok(row) => rows.push(row.into_json(purpose)),
            Err(why) => return Some(Err(why)),
        }
    }
    if rows.is_empty() {
        return Some(Err("its table is empty".to_owned()));
    }
    Some(Ok(Data::from_iter([(
        "metrics".to_owned(),
        Value::Array(rows),
    )])))
}

struct Row {
    name: String,
    value: f64,
    baseline: Option<f64>,
    limit: Option<f64>,
    direction: String,
    unit: String,
}

impl Row {
    fn into_json(self, purpose: &Purpose<'_>) -> Value {
        let given = |pairs: &[(String, f64)]| {
            pairs
                .iter()
                .find(|(name, _)| *name == self.name)
                .map(|(_, value)| *value)
        };
        let higher = self.direction == "higher" || purpose.higher.contains(&self.name);
        let direction = match self.direction.as_str() {
            "" | "higher" | "lower" => {
                if higher {
                    "higher"
                } else {
                    "lower"
                }
            }
            other => other,
        };
        json!({
            "name": self.name,
            "value": self.value,
            "baseline": given(purpose.baselines).or(self.baseline),
            "limit": given(purpose.limits).or(self.limit),
            "direction": direction,
            "unit": self.unit,
        })
    }
}

/// The answer to a query (`/api/v1/query` or `query_range`). A range gives the window as well: samples are expected at the
/// most frequent distance, and those that are not there are counted. The value is the mean of what was measured.
pub(super) fn prometheus(
    documents: &[Value],
    file: &Given,
    purpose: &Purpose<'_>,
) -> Option<Result<Data, String>> {
    let [answer] = documents else { return None };
    let kind = answer.pointer("/data/resultType").and_then(Value::as_str)?;
    Some(answered(answer, kind, file, purpose))
}

fn answered(
    answer: &Value,
    kind: &str,
    file: &Given,
    purpose: &Purpose<'_>,
) -> Result<Data, String> {
    if text(answer, "status") != "success" {
        return Err(format!("Prometheus answered: {}", text(answer, "error")));
    }
    // A partial answer has gaps that nobody sees.
    if let Some(warning) = list(answer, "warnings").first() {
        return Err(format!(
            "Prometheus warns: {}",
            warning.as_str().unwrap_or_default()
        ));
    }
    if file.label.is_empty() {
        return Err("say which metric it is: --from-file NAME=FILE".to_owned());
    }
    let data = answer.get("data").unwrap_or(&Value::Null);
    let [series] = list(data, "result") else {
        return Err(format!(
            "it holds {} series, not one: aggregate them in the query",
            list(data, "result").len()
        ));
    };
    let samples = match kind {
        "matrix" => list(series, "values").iter().map(sample).collect(),
        "vector" => series.get("value").map(sample).into_iter().collect(),
        other => Err(format!("it is a {other}, neither a vector nor a matrix")),
    }?;
    let samples: Vec<(f64, f64)> = samples;
    let count = u32::try_from(samples.len()).unwrap_or(u32::MAX);
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
        return Err("it holds no sample".to_owned());
    };
    let mean = samples.iter().map(|(_, value)| value).sum::<f64>() / f64::from(count);
    let row = Row {
        name: file.label.clone(),
        value: mean,
        baseline: None,
        limit: None,
        direction: String::new(),
        unit: String::new(),
    };
    let mut found = Data::from_iter([(
        "metrics".to_owned(),
        Value::Array(vec![row.into_json(purpose)]),
    )]);
    if samples.len() > 1 {
        let time = |seconds: f64| {
            #[allow(
                clippy::cast_possible_truncation,
                reason = "`as` saturates, and no calendar holds the ends"
            )]
            let time = DateTime::from_timestamp(seconds as i64, 0);
            time.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
                .ok_or("a sample has no time")
        };
        let window = json!({
            "from": time(first.0)?,
            "to": time(last.0)?,
            "missing": missing(&samples)?,
        });
        found.insert("window".to_owned(), window);
    }
    Ok(found)
}

/// `[seconds, "value"]`.
fn sample(pair: &Value) -> Result<(f64, f64), String> {
    let wrong = || format!("a sample that is none: {pair}");
    let [time, value] = pair.as_array().map_or(&[][..], Vec::as_slice) else {
        return Err(wrong());
    };
    let value = value.as_str().and_then(|text| text.parse::<f64>().ok());
    time.as_f64()
        .filter(|time| time.is_finite())
        .zip(value.filter(|value| value.is_finite()))
        .ok_or_else(wrong)
}

/// How many samples are missing between the first and the last. The step is the smallest distance: those of a range query are
/// multiples of its step, and the most frequent one would be a gap where more than half is missing.
fn missing(samples: &[(f64, f64)]) -> Result<u64, String> {
    let mut distances = Vec::new();
    for pair in samples.windows(2) {
        let [(before, _), (after, _)] = pair else {
            continue;
        };
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates"
        )]
        let distance = (after - before).round() as u64;
        if distance == 0 {
            return Err("its samples are not in order".to_owned());
        }
        distances.push(distance);
    }
    let step = distances.iter().copied().min().unwrap_or(1);
    Ok(distances
        .iter()
        .map(|distance| (distance.saturating_add(step / 2) / step).saturating_sub(1))
        .fold(0, u64::saturating_add))
}
