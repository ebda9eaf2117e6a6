//! `out-of-order-version`.

use super::input::{file_name, short};
use super::{SequenceInput, SequenceRule};
use crate::finding::{Finding, Severity};
use crate::migrations::sequence::{MigrationFile, Sequence};
use crate::rules::{Findings, RuleInfo};
use crate::syntax::migration::{OutOfOrder, Role};

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "out-of-order-version",
        summary: "a new version is not above the highest one that has run",
        severity: Severity::Error,
        page: include_str!("out_of_order_version.md"),
    },
    check,
};

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    let released = input.latest_released();
    let ups = input
        .new_ups()
        .filter(|file| matches!(file.name.role, Role::Up | Role::Both));
    for file in ups {
        // The first state that is ahead is enough: the previous release, then the others in their order.
        let ahead = released
            .filter(|latest| latest.name.order >= file.name.order)
            .map(|latest| (input.previous_label, latest));
        let elsewhere = || {
            let mut states = input.elsewhere.iter();
            states.find_map(|(tag, sequence)| Some((*tag, highest_above(sequence, file)?)))
        };
        if let Some((tag, highest)) = ahead.or_else(elsewhere) {
            findings.push(report(input, file, tag, highest));
        }
    }
}

/// The highest version of a state that does not have `file`, if that is not below the file's.
fn highest_above<'s>(sequence: &'s Sequence, file: &MigrationFile) -> Option<&'s MigrationFile> {
    let has_it = || {
        sequence
            .of_identity(&file.name.identity)
            .any(|known| known.name.role == file.name.role && known.name.title == file.name.title)
    };
    let highest = sequence.latest()?;
    (highest.name.order >= file.name.order && !has_it()).then_some(highest)
}

fn report(input: &SequenceInput<'_>, file: &MigrationFile, tag: &str, highest: &MigrationFile) -> Finding {
    let runner = input.directory.directory.runner;
    let (severity, effect) = match input.profile().out_of_order {
        OutOfOrder::Skips => (
            RULE.info.severity,
            format!("{runner} never runs it on a database that is at {}, and says nothing", highest.name.version),
        ),
        OutOfOrder::Refuses => (
            RULE.info.severity,
            format!("{runner} refuses to run it on a database that is at {}", highest.name.version),
        ),
        OutOfOrder::Runs => (
            Severity::Warning,
            format!("{runner} runs it after {}, a new database runs it before", highest.name.version),
        ),
        OutOfOrder::Unknown => (
            Severity::Warning,
            format!("a database that is at {} may never run it", highest.name.version),
        ),
    };
    let message = format!(
        "{} is not above {}, which {tag} has",
        short(input, &file.path),
        file_name(&highest.path),
    );
    input
        .report(&RULE.info, severity, &file.path, message)
        .note("effect", effect)
        .help("give it a version above all that were released, and its way back the same")
}
