//! `mixed-version-scheme`.

use super::input::short;
use super::{SequenceInput, SequenceRule};
use crate::finding::Severity;
use crate::migrations::sequence::MigrationFile;
use crate::rules::{Findings, RuleInfo};
use crate::syntax::migration::Role;

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "mixed-version-scheme",
        summary: "a new version is of another kind than those before it",
        severity: Severity::Warning,
        page: include_str!("mixed_version_scheme.md"),
    },
    check,
};

/// Numbers below this many digits count; those from it on are times.
const TIME_DIGITS: usize = 8;

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    let released = input.latest_released();
    let Some(model) = released.or_else(|| input.directory.subject.ups().next()) else {
        return;
    };
    let wanted = scheme(model);
    for file in input.new_ups().filter(|file| file.name.role != Role::Repeatable) {
        if scheme(file) == wanted || is_zero(file) || is_zero(model) {
            continue;
        }
        let message = format!(
            "{} is versioned by {}, and {} by {}",
            short(input, &file.path),
            scheme(file).as_str(),
            short(input, &model.path),
            wanted.as_str()
        );
        findings.push(
            input
                .report(&RULE.info, RULE.info.severity, &file.path, message)
                .help("keep to one kind: after a time no counted number comes last again"),
        );
        return;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Count,
    Day,
    Seconds,
    Milliseconds,
    Time,
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Self::Count => "a count",
            Self::Day => "a day",
            Self::Seconds => "seconds since 1970",
            Self::Milliseconds => "milliseconds since 1970",
            Self::Time => "a date with a time",
        }
    }
}

fn scheme(file: &MigrationFile) -> Scheme {
    match file.name.order.first_digits() {
        digits if digits < TIME_DIGITS => Scheme::Count,
        TIME_DIGITS | 9 => Scheme::Day,
        10 => Scheme::Seconds,
        13 => Scheme::Milliseconds,
        _ => Scheme::Time,
    }
}

/// `00000000000000_setup` comes before everything by any scheme.
fn is_zero(file: &MigrationFile) -> bool {
    file.name.order.first() == "0"
}
