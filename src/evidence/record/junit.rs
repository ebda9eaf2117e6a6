//! JUnit's XML, in the dialects that test runners write. There is no standard: the cases are counted one by one, and the
//! totals that stand in attributes have to agree.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::json;

use super::super::measure::MAX_NAMES;
use super::Data;

/// Suites within suites beyond this depth are no report.
const MAX_DEPTH: usize = 64;

#[derive(Default)]
struct Count {
    total: u64,
    failed: u64,
    skipped: u64,
    failures: Vec<String>,
    /// The totals of the outermost suites, as they say.
    said: u64,
    says: bool,
    /// The failures and errors of the outermost suites, as they say.
    said_failed: u64,
    /// The totals of the report as a whole, as it says: tests, failures and errors.
    said_in_all: Option<u64>,
    said_failed_in_all: u64,
}

/// A case that is being read.
struct Case {
    name: String,
    failed: bool,
    skipped: bool,
}

/// Counts the test cases of a report.
pub(super) fn read(text: &str) -> Result<Data, String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut count = Count::default();
    let mut case: Option<Case> = None;
    let mut open: Vec<Vec<u8>> = Vec::new();
    let mut seen_root = false;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| format!("it is not XML: {error}"))?;
        match event {
            Event::Start(element) => {
                if open.is_empty() && seen_root {
                    return Err("it has two roots".to_owned());
                }
                seen_root = true;
                enter(&element, &mut count, &mut case, &open)?;
                open.push(element.local_name().as_ref().to_vec());
                if open.len() > MAX_DEPTH {
                    return Err("it nests too deeply".to_owned());
                }
            }
            Event::Empty(element) => {
                seen_root = true;
                enter(&element, &mut count, &mut case, &open)?;
                if element.local_name().as_ref() == b"testcase" {
                    leave(&mut count, case.take());
                }
            }
            Event::End(element) => {
                open.pop();
                if element.local_name().as_ref() == b"testcase" {
                    leave(&mut count, case.take());
                }
            }
            Event::DocType(_) => {
                return Err("it has a document type, which no report needs".to_owned());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !open.is_empty() {
        return Err("it ends within an element: it is not complete".to_owned());
    }
    if count.says && count.said != count.total {
        return Err(format!(
            "its suites say {} tests, and {} are there",
            count.said, count.total
        ));
    }
    if let Some(said) = count.said_in_all.filter(|said| *said > count.total) {
        return Err(format!(
            "it says {said} tests, and {} are there",
            count.total
        ));
    }
    let said_failed = count.said_failed.max(count.said_failed_in_all);
    if said_failed > count.failed {
        return Err(format!(
            "it says {said_failed} failures, and {} are there",
            count.failed
        ));
    }
    if count.total == 0 {
        return Err("it holds no test".to_owned());
    }
    let passed = count.total - count.failed - count.skipped;
    let tests = json!({
        "total": count.total,
        "passed": passed,
        "failed": count.failed,
        "skipped": count.skipped,
        "failures": count.failures,
    });
    Ok(Data::from_iter([("tests".to_owned(), tests)]))
}

fn enter(
    element: &BytesStart<'_>,
    count: &mut Count,
    case: &mut Option<Case>,
    open: &[Vec<u8>],
) -> Result<(), String> {
    let name = element.local_name();
    match (name.as_ref(), case.as_mut()) {
        (b"testsuites" | b"testsuite", None) => {
            let outermost = open.iter().all(|name| name == b"testsuites")
                && (name.as_ref() == b"testsuite" || open.is_empty());
            if outermost {
                let tests = number(element, "tests")?;
                let failed = number(element, "failures")?
                    .unwrap_or_default()
                    .saturating_add(number(element, "errors")?.unwrap_or_default());
                if name.as_ref() == b"testsuite" {
                    count.says |= tests.is_some();
                    count.said = count.said.saturating_add(tests.unwrap_or_default());
                    count.said_failed = count.said_failed.saturating_add(failed);
                } else {
                    count.said_in_all = tests;
                    count.said_failed_in_all = failed;
                }
            }
        }
        (b"testcase", None) => {
            let class = attribute(element, "classname")?.unwrap_or_default();
            let own = attribute(element, "name")?.unwrap_or_default();
            let said: Vec<String> = ["status", "result"]
                .into_iter()
                .filter_map(|name| attribute(element, name).transpose())
                .collect::<Result<Vec<_>, _>>()?
                .iter()
                .map(|text| text.to_ascii_lowercase())
                .collect();
            let said: Vec<&str> = said.iter().map(String::as_str).collect();
            let name = [class, own].into_iter().filter(|part| !part.is_empty());
            *case = Some(Case {
                name: name.collect::<Vec<_>>().join("."),
                failed: ["failed", "fail", "failure", "error"]
                    .iter()
                    .any(|it| said.contains(it)),
                // GoogleTest and CTest say so in an attribute, and of a disabled test nowhere else.
                skipped: ["notrun", "suppressed", "skipped", "disabled"]
                    .iter()
                    .any(|it| said.contains(it)),
            });
        }
        // What failed and was tried again until it passed is `flakyFailure` or `rerunFailure`: it did pass.
        (b"failure" | b"error", Some(case)) => case.failed = true,
        (b"skipped", Some(case)) => case.skipped = true,
        // An error of the suite itself: something did not run.
        (b"failure" | b"error", None) => {
            count.total = count.total.saturating_add(1);
            count.said = count.said.saturating_add(1);
            fail(count, "the suite itself");
        }
        _ if open.is_empty() => return Err("it is no JUnit report".to_owned()),
        _ => {}
    }
    Ok(())
}

fn leave(count: &mut Count, case: Option<Case>) {
    let Some(case) = case else { return };
    count.total = count.total.saturating_add(1);
    if case.failed {
        fail(count, &case.name);
    } else if case.skipped {
        count.skipped = count.skipped.saturating_add(1);
    }
}

fn fail(count: &mut Count, name: &str) {
    count.failed = count.failed.saturating_add(1);
    if count.failures.len() < MAX_NAMES {
        count.failures.push(name.to_owned());
    }
}

/// A count in an attribute.
fn number(element: &BytesStart<'_>, name: &str) -> Result<Option<u64>, String> {
    attribute(element, name)?
        .map(|text| text.trim().parse())
        .transpose()
        .map_err(|_| format!("`{name}` is no count"))
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| format!("it is not XML: {error}"))?;
        if attribute.key.as_ref() == name.as_bytes() {
            let raw = String::from_utf8_lossy(&attribute.value).into_owned();
            let value = quick_xml::escape::unescape(&raw)
                .map_or_else(|_| raw.clone(), std::borrow::Cow::into_owned);
            return Ok(Some(value));
        }
    }
    Ok(None)
}
