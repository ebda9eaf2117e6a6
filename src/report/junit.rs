//! `JUnit` XML in the dialect that CI systems read: gates, the release type and findings as test cases. The only module
//! that knows the crate.

pub mod policy_tests;

use std::io;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::problem::{self, Problem};
use super::text::escape;
use super::{Report, Style, conclusion};
use crate::decision::{Verdict, is_open};
use crate::finding::{Severity, Status};
use crate::gate::{GateOutcome, GateStatus};

/// Writes three suites: the judgement, the gates, the findings. What blocks is a failure, what could not be judged an
/// error, what is waived or not due is skipped.
pub(super) fn write(report: &Report, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut document = Document::new("relgate");
    document.add_test_suite(judgement(report));
    document.add_test_suite(gates(report));
    document.add_test_suite(findings(report));
    let text = document.to_string().map_err(io::Error::other)?;
    writeln!(out, "{}", text.trim_end())
}

fn judgement(report: &Report) -> TestSuite {
    let mut suite = TestSuite::new("judgement");
    let decision = &report.decision;
    let subject = &report.subject;
    let name = subject.tag.as_ref().map_or_else(
        || "the next release may go".to_owned(),
        |tag| format!("{} may go", escape(tag)),
    );
    let mut status = match decision.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if decision.verdict != Verdict::Pass {
        status.set_message(conclusion::verdict_reason(report));
        status.set_type(decision.verdict.as_str());
        let lines = report.errors.iter().cloned();
        let lines: Vec<String> = lines
            .chain(conclusion::next_steps(report))
            .map(|line| escape(&line))
            .collect();
        status.set_description(lines.join("\n"));
    }
    let mut case = TestCase::new(name, status);
    case.set_classname("relgate.judgement");
    let declared = decision
        .declared
        .map_or("none", |declared| declared.as_str());
    for (key, value) in [
        ("commit", subject.commit.as_str()),
        ("stage", subject.stage.as_str()),
        ("declaredType", declared),
        ("requiredType", decision.required.as_str()),
        ("policyDigest", report.policy.digest.as_str()),
    ] {
        suite.add_property((key, escape(value).as_str()));
    }
    if decision.verdict == Verdict::Pass {
        case.set_system_out(conclusion::verdict_reason(report));
    }
    suite.add_test_case(case);
    suite
}

fn gates(report: &Report) -> TestSuite {
    let mut suite = TestSuite::new("gates");
    for gate in &report.gates {
        let mut case = TestCase::new(gate.id.as_str(), gate_status(report, gate));
        case.set_classname(format!("relgate.gates.{}", gate.stage));
        if gate.status == GateStatus::Pass {
            case.set_system_out(escape(&gate.message));
        }
        suite.add_test_case(case);
    }
    suite
}

fn gate_status(report: &Report, gate: &GateOutcome) -> TestCaseStatus {
    let message = escape(&gate.message);
    if is_open(gate, report.subject.stage) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(message);
        status.set_type(gate.status.as_str());
        return status;
    }
    let why = match (&gate.waiver, gate.status) {
        (_, GateStatus::Pass) => return TestCaseStatus::success(),
        (Some(waiver), GateStatus::Waived) => format!(
            "waived until {} by {}: {}",
            escape(&waiver.expires_at),
            escape(&waiver.approved_by),
            escape(&waiver.reason)
        ),
        (_, GateStatus::NotRequired | GateStatus::Waived) => message,
        _ => format!("not due before stage {}: {message}", gate.stage),
    };
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status.set_type(gate.status.as_str());
    status
}

fn findings(report: &Report) -> TestSuite {
    let mut suite = TestSuite::new("findings");
    for problem in problem::all(report) {
        if problem.finding.is_some() {
            suite.add_test_case(finding(&problem));
        }
    }
    suite
}

/// JUnit knows no warnings: they are cases that pass and say something.
fn finding(problem: &Problem<'_>) -> TestCase {
    let place = format!(
        "{}:{}",
        escape(problem.place.path),
        problem.place.start.line
    );
    let name = match problem.place.location {
        Some(_) => format!("{} {place}", escape(problem.id)),
        None => escape(problem.id),
    };
    let details = if problem.help.is_empty() {
        place
    } else {
        format!("{place}\n{}", problem.help)
    };
    let (state, reason) = problem.finding.map_or((Status::Open, ""), |finding| {
        (finding.status, finding.status_reason.as_str())
    });
    let mut status = match state {
        Status::Open if problem.blocks => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Status::Open => TestCaseStatus::success(),
        Status::Waived | Status::Suppressed => TestCaseStatus::skipped(),
    };
    if state == Status::Open {
        status.set_message(problem.message.as_str());
    } else {
        status.set_message(format!("{}: {}", state.as_str(), escape(reason)));
    }
    status.set_type(problem.severity.as_str());
    status.set_description(details.as_str());
    let mut case = TestCase::new(name, status);
    case.set_classname(format!("relgate.findings.{}", problem.severity.as_str()));
    if state == Status::Open && problem.severity != Severity::Error {
        case.set_system_out(format!("{}\n{details}", problem.message));
    }
    case
}
