//! The report for people: what was judged, what is wrong and where, why it matters, what to do.

mod excerpt;
pub(super) mod gates;
mod policy_change;
pub(crate) mod paint;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::text::{disarm, escape, plural};
use super::{Report, Style, conclusion};
use crate::decision::Verdict;
use crate::discover::NotExamined;
use crate::finding::{Finding, Severity, Status};
use crate::policy::Demand;
use crate::source::SourceId;
use crate::version::{ReleaseType, TagKind};
use paint::Paint;

/// Findings below errors that are shown with an excerpt before the rest is only counted.
const FULL_WARNINGS: usize = 8;

/// Writes the report in the order in which it is read: what was judged, findings, why this release type, gates, what was
/// not examined, and what to do.
pub fn write(report: &Report, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut text = Vec::new();
    blocks(report, style, &mut text)?;
    // Logs of CI systems are read for commands.
    out.write_all(disarm(&String::from_utf8_lossy(&text)).as_bytes())
}

fn blocks(report: &Report, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let paint = Paint::new(style.color);
    if style.verbosity < 0 && report.decision.verdict == Verdict::Pass {
        return Ok(());
    }
    writeln!(out, "{}", headline(report, &paint))?;
    findings(report, style, &paint, out)?;
    let calm = report.decision.verdict == Verdict::Pass && style.verbosity <= 0;
    if !calm {
        release_type(report, style, &paint, out)?;
        gates::write(report, style, &paint, out)?;
    }
    policy_change::write(report, &paint, out)?;
    not_examined(report, style, &paint, out)?;
    conclude(report, &paint, out)
}

fn headline(report: &Report, paint: &Paint) -> String {
    let subject = &report.subject;
    let name = escape(&report.headline.name);
    let what = match &subject.tag {
        Some(tag) if subject.proposed => {
            format!("{} (proposed at {})", escape(tag), short(&subject.commit))
        }
        Some(tag) => escape(tag),
        None if subject.commit.is_empty() => "staged changes".to_owned(),
        None => format!("{} (the next release)", short(&subject.commit)),
    };
    let mut parts = Vec::new();
    if subject.tag.is_some() {
        parts.push(report.decision.declared.map_or_else(
            || {
                subject
                    .kind
                    .map_or("no release type", TagKind::as_str)
                    .to_owned()
            },
            |declared| declared.to_string(),
        ));
    }
    parts.push(subject.previous.as_ref().map_or_else(
        || no_previous(report).to_owned(),
        |previous| format!("from {}", escape(&previous.tag)),
    ));
    parts.push(plural(report.headline.commits, "commit"));
    parts.push(match report.headline.migrations {
        0 => "no migrations".to_owned(),
        n => plural(n, "migration"),
    });
    for (chart, from, to) in report.headline.charts.iter().take(2) {
        parts.push(format!(
            "chart {} {} → {}",
            escape(chart),
            escape(from),
            escape(to)
        ));
    }
    if report.headline.charts.len() > 2 {
        parts.push(format!("{} more charts", report.headline.charts.len() - 2));
    }
    format!(
        "{}   {}",
        paint.bold(&format!("{name} {what}")),
        parts.join(" · ")
    )
}

/// What is said where no release is before the subject. A tag that is no release has none before it, and is not the first.
pub(super) fn no_previous(report: &Report) -> &'static str {
    match report.subject.kind {
        Some(TagKind::Malformed | TagKind::Unrelated) => "no release",
        _ => "first release",
    }
}

pub(super) fn findings(
    report: &Report,
    style: &Style,
    paint: &Paint,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut warnings = 0;
    let mut hidden: Vec<&Finding> = Vec::new();
    let open = report.findings.iter().filter(|f| f.status == Status::Open);
    for finding in by_file(report, open)
        .into_iter()
        .flat_map(|(_, findings)| findings)
    {
        let wanted = match finding.severity {
            Severity::Error => true,
            Severity::Warning => {
                style.verbosity > 0 || (style.verbosity == 0 && warnings < FULL_WARNINGS)
            }
            Severity::Info => style.verbosity > 0,
        };
        if wanted {
            writeln!(out)?;
            excerpt::write(report, finding, style, paint, out)?;
            warnings += usize::from(finding.severity == Severity::Warning);
        } else {
            hidden.push(finding);
        }
    }
    let set_aside = report
        .findings
        .iter()
        .filter(|finding| finding.status != Status::Open)
        .count();
    if !hidden.is_empty() || set_aside > 0 {
        let mut rest = Vec::new();
        for (severity, word) in [
            (Severity::Warning, "more warning"),
            (Severity::Info, "remark"),
        ] {
            let n = hidden
                .iter()
                .filter(|finding| finding.severity == severity)
                .count();
            if n > 0 {
                rest.push(plural(n, word));
            }
        }
        if set_aside > 0 {
            rest.push(format!("{set_aside} waived or suppressed"));
        }
        writeln!(
            out,
            "\n{}",
            paint.dim(&format!("{}: --verbose shows them", rest.join(", ")))
        )?;
    }
    Ok(())
}

/// Findings by file: first what is about no file, then the files with the worst first; within a file, the worst first
/// and then by line.
pub(super) fn by_file<'r>(
    report: &'r Report,
    findings: impl Iterator<Item = &'r Finding>,
) -> Vec<(&'r str, Vec<&'r Finding>)> {
    let mut files: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        let path = finding.location.map_or("", |location| {
            report.sources.get(location.source).path.as_str()
        });
        files.entry(path).or_default().push(finding);
    }
    let mut files: Vec<_> = files.into_iter().collect();
    for (_, findings) in &mut files {
        findings.sort_by_key(|finding| {
            (
                Reverse(finding.severity),
                finding.location.map(|it| it.span.start),
            )
        });
    }
    files.sort_by_key(|(path, findings)| {
        (
            !path.is_empty(),
            Reverse(findings.first().map(|finding| finding.severity)),
        )
    });
    files
}

fn release_type(
    report: &Report,
    style: &Style,
    paint: &Paint,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let decision = &report.decision;
    if decision.reasons.is_empty() && decision.declared.is_none() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint.bold("Release type"))?;
    if let (Some(declared), Some(previous), Some(tag)) = (
        decision.declared,
        &report.subject.previous,
        &report.subject.tag,
    ) {
        writeln!(
            out,
            "  declared  {declared:<6}  {} → {}",
            escape(&previous.tag),
            escape(tag)
        )?;
    }
    let mut label = "required";
    if decision.reasons.is_empty() {
        writeln!(
            out,
            "  required  {:<6}  nothing demands more",
            decision.required
        )?;
    }
    let mut last = None;
    for reason in reasons(report, style.verbosity > 0) {
        let kind = if last == Some(reason.at_least) {
            String::new()
        } else {
            reason.at_least.to_string()
        };
        last = Some(reason.at_least);
        let kind = format!("{kind:<6}");
        let kind = if reason.at_least > decision.declared.unwrap_or(ReleaseType::Major)
            && reason.waiver.is_none()
        {
            paint.error(&kind)
        } else {
            kind
        };
        writeln!(
            out,
            "  {label:<8}  {kind}  {}",
            reason_line(report, reason, paint)
        )?;
        label = "";
    }
    Ok(())
}

/// The reasons that say something new: a second one of the same type that points into the same files is left to
/// `--verbose`.
fn reasons(report: &Report, all: bool) -> Vec<&Demand> {
    let mut told: BTreeMap<ReleaseType, BTreeSet<SourceId>> = BTreeMap::new();
    let new = |reason: &&Demand| {
        let files: BTreeSet<SourceId> = reason.locations.iter().map(|it| it.source).collect();
        let told = told.entry(reason.at_least).or_default();
        let new = files.is_empty() || !files.is_subset(told);
        told.extend(files);
        all || new || reason.waiver.is_some()
    };
    report.decision.reasons.iter().filter(new).collect()
}

fn reason_line(report: &Report, reason: &Demand, paint: &Paint) -> String {
    let mut line = escape(&reason.message);
    if let Some(&first) = reason.locations.first() {
        let place = escape(&report.place(first));
        if !line.contains(&place) {
            line = format!("{line}  {}", paint.dim(&place));
        }
        if reason.locations.len() > 1 && !reason.message.starts_with(char::is_numeric) {
            line = format!(
                "{line} {}",
                paint.dim(&format!("and {} more", reason.locations.len() - 1))
            );
        }
    }
    if let Some(waiver) = &reason.waiver {
        line = format!(
            "{line}  (waived until {} by {})",
            escape(&waiver.expires_at),
            escape(&waiver.approved_by)
        );
    }
    line
}

pub(super) fn not_examined(
    report: &Report,
    style: &Style,
    paint: &Paint,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    listed(
        "Not examined",
        &report.coverage.not_examined,
        style,
        paint,
        out,
    )?;
    if style.verbosity > 0 {
        listed("Left out", &report.coverage.left_out, style, paint, out)?;
    }
    Ok(())
}

fn listed(
    title: &str,
    entries: &[NotExamined],
    style: &Style,
    paint: &Paint,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let most = if style.verbosity > 0 { usize::MAX } else { 5 };
    writeln!(out)?;
    for (index, entry) in entries.iter().take(most).enumerate() {
        let label = if index == 0 {
            paint.bold(&format!("{title:<12}"))
        } else {
            " ".repeat(12)
        };
        writeln!(
            out,
            "{label}   {}: {}",
            escape(&entry.path),
            escape(&entry.reason)
        )?;
    }
    if entries.len() > most {
        writeln!(
            out,
            "{}   and {} more: --verbose shows them",
            " ".repeat(12),
            entries.len() - most
        )?;
    }
    Ok(())
}

fn conclude(report: &Report, paint: &Paint, out: &mut dyn io::Write) -> io::Result<()> {
    let word = format!("{}:", conclusion::verdict_word(report));
    let reason = conclusion::verdict_reason(report);
    match report.decision.verdict {
        Verdict::Pass => writeln!(out, "{} {reason}", paint.good(&word)),
        Verdict::Error => {
            writeln!(out)?;
            for error in &report.errors {
                writeln!(out, "{} {}", paint.error("error:"), escape(error))?;
            }
            writeln!(out, "{reason}")
        }
        Verdict::Fail => {
            writeln!(out, "\n{} {reason}", paint.error(&word))?;
            for (index, step) in conclusion::next_steps(report).iter().enumerate() {
                writeln!(out, "  {}. {}", index + 1, escape(step))?;
            }
            Ok(())
        }
    }
}

/// The first seven digits of a commit id.
fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

/// An error of relgate's own input (configuration, policies, arguments, repository), with the lines that it points at.
pub fn diagnostic(error: &dyn miette::Diagnostic, style: &Style) -> String {
    let paint = Paint::new(style.color);
    let mut out = String::new();
    let related: Vec<&dyn miette::Diagnostic> = error.related().into_iter().flatten().collect();
    if related.is_empty() {
        excerpt::diagnostic(error, style, &paint, &mut out);
    } else {
        for one in related {
            excerpt::diagnostic(one, style, &paint, &mut out);
        }
    }
    out.push_str("relgate could not judge (exit 2). Nothing was passed.\n");
    out
}
