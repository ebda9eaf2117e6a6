//! `version-in-future`.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, Utc};

use super::input::short;
use super::{SequenceInput, SequenceRule};
use crate::finding::Severity;
use crate::migrations::sequence::MigrationFile;
use crate::rules::{Findings, RuleInfo};

pub(super) const RULE: SequenceRule = SequenceRule {
    info: RuleInfo {
        id: "version-in-future",
        summary: "a version is a time that is still to come",
        severity: Severity::Warning,
        page: include_str!("version_in_future.md"),
    },
    check,
};

/// Clocks and time zones differ by less than this.
const TOLERANCE: Duration = Duration::hours(26);

fn check(input: &SequenceInput<'_>, findings: &mut Findings) {
    let Some(limit) = input.now.checked_add_signed(TOLERANCE) else {
        return;
    };
    for file in input.new_ups() {
        let Some(time) = time(file).filter(|time| *time > limit) else {
            continue;
        };
        let message = format!(
            "{} is dated {}, which is still to come: until then every other new version is below it",
            short(input, &file.path),
            time.format("%Y-%m-%d")
        );
        findings.push(
            input
                .report(&RULE.info, RULE.info.severity, &file.path, message)
                .help("name it by the time at which it was written"),
        );
    }
}

/// The time that a version says, if it is one.
fn time(file: &MigrationFile) -> Option<DateTime<Utc>> {
    let digits = file.name.order.first();
    match digits.len() {
        8 => Some(NaiveDate::parse_from_str(digits, "%Y%m%d").ok()?.and_hms_opt(0, 0, 0)?.and_utc()),
        10 => DateTime::from_timestamp(digits.parse().ok()?, 0),
        13 => DateTime::from_timestamp_millis(digits.parse().ok()?),
        14 => Some(NaiveDateTime::parse_from_str(digits, "%Y%m%d%H%M%S").ok()?.and_utc()),
        _ => None,
    }
}
