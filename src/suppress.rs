//! Findings that are suppressed where they stand, or by path and rule in the configuration.
//!
//! A comment behind or inside of a statement counts for that statement; one on a line of its own counts for the statement
//! that begins on the next line, comment lines between allowed. In YAML the line takes the place of the statement. What is
//! about a file as a whole is covered by a comment in its head, before the first statement. A comment without a reason
//! suppresses nothing and is a finding itself; so is one that nothing matches.

mod targets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::finding::{Finding, Severity, Status};
use crate::glob;
use crate::source::{Location, SourceId, Sources, Span};
use crate::syntax::sql::operation::Dialect;
use crate::syntax::suppression::suppression;
use crate::syntax::{sql, yaml};

/// What stands in a comment that is worth reading.
const MARK: &str = "relgate:";

/// Suppressions of one judgement, and which of them were of use.
#[derive(Debug, Default)]
pub struct Suppressions {
    files: BTreeMap<SourceId, File>,
    patterns: Vec<Pattern>,
}

/// The comments of a file that name rules.
#[derive(Debug, Default)]
struct File {
    /// By the begin of what they speak of, which never overlaps.
    comments: Vec<Comment>,
    /// Where its first statement begins; what begins before it is about the file as a whole.
    head: u32,
    /// The release did not touch it: that a comment is of no use was told to the one that did.
    untouched: bool,
}

/// A comment that names rules.
#[derive(Debug)]
struct Comment {
    span: Span,
    /// The rules, each with whether it was of use.
    rules: Vec<(String, bool)>,
    reason: String,
    /// Where findings have to begin.
    target: Option<Span>,
}

/// Rules that the configuration leaves out for some paths.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// The rules and validations.
    pub rules: Vec<String>,
    /// Patterns of paths.
    pub paths: Vec<String>,
    /// Why; without it nothing is suppressed.
    pub reason: String,
    /// Where it stands.
    pub location: Location,
    /// What its paths match.
    pub reach: Reach,
    /// Something was suppressed.
    pub used: bool,
}

/// What the paths of a pattern match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// No file that there is.
    Nothing,
    /// Files that are not judged here, such as migrations that were released before.
    NotJudged,
    /// Files that are judged.
    Judged,
}

impl Suppressions {
    /// Takes in the comments of a SQL file with its statements, in its order.
    pub fn add_sql(&mut self, source: SourceId, text: &str, dialect: Dialect, statements: &[Span]) {
        if text.contains(MARK) {
            let comments = sql::comments(text, dialect);
            let targets = targets::statements(text, &comments, statements);
            let head = statements.first().map_or(u32::MAX, |span| span.start);
            let file = File {
                comments: read(text, &comments, targets),
                head,
                untouched: false,
            };
            self.files.insert(source, file);
        }
    }

    /// Takes in the comments of a YAML file. Those of a file that the release did not touch are never told to be of no use.
    pub fn add_yaml(&mut self, source: SourceId, text: &str, touched: bool) {
        if text.contains(MARK) {
            let comments = yaml::comments(text);
            let targets = targets::lines(text, &comments);
            let file = File {
                comments: read(text, &comments, targets),
                head: 0,
                untouched: !touched,
            };
            self.files.insert(source, file);
        }
    }

    /// Takes in what the configuration leaves out.
    pub fn add_pattern(&mut self, pattern: Pattern) {
        self.patterns.push(pattern);
    }

    /// Marks an open finding as suppressed if a comment or the configuration says so.
    pub fn apply(&mut self, finding: &mut Finding, sources: &Sources) {
        let (Status::Open, Some(place)) = (finding.status, finding.location) else {
            return;
        };
        let mut reason = None;
        let file = self.files.get_mut(&place.source);
        for comment in file.into_iter().flat_map(|file| file.at(place.span.start)) {
            for (rule, used) in &mut comment.rules {
                if *rule == finding.rule {
                    *used = true;
                    reason.get_or_insert_with(|| comment.reason.clone());
                }
            }
        }
        let path = sources.get(place.source).path.as_str();
        for pattern in &mut self.patterns {
            if !pattern.reason.is_empty()
                && pattern.rules.contains(&finding.rule)
                && pattern.paths.iter().any(|glob| glob::matches(glob, path))
            {
                pattern.used = true;
                reason.get_or_insert_with(|| pattern.reason.clone());
            }
        }
        if let Some(reason) = reason {
            finding.status = Status::Suppressed;
            finding.status_reason = format!("suppressed: \"{reason}\"");
        }
    }

    /// What is wrong with the suppressions themselves.
    pub fn finish(self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let told = self.files.into_iter().filter(|(_, file)| !file.untouched);
        for (source, file) in told {
            for comment in file.comments {
                let location = Location {
                    source,
                    span: comment.span,
                };
                if comment.reason.is_empty() || comment.rules.is_empty() {
                    findings.push(without_reason(location));
                    continue;
                }
                let unused = comment.rules.into_iter().filter(|(_, used)| !used);
                findings.extend(unused.map(|(rule, _)| {
                    let message = format!("`{rule}` finds nothing that this comment stands at");
                    unused_at(location, Severity::Warning, message)
                }));
            }
        }
        findings.extend(self.patterns.into_iter().filter_map(unused_pattern));
        findings
    }
}

/// The comments that name rules.
fn read(text: &str, comments: &[Span], targets: Vec<Option<Span>>) -> Vec<Comment> {
    let mut comments: Vec<Comment> = comments
        .iter()
        .zip(targets)
        .filter_map(|(&span, target)| {
            let said = suppression(text.get(span.range())?)?;
            Some(Comment {
                span,
                rules: said.rules.into_iter().map(|rule| (rule, false)).collect(),
                reason: said.reason,
                target,
            })
        })
        .collect();
    comments.sort_by_key(|comment| (comment.target, comment.span));
    comments
}

impl File {
    /// The comments with a reason that cover what begins at `start`.
    fn at(&mut self, start: u32) -> impl Iterator<Item = &mut Comment> {
        let about_file = start < self.head;
        let end = self
            .comments
            .partition_point(|comment| comment.target.is_none_or(|target| target.start <= start));
        let target = end
            .checked_sub(1)
            .and_then(|last| self.comments.get(last)?.target)
            .filter(|target| start < target.end.max(target.start + 1));
        let first = self
            .comments
            .partition_point(|comment| comment.target < target);
        let range = if about_file {
            0..self.comments.len()
        } else {
            first..end
        };
        let head = self.head;
        self.comments
            .get_mut(range)
            .unwrap_or_default()
            .iter_mut()
            .filter(move |comment| {
                !comment.reason.is_empty()
                    && if about_file {
                        comment.span.start < head
                    } else {
                        target.is_some() && comment.target == target
                    }
            })
    }
}

fn without_reason(location: Location) -> Finding {
    Finding::at(
        "suppression-without-reason",
        Severity::Warning,
        location,
        "a suppression without a rule and a reason suppresses nothing",
    )
    .help("write it as: relgate: ignore RULE reason=\"...\"")
}

fn unused_at(location: Location, severity: Severity, message: String) -> Finding {
    Finding::at("unused-suppression", severity, location, message)
        .help("remove it, or correct what it names: it would hide the next finding")
}

/// A pattern may stand for files of many releases, so it is of no use for certain only where there is no such file.
fn unused_pattern(pattern: Pattern) -> Option<Finding> {
    if pattern.reason.is_empty() || pattern.rules.is_empty() {
        return Some(without_reason(pattern.location));
    }
    let rules = pattern.rules.join(", ");
    match pattern.reach {
        _ if pattern.used => None,
        Reach::NotJudged => None,
        Reach::Nothing => Some(unused_at(
            pattern.location,
            Severity::Warning,
            format!("`{rules}` is suppressed for paths that no file has"),
        )),
        Reach::Judged => Some(unused_at(
            pattern.location,
            Severity::Info,
            format!("`{rules}` finds nothing in this release under the paths that suppress it"),
        )),
    }
}
