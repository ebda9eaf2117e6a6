//! `relgate audit --repos FILE`: many repositories, one after the other or in shards beside each other. Each decision goes
//! into the ledger once, however often and wherever a shard is started again.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{keep, replay};
use crate::cli::CommandError;
use crate::cli::args::{Audit as AuditArgs, Global, Shard};
use crate::cli::context::Context;
use crate::cli::ledger::address;
use crate::cli::output::Streams;
use crate::cli::progress::Progress;
use crate::ledger::{Access, Ledger, Wanted};
use crate::report::audit::LedgerNotes;
use crate::report::text::{escape, escape_json, plural};

/// A list of repositories that cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{path}: {why}")]
#[diagnostic(help(
    "one directory of a repository on a line, relative to the file's own; blank lines and lines with # do not count"
))]
struct BadList {
    path: String,
    why: String,
}

/// What became of a repository.
struct Row {
    name: String,
    /// Releases, pass, fail, error; of those that were judged now.
    counts: [usize; 4],
    notes: Option<LedgerNotes>,
    error: Option<String>,
}

pub(super) fn run(
    global: &Global,
    args: &AuditArgs,
    streams: &Streams,
) -> Result<u8, CommandError> {
    if !["human", "json", "jsonl"].contains(&args.format.name) {
        return Err(BadList {
            path: "--repos".to_owned(),
            why: "an audit of many repositories is written as human, json or jsonl".to_owned(),
        }
        .into());
    }
    let list = args.repos.as_deref().unwrap_or(Path::new(""));
    let repositories = read_list(list, args.shard)?;
    let mut ledger = match &args.ledger {
        Some(option) => {
            let address = address(Some(option)).unwrap_or_default();
            Some(Ledger::open(&address, Access::Append)?)
        }
        None => None,
    };
    let mut rows = Vec::with_capacity(repositories.len());
    let mut seen = BTreeSet::new();
    {
        let progress = Progress::start(streams.progress, "auditing the repositories");
        for (index, (line, path)) in repositories.iter().enumerate() {
            progress.say(format!("{} of {}: {line}", index + 1, repositories.len()));
            rows.push(one(global, args, &mut ledger, line, path, &mut seen)?);
        }
    }
    write(args, &rows)?;
    let failed = rows.iter().any(|row| row.counts[2] + row.counts[3] > 0);
    let tampered = rows.iter().any(|row| {
        row.notes
            .as_ref()
            .is_some_and(|notes| !notes.moved.is_empty() || !notes.vanished.is_empty())
    });
    Ok(if rows.iter().any(|row| row.error.is_some()) {
        2
    } else {
        u8::from(failed || tampered)
    })
}

/// One repository. Its own errors are its row's; only the ledger's end the run.
fn one(
    global: &Global,
    args: &AuditArgs,
    ledger: &mut Option<Ledger>,
    line: &str,
    path: &Path,
    seen: &mut BTreeSet<String>,
) -> Result<Row, CommandError> {
    let failed = |name: &str, why: String| Row {
        name: name.to_owned(),
        counts: [0; 4],
        notes: None,
        error: Some(why),
    };
    let global = Global {
        repo: path.to_owned(),
        ..global.clone()
    };
    let context = match Context::open(&global) {
        Ok(context) => context,
        Err(error) => return Ok(failed(line, error.to_string())),
    };
    let name = context.repository.name();
    if !seen.insert(name.clone()) {
        let why = "another repository of the list has the same name, and so the same chain";
        return Ok(failed(line, why.to_owned()));
    }
    let known = match ledger {
        Some(ledger) => known(ledger, &name, context.project.policies.digest())?,
        None => BTreeSet::new(),
    };
    let judged_before = |tag: &crate::git::Tag| {
        let commit = tag.commit.map_or_else(String::new, |id| id.to_string());
        known.contains(&(tag.name.name.clone(), commit))
    };
    let quiet = Progress::start(false, "");
    let replayed = match replay(&context, args, &quiet, &judged_before) {
        Ok(replayed) => replayed,
        Err(error) => return Ok(failed(&name, error.to_string())),
    };
    let notes = match ledger {
        Some(ledger) => Some(keep::keep(ledger, &context, args, &replayed)?),
        None => None,
    };
    let audit = replayed.into_audit(&context, args, None);
    Ok(Row {
        name,
        counts: audit.counts(),
        notes,
        error: None,
    })
}

/// The tags and commits for which the ledger has an answer of these policies and this version.
fn known(
    ledger: &mut Ledger,
    repository: &str,
    policy_digest: &str,
) -> Result<BTreeSet<(String, String)>, CommandError> {
    let records = ledger.records(Wanted::Chain(repository))?;
    let same_tool = records
        .iter()
        .filter(|record| record.tool.version == crate::ledger::TOOL_VERSION);
    Ok(same_tool
        .filter_map(|record| record.decision())
        .filter(|decision| decision.policy.digest == policy_digest)
        .map(|decision| (decision.tag.clone(), decision.commit.clone()))
        .collect())
}

/// The lines of a shard, and the directories that they mean.
fn read_list(list: &Path, shard: Option<Shard>) -> Result<Vec<(String, PathBuf)>, CommandError> {
    let bad = |why: String| BadList {
        path: list.display().to_string(),
        why,
    };
    let text = std::fs::read_to_string(list).map_err(|error| bad(error.to_string()))?;
    let base = list.parent().unwrap_or(Path::new(""));
    let lines: BTreeSet<&str> = text
        .split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    if lines.is_empty() {
        return Err(bad("it names no repository".to_owned()).into());
    }
    Ok(lines
        .into_iter()
        .filter(|line| shard.is_none_or(|shard| of_shard(line, shard)))
        .map(|line| (line.to_owned(), base.join(line)))
        .collect())
}

/// A line belongs to the same shard wherever the list is read, and adding a line moves no other.
fn of_shard(line: &str, shard: Shard) -> bool {
    let digest = Sha256::digest(line.as_bytes());
    let number = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    number.checked_rem(shard.count) == Some(shard.index)
}

fn write(args: &AuditArgs, rows: &[Row]) -> Result<(), CommandError> {
    let mut out = Vec::new();
    let written = match args.format.name {
        "human" => rows
            .iter()
            .try_for_each(|row| writeln!(out, "{}", words(row))),
        "jsonl" => rows
            .iter()
            .try_for_each(|row| writeln!(out, "{}", escape_json(&value(row).to_string()))),
        _ => {
            let rows: Vec<serde_json::Value> = rows.iter().map(value).collect();
            let all = serde_json::json!({ "schemaVersion": 1, "repositories": rows });
            writeln!(out, "{}", escape_json(&format!("{all:#}")))
        }
    };
    Streams::written(written.map(|()| out))
}

/// `cellar: 12 releases judged, 10 pass, 2 fail; 12 recorded, 3 known`.
fn words(row: &Row) -> String {
    let name = escape(&row.name);
    if let Some(error) = &row.error {
        return format!("{name}: could not be audited: {}", escape(error));
    }
    let [releases, pass, fail, error] = row.counts;
    let mut text = format!(
        "{name}: {} judged, {pass} pass, {fail} fail, {error} could not be judged",
        plural(releases, "release")
    );
    if let Some(notes) = &row.notes {
        text.push_str(&format!(
            "; {} recorded, {} known",
            notes.recorded, notes.known
        ));
        let wrong = notes.moved.iter().map(|moved| &moved.tag);
        let wrong: Vec<String> = wrong
            .chain(notes.vanished.iter().map(|(tag, _)| tag))
            .map(|tag| escape(tag))
            .collect();
        if !wrong.is_empty() {
            text.push_str(&format!("; moved or vanished: {}", wrong.join(", ")));
        }
    }
    text
}

fn value(row: &Row) -> serde_json::Value {
    let [releases, pass, fail, error] = row.counts;
    serde_json::json!({
        "repository": row.name,
        "judged": releases,
        "pass": pass,
        "fail": fail,
        "error": error,
        "ledger": row.notes,
        "errors": row.error.iter().collect::<Vec<_>>(),
    })
}
