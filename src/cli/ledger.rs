//! `relgate ledger`: the tamper-evident history of decisions.

use std::io::{self, Write};
use std::path::Path;

use chrono::SecondsFormat;

use super::CommandError;
use super::args::{Global, Ledger as LedgerArgs, LedgerExport, LedgerRecord, LedgerVerify};
use super::context::{self, Context, actor};
use super::output::{Streams, environment};
use super::progress::Progress;
use crate::decision::Verdict;
use crate::discover::MAX_FILE_BYTES;
use crate::facts::tags::Earlier;
use crate::files::{Unreadable, read_text};
use crate::git::Repository;
use crate::judge::judge_subject;
use crate::ledger::show as shown;
use crate::ledger::{
    Access, Appended, Checkpoint, Decision, Draft, Entry, Ledger, Mode, MovedTag, Stamp, TagState,
    Verified, Verifier, Wanted,
};
use crate::report::text::{escape, escape_json};
use crate::subject::{self, SubjectRequest};

/// Nobody said which ledger.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("no ledger is named")]
#[diagnostic(help(
    "--ledger PATH is a SQLite file, --ledger postgres://… a server; RELGATE_LEDGER in the environment names it too"
))]
struct NoLedger;

/// Nothing was there to verify.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the ledger holds no record: nothing was verified")]
#[diagnostic(help(
    "relgate ledger record --tag TAG --ledger URL        records the first decision"
))]
struct NoRecord;

/// A checkpoint file that cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{path} cannot be read: {why}")]
#[diagnostic(help(
    "relgate ledger export --ledger URL --checkpoint FILE        writes a checkpoint"
))]
struct CheckpointError {
    path: String,
    why: Unreadable,
}

pub(super) fn run(
    global: &Global,
    args: &LedgerArgs,
    streams: &Streams,
) -> Result<u8, CommandError> {
    match args {
        LedgerArgs::Record(record) => run_record(global, record, streams),
        LedgerArgs::Verify(verify) => run_verify(verify, streams),
        LedgerArgs::Export(export) => run_export(global, export, streams),
    }
}

/// The address of the ledger: the option, else the environment, where a password does not show in a list of processes.
pub(super) fn address(option: Option<&str>) -> Option<String> {
    option
        .map(str::to_owned)
        .or_else(|| environment("RELGATE_LEDGER"))
        .filter(|address| !address.is_empty())
}

/// Where a repository's tags were, as far as a ledger knows.
pub(super) fn earlier_tags(
    repository: &Repository,
    address: &str,
) -> Result<Earlier, CommandError> {
    let mut ledger = Ledger::open(address, Access::Read)?;
    let records = ledger.records(Wanted::Tags(&repository.name()))?;
    Ok(Earlier {
        places: Ledger::tag_places(&records),
    })
}

fn run_record(global: &Global, args: &LedgerRecord, streams: &Streams) -> Result<u8, CommandError> {
    let address = address(args.ledger.as_deref()).ok_or(NoLedger)?;
    let progress = Progress::start(streams.progress, "judging the release");
    let context = Context::open(global)?;
    let frame = context.frame()?;
    let request = SubjectRequest::Tag {
        name: args.tag.clone(),
        at: args.at.clone(),
    };
    let (subject, history) =
        subject::load(frame.repository, &frame.scheme, &frame.branches, &request)?;
    let judgement = judge_subject(&frame, &subject, &history, args.stage, &[])?;
    let decision = Decision::of(Mode::Record, &judgement.report, &judgement.facts);
    let verdict = judgement.report.decision.verdict;
    let repository = judgement.report.subject.repository.clone();
    let tag = decision.tag.clone();

    let mut ledger = Ledger::open(&address, Access::Append)?;
    let before = ledger.records(Wanted::Tags(&repository))?;
    let known = Ledger::known_tags(&before);
    let drafts = [
        Draft::Tags(TagState::of(&history, &known)),
        Draft::Decision(Box::new(decision)),
    ];
    let stamp = Stamp {
        recorded_at: context.now.to_rfc3339_opts(SecondsFormat::Secs, true),
        actor: actor(args.actor.as_deref()),
    };
    let appended = ledger.append(&repository, &drafts, &stamp)?;
    drop(progress);

    let mut text = String::new();
    let mut moves: Vec<MovedTag> = before
        .iter()
        .filter_map(|record| record.tags())
        .flat_map(|seen| seen.moved.clone())
        .collect();
    for one in &appended {
        match one {
            Appended::Recorded(record, hash) => match &record.entry {
                Entry::Decision(decision) => text.push_str(&format!(
                    "{}: {}, recorded as number {} of {}\n{hash}\n",
                    escape(&decision.tag),
                    verdict.as_str(),
                    record.sequence,
                    escape(&repository),
                )),
                Entry::Tags(seen) => {
                    moves.extend(seen.moved.iter().cloned());
                    Streams::warn(&shown::incidents(seen));
                }
            },
            Appended::Known(sequence) => text.push_str(&format!(
                "{}: {}, recorded before as number {sequence} of {}\n",
                escape(&tag),
                verdict.as_str(),
                escape(&repository),
            )),
            Appended::Nothing => {}
        }
    }
    let moved = moves
        .iter()
        .rfind(|moved| moved.tag == tag && moved.is_wrong());
    if let Some(moved) = moved {
        text.push_str(&format!("blocked: {}\n", shown::moved(moved)));
    }
    Streams::print(&text)?;
    // A tag that was moved is not the release that it was, whatever its content is worth.
    let code = verdict.exit_code();
    Ok(if moved.is_some() && verdict == Verdict::Pass {
        1
    } else {
        code
    })
}

fn run_verify(args: &LedgerVerify, streams: &Streams) -> Result<u8, CommandError> {
    let address = address(args.ledger.as_deref()).ok_or(NoLedger)?;
    let checkpoint = args
        .checkpoint
        .as_deref()
        .map(read_checkpoint)
        .transpose()?;
    let verified = {
        let _progress = Progress::start(streams.progress, "verifying the ledger");
        let mut ledger = Ledger::open(&address, Access::Read)?;
        let mut verifier = Verifier::new(checkpoint.as_ref());
        ledger.read(Wanted::All, &mut |row| {
            verifier.take(&row);
            Ok(())
        })?;
        verifier.finish()
    };
    if verified.records == 0 && verified.is_intact() {
        return Err(NoRecord.into());
    }
    Streams::print(&shown::verified(&verified, &streams.style))?;
    Ok(u8::from(!verified.is_intact()))
}

fn run_export(global: &Global, args: &LedgerExport, streams: &Streams) -> Result<u8, CommandError> {
    let address = address(args.ledger.as_deref()).ok_or(NoLedger)?;
    let mut ledger = Ledger::open(&address, Access::Read)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut written = Ok(());
    let mut verifier = Verifier::new(None);
    ledger.read(Wanted::All, &mut |row| {
        verifier.take(&row);
        if written.is_ok() {
            written = writeln!(out, "{}", escape_json(&row.body));
        }
        Ok(())
    })?;
    if written.is_ok() {
        written = out.flush();
    }
    drop(out);
    Streams::written(written.map(|()| Vec::new()))?;
    let verified = verifier.finish();
    if !verified.is_intact() {
        // A checkpoint would seal what somebody changed.
        Streams::warn(&shown::verified(&verified, &streams.style));
        return Ok(1);
    }
    if let Some(path) = &args.checkpoint {
        write_checkpoint(path, &verified, global)?;
    }
    Ok(0)
}

fn write_checkpoint(path: &Path, verified: &Verified, global: &Global) -> Result<(), CommandError> {
    if verified.records == 0 {
        return Err(NoRecord.into());
    }
    let now = context::now(global.now.as_deref())?;
    let checkpoint = Checkpoint::of(verified, &now.to_rfc3339_opts(SecondsFormat::Secs, true));
    let text = checkpoint.text()?;
    Streams::file(path, &path.display().to_string(), &mut |_style, out| {
        out.write_all(text.as_bytes())
    })
}

fn read_checkpoint(path: &Path) -> Result<Checkpoint, CommandError> {
    let shown = path.display().to_string();
    let text = read_text(path, MAX_FILE_BYTES).map_err(|why| CheckpointError {
        path: shown.clone(),
        why,
    })?;
    Ok(Checkpoint::read(&shown, &text)?)
}
