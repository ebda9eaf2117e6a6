//! The report of a rehearsal: what was tried, what came of it, and what the server did, statement by statement.

mod json;
pub mod timeline;

use std::io;
use std::time::Duration;

use super::human::{self, paint::Paint};
use super::text::{escape, plural};
use super::{Format, Report, Style};
use crate::decision::Verdict;
use crate::rehearse::holds::{Hold, holds};
use crate::rehearse::{MigrationRun, Rehearsal, Step, Unready};

/// Everything that the report of a rehearsal says.
#[derive(Debug)]
pub struct RehearsalReport {
    /// Subject, verdict, findings, coverage.
    pub report: Report,
    /// The sequences that the release changes, and what came of each.
    pub sequences: Vec<Result<Rehearsal, (String, Unready)>>,
    /// The server's major version.
    pub server_version: u32,
    /// How many rows were put into each table.
    pub rows: u64,
    /// The evidence that was written, as people name it.
    pub evidence: Option<String>,
    /// Why none was written, although migrations were rehearsed.
    pub no_evidence: Option<String>,
}

/// Writes the report in a format. People and scripts get everything; the other formats say what they have words for:
/// findings.
pub fn write(
    rehearsal: &RehearsalReport,
    format: &Format,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format.name {
        "human" => human(rehearsal, style, out),
        "json" => json::write(rehearsal, out),
        "html" => html(rehearsal, format, style, out),
        _ => (format.write)(&rehearsal.report, style, out),
    }
}

/// The page of the findings, with a picture of the locks of each sequence at its end.
fn html(
    rehearsal: &RehearsalReport,
    format: &Format,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut page = Vec::new();
    (format.write)(&rehearsal.report, style, &mut page)?;
    let page = String::from_utf8_lossy(&page);
    let (body, rest) = match page.rfind("</body>") {
        Some(at) => page.split_at(at),
        None => (&*page, ""),
    };
    out.write_all(body.as_bytes())?;
    for sequence in rehearsal.sequences.iter().flatten() {
        let picture = timeline::svg(&sequence.migrations);
        if !picture.is_empty() {
            writeln!(
                out,
                "<section>\n<h2>Locks while the migrations ran</h2>\n{picture}</section>"
            )?;
        }
    }
    out.write_all(rest.as_bytes())
}

fn human(rehearsal: &RehearsalReport, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let paint = Paint::new(style.color);
    let verdict = rehearsal.report.decision.verdict;
    if style.verbosity < 0 && verdict == Verdict::Pass {
        return Ok(());
    }
    writeln!(out, "{}", headline(rehearsal, paint))?;
    for sequence in rehearsal.sequences.iter().flatten() {
        table(sequence, rehearsal, paint, out)?;
    }
    human::findings(&rehearsal.report, style, &paint, out)?;
    human::not_examined(&rehearsal.report, style, &paint, out)?;
    writeln!(out)?;
    for error in &rehearsal.report.errors {
        writeln!(out, "{} {}", paint.error("error:"), escape(error))?;
    }
    conclusion(rehearsal, paint, out)
}

fn headline(rehearsal: &RehearsalReport, paint: Paint) -> String {
    let report = &rehearsal.report;
    let tag = report.subject.tag.as_deref().unwrap_or("the next release");
    let from = report.subject.previous.as_ref().map_or_else(
        || "first release".to_owned(),
        |previous| format!("from {}", escape(&previous.tag)),
    );
    let migrations: usize = rehearsal
        .sequences
        .iter()
        .flatten()
        .map(|sequence| sequence.migrations.len())
        .sum();
    format!(
        "{}   {from} · {} · PostgreSQL {}",
        paint.bold(&format!(
            "{} {}",
            escape(&report.headline.name),
            escape(tag)
        )),
        plural(migrations, "migration"),
        rehearsal.server_version
    )
}

fn table(
    sequence: &Rehearsal,
    rehearsal: &RehearsalReport,
    paint: Paint,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    writeln!(
        out,
        "\n{}   {} of the release before in {}{}",
        paint.bold(&escape(&sequence.directory)),
        plural(sequence.released, "migration"),
        span(sequence.released_took),
        seeded(sequence, rehearsal),
    )?;
    if !sequence.roles.is_empty() {
        writeln!(
            out,
            "  made beforehand: role {} (migrations name it, none creates it)",
            escape(&sequence.roles.join(", "))
        )?;
    }
    let name = |run: &MigrationRun| {
        let file = run.path.rsplit('/').next().unwrap_or(&run.path);
        escape(file.strip_suffix(".sql").unwrap_or(file))
    };
    let width = sequence
        .migrations
        .iter()
        .map(|run| name(run).chars().count())
        .max()
        .unwrap_or(0)
        .clamp(9, 60);
    writeln!(
        out,
        "  {}",
        paint.dim(&format!(
            "{:<width$}  {:>9}  {:>9}  {:>9}",
            "migration", "up", "down", "again"
        ))
    )?;
    for run in &sequence.migrations {
        let line = format!(
            "  {:<width$}  {:>9}  {:>9}  {:>9}  {}",
            name(run),
            word(&run.up),
            if run.left.is_empty() {
                word(&run.down)
            } else {
                "inexact".to_owned()
            },
            word(&run.again),
            strongest(run),
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    for (path, why) in &sequence.passed_over {
        writeln!(out, "  not run: {}: {}", escape(path), escape(why))?;
    }
    others(sequence, out)?;
    writeln!(
        out,
        "  dump and restore {} · new installation {}",
        word(&sequence.restore),
        if sequence.fresh_differences.is_empty() {
            word(&sequence.fresh)
        } else {
            "differs".to_owned()
        },
    )
}

/// What happened to readers, writers and the previous release's statements.
fn others(sequence: &Rehearsal, out: &mut dyn io::Write) -> io::Result<()> {
    let waits = sequence
        .migrations
        .iter()
        .flat_map(|run| &run.traffic.waits);
    if let Some(wait) = waits.max_by_key(|wait| wait.reader.max(wait.writer)) {
        writeln!(
            out,
            "  beside it, readers of {} waited up to {}, writers up to {}",
            escape(&wait.table),
            span(wait.reader),
            span(wait.writer)
        )?;
    }
    let broken: usize = sequence.migrations.iter().map(|run| run.breaks.len()).sum();
    if sequence.tried.prepared > 0 || broken > 0 {
        writeln!(
            out,
            "  {} of the previous release tried, and one to write, change and read each table: {}",
            plural(sequence.tried.prepared, "statement"),
            if broken == 0 {
                "all work".to_owned()
            } else {
                format!("{broken} break")
            }
        )?;
    }
    Ok(())
}

fn seeded(sequence: &Rehearsal, rehearsal: &RehearsalReport) -> String {
    let filled = sequence
        .seeded
        .iter()
        .filter(|table| table.rows > 0)
        .count();
    let empty = sequence.seeded.len() - filled;
    match (rehearsal.rows, filled) {
        (0, 0) => String::new(),
        _ => format!(
            ", {} rows in {}{}",
            sequence.seeded.iter().map(|table| table.rows).sum::<u64>(),
            plural(filled, "table"),
            if empty > 0 {
                format!(", {empty} stay empty")
            } else {
                String::new()
            }
        ),
    }
}

/// The lock that others have to wait for the longest.
fn strongest(run: &MigrationRun) -> String {
    let mut all: Vec<Hold> = holds(run);
    all.retain(|hold| hold.existed && hold.mode.blocks_writes());
    let hidden = all.len().saturating_sub(1);
    let Some(hold) = all.into_iter().max_by_key(|hold| {
        (
            hold.mode.blocks_reads(),
            hold.end.saturating_sub(hold.start),
        )
    }) else {
        return String::new();
    };
    let more = if hidden > 0 {
        format!(", {hidden} more")
    } else {
        String::new()
    };
    format!(
        "{} on {} for {}{more}",
        hold.mode,
        escape(&hold.relation),
        span(hold.end.saturating_sub(hold.start))
    )
}

fn word(step: &Step) -> String {
    match step {
        Step::Done(took) => span(*took),
        Step::Failed(_) => "failed".to_owned(),
        Step::Absent(_) => "none".to_owned(),
        Step::NotReached => "-".to_owned(),
    }
}

/// A duration as people read it.
pub(super) fn span(duration: Duration) -> String {
    let millis = duration.as_millis();
    match millis {
        0 => format!("{} µs", duration.as_micros()),
        1..=9_999 => format!("{millis} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

fn conclusion(
    rehearsal: &RehearsalReport,
    paint: Paint,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let report = &rehearsal.report;
    match report.decision.verdict {
        Verdict::Pass if rehearsal.sequences.is_empty() => {
            writeln!(
                out,
                "Nothing to rehearse: the release changes no migration."
            )?;
        }
        Verdict::Pass => writeln!(
            out,
            "{} the migrations ran, and so did the way back that there is.",
            paint.good("PASS:")
        )?,
        Verdict::Fail => {
            let errors = report
                .findings
                .iter()
                .filter(|finding| crate::decision::blocks(finding))
                .count();
            writeln!(
                out,
                "{} {}.",
                paint.error("FAILED:"),
                plural(errors, "error")
            )?;
        }
        Verdict::Error => {
            writeln!(
                out,
                "relgate could not rehearse everything (exit 2). Nothing was passed."
            )?;
        }
    }
    if let Some(path) = &rehearsal.evidence {
        writeln!(
            out,
            "Evidence for migration-tests, not signed yet: {}",
            escape(path)
        )?;
    }
    if let Some(why) = &rehearsal.no_evidence {
        writeln!(out, "No evidence for migration-tests: {}", escape(why))?;
    }
    Ok(())
}
