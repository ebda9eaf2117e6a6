//! `relgate audit --repos FILE`: many repositories, one after the other or in shards beside each other. Each decision goes
//! into the ledger once, however often and wherever a shard is started again.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::known::Known;
use super::{NothingToAudit, keep, replay};
use crate::cli::CommandError;
use crate::cli::args::{Audit as AuditArgs, Global, Shard};
use crate::cli::context::Context;
use crate::cli::ledger::address;
use crate::cli::output::Streams;
use crate::cli::progress::Progress;
use crate::decision::Verdict;
use crate::discover::MAX_FILE_BYTES;
use crate::files::read_text;
use crate::git::Repository;
use crate::ledger::{Access, Ledger};
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
    /// Releases, pass, fail, error.
    counts: [usize; 4],
    /// How many of the releases were judged now; what became of the others the ledger knew.
    judged: usize,
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
    let repositories = read_list(list)?;
    let mut ledger = match &args.ledger {
        Some(option) => {
            let address = address(Some(option)).unwrap_or_default();
            Some(Ledger::open(&address, Access::Append)?)
        }
        None => None,
    };
    let mut rows = Vec::with_capacity(repositories.len());
    {
        let progress = Progress::start(streams.progress, "auditing the repositories");
        let mut seen = BTreeSet::new();
        let own = |line: &str| args.shard.is_none_or(|shard| of_shard(line, shard));
        let total = repositories.iter().filter(|(line, _)| own(line)).count();
        for (line, path) in &repositories {
            // Whoever has the same name may be in another shard: every shard knows the names of all.
            let name = Repository::open(path).map(|repository| repository.name());
            let is_first = name.map_or(true, |name| seen.insert(name));
            if !own(line) {
                continue;
            }
            progress.say(format!("{} of {total}: {line}", rows.len() + 1));
            rows.push(if is_first {
                one(global, args, &mut ledger, line, path)?
            } else {
                let why = "another repository of the list has the same name, and so the same chain";
                Row::failed(line, why.to_owned())
            });
        }
    }
    write(args, &rows)?;
    let is_empty = |row: &Row| row.counts[0] == 0 && row.error.is_none();
    if !rows.is_empty() && rows.iter().all(is_empty) {
        return Err(NothingToAudit::NothingSelected.into());
    }
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
) -> Result<Row, CommandError> {
    let global = Global {
        repo: path.to_owned(),
        ..global.clone()
    };
    let context = match Context::open(&global) {
        Ok(context) => context,
        Err(error) => return Ok(Row::failed(line, error.to_string())),
    };
    let name = context.repository.name();
    let known = match ledger {
        Some(ledger) => Known::load(ledger, &name)?,
        None => Known::default(),
    };
    let quiet = Progress::start(false, "");
    let replayed = match replay(&context, args, &quiet, &known) {
        Ok(replayed) => replayed,
        Err(error) => return Ok(Row::failed(&name, error.to_string())),
    };
    let notes = match ledger {
        Some(ledger) => Some(keep::keep(ledger, &context, args, &replayed)?),
        None => None,
    };
    let before = replayed.known.clone();
    let audit = replayed.into_audit(&context, args, None);
    let [judged, mut pass, mut fail, mut error] = audit.counts();
    for verdict in &before {
        match verdict {
            Verdict::Pass => pass += 1,
            Verdict::Fail => fail += 1,
            Verdict::Error => error += 1,
        }
    }
    Ok(Row {
        name,
        counts: [judged + before.len(), pass, fail, error],
        judged,
        notes,
        error: None,
    })
}

impl Row {
    /// A repository that could not be audited.
    fn failed(name: &str, why: String) -> Self {
        Self {
            name: name.to_owned(),
            counts: [0; 4],
            judged: 0,
            notes: None,
            error: Some(why),
        }
    }
}

/// The lines of a list, and the directories that they mean.
fn read_list(list: &Path) -> Result<Vec<(String, PathBuf)>, CommandError> {
    let bad = |why: String| BadList {
        path: list.display().to_string(),
        why,
    };
    let text = read_text(list, MAX_FILE_BYTES).map_err(|why| bad(why.to_string()))?;
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

/// `cellar: 12 releases (9 judged now), 10 pass, 2 fail, 0 could not be judged; 9 recorded, 3 known`.
fn words(row: &Row) -> String {
    let name = escape(&row.name);
    if let Some(error) = &row.error {
        return format!("{name}: could not be audited: {}", escape(error));
    }
    let [releases, pass, fail, error] = row.counts;
    let mut text = match releases {
        0 => format!("{name}: no release selected"),
        _ => format!(
            "{name}: {} ({} judged now), {pass} pass, {fail} fail, {error} could not be judged",
            plural(releases, "release"),
            row.judged
        ),
    };
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
        "releases": releases,
        "judged": row.judged,
        "pass": pass,
        "fail": fail,
        "error": error,
        "ledger": row.notes,
        "errors": row.error.iter().collect::<Vec<_>>(),
    })
}
