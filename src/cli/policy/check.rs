//! `relgate policy check`: reads policies, checks every name and type in them, and runs their examples.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::files::{configured, named};
use crate::catalogue;
use crate::cli::CommandError;
use crate::cli::args::{Global, PolicyCheck};
use crate::cli::output::Streams;
use crate::git::Repository;
use crate::policy::examples::{Covered, ExampleResult, coverage, run_examples};
use crate::policy::{PolicyErrors, PolicySet, exceptions, load_with_examples};
use crate::report::human::paint::Paint;
use crate::report::text::{escape, plural};

/// What was named holds no policy: nothing was looked at.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("there is no policy to check")]
#[diagnostic(help(
    "a policy is a YAML document with `kind: ReleasePolicy`; relgate policy test runs a PolicyTest"
))]
struct NoPolicy;

pub(super) fn run(
    global: &Global,
    args: &PolicyCheck,
    streams: &Streams,
) -> Result<u8, CommandError> {
    let documents = if args.names.is_empty() {
        configured(global, &Repository::open(&global.repo)?)?
    } else {
        named(&args.names)?
    };
    let rules = catalogue::rule_ids();
    let set = load_with_examples(&documents.sources, &documents.params, Some(&rules))?;
    if set.policies().is_empty() {
        return Err(NoPolicy.into());
    }
    if let Some((path, text)) = &documents.waivers {
        let mistakes = exceptions::mistakes(path, text, &set);
        if !mistakes.is_empty() {
            return Err(PolicyErrors(mistakes).into());
        }
    }
    let results = run_examples(&set);
    let covered = coverage(&set, &results);
    let quiet = streams.style.verbosity < 0;
    let (text, failed) = show(&set, &results, &covered, Paint::new(streams.style.color));
    if failed || !quiet {
        Streams::print(&text)?;
    }
    Ok(u8::from(failed))
}

/// A line for each policy, and what is wrong with its examples below it.
fn show(
    set: &PolicySet,
    results: &[ExampleResult],
    covered: &[Covered],
    paint: Paint,
) -> (String, bool) {
    let mut text = String::new();
    let mut failed = false;
    let width = set
        .policies()
        .iter()
        .map(|loaded| loaded.policy.name.len())
        .max()
        .unwrap_or(0);
    let mut by_policy: BTreeMap<&str, Vec<&ExampleResult>> = BTreeMap::new();
    for result in results {
        by_policy.entry(&result.suite).or_default().push(result);
    }
    for loaded in set.policies() {
        let policy = &loaded.policy;
        let own = by_policy
            .get(policy.name.as_str())
            .map_or(&[][..], |own| own);
        let mut problems: Vec<String> = own
            .iter()
            .filter(|result| !result.differences.is_empty())
            .map(|result| {
                format!(
                    "{}:{}  example \"{}\" does not hold; relgate policy test shows why",
                    escape(&result.path),
                    result.line(),
                    escape(&result.name)
                )
            })
            .collect();
        let parts = covered.iter().filter(|part| part.policy == policy.name);
        let never: Vec<&Covered> = parts.clone().filter(|part| !part.fired).collect();
        let all = parts.count();
        let has_examples = !own.is_empty();
        if has_examples && all > 0 && never.len() == all {
            problems.push(format!(
                "{}  it never fires on its own examples",
                escape(&loaded.path)
            ));
        }
        failed |= !problems.is_empty();
        let mark = if problems.is_empty() {
            paint.good("✓")
        } else {
            paint.error("✗")
        };
        let _ = writeln!(
            text,
            "{mark} {:width$}  {}, {}, {}, {}",
            policy.name,
            plural(policy.demands.len(), "demand"),
            plural(policy.validations.len(), "validation"),
            plural(policy.gates.len(), "gate"),
            plural(own.len(), "example"),
        );
        for problem in problems {
            let _ = writeln!(text, "    {problem}");
        }
        if !has_examples {
            let _ = writeln!(text, "    {} it has no examples", paint.warning("warning:"));
        } else if never.len() < all {
            for part in never {
                let _ = writeln!(
                    text,
                    "    {} {} `{}` fires in no example ({}:{})",
                    paint.warning("warning:"),
                    part.kind,
                    part.id,
                    escape(&part.path),
                    part.line
                );
            }
        }
    }
    let policies = match set.policies().len() {
        1 => "1 policy".to_owned(),
        n => format!("{n} policies"),
    };
    let _ = writeln!(
        text,
        "{policies}: {}, {}; every name and type is known.",
        plural(covered.len(), "decision"),
        plural(results.len(), "example")
    );
    (text, failed)
}
