//! The results of `policy test` as JUnit: a suite for each policy or test file, a case for each example.

use std::io;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::policy::examples::ExampleResult;
use crate::report::policy_tests::{PolicyTests, suites};
use crate::report::text::escape;

/// Writes the results.
pub fn write(report: &PolicyTests, out: &mut dyn io::Write) -> io::Result<()> {
    let mut document = Report::new("relgate policy test");
    for (first, results) in suites(&report.results) {
        let mut suite = TestSuite::new(escape(&first.suite));
        suite.add_property(("file", escape(&first.path).as_str()));
        suite.add_test_cases(results.into_iter().map(case));
        document.add_test_suite(suite);
    }
    document.serialize(out).map_err(io::Error::other)
}

fn case(result: &ExampleResult) -> TestCase {
    let status = if result.differences.is_empty() {
        TestCaseStatus::success()
    } else {
        let lines: Vec<String> = result
            .differences
            .iter()
            .map(|difference| escape(&difference.to_string()))
            .collect();
        let kind = if result.differences.iter().all(|it| it.what.is_empty()) {
            NonSuccessKind::Error
        } else {
            NonSuccessKind::Failure
        };
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(lines.first().cloned().unwrap_or_default());
        status.set_description(lines.join("\n"));
        status
    };
    let mut case = TestCase::new(escape(&result.name), status);
    case.set_classname(escape(&result.suite));
    case.add_property(("file", escape(&result.path).as_str()));
    case.add_property(("line", result.line().to_string().as_str()));
    case
}
