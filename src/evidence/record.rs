//! From what systems print to what statements hold: each reader takes one format, and refuses what would be no evidence.

mod forge;
mod junit;
mod metrics;
mod operations;
mod scan;

use serde_json::{Map, Value, json};

use super::json::{self, JsonError};

/// A file that somebody gives.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// What it stands for, when its format does not say: a metric's name.
    pub label: String,
    /// Its name, without directories.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// Its beginning: all of it, unless it is very large.
    pub head: Vec<u8>,
    /// Its end.
    pub tail: Vec<u8>,
    /// The beginning is all of it.
    pub whole: bool,
}

/// What the statement is for.
#[derive(Debug, Clone, Default)]
pub struct Purpose<'a> {
    /// The kind of evidence that the gate asks for.
    pub kind: &'a str,
    /// The tag.
    pub tag: &'a str,
    /// Its commit.
    pub commit: &'a str,
    /// The commits of the release.
    pub commits: &'a [String],
    /// What merge commits of the release took in: the last commits of the branches that they merged.
    pub merged_heads: &'a [String],
    /// Baselines of metrics, by name.
    pub baselines: &'a [(String, f64)],
    /// Limits of metrics, by name.
    pub limits: &'a [(String, f64)],
    /// The metrics of which more is better.
    pub higher: &'a [String],
}

type Data = Map<String, Value>;

/// Reads files into a statement's data. The same name from several files is joined where it is a list.
pub fn read(files: &[Given], purpose: &Purpose<'_>) -> Result<Data, String> {
    let mut data = Data::new();
    let mut merged = forge::Merged::default();
    for file in files.iter().filter(|file| file.whole) {
        if let Some(documents) = std::str::from_utf8(&file.head)
            .ok()
            .and_then(|text| documents(text).ok())
        {
            merged.learn(&documents, purpose);
        }
    }
    for file in files {
        let read = one(file, purpose, &merged).map_err(|why| format!("{}: {why}", file.name))?;
        for (name, value) in read {
            join(&mut data, name, value)?;
        }
        let summary = json!({ "name": file.name, "size": file.size, "sha256": file.sha256 });
        join(&mut data, "files".to_owned(), Value::Array(vec![summary]))?;
    }
    forge::deployments::join(&mut data)?;
    if !files.is_empty() && data.len() == 1 {
        return Err("the files say nothing for this gate".to_owned());
    }
    Ok(data)
}

/// Puts a value under a name: lists grow, results of tests and scans add up, and what is the same stays.
fn join(data: &mut Data, name: String, value: Value) -> Result<(), String> {
    match (data.get_mut(&name), value) {
        (None, value) => {
            data.insert(name, value);
        }
        (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
        (Some(Value::Object(known)), Value::Object(more)) => add(known, more),
        (Some(known), value) if *known == value => {}
        (Some(known), value) => {
            return Err(format!("two files disagree on {name}: {known} and {value}"));
        }
    }
    Ok(())
}

/// Counts add up, lists grow, and times are the earliest and the latest.
fn add(known: &mut Data, more: Data) {
    for (name, value) in more {
        let joined = match (known.get(&name), &value) {
            (Some(Value::Number(a)), Value::Number(b)) => a
                .as_u64()
                .zip(b.as_u64())
                .map(|(a, b)| json!(a.saturating_add(b))),
            (Some(Value::Array(a)), Value::Array(b)) => {
                Some(Value::Array(a.iter().chain(b).cloned().collect()))
            }
            // A window is what all of its parts cover.
            (Some(Value::String(a)), Value::String(b)) if name == "from" => Some(json!(a.max(b))),
            (Some(Value::String(a)), Value::String(b)) if name == "to" => Some(json!(a.min(b))),
            (Some(Value::String(a)), Value::String(b)) if a != b => {
                Some(json!(format!("{a}, {b}")))
            }
            _ => None,
        };
        known.insert(name, joined.unwrap_or(value));
    }
}

fn one(file: &Given, purpose: &Purpose<'_>, merged: &forge::Merged) -> Result<Data, String> {
    if file.size == 0 {
        return Err("it is empty".to_owned());
    }
    if purpose.kind == "backup" {
        return operations::backup(file);
    }
    if !file.whole {
        return Err("it is too large to be read".to_owned());
    }
    let text = std::str::from_utf8(&file.head).map_err(|_| "it is not UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let start = text.trim_start();
    if start.starts_with('<') {
        return junit::read(text);
    }
    if start.starts_with(['{', '[']) {
        let documents = documents(text)?;
        return scan::read(&documents)
            .or_else(|| forge::read(&documents, purpose, merged))
            .or_else(|| metrics::prometheus(&documents, file, purpose))
            .or_else(|| operations::images(&documents))
            .unwrap_or_else(|| Err("it is JSON of no form that relgate knows".to_owned()));
    }
    operations::remote_tags(text, purpose)
        .or_else(|| operations::checksums(text))
        .or_else(|| metrics::csv(text, purpose))
        .unwrap_or_else(|| Err("it has no form that relgate knows".to_owned()))
}

/// The JSON documents of a file: one, or several behind one another, as `gh api --paginate` and govulncheck print them.
fn documents(text: &str) -> Result<Vec<Value>, String> {
    json::parse_all(text).map_err(|error| match error {
        JsonError::DuplicateKey(key) => {
            let key: String = key.chars().take(100).collect();
            format!(
                "the key {key:?} stands twice in one object, so that it can be read in two ways"
            )
        }
        JsonError::Malformed(why) => format!("it is not JSON: {why}"),
    })
}

/// A text field.
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A list field; empty when it is absent.
fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
