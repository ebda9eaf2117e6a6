//! The end of a report in words, for every format that people read: the verdict, what counts, and what to do next.

use super::Report;
use super::problem::open_gates;
use super::text::plural;
use crate::decision::{Verdict, blocks};
use crate::finding::Finding;
use crate::gate::GateStatus;
use crate::version::ReleaseType;

/// Steps that are named; the report holds the rest.
const MOST_STEPS: usize = 3;

/// The verdict in a word: `PASS`, `BLOCKED`, `NOT JUDGED`.
pub(super) fn verdict_word(report: &Report) -> &'static str {
    match report.decision.verdict {
        Verdict::Pass => "PASS",
        Verdict::Fail => "BLOCKED",
        Verdict::Error => "NOT JUDGED",
    }
}

/// What the verdict rests on, as one sentence. Nothing in it comes from the repository.
pub(super) fn verdict_reason(report: &Report) -> String {
    match report.decision.verdict {
        Verdict::Pass => pass_reason(report),
        Verdict::Error => "relgate could not judge (exit 2). Nothing was passed.".to_owned(),
        Verdict::Fail => format!("{}.", what_blocks(report).join(", ")),
    }
}

/// `2 errors`, `1 gate open`.
fn what_blocks(report: &Report) -> Vec<String> {
    let errors = report.findings.iter().filter(|f| blocks(f)).count();
    let gates = open_gates(report).count();
    let mut counts = Vec::new();
    if errors > 0 {
        counts.push(plural(errors, "error"));
    }
    if gates > 0 {
        counts.push(format!("{} open", plural(gates, "gate")));
    }
    if counts.is_empty() {
        counts.push("the tag declares less than is required".to_owned());
    }
    counts
}

fn pass_reason(report: &Report) -> String {
    let decision = &report.decision;
    let stage = report.subject.stage;
    let count = |status| {
        report
            .gates
            .iter()
            .filter(|gate| stage.requires(gate.stage) && gate.status == status)
            .count()
    };
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
        match count(GateStatus::Pass) {
            0 => format!("stage {stage} asks for no gate"),
            closed => format!("{} closed at stage {stage}", plural(closed, "gate")),
        },
    ];
    let waived = count(GateStatus::Waived);
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

/// What a person can do now, the most effective first. It may name what files are called: writers escape it.
pub(super) fn next_steps(report: &Report) -> Vec<String> {
    if report.decision.verdict != Verdict::Fail {
        return Vec::new();
    }
    let gates = gate_step(report);
    let room = MOST_STEPS - usize::from(gates.is_some());
    let mut steps: Vec<String> = release_step(report).into_iter().collect();
    for help in helps(report) {
        if steps.len() < room && !steps.contains(&help) {
            steps.push(help);
        }
    }
    steps.extend(gates);
    steps
}

/// To release under the number that the content demands.
fn release_step(report: &Report) -> Option<String> {
    let decision = &report.decision;
    let next = decision.next_version.as_ref()?;
    if decision.declared? >= decision.required {
        return None;
    }
    let culprit = decision
        .reasons
        .iter()
        .filter(|reason| reason.at_least == decision.required && reason.waiver.is_none())
        .find_map(|reason| reason.locations.first());
    Some(match culprit {
        Some(&place) if is_movable(&report.sources.get(place.source).path) => format!(
            "release this as {next}, or move {} to a later release",
            report.sources.get(place.source).path
        ),
        Some(&place) => format!(
            "release this as {next}, or leave what {} asks it for to a later release",
            report.place(place)
        ),
        None => format!("release this as {next}"),
    })
}

/// A file that belongs to one change, and can wait with it.
fn is_movable(path: &str) -> bool {
    path.ends_with(".sql")
}

/// The advice of the findings that block, as clauses.
fn helps(report: &Report) -> impl Iterator<Item = String> {
    report
        .findings
        .iter()
        .filter(|finding| blocks(finding) && !finding.help.is_empty() && !speaks_of_type(finding))
        .map(|finding| clause(&finding.help))
}

/// The first step, to release under another number, covers these.
fn speaks_of_type(finding: &Finding) -> bool {
    finding.rule == "release-type-too-low" || finding.notes.iter().any(|note| note.key == "demands")
}

/// A sentence without its capital and its stop: steps are clauses of a list. Names in capitals stay.
fn clause(sentence: &str) -> String {
    let sentence = sentence.strip_suffix('.').unwrap_or(sentence);
    let mut letters = sentence.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => first
            .to_lowercase()
            .chain(sentence.chars().skip(1))
            .collect(),
        _ => sentence.to_owned(),
    }
}

fn gate_step(report: &Report) -> Option<String> {
    let mut open = open_gates(report);
    let first = open.next()?;
    let tag = report
        .subject
        .tag
        .as_ref()
        .map_or_else(String::new, |tag| format!(" --tag {tag}"));
    let what = if open.next().is_some() {
        "gates"
    } else {
        "gate"
    };
    Some(format!(
        "relgate plan{tag} lists what closes the {what}; relgate explain {} says how",
        first.id
    ))
}

#[cfg(test)]
mod tests {
    use super::clause;

    #[test]
    fn advice_becomes_a_clause() {
        for (sentence, expected) in [
            ("Move the entries.", "move the entries"),
            ("SQL is not enough.", "SQL is not enough"),
            ("restore the file", "restore the file"),
            ("A.", "A"),
            ("Äpfel. Birnen.", "äpfel. Birnen"),
            ("", ""),
        ] {
            assert_eq!(clause(sentence), expected, "{sentence}");
        }
    }
}
