//! SARIF 2.1.0 (OASIS), with what GitHub's code scanning asks for beside the schema: a place for every result,
//! `primaryLocationLineHash`, help for every rule, and its limits.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use super::problem::{self, JUDGEMENT, Place, Problem};
use super::{Report, Style, json, text};
use crate::catalogue;
use crate::decision::Verdict;
use crate::finding::{Severity, Status};
use crate::source::Position;

/// GitHub keeps this many results of a run, and refuses more than 25,000.
const MOST_RESULTS: usize = 5_000;
/// GitHub shows this many related places of a result.
const MOST_RELATED: usize = 100;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes one run with one result for each finding and each open gate.
pub(super) fn write(report: &Report, _style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    json::put(&document(report), out)
}

fn document(report: &Report) -> Value {
    let problems = problem::all(report);
    let (kept, dropped) = problems.split_at(problems.len().min(MOST_RESULTS));
    let mut indexes: BTreeMap<&str, usize> = kept.iter().map(|problem| (problem.id, 0)).collect();
    for (index, position) in indexes.values_mut().enumerate() {
        *position = index;
    }
    let rules: Vec<Value> = indexes.keys().map(|id| rule(id, kept)).collect();
    let results: Vec<Value> = kept
        .iter()
        .map(|problem| result(report, problem, indexes.get(problem.id).copied()))
        .collect();
    let mut run = json!({
        "tool": { "driver": {
            "name": env!("CARGO_PKG_NAME"),
            "version": env!("CARGO_PKG_VERSION"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "informationUri": env!("CARGO_PKG_REPOSITORY"),
            "rules": rules,
        }},
        "automationDetails": { "id": format!("relgate/{}/", report.subject.stage) },
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation(report, dropped.len())],
        "results": results,
        "properties": {
            "verdict": report.decision.verdict.as_str(),
            "requiredType": report.decision.required.as_str(),
            "policyDigest": report.policy.digest,
        },
    });
    if report.subject.repository.contains("://") && !report.subject.commit.is_empty() {
        run["versionControlProvenance"] = json!([{
            "repositoryUri": report.subject.repository,
            "revisionId": report.subject.commit,
            "mappedTo": { "uriBaseId": "%SRCROOT%" },
        }]);
    }
    json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] })
}

/// Whether the run judged at all; GitHub shows the notifications as the state of the tool.
fn invocation(report: &Report, dropped: usize) -> Value {
    let mut notes: Vec<Value> = report
        .errors
        .iter()
        .map(
            |error| json!({ "level": "error", "message": { "text": plain(&text::escape(error)) } }),
        )
        .collect();
    if dropped > 0 {
        let message = format!("{dropped} more results than code scanning keeps are left out");
        notes.push(json!({ "level": "warning", "message": { "text": message } }));
    }
    for skipped in &report.coverage.not_examined {
        let message = format!(
            "not examined: {}: {}",
            text::escape(&skipped.path),
            text::escape(&skipped.reason)
        );
        notes.push(json!({ "level": "note", "message": { "text": plain(&message) } }));
    }
    json!({
        "executionSuccessful": report.decision.verdict != Verdict::Error,
        "exitCode": report.decision.verdict.exit_code(),
        "endTimeUtc": report.generated_at,
        "toolExecutionNotifications": notes,
    })
}

fn rule(id: &str, problems: &[Problem<'_>]) -> Value {
    let problem = problems.iter().find(|problem| problem.id == id);
    let severity = problem.map_or(Severity::Error, |problem| problem.severity);
    let kind = match problem {
        _ if id == JUDGEMENT => "judgement",
        Some(problem) if problem.finding.is_none() => "gate",
        _ => "rule",
    };
    let summary = catalogue::summary(id).unwrap_or_else(|| id.to_owned());
    let mut rule = json!({
        "id": id,
        "shortDescription": { "text": plain(&summary) },
        "fullDescription": { "text": plain(&summary) },
        "defaultConfiguration": { "level": level(severity) },
        "properties": {
            "tags": ["release", kind],
            "precision": "high",
            "problem.severity": match severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "recommendation",
            },
        },
    });
    if let Some(page) = catalogue::page(id) {
        let full = catalogue::first_paragraph(&page);
        if !full.is_empty() {
            rule["fullDescription"] = json!({ "text": plain(&full) });
        }
        rule["help"] = json!({ "text": plain(&page), "markdown": page });
        rule["helpUri"] = json!(catalogue::url(id));
    } else {
        let help = problem.map_or("", |problem| problem.help.as_str());
        let help = if help.is_empty() {
            summary.as_str()
        } else {
            help
        };
        rule["help"] = json!({ "text": plain(help) });
    }
    rule
}

fn result(report: &Report, problem: &Problem<'_>, rule_index: Option<usize>) -> Value {
    let mut message = problem.message.clone();
    if !problem.help.is_empty() {
        message = format!("{message}\n\n{}", problem.help);
    }
    let mut result = json!({
        "ruleId": problem.id,
        "ruleIndex": rule_index,
        "level": level(problem.severity),
        "message": { "text": plain(&message) },
        "locations": [{ "physicalLocation": physical(&problem.place) }],
        "partialFingerprints": {
            "primaryLocationLineHash": format!("{}:1", problem.fingerprint),
            "relgate/v1": problem.fingerprint,
        },
        "properties": { "blocks": problem.blocks },
    });
    let Some(finding) = problem.finding else {
        return result;
    };
    if !finding.related.is_empty() {
        let related = finding.related.iter().take(MOST_RELATED).enumerate();
        result["relatedLocations"] = related
            .map(|(nth, label)| {
                json!({
                    "id": nth + 1,
                    "physicalLocation": physical(&report.region(label.location)),
                    "message": { "text": plain(&text::escape(&label.message)) },
                })
            })
            .collect();
    }
    let kind = match finding.status {
        Status::Open => return result,
        Status::Waived => "external",
        Status::Suppressed => "inSource",
    };
    result["suppressions"] = json!([{
        "kind": kind,
        "status": "accepted",
        "justification": text::escape(&finding.status_reason),
    }]);
    result
}

fn physical(place: &Place<'_>) -> Value {
    let mut region = json!({ "startLine": place.start.line, "startColumn": place.start.column });
    if place.location.is_some() && later(place.start, place.end) {
        region["endLine"] = json!(place.end.line);
        region["endColumn"] = json!(place.end.column);
    }
    json!({
        "artifactLocation": { "uri": text::uri_path(place.path), "uriBaseId": "%SRCROOT%" },
        "region": region,
    })
}

fn later(start: Position, end: Position) -> bool {
    (end.line, end.column) > (start.line, start.column)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// SARIF reads `[text](target)` in messages as a link (3.11.6), wherever the text came from.
fn plain(message: &str) -> String {
    message.replace("](", "] (")
}
