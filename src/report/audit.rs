//! An audit: every release of a history, judged as of its own time, and the population that it comes from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use serde::Serialize;

use super::human::paint::Paint;
use super::text::{escape, escape_json, plural};
use super::{Report, Style};
use crate::decision::{self, Verdict};
use crate::facts::Facts;
use crate::facts::migrations::MigrationFact;
use crate::finding::Severity;
use crate::gate::{GateOutcome, GateStatus, Stage};

/// All releases and all tags.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    schema_version: u32,
    repository: String,
    releases: Vec<Release>,
    tags: BTreeMap<&'static str, u64>,
    summary: Summary,
}

/// One release.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    tag: String,
    kind: String,
    version: String,
    commit: String,
    date: String,
    annotated: bool,
    on_main: String,
    previous: Option<String>,
    ancestor: Option<String>,
    declared_type: Option<&'static str>,
    required_type: &'static str,
    /// `pass`, `fail` or `error`.
    pub verdict: &'static str,
    migrations: Migrations,
    changelog_entry: bool,
    candidates: Vec<String>,
    findings: Vec<FindingRow>,
    gates: Vec<GateRow>,
    errors: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
struct Migrations {
    added: Vec<String>,
    modified: Vec<String>,
    deleted: Vec<String>,
    renamed: Vec<String>,
}

#[derive(Debug, Serialize)]
struct FindingRow {
    rule: String,
    severity: &'static str,
    path: String,
}

#[derive(Debug, Serialize)]
struct GateRow {
    id: String,
    status: &'static str,
}

#[derive(Debug, Default, Serialize)]
struct Summary {
    releases: usize,
    pass: usize,
    fail: usize,
    error: usize,
    tags: u64,
}

impl Release {
    /// A release that was judged.
    /// Gates that nobody left evidence for decide nothing unless that is required: history cannot show approvals.
    pub fn judged(report: &Report, facts: &Facts, require_evidence: bool) -> Self {
        let release = &facts.release;
        let paths = |files: &[MigrationFact]| {
            let mut paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
            paths.sort();
            paths.dedup();
            paths
        };
        Self {
            tag: release.tag.clone(),
            kind: release.kind.clone(),
            version: release.version.clone(),
            commit: release.commit.clone(),
            date: release.date.clone(),
            annotated: release.annotated,
            on_main: release.on_main.clone(),
            previous: report
                .subject
                .previous
                .as_ref()
                .map(|point| point.tag.clone()),
            ancestor: report
                .subject
                .ancestor
                .as_ref()
                .map(|point| point.tag.clone()),
            declared_type: report
                .decision
                .declared
                .map(crate::version::ReleaseType::as_str),
            required_type: report.decision.required.as_str(),
            verdict: verdict(report, require_evidence).as_str(),
            migrations: Migrations {
                added: paths(&facts.migrations.added),
                modified: paths(&facts.migrations.modified),
                deleted: paths(&facts.migrations.deleted),
                renamed: paths(&facts.migrations.renamed),
            },
            changelog_entry: facts.changelog.has_entry(),
            candidates: release
                .candidates
                .iter()
                .map(|candidate| candidate.tag.clone())
                .collect(),
            findings: report
                .findings
                .iter()
                .map(|finding| FindingRow {
                    rule: finding.rule.clone(),
                    severity: finding.severity.as_str(),
                    path: finding.location.map_or_else(String::new, |place| {
                        report.sources.get(place.source).path.clone()
                    }),
                })
                .collect(),
            gates: report
                .gates
                .iter()
                .map(|gate| GateRow {
                    id: gate.id.clone(),
                    status: gate.status.as_str(),
                })
                .collect(),
            errors: report.errors.clone(),
        }
    }

    /// A release that could not be judged, and why.
    pub fn failed(tag: &crate::facts::tags::TagFact, why: String) -> Self {
        Self {
            tag: tag.name.clone(),
            kind: tag.kind.clone(),
            version: tag.version.clone(),
            commit: tag.commit.clone(),
            date: tag.date.clone(),
            annotated: tag.annotated,
            on_main: tag.on_main.clone(),
            previous: None,
            ancestor: None,
            declared_type: None,
            required_type: "none",
            verdict: "error",
            migrations: Migrations::default(),
            changelog_entry: false,
            candidates: Vec::new(),
            findings: Vec::new(),
            gates: Vec::new(),
            errors: vec![why],
        }
    }

    /// What stands in the last column: the first error of each rule.
    fn notes(&self) -> String {
        let mut rules: Vec<&str> = self
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error.as_str())
            .map(|finding| finding.rule.as_str())
            .collect();
        rules.dedup();
        let open = |gate: &&GateRow| gate.status == GateStatus::Fail.as_str();
        let failed: Vec<&str> = self
            .gates
            .iter()
            .filter(open)
            .map(|gate| gate.id.as_str())
            .collect();
        self.errors
            .iter()
            .map(String::as_str)
            .chain(rules)
            .chain(failed)
            .take(3)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl Audit {
    /// The audit of these releases, oldest first, out of these tags.
    pub fn new(
        repository: String,
        releases: Vec<Release>,
        tags: &[crate::facts::tags::TagFact],
    ) -> Self {
        let mut counts: BTreeMap<&'static str, u64> = crate::version::TagKind::ALL
            .iter()
            .map(|kind| (kind.as_str(), 0))
            .collect();
        for tag in tags {
            if let Some(count) = counts.get_mut(tag.kind.as_str()) {
                *count += 1;
            }
        }
        let count = |verdict: &str| {
            releases
                .iter()
                .filter(|release| release.verdict == verdict)
                .count()
        };
        let summary = Summary {
            releases: releases.len(),
            pass: count("pass"),
            fail: count("fail"),
            error: count("error"),
            tags: tags.len() as u64,
        };
        Self {
            schema_version: 1,
            repository,
            releases,
            tags: counts,
            summary,
        }
    }

    /// 1 if any release fails or could not be judged, else 0.
    pub fn exit_code(&self) -> u8 {
        u8::from(self.summary.fail + self.summary.error > 0)
    }

    /// As JSON.
    pub fn json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        writeln!(out, "{}", escape_json(&text))
    }

    /// As a table for people, the newest release first.
    pub fn human(&self, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
        let paint = Paint::new(style.color);
        let width = self
            .releases
            .iter()
            .map(|release| release.tag.chars().count())
            .max()
            .unwrap_or(7)
            .clamp(7, 40);
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{}",
            paint.bold(&format!(
                "{:width$}  declared  required  verdict  migrations           changelog  candidate      notes",
                "release"
            ))
        );
        for release in self.releases.iter().rev() {
            let verdict = format!("{:7}", release.verdict);
            let verdict = match release.verdict {
                "pass" => paint.good(&verdict),
                "fail" => paint.error(&verdict),
                _ => paint.warning(&verdict),
            };
            let _ = writeln!(
                text,
                "{:width$}  {:8}  {:8}  {verdict}  {:19}  {:9}  {:13}  {}",
                escape(&release.tag),
                release.declared_type.unwrap_or("-"),
                release.required_type,
                release.migrations.words(),
                if release.changelog_entry { "yes" } else { "no" },
                release.candidates.last().map_or("none", String::as_str),
                escape(&release.notes()),
            );
        }
        let kinds: Vec<String> = self
            .tags
            .iter()
            .filter(|(_, n)| **n > 0)
            .map(|(kind, n)| format!("{n} {kind}"))
            .collect();
        let _ = writeln!(
            text,
            "\n{}: {} of {} accounted for ({}). {} pass, {} fail, {} could not be judged.",
            plural(self.summary.releases, "release"),
            self.tags.values().sum::<u64>(),
            plural(
                usize::try_from(self.summary.tags).unwrap_or(usize::MAX),
                "tag"
            ),
            kinds.join(", "),
            self.summary.pass,
            self.summary.fail,
            self.summary.error,
        );
        out.write_all(text.as_bytes())
    }
}

impl Migrations {
    fn words(&self) -> String {
        let parts: Vec<String> = [
            (self.added.len(), "added"),
            (self.modified.len(), "changed"),
            (self.deleted.len(), "deleted"),
            (self.renamed.len(), "moved"),
        ]
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
        if parts.is_empty() {
            "none".to_owned()
        } else {
            parts.join(", ")
        }
    }
}

fn verdict(report: &Report, require_evidence: bool) -> Verdict {
    if require_evidence || report.decision.verdict == Verdict::Error {
        return report.decision.verdict;
    }
    let gates: Vec<GateOutcome> = report
        .gates
        .iter()
        .filter(|gate| gate.status != GateStatus::NotEvaluated)
        .cloned()
        .collect();
    decision::verdict(&decision::Inputs {
        findings: &report.findings,
        gates: &gates,
        declared: report.decision.declared,
        required: report.decision.required,
        stage: report.subject.stage,
        errors: false,
    })
}

/// The stage at which a release of the past is judged.
pub const STAGE: Stage = Stage::Release;
