//! One release of an audit.

use serde::{Deserialize, Serialize};

use super::STAGE;
use crate::decision::{self, Verdict};
use crate::facts::Facts;
use crate::facts::migrations::MigrationFact;
use crate::facts::tags::TagFact;
use crate::finding::{Severity, Status};
use crate::gate::{GateOutcome, GateStatus, Stage};
use crate::report::Report;

/// One release.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Its tag.
    pub tag: String,
    /// `final` or `hotfix`.
    pub kind: String,
    /// Its version without the prefix.
    pub version: String,
    /// Its commit.
    pub commit: String,
    /// The tag's own date if it has one, else the commit's; RFC 3339 in UTC.
    pub date: String,
    /// The tag is an annotated one.
    pub annotated: bool,
    /// `yes`, `no` or `unknown`.
    pub on_main: String,
    /// The release that an upgrade starts from.
    pub previous: Option<String>,
    /// The highest lower final among the ancestors.
    pub ancestor: Option<String>,
    /// The type that the tag declares.
    pub declared_type: Option<String>,
    /// The type that is required.
    pub required_type: String,
    /// `pass`, `fail` or `error`.
    pub verdict: String,
    /// Its migrations.
    pub migrations: Migrations,
    /// The changelog at the tag has a heading for exactly this version.
    pub changelog_entry: bool,
    /// The candidates of its version.
    pub candidates: Vec<String>,
    /// What demands the required type.
    pub reasons: Vec<ReasonRow>,
    /// What was found.
    pub findings: Vec<FindingRow>,
    /// Its gates.
    pub gates: Vec<GateRow>,
    /// Statements that count for it.
    pub approvals: Vec<ApprovalRow>,
    /// Who wrote its commits, by address.
    pub authors: Vec<String>,
    /// How many commits it has.
    pub commits: usize,
    /// The digest of the policies that it was judged by.
    pub policy_digest: String,
    /// What was not looked at.
    pub not_examined: Vec<NotExaminedRow>,
    /// Why it could not be judged.
    pub errors: Vec<String>,
}

/// Paths of migrations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Migrations {
    /// New files.
    pub added: Vec<String>,
    /// Released files whose SQL changed.
    pub modified: Vec<String>,
    /// Released files that are gone.
    pub deleted: Vec<String>,
    /// Files that moved.
    pub renamed: Vec<String>,
}

/// Why a type is required.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReasonRow {
    /// The demand.
    pub demand: String,
    /// The type.
    pub at_least: String,
    /// Why.
    pub message: String,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingRow {
    /// Its rule.
    pub rule: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// Its file; empty for what is about the release.
    pub path: String,
    /// The line; 0 without a file.
    pub line: u32,
    /// What it says.
    pub message: String,
    /// `open`, `waived` or `suppressed`.
    pub status: String,
    /// Why it does not count, when it does not.
    pub status_reason: String,
}

/// A gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateRow {
    /// Its id.
    pub id: String,
    /// What became of it.
    pub status: String,
    /// The stage by which it has to be closed.
    pub stage: String,
    /// What closed it or keeps it open.
    pub message: String,
    /// The statements that were used.
    pub evidence: Vec<String>,
    /// The waiver that covers it.
    pub waiver: Option<WaiverRow>,
    /// The controls that it serves: framework and id.
    pub controls: Vec<(String, String)>,
}

/// A statement that counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalRow {
    /// The gate it is for.
    pub gate: String,
    /// `approve` or `reject`.
    pub decision: String,
    /// Who vouches.
    pub approver: String,
    /// In which role.
    pub role: String,
    /// When; RFC 3339 in UTC.
    pub issued_at: String,
    /// How it is signed: `unsigned`, `ssh`, `dsse`.
    pub signature: String,
    /// Where it is.
    pub path: String,
    /// Who vouches wrote commits of the release.
    pub is_author: bool,
}

/// A waiver as it was used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WaiverRow {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approved_by: String,
    /// Until when.
    pub expires_at: String,
}

/// Something that was not looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotExaminedRow {
    /// What.
    pub path: String,
    /// Why not.
    pub reason: String,
}

impl Release {
    /// A release that was judged. Gates that nobody left evidence for decide nothing unless that is required: history
    /// cannot show approvals, nor a branch that was deleted.
    pub fn judged(report: &Report, facts: &Facts, require_evidence: bool) -> Self {
        let release = &facts.release;
        let tag_of = |point: &Option<crate::report::ReleasePoint>| {
            point.as_ref().map(|point| point.tag.clone())
        };
        let mut authors: Vec<String> = facts
            .commits
            .iter()
            .map(|commit| commit.author.email.clone())
            .collect();
        authors.sort();
        authors.dedup();
        Self {
            tag: release.tag.clone(),
            kind: release.kind.clone(),
            version: release.version.clone(),
            commit: release.commit.clone(),
            date: release.date.clone(),
            annotated: release.annotated,
            on_main: release.on_main.clone(),
            previous: tag_of(&report.subject.previous),
            ancestor: tag_of(&report.subject.ancestor),
            declared_type: report
                .decision
                .declared
                .map(|declared| declared.as_str().to_owned()),
            required_type: report.decision.required.as_str().to_owned(),
            verdict: verdict(report, require_evidence).as_str().to_owned(),
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
            reasons: report
                .decision
                .reasons
                .iter()
                .map(|reason| ReasonRow {
                    demand: reason.id.clone(),
                    at_least: reason.at_least.as_str().to_owned(),
                    message: reason.message.clone(),
                })
                .collect(),
            findings: findings(report),
            gates: report.gates.iter().map(gate).collect(),
            approvals: facts
                .evidence
                .iter()
                .filter(|statement| statement.valid)
                .map(|statement| ApprovalRow {
                    gate: statement.gate.clone(),
                    decision: statement.decision.clone(),
                    approver: statement.approver.clone(),
                    role: statement.role.clone(),
                    issued_at: statement.issued_at.clone(),
                    signature: statement.signature.clone(),
                    path: statement.path.clone(),
                    is_author: authors.contains(&statement.approver.to_lowercase()),
                })
                .collect(),
            authors,
            commits: crate::facts::history::count_new(&facts.commits),
            policy_digest: report.policy.digest.clone(),
            not_examined: report
                .coverage
                .not_examined
                .iter()
                .map(|entry| NotExaminedRow {
                    path: entry.path.clone(),
                    reason: entry.reason.clone(),
                })
                .collect(),
            errors: report.errors.clone(),
        }
    }

    /// A release that could not be judged, and why.
    pub fn failed(tag: &TagFact, why: String) -> Self {
        Self {
            tag: tag.name.clone(),
            kind: tag.kind.clone(),
            version: tag.version.clone(),
            commit: tag.commit.clone(),
            date: tag.date.clone(),
            annotated: tag.annotated,
            on_main: tag.on_main.clone(),
            required_type: "none".to_owned(),
            verdict: Verdict::Error.as_str().to_owned(),
            errors: vec![why],
            ..Self::default()
        }
    }

    /// What matters most about it, at most three things: why it could not be judged, its errors, its failed gates.
    pub(super) fn notes(&self) -> Vec<&str> {
        let mut rules: Vec<&str> = self
            .open_errors()
            .map(|finding| finding.rule.as_str())
            .collect();
        rules.dedup();
        let errors = self.errors.iter().map(String::as_str);
        let failed = self.gates_that_are(GateStatus::Fail);
        errors
            .chain(rules)
            .chain(failed.map(|gate| gate.id.as_str()))
            .take(3)
            .collect()
    }

    /// The findings that hold it back.
    pub(super) fn open_errors(&self) -> impl Iterator<Item = &FindingRow> {
        self.findings.iter().filter(|finding| {
            finding.severity == Severity::Error.as_str() && finding.status == Status::Open.as_str()
        })
    }

    /// The gates of a status.
    pub(super) fn gates_that_are(&self, status: GateStatus) -> impl Iterator<Item = &GateRow> {
        self.gates
            .iter()
            .filter(move |gate| gate.status == status.as_str())
    }
}

impl GateRow {
    /// It has to be closed by the time of the release; later gates are open while nobody deployed.
    pub(super) fn is_due(&self) -> bool {
        Stage::ALL
            .iter()
            .any(|stage| stage.as_str() == self.stage && STAGE.requires(*stage))
    }
}

impl Migrations {
    /// `2 added, 1 changed`; `none`.
    pub(super) fn words(&self) -> String {
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

fn paths(files: &[MigrationFact]) -> Vec<String> {
    let mut paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    paths.sort();
    paths.dedup();
    paths
}

fn findings(report: &Report) -> Vec<FindingRow> {
    report
        .findings
        .iter()
        .map(|finding| {
            let (path, line) = finding.location.map_or((String::new(), 0), |place| {
                (
                    report.sources.get(place.source).path.clone(),
                    report.sources.positions(place).0.line,
                )
            });
            FindingRow {
                rule: finding.rule.clone(),
                severity: finding.severity.as_str().to_owned(),
                path,
                line,
                message: finding.message.clone(),
                status: finding.status.as_str().to_owned(),
                status_reason: finding.status_reason.clone(),
            }
        })
        .collect()
}

fn gate(gate: &GateOutcome) -> GateRow {
    GateRow {
        id: gate.id.clone(),
        status: gate.status.as_str().to_owned(),
        stage: gate.stage.as_str().to_owned(),
        message: gate.message.clone(),
        evidence: gate.evidence.clone(),
        waiver: gate.waiver.as_ref().map(|waiver| WaiverRow {
            name: waiver.name.clone(),
            reason: waiver.reason.clone(),
            approved_by: waiver.approved_by.clone(),
            expires_at: waiver.expires_at.clone(),
        }),
        controls: gate
            .controls
            .iter()
            .map(|control| (control.framework.clone(), control.id.clone()))
            .collect(),
    }
}

fn verdict(report: &Report, require_evidence: bool) -> Verdict {
    if require_evidence || report.decision.verdict == Verdict::Error {
        return report.decision.verdict;
    }
    let gates: Vec<GateOutcome> = report
        .gates
        .iter()
        .filter(|gate| !(gate.is_forgotten && gate.status == GateStatus::NotEvaluated))
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
