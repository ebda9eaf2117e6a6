//! What `relgate fix` would do: mends findings in memory and judges again, until nothing is left that can be mended.

use std::collections::BTreeMap;

use super::{Frame, JudgeError, Request, judge};
use crate::finding::{Finding, Severity, Status};
use crate::fix::{Changes, mend};
use crate::report::Report;

/// More rounds than these are not made. Each mends at least one finding, and those of different files together.
const MOST_ROUNDS: usize = 200;

/// What a mended changelog says may ask for another version, which no fix can give it.
const TYPE_TOO_LOW: &str = "release-type-too-low";

/// What can be mended.
#[derive(Debug, Default)]
pub struct Mended {
    /// The files that change.
    pub files: Changes,
    /// How many findings of each rule are mended.
    pub rules: BTreeMap<String, usize>,
    /// How many findings of each rule have a fix that did not get its turn.
    pub left: BTreeMap<String, usize>,
    /// Errors that are there now, and that no fix brought: what the release says of itself has consequences. A section
    /// of the changelog that names additions, for one, asks for a minor release and what belongs to it.
    pub revealed: Vec<(String, String)>,
}

/// Why nothing was mended.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum MendError {
    /// The release could not be judged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Judge(#[from] JudgeError),
    /// The fixes lead to what is worse.
    #[error("mending would lead to a new error: {rule}: {message}")]
    #[diagnostic(help(
        "nothing was changed; name the rules that you want to have mended, one after the other, and please report this"
    ))]
    Worse {
        /// The rule of the new finding.
        rule: String,
        /// What it says.
        message: String,
    },
}

/// Mends what `ids` name (all when empty) in the subject of the request. `exists` tells of a path whether something stands
/// there that may not be written over.
pub fn mend_all(
    frame: &mut Frame<'_>,
    request: &Request,
    ids: &[String],
    exists: &dyn Fn(&str) -> bool,
) -> Result<Mended, MendError> {
    let mut mended = Mended::default();
    let mut before: Option<(Vec<Told>, BTreeMap<String, usize>)> = None;
    for round in 0..=MOST_ROUNDS {
        let report = judge(frame, request)?.report;
        let errors = errors(&report);
        let fixable: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| finding.status == Status::Open && finding.fix.is_some())
            .filter(|finding| ids.is_empty() || ids.contains(&finding.rule))
            .collect();
        let mut left: BTreeMap<String, usize> = BTreeMap::new();
        for finding in &fixable {
            *left.entry(finding.rule.clone()).or_default() += 1;
        }
        let (known, first) = before.get_or_insert_with(|| (errors.clone(), left.clone()));
        mended.revealed.clear();
        for told in errors {
            if known.iter().any(|error| error.is_same(&told)) {
                continue;
            }
            let Told {
                rule,
                message,
                path,
            } = told;
            if mended.files.contains_key(&path) && rule != TYPE_TOO_LOW {
                return Err(MendError::Worse { rule, message });
            }
            mended.revealed.push((rule, message));
        }
        mended.rules = first
            .iter()
            .map(|(rule, count)| {
                let left = left.get(rule).copied().unwrap_or_default();
                (rule.clone(), count.saturating_sub(left))
            })
            .filter(|(_, count)| *count > 0)
            .collect();
        mended.left = left;
        let is_there = |path: &str| frame.overlay.contains_key(path) || exists(path);
        let fixes = fixable.iter().filter_map(|finding| finding.fix.as_ref());
        let (files, _) = mend(fixes, &report.sources, is_there);
        let changes = files.values().any(|(was, now)| was.as_ref() != Some(now));
        if !changes || round == MOST_ROUNDS {
            break;
        }
        for (path, (was, now)) in files {
            frame.overlay.insert(path.clone(), now.clone());
            mended.files.entry(path).or_insert((was, String::new())).1 = now;
        }
    }
    Ok(mended)
}

/// What an error says, and of which file; empty for what is about none.
#[derive(Clone)]
struct Told {
    rule: String,
    message: String,
    path: String,
}

impl Told {
    /// Fixes move places, and what is said may be said of another one.
    fn is_same(&self, other: &Self) -> bool {
        (&self.rule, &self.message) == (&other.rule, &other.message)
    }
}

/// The open errors.
fn errors(report: &Report) -> Vec<Told> {
    report
        .findings
        .iter()
        .filter(|finding| finding.status == Status::Open && finding.severity == Severity::Error)
        .map(|finding| Told {
            rule: finding.rule.clone(),
            message: finding.message.clone(),
            path: finding.location.map_or_else(String::new, |place| {
                report.sources.get(place.source).path.clone()
            }),
        })
        .collect()
}
