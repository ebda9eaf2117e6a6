//! The report of `policy test`: what held, what did not and how it differs, and what no test reaches.

use std::io;

use serde_json::{Value, json as object};

use super::Style;
use super::human::paint::Paint;
use super::text::{escape, escape_json, plural};
use crate::policy::examples::{Covered, ExampleResult};

/// What running tests of policies left.
#[derive(Debug)]
pub struct PolicyTests {
    /// Every example and every case of a test.
    pub results: Vec<ExampleResult>,
    /// What they reach.
    pub coverage: Vec<Covered>,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestFormat {
    /// For people.
    Human,
    /// Everything, as JSON.
    Json,
    /// JUnit XML.
    Junit,
}

/// The results of one policy's examples or of one test, in their order.
pub(crate) fn suites(results: &[ExampleResult]) -> Vec<(&ExampleResult, Vec<&ExampleResult>)> {
    let mut suites: Vec<(&ExampleResult, Vec<&ExampleResult>)> = Vec::new();
    for result in results {
        match suites.last_mut() {
            Some((first, all)) if first.suite == result.suite && first.path == result.path => {
                all.push(result);
            }
            _ => suites.push((result, vec![result])),
        }
    }
    suites
}

fn failed(results: &[ExampleResult]) -> usize {
    let failed = results
        .iter()
        .filter(|result| !result.differences.is_empty());
    failed.count()
}

/// For people: a line for each suite, what differs below it, and what is not covered.
pub fn human(report: &PolicyTests, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let paint = Paint::new(style.color);
    let width = report
        .results
        .iter()
        .map(|result| result.suite.chars().count())
        .max()
        .unwrap_or(0);
    for (first, results) in suites(&report.results) {
        let wrong = results
            .iter()
            .filter(|result| !result.differences.is_empty());
        let wrong = wrong.count();
        if wrong == 0 && style.verbosity < 0 {
            continue;
        }
        let mark = if wrong == 0 {
            paint.good("✓")
        } else {
            paint.error("✗")
        };
        let count = if wrong == 0 {
            plural(results.len(), "test")
        } else {
            format!("{wrong} of {} failed", plural(results.len(), "test"))
        };
        writeln!(
            out,
            "{mark} {:width$}  {count}  {}",
            escape(&first.suite),
            paint.dim(&escape(&first.path))
        )?;
        for result in results {
            if result.differences.is_empty() {
                if style.verbosity > 0 {
                    writeln!(out, "    {} {}", paint.good("✓"), escape(&result.name))?;
                }
                continue;
            }
            writeln!(
                out,
                "    {} {}  {}",
                paint.error("✗"),
                paint.bold(&escape(&result.name)),
                paint.dim(&format!("{}:{}", escape(&result.path), result.line()))
            )?;
            differences(result, &paint, out)?;
        }
    }
    coverage(report, style, &paint, out)?;
    let wrong = failed(&report.results);
    let passed = report.results.len() - wrong;
    if wrong == 0 {
        writeln!(out, "{}: {passed} passed.", paint.good("PASS"))
    } else {
        writeln!(
            out,
            "{}: {wrong} failed, {passed} passed. If what there is is right: relgate policy test --update",
            paint.error("FAIL")
        )
    }
}

fn differences(result: &ExampleResult, paint: &Paint, out: &mut dyn io::Write) -> io::Result<()> {
    for difference in &result.differences {
        if difference.what.is_empty() {
            writeln!(out, "        {}", escape(&difference.why))?;
            continue;
        }
        writeln!(out, "        {}", escape(&difference.what))?;
        writeln!(
            out,
            "          expected  {}",
            paint.good(&escape(&difference.expected))
        )?;
        writeln!(
            out,
            "          got       {}",
            paint.error(&escape(&difference.got))
        )?;
        if !difference.why.is_empty() {
            writeln!(out, "          because   {}", escape(&difference.why))?;
        }
    }
    Ok(())
}

/// Kinds of parts, in the order in which a policy names them.
const KINDS: [&str; 3] = ["demand", "validation", "gate"];

fn coverage(
    report: &PolicyTests,
    style: &Style,
    paint: &Paint,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    if report.coverage.is_empty() {
        return Ok(());
    }
    let mut parts = Vec::new();
    for kind in KINDS {
        let of_kind = || report.coverage.iter().filter(|part| part.kind == kind);
        let all = of_kind().count();
        if all > 0 {
            let fired = of_kind().filter(|part| part.fired).count();
            parts.push(format!("{fired} of {}", plural(all, kind)));
        }
    }
    if style.verbosity >= 0 {
        writeln!(out, "Coverage: {} fired.", parts.join(", "))?;
    }
    for part in &report.coverage {
        let what = match (part.fired, part.silent) {
            (false, _) => "fires in no test",
            (true, false) => "is silent in no test",
            (true, true) => continue,
        };
        writeln!(
            out,
            "  {} {} {}/{} {what}  {}",
            paint.warning("!"),
            part.kind,
            part.policy,
            part.id,
            paint.dim(&format!("{}:{}", escape(&part.path), part.line))
        )?;
    }
    Ok(())
}

/// Everything, `schemaVersion: 1`.
pub fn json(report: &PolicyTests, out: &mut dyn io::Write) -> io::Result<()> {
    let tests: Vec<Value> = report
        .results
        .iter()
        .map(|result| {
            let differences: Vec<Value> = result
                .differences
                .iter()
                .map(|it| {
                    object!({ "what": it.what, "expected": it.expected, "got": it.got, "why": it.why })
                })
                .collect();
            object!({
                "suite": result.suite,
                "name": result.name,
                "path": result.path,
                "line": result.line(),
                "passed": result.differences.is_empty(),
                "differences": differences,
            })
        })
        .collect();
    let coverage: Vec<Value> = report
        .coverage
        .iter()
        .map(|part| {
            object!({
                "policy": part.policy,
                "id": part.id,
                "kind": part.kind,
                "path": part.path,
                "line": part.line,
                "fired": part.fired,
                "silent": part.silent,
            })
        })
        .collect();
    let wrong = failed(&report.results);
    let document = object!({
        "schemaVersion": 1,
        "passed": report.results.len() - wrong,
        "failed": wrong,
        "tests": tests,
        "coverage": coverage,
    });
    writeln!(out, "{}", escape_json(&format!("{document:#}")))
}
