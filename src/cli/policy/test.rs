//! `relgate policy test`: runs the examples in policies and the tests beside them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::files::{Documents, InCommit, OnDisk, configured, named, of_files};
use crate::catalogue;
use crate::cli::CommandError;
use crate::cli::args::{Global, PolicyTest};
use crate::cli::context::place;
use crate::cli::output::Streams;
use crate::discover::Reader;
use crate::git::Repository;
use crate::policy::examples::{
    Covered, ExampleResult, TestFiles, TestRun, apply, coverage, run_examples, run_tests,
};
use crate::policy::{PolicySet, load_with_examples};
use crate::report::policy_tests::{self, PolicyTests, TestFormat};
use crate::report::{Style, junit};

/// Nothing to run.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("there is no policy and no test to run")]
#[diagnostic(help("give a policy `examples`, or write a PolicyTest beside it"))]
struct NothingToTest;

/// Files of a commit cannot be written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("--update writes files, and these come from a commit")]
#[diagnostic(help("leave out --policy-ref"))]
struct NotWritable;

pub(super) fn run(
    global: &Global,
    args: &PolicyTest,
    streams: &Streams,
) -> Result<u8, CommandError> {
    let (report, documents) = if args.names.is_empty() {
        let repository = Repository::open(&global.repo)?;
        let documents = configured(global, &repository)?;
        let report = match &documents.base {
            Some(base) => tests(&documents, &OnDisk { base: base.clone() })?,
            None => {
                let place = place(&repository, global)?;
                let files = InCommit {
                    global,
                    place: &place,
                    reader: RefCell::new(Reader::new(&repository)),
                };
                tests(&documents, &files)?
            }
        };
        (report, documents)
    } else {
        let documents = named(&args.names)?;
        let base = documents.base.clone().unwrap_or_default();
        (tests(&documents, &OnDisk { base })?, documents)
    };
    if report.results.is_empty() {
        return Err(NothingToTest.into());
    }
    if args.update {
        let Some(base) = &documents.base else {
            return Err(NotWritable.into());
        };
        return update(&report.results, base);
    }
    for output in &args.output {
        let shown = output.path.display().to_string();
        Streams::file(&output.path, &shown, &mut |style, out| {
            write(&report, output.format, style, out)
        })?;
    }
    let mut bytes = Vec::new();
    let written = write(&report, args.format, &streams.style, &mut bytes);
    Streams::written(written.map(|()| bytes))?;
    let failed = report
        .results
        .iter()
        .any(|result| !result.differences.is_empty());
    let uncovered = args.require_coverage && report.coverage.iter().any(|part| !part.fired);
    Ok(u8::from(failed || uncovered))
}

fn write(
    report: &PolicyTests,
    format: TestFormat,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        TestFormat::Human => policy_tests::human(report, style, out),
        TestFormat::Json => policy_tests::json(report, out),
        TestFormat::Junit => junit::policy_tests::write(report, out),
    }
}

/// Loads the documents, and runs their examples and the tests among them.
pub(super) fn tests(
    documents: &Documents,
    test_files: &dyn TestFiles,
) -> Result<PolicyTests, CommandError> {
    let rules = catalogue::rule_ids();
    let mut set = load_with_examples(&documents.sources, &documents.params, Some(&rules))?;
    let mut results = run_examples(&set);
    let mut runs: Vec<TestRun> = Vec::new();
    for (path, text) in of_files(&documents.sources) {
        runs.push(run_tests(path, text, &mut set, &rules, test_files)?);
    }
    for run in &runs {
        results.extend(run.results.iter().cloned());
    }
    let mut covered = coverage(&set, &results);
    let more = runs.iter().flat_map(|run| &run.tested);
    for tested in more {
        covered.extend(coverage(&tested.set, &results));
    }
    Ok(PolicyTests {
        coverage: of_documents(&set, documents, covered),
        results,
    })
}

/// One line for each part; what a test named beside the documents counts too, but built-in policies only when they are
/// among the documents.
fn of_documents(set: &PolicySet, documents: &Documents, covered: Vec<Covered>) -> Vec<Covered> {
    let own: Vec<&str> = set
        .policies()
        .iter()
        .map(|loaded| loaded.path.as_str())
        .collect();
    let mut seen = BTreeMap::new();
    covered
        .into_iter()
        .filter(|part| {
            let is_own = own.contains(&part.path.as_str())
                || of_files(&documents.sources).any(|(path, _)| path == part.path);
            let is_new = seen
                .insert((part.policy.clone(), part.kind, part.id.clone()), ())
                .is_none();
            is_new && (is_own || !part.path.starts_with("builtin:"))
        })
        .collect()
}

/// Writes what there is over what was expected.
fn update(results: &[ExampleResult], base: &Path) -> Result<u8, CommandError> {
    let mut by_file: BTreeMap<&str, Vec<&ExampleResult>> = BTreeMap::new();
    let mut left = 0_usize;
    for result in results {
        if result.differences.is_empty() {
            continue;
        }
        if result.edits.len() < result.differences.len() || result.path.starts_with("builtin:") {
            left += 1;
            Streams::print(&format!(
                "{}:{}  {}: cannot be updated: {}\n",
                result.path,
                result.line(),
                result.name,
                result
                    .differences
                    .first()
                    .map(ToString::to_string)
                    .unwrap_or_default()
            ))?;
            continue;
        }
        by_file.entry(&result.path).or_default().push(result);
    }
    for (path, results) in by_file {
        let edits: Vec<_> = results
            .iter()
            .flat_map(|result| result.edits.iter().cloned())
            .collect();
        let Some(first) = results.first() else {
            continue;
        };
        let text = apply(&first.text, &edits);
        Streams::file(&base.join(path), path, &mut |_, out| {
            out.write_all(text.as_bytes())
        })?;
        for result in results {
            Streams::print(&format!(
                "{path}:{}  {}: updated\n",
                result.line(),
                result.name
            ))?;
        }
    }
    Ok(u8::from(left > 0))
}
