//! The report for people: what was judged, what is wrong and where, why it matters, what to do.

mod excerpt;
pub(super) mod gates;
pub(crate) mod paint;

use std::io;

use super::text::{escape, plural};
use super::{Report, Style};
use crate::decision::{Verdict, blocks, is_open};
use crate::finding::{Finding, Severity, Status};
use crate::policy::Demand;
use crate::version::ReleaseType;
use paint::Paint;

/// Findings below errors that are shown with an excerpt before the rest is only counted.
const FULL_WARNINGS: usize = 8;

/// Writes the report in the order in which it is read: what was judged, findings, why this release type, gates, what was
/// not examined, and what to do.
pub fn write(report: &Report, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let paint = Paint::new(style.color);
    if style.verbosity < 0 && report.decision.verdict == Verdict::Pass {
        return Ok(());
    }
    writeln!(out, "{}", headline(report, &paint))?;
    findings(report, style, &paint, out)?;
    let calm = report.decision.verdict == Verdict::Pass && style.verbosity <= 0;
    if !calm {
        release_type(report, &paint, out)?;
        gates::write(report, style, &paint, out)?;
    }
    not_examined(report, style, &paint, out)?;
    conclusion(report, &paint, out)
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
                    .map_or("no release type", crate::version::TagKind::as_str)
                    .to_owned()
            },
            |declared| declared.to_string(),
        ));
    }
    parts.push(subject.previous.as_ref().map_or_else(
        || "first release".to_owned(),
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

pub(super) fn findings(
    report: &Report,
    style: &Style,
    paint: &Paint,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut shown = 0;
    let mut hidden: Vec<&Finding> = Vec::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        for finding in report
            .findings
            .iter()
            .filter(|f| f.severity == severity && f.status == Status::Open)
        {
            let wanted = match severity {
                Severity::Error => true,
                Severity::Warning => shown < FULL_WARNINGS || style.verbosity > 0,
                Severity::Info => style.verbosity > 0,
            };
            if wanted && (style.verbosity >= 0 || severity == Severity::Error) {
                writeln!(out)?;
                excerpt::write(report, finding, style, paint, out)?;
                shown += 1;
            } else {
                hidden.push(finding);
            }
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

fn release_type(report: &Report, paint: &Paint, out: &mut dyn io::Write) -> io::Result<()> {
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
    for reason in &decision.reasons {
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
    let skipped = &report.coverage.not_examined;
    if skipped.is_empty() {
        return Ok(());
    }
    let most = if style.verbosity > 0 { usize::MAX } else { 5 };
    writeln!(out)?;
    for (index, entry) in skipped.iter().take(most).enumerate() {
        let label = if index == 0 {
            paint.bold("Not examined")
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
    if skipped.len() > most {
        writeln!(
            out,
            "{}   and {} more: --verbose shows them",
            " ".repeat(12),
            skipped.len() - most
        )?;
    }
    Ok(())
}

fn conclusion(report: &Report, paint: &Paint, out: &mut dyn io::Write) -> io::Result<()> {
    let stage = report.subject.stage;
    let open: Vec<_> = report
        .gates
        .iter()
        .filter(|gate| is_open(gate, stage))
        .collect();
    match report.decision.verdict {
        Verdict::Pass => {
            writeln!(out, "{} {}", paint.good("PASS:"), pass_words(report))
        }
        Verdict::Error => {
            writeln!(out)?;
            for error in &report.errors {
                writeln!(out, "{} {}", paint.error("error:"), escape(error))?;
            }
            writeln!(out, "relgate could not judge (exit 2). Nothing was passed.")
        }
        Verdict::Fail => {
            let errors = report
                .findings
                .iter()
                .filter(|finding| blocks(finding))
                .count();
            let mut counts = Vec::new();
            if errors > 0 {
                counts.push(plural(errors, "error"));
            }
            if !open.is_empty() {
                counts.push(format!("{} open", plural(open.len(), "gate")));
            }
            writeln!(out, "\n{} {}.", paint.error("BLOCKED:"), counts.join(", "))?;
            for (index, step) in next_steps(report, &open).iter().enumerate() {
                writeln!(out, "  {}. {step}", index + 1)?;
            }
            Ok(())
        }
    }
}

fn pass_words(report: &Report) -> String {
    let decision = &report.decision;
    let stage = report.subject.stage;
    let due: Vec<_> = report
        .gates
        .iter()
        .filter(|gate| stage.requires(gate.stage))
        .collect();
    let count = |status| due.iter().filter(|gate| gate.status == status).count();
    let closed = count(crate::gate::GateStatus::Pass);
    let waived = count(crate::gate::GateStatus::Waived);
    let kind = match decision.declared {
        Some(declared) => format!(
            "{declared} is right (declared {declared}, required {})",
            decision.required
        ),
        None if decision.required == ReleaseType::None => "nothing demands a release".to_owned(),
        None => format!("the next release is at least a {}", decision.required),
    };
    let mut parts = vec![
        kind,
        format!("{} closed at stage {stage}", plural(closed, "gate")),
    ];
    if waived > 0 {
        parts.push(format!("{waived} waived"));
    }
    let skipped = report.coverage.not_examined.len();
    parts.push(if skipped == 0 {
        "nothing left unexamined".to_owned()
    } else {
        format!("{skipped} not examined")
    });
    format!("{}.", parts.join("; "))
}

/// What a person can do now, the most effective first; at most three steps.
fn next_steps(report: &Report, open: &[&crate::gate::GateOutcome]) -> Vec<String> {
    let mut steps = Vec::new();
    let decision = &report.decision;
    if let (Some(declared), Some(next)) = (decision.declared, &decision.next_version)
        && declared < decision.required
    {
        let culprit = decision
            .reasons
            .iter()
            .filter(|reason| reason.at_least == decision.required && reason.waiver.is_none())
            .find_map(|reason| reason.locations.first())
            .map_or_else(String::new, |&place| {
                let path = escape(&report.sources.get(place.source).path);
                format!(", or move what demands it ({path}) to a later release")
            });
        steps.push(format!("release this as {}{culprit}", escape(next)));
    }
    let mut helps: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| blocks(finding) && !finding.help.is_empty() && !speaks_of_type(finding))
        .map(|finding| finding.help.as_str())
        .collect();
    helps.dedup();
    for help in helps {
        if steps.len() < 3 && !steps.iter().any(|step| step == help) {
            steps.push(escape(help));
        }
    }
    if !open.is_empty() {
        steps.truncate(3);
        let tag = report
            .subject
            .tag
            .as_deref()
            .map_or_else(String::new, |tag| format!(" --tag {}", escape(tag)));
        let rest = if open.len() == 1 {
            "what closes the gate"
        } else {
            "what closes the gates"
        };
        steps.push(format!(
            "relgate plan{tag} lists {rest}; relgate explain {} says how",
            open[0].id
        ));
    }
    steps
}

/// The first step, to release under another number, covers these.
fn speaks_of_type(finding: &Finding) -> bool {
    finding.rule == "release-type-too-low" || finding.notes.iter().any(|note| note.key == "demands")
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
