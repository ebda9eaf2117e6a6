//! `changelog-date-invalid`

use chrono::Days;

use super::report::{Defect, report};
use super::{ChangelogInput, ChangelogRule};
use crate::finding::{Finding, Severity};
use crate::rules::{Findings, RuleInfo};
use crate::syntax::changelog::{Date, Section, VersionTitle};

pub(super) const RULE: ChangelogRule = ChangelogRule {
    info: RuleInfo {
        id: "changelog-date-invalid",
        summary: "a release date that is no day, not ISO 8601, or still to come",
        severity: Severity::Error,
        page: include_str!("date_invalid.md"),
    },
    check,
};

const HELP: &str = "write the day of the release as YYYY-MM-DD";

fn check(input: &ChangelogInput<'_>, findings: &mut Findings) {
    let mut impossible = Vec::new();
    let mut unusual = Vec::new();
    for (section, title) in input.sections() {
        let Some(date) = &section.date else {
            undated(input, section, title, findings);
            continue;
        };
        let Some(problem) = problem(input, section, date) else {
            continue;
        };
        let defect = Defect {
            span: date.written.span,
            message: format!("the date of {} {}", title.version.text, problem.text()),
            label: problem.label(),
            related: None,
            current: input.is_current(title),
        };
        match problem {
            Problem::Form(_) => unusual.push(defect),
            _ => impossible.push(defect),
        }
    }
    report(input, &RULE.info, impossible, HELP, findings);
    report(input, &RULE.info, unusual, HELP, findings);
}

/// What is wrong with a date.
enum Problem {
    /// It says that the day is not known.
    Placeholder(String),
    /// There is no such day, or it could be two.
    NoDay(String),
    /// It lies in the future.
    Future(String),
    /// It is a day, written in another form; the day in the right one.
    Form(String),
}

impl Problem {
    fn text(&self) -> String {
        match self {
            Self::Placeholder(written) => format!("is still `{written}`"),
            Self::NoDay(written) => format!("is not a day: `{written}`"),
            Self::Future(written) => format!("is still to come: {written}"),
            Self::Form(_) => "is not written as ISO 8601 wants it".to_owned(),
        }
    }

    fn label(&self) -> String {
        match self {
            Self::Placeholder(_) => "no day yet".to_owned(),
            Self::NoDay(_) => "no such day, or more than one".to_owned(),
            Self::Future(_) => "after today".to_owned(),
            Self::Form(day) => day.clone(),
        }
    }
}

fn problem(input: &ChangelogInput<'_>, section: &Section, date: &Date) -> Option<Problem> {
    let written = || date.written.text.clone();
    if date.placeholder {
        return (!input.is_draft(section)).then(|| Problem::Placeholder(written()));
    }
    let Some(day) = date.day else {
        return Some(Problem::NoDay(written()));
    };
    // Somewhere on earth it is tomorrow already.
    let latest = input.today.checked_add_days(Days::new(1)).unwrap_or(input.today);
    if day > latest && !input.is_draft(section) {
        return Some(Problem::Future(written()));
    }
    (!date.iso).then(|| Problem::Form(day.to_string()))
}

/// A section without a date is a form that some projects use throughout, so it never blocks.
fn undated(input: &ChangelogInput<'_>, section: &Section, title: &VersionTitle, findings: &mut Findings) {
    if input.is_current(title) {
        let message = format!("the section of {} has no date", title.version.text);
        findings.push(
            Finding::at(RULE.info.id, Severity::Warning, input.at(section.heading), message)
                .label("when was it released?")
                .help(HELP),
        );
    }
}
