//! How defects become findings: the judged section's one by one, older ones together.

use super::ChangelogInput;
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};
use crate::source::Span;

/// A defect of one section.
pub(super) struct Defect {
    /// Where.
    pub span: Span,
    /// What is wrong, as one sentence.
    pub message: String,
    /// A few words for under the caret.
    pub label: String,
    /// Another place that explains it.
    pub related: Option<(Span, String)>,
    /// It is in the section of the version that is judged.
    pub current: bool,
}

/// Older defects that are shown beside the first.
const SHOWN: usize = 4;

/// Reports defects of one kind: each of the judged section as an error, all others as one warning.
pub(super) fn report(
    input: &ChangelogInput<'_>,
    info: &RuleInfo,
    defects: Vec<Defect>,
    help: &str,
    findings: &mut Findings,
) {
    let (current, older): (Vec<_>, Vec<_>) = defects.into_iter().partition(|defect| defect.current);
    for defect in current {
        findings.push(finding(input, info, Severity::Error, defect, help));
    }
    let mut older = older.into_iter();
    let Some(first) = older.next() else { return };
    let rest = older.len();
    let mut summary = finding(input, info, Severity::Warning, first, help);
    for defect in older.take(SHOWN) {
        summary = summary.related(input.at(defect.span), defect.message);
    }
    if rest > 0 {
        let places = if rest == 1 { "place" } else { "places" };
        summary = summary.note(
            "also",
            format!("the same in {rest} other {places} of this file"),
        );
    }
    findings.push(summary);
}

fn finding(
    input: &ChangelogInput<'_>,
    info: &RuleInfo,
    severity: Severity,
    defect: Defect,
    help: &str,
) -> Finding {
    let mut finding = Finding::at(info.id, severity, input.at(defect.span), defect.message)
        .label(defect.label)
        .help(help);
    if let Some((span, message)) = defect.related {
        finding = finding.related(input.at(span), message);
    }
    finding
}
