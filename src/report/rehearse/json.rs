//! The report of a rehearsal as JSON: the report of a check, and `rehearsals` beside its findings.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use super::RehearsalReport;
use crate::rehearse::concurrency::{Impatient, LOCK_TIMEOUT};
use crate::rehearse::state::SchemaDifference;
use crate::rehearse::trace::Trace;
use crate::rehearse::{MigrationRun, Rehearsal, Step};
use crate::report::text::escape_json;
use crate::source::Sources;

/// Writes it.
pub(super) fn write(rehearsal: &RehearsalReport, out: &mut dyn io::Write) -> io::Result<()> {
    let mut value = crate::report::json::value(&rehearsal.report)?;
    let sources = &rehearsal.report.sources;
    if let Some(document) = value.as_object_mut() {
        let sequences = rehearsal.sequences.iter().map(|sequence| match sequence {
            Ok(sequence) => of_sequence(sequence, sources),
            Err((directory, why)) => json!({ "directory": directory, "error": why.to_string() }),
        });
        document.insert(
            "server".to_owned(),
            json!({ "product": "PostgreSQL", "majorVersion": rehearsal.server_version }),
        );
        document.insert("rows".to_owned(), json!(rehearsal.rows));
        document.insert("evidence".to_owned(), json!(rehearsal.evidence));
        document.insert("noEvidence".to_owned(), json!(rehearsal.no_evidence));
        document.insert("rehearsals".to_owned(), sequences.collect());
    }
    let text = serde_json::to_string_pretty(&value).map_err(io::Error::other)?;
    writeln!(out, "{}", escape_json(&text))
}

fn of_sequence(sequence: &Rehearsal, sources: &Sources) -> Value {
    json!({
        "directory": sequence.directory,
        "runner": sequence.runner,
        "released": { "migrations": sequence.released, "milliseconds": millis(sequence.released_took) },
        "roles": sequence.roles,
        "rows": sequence.rows,
        "madeUpRowsRefused": sequence.made_up_refused.as_ref().map(|failure| failure.refused.to_string()),
        "seeded": sequence.seeded.iter().map(|table| json!({
            "table": table.table,
            "rows": table.rows,
            "reason": table.reason,
        })).collect::<Value>(),
        "probes": { "prepared": sequence.tried.prepared, "unusable": sequence.tried.unusable },
        "passedOver": sequence.passed_over.iter().map(|(path, reason)| json!({ "path": path, "reason": reason })).collect::<Value>(),
        "migrations": sequence.migrations.iter().map(|run| of_migration(run, sources)).collect::<Value>(),
        "lost": sequence.lost,
        "restore": { "outcome": step(&sequence.restore), "differences": sequence.restore_differences },
        "fresh": { "outcome": step(&sequence.fresh), "differences": phrases(&sequence.fresh_differences) },
    })
}

fn of_migration(run: &MigrationRun, sources: &Sources) -> Value {
    let statements = run.traces.iter().enumerate().map(|(index, trace)| {
        let mut value = of_trace(trace, sources);
        let differences =
            run.differences
                .iter()
                .filter(|(at, _)| *at == index)
                .map(|(_, difference)| {
                    json!({
                        "relation": difference.relation,
                        "predicted": difference.predicted,
                        "observed": difference.observed,
                        "harmful": difference.harmful,
                    })
                });
        if let Some(object) = value.as_object_mut() {
            object.insert("differences".to_owned(), differences.collect());
        }
        value
    });
    json!({
        "path": run.path,
        "version": run.version,
        "up": step(&run.up),
        "down": step(&run.down),
        "again": step(&run.again),
        "notRestored": phrases(&run.left),
        "againDifferences": phrases(&run.again_differences),
        "unpredicted": run.unpredicted,
        "breaks": run.breaks.iter().map(|broken| json!({
            "statement": broken.probe.name,
            "sqlstate": broken.refused.code,
            "message": broken.refused.message,
            "untilPreparedAnew": broken.cached_only,
        })).collect::<Value>(),
        "waits": run.traffic.waits.iter().map(|wait| json!({
            "table": wait.table,
            "readerMilliseconds": millis(wait.reader),
            "writerMilliseconds": millis(wait.writer),
        })).collect::<Value>(),
        "withLockTimeout": run.traffic.impatient.as_ref().map(impatient),
        "interrupted": run.interrupted.iter().map(|left| json!({
            "part": left.at.0,
            "statement": left.at.1,
            "statementEnded": left.ended,
            "invalidIndexes": left.invalid,
            "again": left.again.is_ok(),
            "sqlstate": left.again.as_ref().err().map(|refused| refused.code.as_str()),
        })).collect::<Value>(),
        "statements": statements.collect::<Value>(),
    })
}

fn of_trace(trace: &Trace, sources: &Sources) -> Value {
    json!({
        "line": sources.positions(trace.location).0.line,
        "transaction": trace.block,
        "milliseconds": millis(trace.took),
        "rows": trace.rows,
        "walBytes": trace.wal,
        "locks": trace.locks.iter().map(|lock| json!({
            "relation": lock.relation,
            "mode": lock.mode.as_str(),
            "existed": lock.existed,
        })).collect::<Value>(),
        "rewritten": trace.rewritten,
        "scanned": trace.scanned,
        "sqlstate": trace.error.as_ref().map(|error| error.code.as_str()),
        "message": trace.error.as_ref().map(|error| error.message.as_str()),
    })
}

fn impatient(outcome: &Impatient) -> Value {
    let (word, refused) = match outcome {
        Impatient::NotHeldUp => ("not-held-up", None),
        Impatient::GaveUpAndRepeats => ("gave-up-and-repeats", None),
        Impatient::GaveUpForGood(refused) => ("gave-up-for-good", Some(refused)),
        Impatient::Failed(refused) => ("failed", Some(refused)),
    };
    json!({
        "lockTimeout": LOCK_TIMEOUT,
        "outcome": word,
        "sqlstate": refused.map(|refused| refused.code.as_str()),
        "message": refused.map(|refused| refused.message.as_str()),
    })
}

fn step(step: &Step) -> Value {
    match step {
        Step::Done(took) => json!({ "status": "done", "milliseconds": millis(*took) }),
        Step::Failed(failure) => json!({
            "status": "failed",
            "sqlstate": failure.refused.code,
            "message": failure.refused.message,
        }),
        Step::Absent(why) => json!({ "status": "absent", "reason": why }),
        Step::NotReached => json!({ "status": "not-reached" }),
    }
}

fn phrases(differences: &[SchemaDifference]) -> Value {
    differences
        .iter()
        .map(|difference| Value::from(difference.to_string()))
        .collect()
}

/// Milliseconds with three digits behind the point.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}
