//! What keeps a release back or should be looked at, as one flat list: for formats that know findings but no gates.

use super::{Report, fingerprints, text};
use crate::decision::{blocks, is_open};
use crate::finding::{Finding, Severity, Status};
use crate::gate::{GateOutcome, GateStatus};
use crate::source::{Location, Position};

/// One entry of the list.
#[derive(Debug)]
pub(super) struct Problem<'r> {
    /// The id of a rule, a validation or a gate; [`JUDGEMENT`] when relgate could not judge.
    pub(super) id: &'r str,
    /// How much it weighs; an open gate is an error.
    pub(super) severity: Severity,
    /// It holds the release back.
    pub(super) blocks: bool,
    /// What is wrong, with unsafe characters made visible.
    pub(super) message: String,
    /// What to do, likewise; may be empty.
    pub(super) help: String,
    /// Where it is shown.
    pub(super) place: Place<'r>,
    /// The finding, unless it is a gate or an error.
    pub(super) finding: Option<&'r Finding>,
    /// The same across runs and shifts of lines; unique in the report.
    pub(super) fingerprint: String,
}

/// The id of what could not be judged.
pub(super) const JUDGEMENT: &str = "judgement";

/// A range of a file: what every format can say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'r> {
    /// The path from the root of the repository, as it is.
    pub(super) path: &'r str,
    /// The state that the file was read from.
    pub(super) revision: &'r str,
    /// The first character.
    pub(super) start: Position,
    /// The character after the last one.
    pub(super) end: Position,
    /// The location; without one, the place stands for what is in no file.
    pub(super) location: Option<Location>,
}

/// All problems, what blocks first; what a waiver or a comment covers is left out.
pub(super) fn open(report: &Report) -> Vec<Problem<'_>> {
    let mut problems = all(report);
    problems.retain(|problem| {
        problem
            .finding
            .is_none_or(|finding| finding.status == Status::Open)
    });
    problems
}

/// All problems, what blocks first, with those that a waiver or a comment covers.
pub(super) fn all(report: &Report) -> Vec<Problem<'_>> {
    let anchor = anchor(report);
    let mut problems: Vec<Problem<'_>> = report
        .errors
        .iter()
        .enumerate()
        .map(|(nth, error)| Problem {
            id: JUDGEMENT,
            severity: Severity::Error,
            blocks: true,
            message: format!("relgate could not judge: {}", text::escape(error)),
            help: String::new(),
            place: anchor,
            finding: None,
            fingerprint: fingerprint(JUDGEMENT, nth),
        })
        .collect();
    problems.extend(
        report
            .findings
            .iter()
            .zip(fingerprints(&report.findings, &report.sources))
            .map(|(finding, fingerprint)| Problem {
                id: &finding.rule,
                severity: finding.severity,
                blocks: blocks(finding),
                message: text::escape(&finding.message),
                help: text::escape(&finding.help),
                place: finding
                    .location
                    .map_or(anchor, |location| report.region(location)),
                finding: Some(finding),
                fingerprint,
            }),
    );
    problems.extend(open_gates(report).enumerate().map(|(nth, gate)| Problem {
        id: &gate.id,
        severity: Severity::Error,
        blocks: true,
        message: gate_message(gate),
        help: format!("relgate explain {} says what closes it", gate.id),
        place: anchor,
        finding: None,
        fingerprint: fingerprint(&format!("gate {}", gate.id), nth),
    }));
    // The sort is stable: what the report sorted stays so within a rank.
    problems.sort_by_key(|problem| (!problem.blocks, std::cmp::Reverse(problem.severity)));
    problems
}

/// The gates that hold the release back, in the order of the report.
pub(super) fn open_gates(report: &Report) -> impl Iterator<Item = &GateOutcome> {
    let stage = report.subject.stage;
    report.gates.iter().filter(move |gate| is_open(gate, stage))
}

/// What an open gate says where there is no list of gates.
fn gate_message(gate: &GateOutcome) -> String {
    let what = match gate.status {
        GateStatus::NotEvaluated => "not evaluated: ",
        _ => "",
    };
    format!(
        "gate `{}` of stage {} is open: {what}{}",
        gate.id,
        gate.stage,
        text::escape(&gate.message)
    )
}

fn fingerprint(key: &str, nth: usize) -> String {
    let mut digest = text::sha256_hex(format!("{key}\0{nth}").as_bytes());
    digest.truncate(32);
    digest
}

/// Where something is shown that is in no file, for formats that want a file: the changelog, or whatever was read.
fn anchor(report: &Report) -> Place<'_> {
    let is_changelog = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.to_ascii_lowercase().starts_with("changelog")
    };
    let paths = || report.inputs.iter().map(|input| input.path.as_str());
    let path = paths()
        .filter(|path| is_changelog(path))
        .min_by_key(|path| path.len())
        .or_else(|| paths().next())
        .unwrap_or("CHANGELOG.md");
    let first = Position { line: 1, column: 1 };
    Place {
        path,
        revision: "",
        start: first,
        end: first,
        location: None,
    }
}

impl Report {
    /// A location as a range of a file.
    pub(super) fn region(&self, location: Location) -> Place<'_> {
        let file = self.sources.get(location.source);
        let (start, end) = self.sources.positions(location);
        Place {
            path: &file.path,
            revision: &file.revision,
            start,
            end,
            location: Some(location),
        }
    }
}
